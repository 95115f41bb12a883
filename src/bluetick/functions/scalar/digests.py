"""percentile_tdigest, rank_tdigest and their kin: what is read out of a digest that tdigest() made."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from bluetick.functions.definition import (
    Compute,
    Example,
    NameRule,
    Nulls,
    ResultName,
    ScalarFunction,
    Signature,
    param,
    prefixed,
    signature,
)
from bluetick.functions.ranks import Sortable, as_dynamic, at_rank, in_order, read
from bluetick.types import NUMBER, SUMMABLE, Type
from bluetick.values import Json

Pairs: TypeAlias = "list[tuple[Sortable, int]]"

EXACT = "Kusto's digest is an estimate in a form of its own; here it keeps each distinct value, and is exact."

_TYPES = {str(type_): type_ for type_ in SUMMABLE}
_EPOCH = datetime(1970, 1, 1)


def _micros(value: datetime) -> int:
    return (value - _EPOCH) // timedelta(microseconds=1)


_FIRST, _LAST = _micros(datetime.min), _micros(datetime.max)


def written(type_: Type, pairs: Sequence[tuple[Sortable, int]]) -> Json:
    """[[type], [values], [weights]]: instants and timespans as microseconds."""
    values: list[Json] = [str(value) if isinstance(value, Decimal) else value for value, _ in pairs]
    return [[str(type_)], values, [weight for _, weight in pairs]]


def _read(digest: Any) -> tuple[Type, Pairs] | None:
    """None where the value is no digest."""
    match digest:
        case [[str(name)], list(values), list(weights)] if len(values) == len(weights):
            type_ = _TYPES.get(name)
            if type_ is None or not all(type(weight) is int and weight > 0 for weight in weights):
                return None
            found = [_member(value, type_) for value in values]
            return None if None in found else (type_, list(zip(found, weights, strict=True)))  # type: ignore[arg-type]
        case _:
            return None


def _member(value: Any, type_: Type) -> "Sortable | None":
    """A value of a digest; None where it is none of the type."""
    try:
        if type_ in (Type.REAL, Type.DECIMAL):
            number = None if isinstance(value, bool | list | dict) else read(value, type_)
            return None if isinstance(number, Decimal) and not number.is_finite() else number
        inside = type(value) is int and (type_ is not Type.DATETIME or _FIRST <= value <= _LAST)
        return value if inside else None
    except (ValueError, TypeError, ArithmeticError):
        return None


def merged(digests: Iterable[Any]) -> Json:
    """One digest of several, nulls left out; None where one is no digest or they differ in type."""
    found = [_read(digest) for digest in digests if digest is not None]
    types = {one[0] for one in found if one is not None}
    if None in found or len(types) != 1:
        return None
    pairs = in_order(pair for one in found if one is not None for pair in one[1])
    return written(types.pop(), pairs)


def _merge(*digests: Any) -> Json:
    return merged(digests)


def _percentile(digest: Any, percentile: float | Decimal) -> Json:
    found = _read(digest)
    if found is None or not 0 <= percentile <= 100:
        return None
    value = at_rank(found[1], Fraction(str(percentile)))
    return None if value is None else as_dynamic(value, found[0])


def _percentiles(digest: Any, *percentiles: Any) -> Json:
    (first, *_) = percentiles
    wanted = first if isinstance(first, list) else list(percentiles)
    if _read(digest) is None or any(isinstance(p, bool) or not isinstance(p, int | float) for p in wanted):
        return None
    return [_percentile(digest, p) for p in wanted]


def _at_or_below(digest: Any, value: Any) -> tuple[int, int] | None:
    """How much of the digest's weight lies at or below a value, and all of it."""
    found = _read(digest)
    if found is None or (isinstance(value, datetime) != (found[0] is Type.DATETIME)):
        return None
    at = _micros(value) if isinstance(value, datetime) else value
    pairs: list[tuple[Any, int]] = list(found[1])
    below = [weight for other, weight in pairs if other <= at]
    return sum(below), sum(weight for _, weight in found[1])


def _rank(digest: Any, value: Any) -> float | None:
    found = _at_or_below(digest, value)
    return None if found is None else float(found[0])


