"""Conditions on rows in a form in which one can be seen to imply another, or to contradict it.

Only what is certain is said: of a condition of another form it is known that it implies itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from bluetick.plan.evaluation import folded
from bluetick.plan.expressions import Call, ColumnRef, Expr, Literal, Promote, walk
from bluetick.plan.ranges import instant
from bluetick.types import Type

# Two instants that share nothing: not the second, nor the hour, the day of the week, the month, the year.
_ONE = datetime(2023, 3, 14, 15, 9, 26, 535897, UTC)
_OTHER = datetime(2025, 11, 28, 4, 47, 13, 271828, UTC)
_ORDERED = (Type.INT, Type.LONG, Type.REAL, Type.DECIMAL, Type.TIMESPAN)


@dataclass(frozen=True, slots=True)
class Edge:
    """An end of an interval; `is_open`: the value itself lies outside."""

    value: Any
    is_open: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """The subject lies between two ends. `is_moving`: they are durations from the instant of the run."""

    subject: Expr
    is_moving: bool
    low: Edge | None
    high: Edge | None

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None or self.low.value < self.high.value:
            return False
        return bool(self.low.value > self.high.value) or self.low.is_open or self.high.is_open


@dataclass(frozen=True, slots=True)
class OneOf:
    """The subject is one of these values."""

    subject: Expr
    values: frozenset[Any]


@dataclass(frozen=True, slots=True)
class Other:
    """What has no form here."""

    expr: Expr


Fact: TypeAlias = Interval | OneOf | Other


def facts_of(predicate: Expr) -> list[Fact]:
    """What holds for each row for which the predicate is true: all of it together is the predicate."""
    if not isinstance(predicate, Call):
        return [Other(predicate)]
    name, args = predicate.function.name, predicate.args
    if name == "and":
        return [fact for arg in args for fact in facts_of(arg)]
    found: Fact | None = None
    if name in _TURNED:
        found = _comparison(name, args[0], args[1]) or _comparison(_TURNED[name], args[1], args[0])
    elif name == "between":
        found = _between(args)
    elif name == "in":
        found = _one_of(args)
    return [Other(predicate) if found is None else found]


def implies(held: Sequence[Fact], wanted: Fact) -> bool:
    """Whether each row for which all of `held` hold is one for which `wanted` does."""
    if any(fact == wanted for fact in held):
        return True
    match wanted:
        case OneOf(subject=subject, values=values):
            known = _values(held, subject)
            return known is not None and known <= values
        case Interval():
            return _within(held, wanted)
        case Other():
            return False


def contradicts(held: Sequence[Fact], wanted: Fact) -> bool:
    """Whether no row for which all of `held` hold is one for which `wanted` does."""
    match wanted:
        case OneOf(subject=subject):
            known = _values([*held, wanted], subject)
            return known is not None and not known
        case Interval():
            return merged([*held, wanted], wanted).is_empty
        case Other():
            return False


def merged(facts: Iterable[Fact], like: Interval) -> Interval:
    """What all intervals of one subject and one kind of ends leave."""
    lows: list[Edge] = []
    highs: list[Edge] = []
    for fact in facts:
        if isinstance(fact, Interval) and fact.is_moving == like.is_moving and fact.subject == like.subject:
            lows += [fact.low] if fact.low is not None else []
            highs += [fact.high] if fact.high is not None else []
    low = max(lows, key=lambda edge: (edge.value, edge.is_open), default=None)
    high = min(highs, key=lambda edge: (edge.value, not edge.is_open), default=None)
    return Interval(like.subject, like.is_moving, low, high)


def _within(held: Sequence[Fact], wanted: Interval) -> bool:
    known = merged(held, wanted)
    if wanted.low is not None:
        if known.low is None or known.low.value < wanted.low.value:
            return False
        if known.low.value == wanted.low.value and wanted.low.is_open and not known.low.is_open:
            return False
    if wanted.high is not None:
        if known.high is None or known.high.value > wanted.high.value:
            return False
        if known.high.value == wanted.high.value and wanted.high.is_open and not known.high.is_open:
            return False
    return True


def _values(facts: Iterable[Fact], subject: Expr) -> frozenset[Any] | None:
    found: frozenset[Any] | None = None
    for fact in facts:
        if isinstance(fact, OneOf) and fact.subject == subject:
            found = fact.values if found is None else found & fact.values
    return found


# --- reading predicates ---------------------------------------------------------------------------------------------


_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "=="}


@dataclass(frozen=True, slots=True)
class _Constant:
    value: Any
    is_moving: bool = False


def _comparison(name: str, subject: Expr, other: Expr) -> Fact | None:
    constant = _constant(other)
    if constant is None or not _is_of_row(subject):
        return None
    subject = _plain(subject)
    if name == "==" and subject.type is Type.STRING:
        return OneOf(subject, frozenset({constant.value}))
    if subject.type not in (*_ORDERED, Type.DATETIME):
        return None
    low = Edge(constant.value, name == ">") if name in (">", ">=", "==") else None
    high = Edge(constant.value, name == "<") if name in ("<", "<=", "==") else None
    return Interval(subject, constant.is_moving, low, high)


def _between(args: Sequence[Expr]) -> Fact | None:
    low, high = _constant(args[1]), _constant(args[2])
    if low is None or high is None or low.is_moving != high.is_moving or not _is_of_row(args[0]):
        return None
    subject = _plain(args[0])
    if subject.type not in (*_ORDERED, Type.DATETIME):
        return None
    return Interval(subject, low.is_moving, Edge(low.value, False), Edge(high.value, False))


def _one_of(args: Sequence[Expr]) -> Fact | None:
    """`in` of texts that are written out."""
    if args[0].type is not Type.STRING or not _is_of_row(args[0]):
        return None
    values: set[str] = set()
    for arg in args[1:]:
        match arg:
            case Literal(value=str() as text, type=Type.STRING):
                values.add(text)
            case Literal(value=list() as texts) if all(isinstance(text, str) for text in texts):
                values.update(texts)
            case _:
                return None
    return OneOf(args[0], frozenset(values))


def _constant(expr: Expr) -> _Constant | None:
    """A value that is the same for every row: itself, or its distance from the instant of the run."""
    if _is_of_row(expr):
        return None
    if expr.type is Type.DATETIME:
        one, other = instant(expr, _ONE), instant(expr, _OTHER)
        if one is None or other is None:
            return None
        if one == other:
            return _Constant(one)
        return _Constant(one - _ONE, is_moving=True) if one - _ONE == other - _OTHER else None
    found = folded(expr)
    if isinstance(found, Literal) and isinstance(found.value, int | float | Decimal | str):
        is_number = not isinstance(found.value, float) or found.value == found.value
        return _Constant(found.value) if is_number else None
    return None


def _is_of_row(expr: Expr) -> bool:
    return any(isinstance(part, ColumnRef) for part in walk(expr))


def _plain(expr: Expr) -> Expr:
    """Without conversions that keep the value."""
    while isinstance(expr, Promote) and expr.type in _ORDERED:
        expr = expr.value
    return expr
