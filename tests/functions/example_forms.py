"""The forms in which an example of a function is run: as written, and with its literals moved into columns."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bluetick.diagnostics import Span, has_errors
from bluetick.functions.definition import (
    NOT_CONSTANT,
    AggregateFunction,
    Argument,
    Example,
    ScalarFunction,
    WindowFunction,
)
from bluetick.functions.registry import CATALOGUE, find_scalar
from bluetick.sql.tree import EMPTY
from bluetick.syntax.expressions import (
    BetweenExpression,
    BinaryExpression,
    CallExpression,
    DynamicLiteral,
    ElementExpression,
    Expression,
    ListExpression,
    Literal,
    PathExpression,
    UnaryExpression,
)
from bluetick.syntax.operators import PrintSource
from bluetick.syntax.parser import parse
from bluetick.syntax.statements import QueryStatement
from bluetick.types import Type

AnyFunction = ScalarFunction | AggregateFunction | WindowFunction

_PRINT = "print x = "


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal in an example's text that may stand in a column."""

    start: int
    end: int
    type: Type
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One expression to run: over a table of its own (`columns`), over `source`, or as it stands."""

    id: str
    expression: str
    value: object
    operator: str  # print, project, summarize or extend
    source: str = ""
    columns: tuple[tuple[str, str, str], ...] = ()  # name, type, literal
    gap: str = ""
    computed: str = ""  # the function that it is about, where Python computes that

    def __str__(self) -> str:
        return self.id


def functions() -> Iterator[AnyFunction]:
    """Every function once, whatever its aliases."""
    seen: set[int] = set()
    for table in (CATALOGUE.scalars, CATALOGUE.aggregates, CATALOGUE.windows):
        for function in table.values():
            if id(function) not in seen:
                seen.add(id(function))
                yield function


def cases() -> Iterator[Case]:
    """Every example as written, and the scalar ones over columns too."""
    for function in functions():
        for index, example in enumerate(function.examples):
            shared = isinstance(function, AggregateFunction) and function.name in CATALOGUE.scalars
            name = f"{function.name}-over-rows" if shared else function.name
            yield from _cases_of(function, example, f"{name}-{index}")


def _cases_of(function: AnyFunction, example: Example, id_: str) -> Iterator[Case]:
    match function:
        case AggregateFunction():
            yield Case(id_, example.expression, example.value, "summarize", example.over, gap=example.gap)
        case WindowFunction():
            yield Case(id_, example.expression, example.value, "extend", example.over, gap=example.gap)
        case ScalarFunction():
            yield Case(id_, example.expression, example.value, "print", gap=example.gap)
            constants = movable(example.expression)
            if constants and not example.gap:
                case = over_columns(f"{id_}-columns", example.expression, example.value, constants)
                yield replace(case, computed=computed_name(function))


def computed_name(function: ScalarFunction) -> str:
    return function.name if function.compute is not None else ""


def on_spark(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """The cases that Spark runs: of a function that Python computes one over columns. Its values are the same on every
    engine, only the way there and back differs, and each call is a step that takes Spark half a second."""
    seen: set[str] = set()
    kept = []
    for case in cases:
        if case.computed not in seen:
            kept.append(case)
        if case.computed:
            seen.add(case.computed)
    return tuple(kept)


def over_columns(id_: str, expression: str, value: object, constants: tuple[Constant, ...]) -> Case:
    """The expression with each constant read from a column of a one-row table."""
    columns = []
    for number, constant in reversed(list(enumerate(constants))):
        name = f"c{number}"
        columns.append((name, str(constant.type), constant.text))
        expression = f"{expression[: constant.start]} {name} {expression[constant.end :]}"
    return Case(id_, expression, value, "project", columns=tuple(reversed(columns)))


def movable(expression: str) -> tuple[Constant, ...]:
    """The literals of an expression, in order, that no function wants to be constant."""
    found = (
        Constant(span.start - len(_PRINT), span.end - len(_PRINT), type_, text)
        for span, type_, text in _literals(parsed(expression), _PRINT + expression, root=True)
    )
    return tuple(sorted(found, key=lambda constant: constant.start))


def parsed(expression: str) -> Expression:
    query, diagnostics = parse(_PRINT + expression)
    assert not has_errors(diagnostics), diagnostics
    statement = query.statements[0]
    assert isinstance(statement, QueryStatement)
    assert isinstance(statement.pipeline.source, PrintSource)
    return statement.pipeline.source.items[0].value


def _literals(node: Expression, text: str, *, root: bool = False) -> Iterator[tuple[Span, Type, str]]:
    """`root` is the call that the example is about: its sign is a function there, and no part of a literal."""
    span = node.span
    match node:
        case Literal(type=type_) if span.start >= len(_PRINT):
            yield span, type_, text[span.start : span.end]
        case DynamicLiteral():
            yield span, Type.DYNAMIC, text[span.start : span.end]
        case UnaryExpression(operator="-", operand=Literal(type=Type.LONG | Type.REAL as type_)) if not root:
            yield span, type_, f"{type_}({text[span.start : span.end]})"
        case _:
            for argument in variable_arguments(node):
                yield from _literals(argument, text)


def variable_arguments(node: Expression) -> tuple[Expression, ...]:
    """The direct arguments of a call or operator that its function lets be columns."""
    name, arguments = call_of(node)
    function = find_scalar(name)
    if function is None:
        return ()
    return tuple(
        argument
        for index, argument in enumerate(arguments)
        if not _declared_constant(function, index) and not _checked_constant(function, arguments, index)
    )


def call_of(node: Expression) -> tuple[str, tuple[Expression, ...]]:
    """The function's name (operators by their symbol) and its arguments."""
    match node:
        case CallExpression(name=name, arguments=arguments):
            return name.text, tuple(argument.value for argument in arguments)
        case UnaryExpression(operator=operator, operand=operand):
            return f"unary{operator}", (operand,)
        case BinaryExpression(operator=operator, left=left, right=right):
            return operator, (left, right)
        case ListExpression(operator=operator, left=left, items=items):
            return operator, (left, *items)
        case BetweenExpression(operator=operator, value=value, low=low, high=high):
            return operator, (value, low, high)
        case ElementExpression(base=base, index=index):
            return "[]", (base, index)
        case PathExpression(base=base):
            return ".", (base,)
        case _:
            return "", ()


def _declared_constant(function: ScalarFunction, index: int) -> bool:
    for signature in function.signatures:
        parameters = signature.parameters
        if not parameters:
            continue
        repeating = [p for p in parameters if p.repeat > 1]
        if index < len(parameters):
            parameter = parameters[index]
        elif repeating:
            parameter = repeating[(index - len(parameters)) % len(repeating)]
        else:
            continue
        if parameter.constant:
            return True
    return False


def _checked_constant(function: ScalarFunction, arguments: tuple[Expression, ...], index: int) -> bool:
    """Whether the function's own check refuses the call only because this argument is no constant."""
    if function.check is None:
        return False
    known = tuple(_argument(argument) for argument in arguments)
    as_column = replace(known[index], constant=NOT_CONSTANT)
    return not function.check(known) and bool(function.check((*known[:index], as_column, *known[index + 1 :])))


def _argument(node: Expression) -> Argument:
    match node:
        case Literal(type=type_, value=value):
            return Argument(EMPTY, type_, value)
        case DynamicLiteral(value=value):
            return Argument(EMPTY, Type.DYNAMIC, value)
        case UnaryExpression(operator="-", operand=Literal(type=type_, value=int() | float() as value)):
            return Argument(EMPTY, type_, -value)
        case _:
            return Argument(EMPTY, Type.DYNAMIC)
