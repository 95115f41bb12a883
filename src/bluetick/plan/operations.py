"""The functions that plan expressions may have where Python evaluates them, with KQL's own null rules.

An entry looks at a call's types and gives the function to apply to the values, or None where it knows no such form.
"""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from bluetick.plan import number_operations as numbers
from bluetick.plan import text_operations as texts
from bluetick.plan import time_operations as times
from bluetick.plan.computing import computing
from bluetick.plan.expressions import Call, Literal
from bluetick.types import Type

Operation: TypeAlias = Callable[..., Any]
Choose: TypeAlias = Callable[[Call], Operation | None]

_PLAIN_NUMBER = (Type.INT, Type.LONG, Type.REAL)
_COUNTED = (*_PLAIN_NUMBER, Type.BOOL)


def operation_of(call: Call) -> Operation | None:
    """The call's function on physical values; None where it is not known here."""
    function = call.function
    if function.compute is not None and not function.parts and function.resource is None:
        compute = computing(function, _types(call), (call.type,))
        return lambda *values: compute(*values)[0]
    choose = _OPERATIONS.get(function.name)
    return None if choose is None else choose(call)


def converter(given: Type, wanted: Type) -> Operation | None:
    """A conversion that loses nothing."""
    if given is wanted or (given is Type.INT and wanted is Type.LONG):
        return lambda value: value
    if given in (Type.INT, Type.LONG) and wanted is Type.REAL:
        return lambda value: None if value is None else float(value)
    return None


def _types(call: Call) -> tuple[Type, ...]:
    return tuple(arg.type for arg in call.args)


def _of(*types: Type) -> Callable[[Operation], Choose]:
    """For arguments of these types only."""

    def known(operation: Operation) -> Choose:
        return lambda call: operation if all(t in types for t in _types(call)) else None

    return known


# --- comparison and logic ------------------------------------------------------------------------------------------


def _comparable(types: tuple[Type, ...]) -> bool:
    kinds = set(types)
    return Type.DYNAMIC not in kinds and (len(kinds) == 1 or kinds <= set(_COUNTED))


def _compared(operation: Operation) -> Choose:
    return lambda call: operation if _comparable(_types(call)) else None


def _equal(a: Any, b: Any) -> bool | None:
    if a is None or b is None:
        return None if a is b else False
    return bool(a == b)


def _not_equal(a: Any, b: Any) -> bool | None:
    equal = _equal(a, b)
    return None if equal is None else not equal


def _unless_null(test: Operation) -> Operation:
    def apply(*values: Any) -> Any:
        return None if None in values else test(*values)

    return apply


_less = _unless_null(lambda a, b: a < b)
_less_or_equal = _unless_null(lambda a, b: a <= b)


