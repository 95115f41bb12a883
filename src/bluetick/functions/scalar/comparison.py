"""Equality and order between any two values: null rules, NaN, and what dynamic compares by."""

from bluetick.functions.definition import Argument
from bluetick.functions.scalar.conversions import Reading, convert
from bluetick.sql.tree import (
    FALSE,
    TRUE,
    Binary,
    Case,
    Cast,
    Expr,
    all_of,
    any_of,
    call,
    coalesce,
    is_not_null,
    is_null,
    not_,
    null,
    text,
)
from bluetick.types import NUMBER, Type

EXACT_IN_REAL = 2**53


def equal(left: Argument, right: Argument, reading: Reading, truth_only: bool) -> Expr:
    a, b = _comparable(left, right, reading)
    plain = _guard_nan(Binary("=", a.sql, b.sql), a, b)
    if truth_only or (_never_null(a) and _never_null(b)):
        return plain
    return coalesce(plain, _unless_both_null(a, b, FALSE))


def not_equal(left: Argument, right: Argument, reading: Reading, truth_only: bool) -> Expr:
    a, b = _comparable(left, right, reading)
    plain: Expr = Binary("<>", a.sql, b.sql)
    if _may_be_nan(a) and _may_be_nan(b):
        plain = any_of(plain, call("isnan", a.sql))
    if _never_null(a) and _never_null(b):
        return plain
    if truth_only and plain == Binary("<>", a.sql, b.sql):
        return not_(Binary("IS NOT DISTINCT FROM", a.sql, b.sql))
    return coalesce(plain, _unless_both_null(a, b, TRUE))


def ordered(symbol: str, left: Argument, right: Argument, reading: Reading) -> Expr:
    """< <= > >=; engines hold NaN above every number and equal to itself, KQL compares it with nothing."""
    if Type.DYNAMIC in (left.type, right.type):
        return _ordered_dynamic(symbol, left, right, reading)
    a, b = _as_numbers(left), _as_numbers(right)
    plain: Expr = Binary(symbol, a.sql, b.sql)
    greater, lesser = (a, b) if symbol in (">", ">=") else (b, a)
    if not _may_be_nan(greater):
        return plain
    if _never_null(lesser):
        return all_of(plain, not_(call("isnan", greater.sql)))
    # Null beside NaN is null, and no AND with false.
    return Case(((call("isnan", greater.sql), Case(((is_not_null(lesser.sql), FALSE),))),), plain)


def _never_null(arg: Argument) -> bool:
    return arg.type is Type.STRING or (arg.is_constant and arg.constant is not None)


def _may_be_nan(arg: Argument) -> bool:
    return arg.type is Type.REAL and (not arg.is_constant or arg.constant != arg.constant)


def _guard_nan(plain: Expr, a: Argument, b: Argument) -> Expr:
    if _may_be_nan(a) and _may_be_nan(b):
        return all_of(plain, not_(call("isnan", a.sql)))
    return plain


def _unless_both_null(a: Argument, b: Argument, otherwise: Expr) -> Expr:
    """The answer where the comparison was null: null for two nulls, else `otherwise`."""
    nullable = [arg.sql for arg in (a, b) if not _never_null(arg)]
    if len(nullable) < 2:
        return otherwise
    return Case(((all_of(*(is_null(value) for value in nullable)), null(Type.BOOL)),), otherwise)


def _as_numbers(arg: Argument) -> Argument:
    return Argument(Cast(arg.sql, Type.INT), Type.INT) if arg.type is Type.BOOL else arg


def _comparable(left: Argument, right: Argument, reading: Reading) -> tuple[Argument, Argument]:
    """Both sides in one family of types."""
    if left.type is Type.DYNAMIC:
        return _dynamic_beside(left, right, reading), right
    if right.type is Type.DYNAMIC:
        return left, _dynamic_beside(right, left, reading)
    if left.type is right.type:
        return left, right
    if left.type is Type.STRING:
        return _read_text(left, right.type, reading), right
    if right.type is Type.STRING:
        return left, _read_text(right, left.type, reading)
    return _as_numbers(left), _as_numbers(right)


def _read_text(arg: Argument, target: Type, reading: Reading) -> Argument:
    wanted = Type.REAL if target in NUMBER else target
    if target in (Type.INT, Type.LONG):
        wanted = Type.LONG
    return Argument(convert(arg, wanted, reading), wanted)


def _dynamic_beside(arg: Argument, other: Argument, reading: Reading) -> Argument:
    """A dynamic value read by the type of what it is compared with."""
    match other.type:
        case Type.DYNAMIC:
            return arg
        case Type.INT | Type.LONG | Type.REAL:
            return _number_in_json(arg, other)
        case Type.BOOL:
            truth = Case(
                ((Binary("=", arg.sql, text("true")), TRUE), (Binary("=", arg.sql, text("false")), FALSE)),
            )
            return Argument(truth, Type.BOOL)
        case _:
            return Argument(convert(arg, other.type, reading), other.type)


def _number_in_json(arg: Argument, other: Argument) -> Argument:
    """JSON numbers as reals; as decimals only where the other side is too large for a real to be exact."""
    is_small = other.is_constant and other.constant is not None and abs(other.constant) <= EXACT_IN_REAL
    if other.type is Type.LONG and not is_small:
        return Argument(Cast(arg.sql, Type.DECIMAL, safe=True), Type.DECIMAL)
    return Argument(Cast(arg.sql, Type.REAL, safe=True), Type.REAL)


def _ordered_dynamic(symbol: str, left: Argument, right: Argument, reading: Reading) -> Expr:
    if left.type is right.type:
        a, b = (Argument(Cast(side.sql, Type.REAL, safe=True), Type.REAL) for side in (left, right))
        return ordered(symbol, a, b, reading)
    if left.type is Type.DYNAMIC:
        return ordered(symbol, _dynamic_beside(left, right, reading), right, reading)
    return ordered(symbol, left, _dynamic_beside(right, left, reading), reading)
