"""Column names that Kusto gives by itself: of unnamed expressions, and of names that collide."""

from collections.abc import Collection, Iterator

from bluetick.functions.definition import NameRule, ResultName
from bluetick.functions.registry import find_aggregate, find_scalar, find_window
from bluetick.plan.expressions import Call, ColumnRef, Expr
from bluetick.syntax.expressions import (
    Argument,
    CallExpression,
    ElementExpression,
    Expression,
    Literal,
    NameReference,
    PathExpression,
)
from bluetick.types import Type


class Names:
    """Output names of one operator, unique by numeric suffixes. A generated name hides none of `existing`."""

    def __init__(self, existing: Collection[str] = ()) -> None:
        self.taken: set[str] = set()
        self._existing = frozenset(existing)

    def claim(self, name: str) -> str:
        """This name, or it with the smallest number from 1 that is free."""
        chosen, number = name, 0
        while chosen in self.taken:
            number += 1
            chosen = f"{name}{number}"
        self.taken.add(chosen)
        return chosen

    def generate(self, numbers: Iterator[int]) -> str:
        """Column1, Column2 ...: the numbers run through the whole query, as Microsoft's analyzer counts them."""
        name = next(name for n in numbers if (name := f"Column{n}") not in self._existing | self.taken)
        return self.claim(name)


def own_name(node: Expression, value: Expr) -> str:
    """The default name of a bound expression; column_ifexists has that of the column it found."""
    if isinstance(node, CallExpression) and node.name.text in ("column_ifexists", "columnifexists"):
        wanted = node.arguments[0].value
        found = isinstance(value, ColumnRef) and isinstance(wanted, Literal) and value.column.name == wanted.value
        return str(wanted.value) if found and isinstance(wanted, Literal) else ""
    if isinstance(node, CallExpression) and node.base is None and isinstance(value, Call):
        function = value.function
        if node.name.text in (function.name, *function.aliases) and function.result_name is not None:
            return _named(function.result_name, node.name.text, node.arguments)  # an aggregate may have this name too
    return default_name(node)


def default_name(node: Expression) -> str:
    """The name that an expression has by itself; '' where it has none."""
    match node:
        case NameReference(name=name):
            return name
        case PathExpression(base=NameReference(name="$left" | "$right"), name=name):
            return name.text
        case PathExpression(base=base, name=name):
            inner = default_name(base)
            return f"{inner}_{name.text}" if inner else name.text
        case ElementExpression(base=CallExpression(name=name, base=None) as call, index=index) if _sorts(name.text):
            return _sorted_element(call, index)
        case ElementExpression(base=base, index=index):
            inner = default_name(base)
            return f"{inner}_{_written(index)}" if inner else _written(index)
        case CallExpression(name=name, arguments=arguments, base=None):
            return _call_name(name.text, arguments)
        case _:
            return ""


def _written(index: Expression) -> str:
    """An index in a name: a constant that is written out, else nothing."""
    return str(index.value) if isinstance(index, Literal) else ""


def _sorts(function: str) -> bool:
    found = find_scalar(function)
    return found is not None and found.result_name is not None and found.result_name.rule is NameRule.SORTED_ARRAY


def _sorted_element(call: CallExpression, index: Expression) -> str:
    """Of several arrays that are sorted together, one; of a single one, an element without the array's name."""
    arrays = [a.value for a in call.arguments if not (isinstance(a.value, Literal) and a.value.type is Type.BOOL)]
    place = index.value if isinstance(index, Literal) else None
    if len(arrays) > 1 and isinstance(place, int) and place < len(arrays):
        return f"{default_name(arrays[place]) or f'array{place}'}_sorted"
    return _written(index)


def _result_name(function: str) -> ResultName | None:
    if function == "ingestion_time":
        return ResultName(NameRule.PREFIX_ONLY, "$IngestionTime")
    for found in (find_aggregate(function), find_scalar(function), find_window(function)):
        if found is not None:
            return found.result_name
    return None


def _argument_name(argument: Argument) -> str:
    """toint(n = count()) is n."""
    return argument.name.text if argument.name is not None else default_name(argument.value)


def _call_name(function: str, arguments: tuple[Argument, ...]) -> str:
    result = _result_name(function)
    if result is None:
        return default_name(arguments[0].value) if function == "bin_auto" and arguments else ""
    return _named(result, function, arguments)


def _named(result: ResultName, function: str, arguments: tuple[Argument, ...]) -> str:
    first = _argument_name(arguments[0]) if arguments else ""
    match result.rule:
        case NameRule.NONE:
            return ""
        case NameRule.FIRST_ARGUMENT:
            return first
        case NameRule.PREFIX_ONLY:
            return result.prefix
        case NameRule.ONLY_ARGUMENT:
            return first if len(arguments) == 1 else ""
        case NameRule.SORTED_ARRAY:
            return f"{first or 'array0'}_sorted"
        case NameRule.PREFIX_AND_FIRST_ARGUMENT:
            return f"{result.prefix}_{first}{_percentile_suffix(function, arguments)}"
        case NameRule.PREFIX_AND_FIRST_TWO_ARGUMENTS:
            return "_".join((result.prefix, *(default_name(a.value) for a in arguments[:2])))


def _percentile_suffix(function: str, arguments: tuple[Argument, ...]) -> str:
    """percentile(a, 99.5) is percentile_a_99_5."""
    if function not in ("percentile", "percentilew") or len(arguments) < 2:
        return ""
    last = arguments[-1].value
    if isinstance(last, Literal) and last.type in (Type.LONG, Type.INT, Type.REAL):
        return "_" + str(last.value).replace(".", "_")
    return ""