def _and(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _or(a: bool | None, b: bool | None) -> bool | None:
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def _between(value: Any, low: Any, high: Any) -> bool | None:
    return _and(_less_or_equal(low, value), _less_or_equal(value, high))


def _outside(value: Any, low: Any, high: Any) -> bool | None:
    return _or(_less(value, low), _less(high, value))


# --- choices -------------------------------------------------------------------------------------------------------


def _converters(types: tuple[Type, ...], wanted: Type) -> list[Operation] | None:
    found = [c for t in types if (c := converter(t, wanted)) is not None]
    return found if len(found) == len(types) else None


def _iff(call: Call) -> Operation | None:
    """Also case: conditions and values in turn, then the last value."""
    converters = _converters((*_types(call)[1::2], _types(call)[-1]), call.type)
    if converters is None:
        return None

    def choose(*values: Any) -> Any:
        for place, convert in enumerate(converters[:-1]):
            if values[2 * place]:
                return convert(values[2 * place + 1])
        return converters[-1](values[-1])

    return choose


def _coalesce(call: Call) -> Operation | None:
    converters = _converters(_types(call), call.type)
    missing = ("",) if call.type is Type.STRING else (None,)
    if converters is None:
        return None
    return lambda *values: next(
        (convert(v) for convert, v in zip(converters, values, strict=True) if v not in missing), missing[0]
    )


def _extreme(pick: Callable[..., Any]) -> Choose:
    def known(call: Call) -> Operation | None:
        converters = _converters(_types(call), call.type)
        if converters is None or call.type is Type.DYNAMIC:
            return None

        def extreme(*values: Any) -> Any:
            there = [convert(v) for convert, v in zip(converters, values, strict=True) if v is not None]
            # NaN stands above every number, as the engines have it.
            return pick(there, key=lambda v: (isinstance(v, float) and math.isnan(v), v)) if there else None

        return extreme

    return known


_EMPTY: dict[Type, tuple[Any, ...]] = {Type.STRING: ("",), Type.DYNAMIC: (None, '""')}


def _is_null(*, negated: bool) -> Choose:
    """A string is never null."""

    def known(call: Call) -> Operation:
        if _types(call)[0] is Type.STRING:
            return lambda _: negated
        return lambda value: (value is None) != negated

    return known


def _is_empty(*, negated: bool) -> Choose:
    def known(call: Call) -> Operation:
        empty = _EMPTY.get(_types(call)[0], (None,))
        return lambda value: (value in empty) != negated

    return known


# --- the table -----------------------------------------------------------------------------------------------------


def _calculated(operators: dict[Type, Operation], *operands: Type) -> Choose:
    """By the type of the result, null where an operand is."""

    def known(call: Call) -> Operation | None:
        operation = operators.get(call.type)
        if operation is None or not set(_types(call)) <= set(operands):
            return None
        return _unless_null(operation)

    return known


def _divided(call: Call) -> Operation | None:
    types = _types(call)
    if types == (Type.TIMESPAN, Type.TIMESPAN):
        return _unless_null(numbers.divided_reals)
    if types == (Type.TIMESPAN, Type.REAL):
        return _unless_null(numbers.divided_span)
    if not set(types) <= {*_PLAIN_NUMBER, Type.TIMESPAN}:
        return None
    return _unless_null(numbers.divided_reals if call.type is Type.REAL else numbers.divided_wholes)


def _datetime_add(call: Call) -> Operation | None:
    """With a period that is written out."""
    period = call.args[0]
    name = str(period.value).lower() if isinstance(period, Literal) else ""
    if name not in times.PERIODS:
        return None
    return lambda _, amount, instant: times.added(name, amount, instant)


_INSTANTS = (*_PLAIN_NUMBER, Type.TIMESPAN, Type.DATETIME)
_SPANS = (*_PLAIN_NUMBER, Type.TIMESPAN)
_TEXT = _of(Type.STRING)

_OPERATIONS: dict[str, Choose] = {
    "==": _compared(_equal),
    "!=": _compared(_not_equal),
    "<": _compared(_less),
    "<=": _compared(_less_or_equal),
    ">": _compared(lambda a, b: _less(b, a)),
    ">=": _compared(lambda a, b: _less_or_equal(b, a)),
    "between": _compared(_between),
    "!between": _compared(_outside),
    "and": _of(Type.BOOL)(_and),
    "or": _of(Type.BOOL)(_or),
    "not": _of(Type.BOOL)(_unless_null(lambda value: not value)),
    "+": _calculated(numbers.ADDED, *_INSTANTS),
    "-": _calculated(numbers.SUBTRACTED, *_INSTANTS),
    "*": _calculated(numbers.MULTIPLIED, *_SPANS),
    "/": _divided,
    "%": _calculated(numbers.REMAINDERS, *_SPANS),
    "datetime_add": _datetime_add,
    "unary-": _calculated(numbers.NEGATED, *_SPANS),
    "unary+": _of(*_INSTANTS)(lambda value: value),
    "iff": _iff,
    "case": _iff,
    "coalesce": _coalesce,
    "max_of": _extreme(max),
    "min_of": _extreme(min),
    "isnull": _is_null(negated=False),
    "isnotnull": _is_null(negated=True),
    "isempty": _is_empty(negated=False),
    "isnotempty": _is_empty(negated=True),
    "strcat": _of(*texts.FORMS)(texts.joined),
    "tostring": _of(*texts.FORMS)(texts.text_of),
    **{name: _TEXT(test) for name, test in texts.TESTS.items()},
}
