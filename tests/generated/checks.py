"""A check: texts of queries to run, and a judge of what they give."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bluetick.session import Session
from generated.compare import canonical_rows, multiset
from generated.tables import NOW, Columns, Table
from generated.tree import Pipeline, query_text


@dataclass(frozen=True, slots=True)
class Answer:
    columns: Columns
    rows: Sequence[tuple[Any, ...]]


Judge: TypeAlias = Callable[[Sequence[Answer]], str]  # the problem with the answers, or nothing


@dataclass(frozen=True, slots=True)
class Check:
    """`size`: how many independent statements it holds, such as the expressions of one projection. `smaller` gives
    checks of parts of it, to be tried where it fails."""

    kind: str
    queries: tuple[str, ...]
    judge: Judge
    size: int = 1
    smaller: Callable[[], Sequence["Check"]] = tuple


_TABLE = re.compile(r"\bT\d+\b")


def complete_text(text: str, tables: Mapping[str, Table]) -> str:
    """The text behind the definitions of the tables that it names."""
    names = sorted(set(_TABLE.findall(text)))
    return "\n".join([*(tables[name].definition() for name in names), text])


def full_text(query: Pipeline, tables: Mapping[str, Table]) -> str:
    return complete_text(query_text(query), tables)


def open_session(tables: Mapping[str, Table], engine: str = "duckdb") -> Session:
    """A session that has every table that is not written into the queries."""
    stored = {f"stored_{table.name}": table.arrow() for table in tables.values() if not table.is_inline}
    return Session(tables=stored, engine=engine)


def answer(session: Session, text: str) -> Answer:
    result = session.query(text, now=NOW)
    return Answer(tuple(result.columns), list(result.rows()))


def run(session: Session, check: Check) -> str:
    """The problem, or nothing. An error of any kind is a problem: the generator draws only what must run."""
    try:
        return check.judge([answer(session, text) for text in check.queries])
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def smallest(session: Session, check: Check) -> Check:
    """The smallest part of a failing check that fails by itself."""
    for part in check.smaller():
        if run(session, part):
            return smallest(session, part)
    return check


def same_rows(left: Answer, right: Answer, *, ordered: bool = False) -> str:
    """What differs between two answers, or nothing."""
    if left.columns != right.columns:
        return f"columns differ: {left.columns} and {right.columns}"
    first, second = multiset(left.rows), multiset(right.rows)
    if first != second:
        only = [row for row in first if row not in second][:3], [row for row in second if row not in first][:3]
        return f"{len(first)} and {len(second)} rows; only in one: {only[0]}; only in the other: {only[1]}"
    if ordered and canonical_rows(left.rows) != canonical_rows(right.rows):
        return f"the order differs: {canonical_rows(left.rows)[:5]} and {canonical_rows(right.rows)[:5]}"
    return ""
