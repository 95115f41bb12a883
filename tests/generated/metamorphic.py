"""Two ways to write one query that must give the same rows."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from generated.checks import Answer, Check, complete_text, same_rows
from generated.generator import Pipelines
from generated.tables import Table
from generated.tree import Named, expression_text, named_text, query_text

Pair = tuple[str, str]


def pairs(random: Random, tables: Mapping[str, Table]) -> Check:
    draw = Pipelines(random, tables)
    whole = query_text(draw.pipeline(random.choice((0, 0, 1, 2))))
    first, second = random.choice(_RELATIONS)(draw, whole)
    return Check("metamorphic", (complete_text(first, tables), complete_text(second, tables)), _judge)


def _judge(answers: Sequence[Answer]) -> str:
    return same_rows(answers[0], answers[1])


def _conditions(draw: Pipelines) -> Pair:
    found = draw.draw()
    return expression_text(found.predicate(2)), expression_text(found.predicate(2))


def _split(draw: Pipelines, whole: str) -> Pair:
    a, b = _conditions(draw)
    return f"{whole} | where {a} and {b}", f"{whole} | where {a} | where {b}"


def _de_morgan(draw: Pipelines, whole: str) -> Pair:
    a, b = _conditions(draw)
    return f"{whole} | where not({a} or {b})", f"{whole} | where not({a}) and not({b})"


def _let_scalar(draw: Pipelines, whole: str) -> Pair:
    a, b = _conditions(draw)
    limit = draw.random.choice((0, 1, 2, 7))
    first = f"let limit = {limit}; {whole} | where {a} or {b} | extend y = limit + 1"
    return first, f"{whole} | where {a} or {b} | extend y = {limit} + 1"


def _let_tabular(draw: Pipelines, whole: str) -> Pair:
    a, _ = _conditions(draw)
    return f"let Kept = {whole}; Kept | where {a}", f"{whole} | where {a}"


def _let_function(draw: Pipelines, whole: str) -> Pair:
    a, _ = _conditions(draw)
    kept = f"let kept = (R:(*)) {{ R | where {a} }}; {whole} | invoke kept()" if draw.columns else whole
    return (kept, f"{whole} | where {a}") if draw.columns else (whole, whole)


def _union_self(draw: Pipelines, whole: str) -> Pair:
    return f"union ({whole}), ({whole}) | count", f"{whole} | summarize Count = 2 * count()"


def _pruned(draw: Pipelines, whole: str) -> Pair:
    """What is not asked for changes nothing."""
    a, _ = _conditions(draw)
    names = ", ".join(name for name, _ in draw.columns[:2])
    extra: tuple[Named, ...] = (("unused", draw.draw().expression("string", 2)),)
    return (
        f"{whole} | extend {named_text(extra)} | where {a} | project {names}",
        f"{whole} | where {a} | project {names}",
    )


def _commuted(draw: Pipelines, whole: str) -> Pair:
    a, _ = _conditions(draw)
    extra: tuple[Named, ...] = (("y", draw.draw().expression("long", 2)),)
    return f"{whole} | extend {named_text(extra)} | where {a}", f"{whole} | where {a} | extend {named_text(extra)}"


def _distinct(draw: Pipelines, whole: str) -> Pair:
    names = [name for name, type_ in draw.columns if type_ not in ("dynamic", "real")][:3]
    if not names:
        return f"{whole} | count", f"{whole} | summarize Count = count()"
    return f"{whole} | distinct {', '.join(names)}", f"{whole} | summarize by {', '.join(names)}"


def _joined_backwards(draw: Pipelines, whole: str) -> Pair:
    key = draw.some(("k", "n2", "s"))
    if key is None:
        return whole, whole
    left, right = f"({whole} | project key = {key.name}, a = 1)", f"({whole} | project key = {key.name}, b = 2)"
    end = "project key, a, b"
    return f"{left} | join kind=inner {right} on key | {end}", f"{right} | join kind=inner {left} on key | {end}"


def _semi(draw: Pipelines, whole: str) -> Pair:
    """A semi join is the filter with `in`; strings have no null."""
    key = draw.some(("k", "s"))
    if key is None:
        return whole, whole
    a, _ = _conditions(draw)
    keys = f"({whole} | where {a} | project {key.name})"
    kind, sign = draw.random.choice((("leftsemi", "in"), ("leftanti", "!in")))
    return f"{whole} | join kind={kind} {keys} on {key.name}", f"{whole} | where {key.name} {sign} {keys}"


def _between(draw: Pipelines, whole: str) -> Pair:
    type_ = draw.random.choice(("long", "datetime", "timespan", "real"))
    found = draw.draw()
    value, low, high = (expression_text(found.expression(type_, 1)) for _ in range(3))
    return (
        f"{whole} | where {value} between ({low} .. {high})",
        f"{whole} | where {value} >= {low} and {value} <= {high}",
    )


def _grouped(draw: Pipelines, whole: str) -> Pair:
    """Counts of groups are together the count of all."""
    key = draw.some(("k", "n2", "b", "i", "s"))
    by = f" by {key.name}" if key is not None else ""
    return f"{whole} | summarize c = count(){by} | summarize c = sum(c)", f"{whole} | summarize c = count()"


_RELATIONS: Final[tuple[Callable[[Pipelines, str], Pair], ...]] = (
    _split,
    _de_morgan,
    _let_scalar,
    _let_tabular,
    _let_function,
    _union_self,
    _pruned,
    _commuted,
    _distinct,
    _joined_backwards,
    _semi,
    _between,
    _grouped,
)
