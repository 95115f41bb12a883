"""Calls of built-in functions: choosing the signature, promoting the arguments, naming the result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.functions.definition import (
    NOT_CONSTANT,
    AggregateFunction,
    Argument,
    BoundCall,
    InexactError,
    Parameter,
    ScalarFunction,
    Signature,
    WindowFunction,
)
from bluetick.functions.registry import find_scalar
from bluetick.plan.evaluation import folded
from bluetick.plan.expressions import Call, Expr, Invalid, Literal, Promote
from bluetick.sql.tree import TRUE
from bluetick.types import Type

_RANK = {Type.INT: 0, Type.LONG: 1, Type.REAL: 2, Type.DECIMAL: 3}
_EXACT = 0
_NO_MATCH = 1_000

Function = ScalarFunction | AggregateFunction | WindowFunction


@dataclass(frozen=True, slots=True)
class Match:
    """A signature that takes the arguments, with the type that each of them is promoted to."""

    signature: Signature
    types: tuple[Type, ...]
    cost: int


def promote(expr: Expr, type_: Type) -> Expr:
    """The expression as `type_`; literals are converted at once."""
    if expr.type is type_ or isinstance(expr, Invalid):
        return expr
    if isinstance(expr, Literal):
        if expr.value is None:
            return Literal(None, type_)
        if expr.type in (Type.INT, Type.LONG) and type_ in (Type.LONG, Type.REAL):
            return Literal(float(expr.value) if type_ is Type.REAL else expr.value, type_)
    return Promote(expr, type_)


def argument_counts(signature: Signature) -> tuple[int, int]:
    """The fewest and the most arguments that a signature takes."""
    least = sum(1 for p in signature.parameters if not p.optional)
    most = sum(p.repeat for p in signature.parameters)
    return least, most


def spread(parameters: Sequence[Parameter], count: int) -> list[Parameter] | None:
    """The parameter of each argument: repeating ones recur as a group until the arguments are used up; plain ones
    behind them (case's last) take the last arguments."""
    first = next((i for i, p in enumerate(parameters) if p.repeat > 1), None)
    if first is None:
        least = sum(1 for p in parameters if not p.optional)
        return list(parameters[:count]) if least <= count <= len(parameters) else None
    last = max(i for i, p in enumerate(parameters) if p.repeat > 1) + 1
    head, group, tail = list(parameters[:first]), list(parameters[first:last]), list(parameters[last:])
    room = count - len(head) - len(tail)
    if room < 0:
        return list(parameters[:count]) if all(p.optional for p in parameters[count:]) else None
    times, rest = divmod(room, len(group))
    if rest or times > group[0].repeat or (times == 0 and not all(p.optional for p in group)):
        return None
    return head + group * times + tail


def _accept(given: Type, wanted: tuple[Type, ...]) -> tuple[Type, int]:
    """The type that an argument takes for a parameter, and what that costs."""
    if given in wanted:
        return given, _EXACT
    if given in _RANK:
        wider = [t for t in wanted if t in _RANK and _RANK[t] > _RANK[given]]
        if wider:
            best = min(wider, key=lambda t: _RANK[t])
            return best, _RANK[best] - _RANK[given]
    return given, _NO_MATCH


def match_signature(signature: Signature, args: Sequence[Expr]) -> Match | None:
    parameters = spread(signature.parameters, len(args))
    if parameters is None:
        return None
    types, total = [], 0
    for parameter, arg in zip(parameters, args, strict=True):
        if isinstance(arg, Invalid):
            types.append(parameter.types[0])
            continue
        type_, cost = _accept(arg.type, parameter.types)
        if cost == _NO_MATCH:
            return None
        types.append(type_)
        total += cost
    return Match(signature, tuple(types), total)


def with_constants(function: Function, args: Sequence[Expr]) -> list[Expr]:
    """The arguments, those that must be constant evaluated: make_list(x, 2 * 64)."""
    spreads = [spread(s.parameters, len(args)) or [] for s in function.signatures]
    wanted = {place for parameters in spreads for place, parameter in enumerate(parameters) if parameter.constant}
    return [folded(arg) if place in wanted else arg for place, arg in enumerate(args)]


def choose(env: Env, function: Function, args: Sequence[Expr], span: Span) -> Match | None:
    """The cheapest signature for these arguments; None once reported."""
    matches = [m for s in function.signatures if (m := match_signature(s, args)) is not None]
    if matches:
        best = min(matches, key=lambda m: m.cost)
        return best if _constants_given(env, function, best, args, span) else None
    counts = [argument_counts(s) for s in function.signatures]
    least, most = min(c[0] for c in counts), max(c[1] for c in counts)
    if not least <= len(args) <= most:
        env.report(codes.wrong_argument_count(span, function.name, count_words(least, most), len(args)))
    else:
        given = ", ".join(str(a.type) for a in args)
        env.report(codes.wrong_argument_types(span, function.name, given))
    return None


def count_words(least: int, most: int) -> str:
    if least == most:
        return f"{least} argument{'s' if least != 1 else ''}"
    return f"{least} to {most} arguments"


def as_argument(expr: Expr) -> Argument:
    """What a function's own check sees of an argument before there is any SQL."""
    constant = expr.value if isinstance(expr, Literal) else NOT_CONSTANT
    return Argument(TRUE, expr.type, constant)


def _constants_given(env: Env, function: Function, match: Match, args: Sequence[Expr], span: Span) -> bool:
    parameters = spread(match.signature.parameters, len(args)) or []
    for parameter, arg in zip(parameters, args, strict=True):
        if parameter.constant and not isinstance(arg, Literal | Invalid):
            env.report(codes.constant_expected(span, f"argument '{parameter.name}' of '{function.name}'"))
            return False
    if function.check is not None and not any(isinstance(a, Invalid) for a in args):
        problem = function.check(tuple(as_argument(a) for a in args))
        if problem:
            env.report(codes.bad_argument(span, function.name, problem))
            return False
    return True


def _is_lowered(function: ScalarFunction, args: Sequence[Expr]) -> bool:
    """Whether the lowerings take these arguments; where all are constant they do, or the mistake is reported."""
    if all(isinstance(arg, Literal) for arg in args):
        return True
    matches = [m for s in function.signatures if (m := match_signature(s, args)) is not None]
    if not matches:
        return True
    parameters = spread(min(matches, key=lambda m: m.cost).signature.parameters, len(args)) or []
    if any(p.constant and not isinstance(arg, Literal) for p, arg in zip(parameters, args, strict=True)):
        return False
    return function.check is None or not function.check(tuple(as_argument(arg) for arg in args))


def bind_builtin(env: Env, function: ScalarFunction, args: Sequence[Expr], span: Span) -> Expr:
    """A call of a scalar function with bound arguments; Invalid once reported."""
    if any(isinstance(arg, Invalid) for arg in args):
        return Invalid()
    several = next((arg for arg in args if isinstance(arg, Call) and arg.function.parts), None)
    if several is not None:
        env.report(codes.several_results(span, several.function.name))
        return Invalid()
    args = with_constants(function, args)
    if function.otherwise is not None and not _is_lowered(function, args):
        function = function.otherwise
    match = choose(env, function, args, span)
    if match is None:
        return Invalid()
    promoted = tuple(promote(arg, type_) for arg, type_ in zip(args, match.types, strict=True))
    returns = function.parts[0].type if function.parts else match.signature.result(match.types)
    return _on_engine(env, Call(function, promoted, returns), span)


def _on_engine(env: Env, call: Call, span: Span) -> Expr:
    """The call as this engine runs it; Invalid once it is refused."""
    function = call.function
    if not function.may_be_inexact or env.state.lowering is None:
        return call
    args = tuple(as_argument(arg) for arg in call.args)
    try:
        env.state.lowering(function)(BoundCall(function.name, args, call.type, TRUE))
    except InexactError as problem:
        if problem.of_rows and function.by_rows is not None:
            return replace(call, function=function.by_rows)
        env.report(codes.inexact_here(span, function.name, str(problem), problem.hint))
        return Invalid()
    return call


def call_operator(env: Env, name: str, args: Sequence[Expr], span: Span) -> Expr:
    """An operator or function of the catalogue by its name."""
    function = find_scalar(name)
    if function is None:
        env.report(codes.operator_not_supported(span, name))
        return Invalid()
    return bind_builtin(env, function, args, span)