def _percent_rank(digest: Any, value: Any) -> float | None:
    found = _at_or_below(digest, value)
    return None if found is None or not found[1] else 100 * found[0] / found[1]


_DIGEST = param("tdigest", Type.DYNAMIC)
_SAMPLE = "dynamic([['long'], [1, 2, 3], [1, 1, 2]])"


def _function(
    name: str,
    summary: str,
    signatures: tuple[Signature, ...],
    compute: Compute,
    result_name: ResultName,
    *examples: Example,
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=signatures,
        nulls=Nulls.OWN,
        compute=compute,
        result_name=result_name,
        examples=examples,
        differs=EXACT,
    )


def _or_null(compute: Compute) -> Compute:
    return lambda *args: None if None in args else compute(*args)


def _merging(name: str) -> ScalarFunction:
    return _function(
        name,
        "One digest of several, nulls left out; null where they hold values of different types.",
        (signature(param("tdigest", Type.DYNAMIC, repeat=64), returns=Type.DYNAMIC),),
        _merge,
        ResultName(NameRule.PREFIX_ONLY, "tdigests_merge_result"),
        Example(f"{name}({_SAMPLE}, dynamic([['long'], [2], [5]]))", [["long"], [1, 2, 3], [1, 6, 2]]),
        Example(f"{name}({_SAMPLE}, dynamic([['real'], [2.5], [5]]))", None),
        Example(f"{name}({_SAMPLE}, dynamic(null))", [["long"], [1, 2, 3], [1, 1, 2]]),
    )


FUNCTIONS: tuple[ScalarFunction, ...] = (
    _function(
        "percentile_tdigest",
        "The percentile of a digest's values (nearest rank), as typeof() says or as a dynamic value.",
        (signature(_DIGEST, param("percentile", *NUMBER), returns=Type.DYNAMIC),),
        _or_null(_percentile),
        prefixed("percentile_tdigest"),
        Example(f"percentile_tdigest({_SAMPLE}, 50)", 2),
        Example(f"percentile_tdigest({_SAMPLE}, 100, typeof(real))", 3.0),
        Example("percentile_tdigest(dynamic([['timespan'], [1000000], [1]]), 50, typeof(timespan)) == 1s", True),
        Example("percentile_tdigest(dynamic(null), 50)", None),
    ),
    _function(
        "percentiles_array_tdigest",
        "Several percentiles of a digest's values, in an array.",
        (
            signature(_DIGEST, param("percentile", *NUMBER, repeat=64), returns=Type.DYNAMIC),
            signature(_DIGEST, param("percentiles", Type.DYNAMIC), returns=Type.DYNAMIC),
        ),
        _or_null(_percentiles),
        prefixed("percentile_tdigest"),
        Example(f"percentiles_array_tdigest({_SAMPLE}, 0, 50, 100)", [1, 2, 3]),
        Example(f"percentiles_array_tdigest({_SAMPLE}, range(0, 100, 50), typeof(long))", [1, 2, 3]),
        Example(f"percentiles_array_tdigest({_SAMPLE}, dynamic(['x']))", None),
        Example("percentiles_array_tdigest(dynamic(null), 50)", None),
    ),
    _function(
        "rank_tdigest",
        "How many of a digest's values are at or below a value.",
        (signature(_DIGEST, param("value", *SUMMABLE), returns=Type.REAL),),
        _or_null(_rank),
        ResultName(),
        Example(f"rank_tdigest({_SAMPLE}, 2)", 2.0),
        Example(f"rank_tdigest({_SAMPLE}, 99)", 4.0),
        Example(f"rank_tdigest({_SAMPLE}, long(null))", None),
    ),
    _function(
        "percentrank_tdigest",
        "The percentage of a digest's values that are at or below a value.",
        (signature(_DIGEST, param("value", *SUMMABLE), returns=Type.REAL),),
        _or_null(_percent_rank),
        ResultName(),
        Example(f"percentrank_tdigest({_SAMPLE}, 2)", 50.0),
        Example("percentrank_tdigest(dynamic([['long'], [], []]), 2)", None),
        Example(f"percentrank_tdigest({_SAMPLE}, long(null))", None),
    ),
    _merging("tdigest_merge"),
    _merging("merge_tdigest"),
)
