"""DuckDB beside Spark. A query costs Spark tenths of a second, so that many expressions share one, and the rows of
several pipelines come in one union."""

from collections.abc import Iterator, Mapping
from random import Random

from bluetick.session import Session
from generated import tree
from generated.checks import answer, complete_text, full_text, same_rows
from generated.expressions import Expressions
from generated.generator import Pipelines
from generated.tables import POOLS, Table
from generated.tree import Pipeline, query_text

_TOGETHER = 40  # expressions in one projection
_LEGS = 6  # pipelines in one union

# Spark refuses a sum of longs that does not fit, which DuckDB wraps: see the note of sum().
_UNLIKE = ("sum(n)", "sumif(n,", "sum(p)", "sumif(p,", "avg(p", "avgif(p")


def disagreements(duckdb: Session, spark: Session, tables: Mapping[str, Table], seed: int, count: int) -> list[str]:
    """Queries that the two engines answer differently, with what differs."""
    random = Random(seed)  # noqa: S311 - seeded, so that it can be had again
    found: list[str] = []
    drawn = 0
    while drawn < count:
        size, texts = _draw(random, tables)
        drawn += size
        found += _compared(duckdb, spark, texts)
    return found


def _compared(duckdb: Session, spark: Session, texts: list[str]) -> Iterator[str]:
    """The first text is all others in one; where it differs, each is asked by itself."""
    if not (_difference(duckdb, spark, texts[0])):
        return
    for text in texts[1:]:
        if problem := _difference(duckdb, spark, text):
            yield f"{text}\n{problem}"


def _difference(duckdb: Session, spark: Session, text: str) -> str:
    try:
        return same_rows(answer(duckdb, text), answer(spark, text))
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:500]}"


def _draw(random: Random, tables: Mapping[str, Table]) -> tuple[int, list[str]]:
    return _expressions(random, tables) if random.random() < 0.5 else _pipelines(random, tables)


def _expressions(random: Random, tables: Mapping[str, Table]) -> tuple[int, list[str]]:
    table = random.choice([table for table in tables.values() if table.rows])
    draw = Expressions(random, table.columns)
    types = (*POOLS, *("bool",) * 6)
    items = tuple((f"x{n}", draw.expression(random.choice(types), 2)) for n in range(_TOGETHER))
    groups = [items, *((item,) for item in items)]
    return _TOGETHER, [full_text(Pipeline(table.name, (tree.Project(group),)), tables) for group in groups]


def _pipelines(random: Random, tables: Mapping[str, Table]) -> tuple[int, list[str]]:
    """Each leg's rows as one column of text, so that legs of any columns fit together."""
    legs: list[str] = []
    while len(legs) < _LEGS:
        draw = Pipelines(random, tables)
        text = query_text(draw.pipeline(random.choice((1, 2))))
        if any(word in text for word in _UNLIKE):
            continue
        legs.append(f"{text} | project leg = {len(legs)}, row = tostring(pack_all())")
    together = f"union {', '.join(f'({leg})' for leg in legs)}"
    return _LEGS, [complete_text(text, tables) for text in (together, *legs)]
