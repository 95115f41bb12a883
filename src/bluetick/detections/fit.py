"""Whether detections have the data that they need: they run, run degraded, or cannot; and what would help most."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from operator import eq
from typing import Any, NamedTuple

from bluetick.detections.filling import Empty, Filling
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.errors import BluetickError, QueryError
from bluetick.execution.program import build_program
from bluetick.execution.run import missing_provider
from bluetick.plan.deciding import deciding_columns, statement_relations
from bluetick.plan.relations import Computed, External, ProviderLookup, QueryPlan, Relation, Scan, TabularStatement
from bluetick.session import Session

_FUZZY = "isfuzzy"
_UNRESOLVED = "failed to resolve table or tabular expression named"


class Grade(Enum):
    """How well a detection fits the data."""

    RUNS = "runs"
    DEGRADED = "degraded"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a detection needs: columns by table, tables that are not here, and options that were not given. `refused`
    are the diagnostics of a query that does not bind."""

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    refused: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Fit:
    """A detection's grade, and all that stands in its way; `rowless` are tables that are here without a row."""

    grade: Grade
    needs: Needs
    rowless: tuple[str, ...] = ()
    empty: tuple[Empty, ...] = ()

    @property
    def obstacles(self) -> "frozenset[Obstacle]":
        tables = (Obstacle(table, "") for table in (*self.needs.missing, *self.rowless))
        return frozenset((*tables, *(Obstacle(one.table, one.column) for one in self.empty)))


class Obstacle(NamedTuple):
    """A table that is missing, or one of its columns that is empty."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """How many rules an obstacle keeps from running: alone, and among others."""

    obstacle: Obstacle
    alone: int
    among_others: int

    def to_json(self) -> dict[str, Any]:
        column = {"column": self.obstacle.column} if self.obstacle.column else {}
        return {"table": self.obstacle.table, **column, "alone": self.alone, "among_others": self.among_others}


def find_needs(session: Session, detection: Detection) -> Needs:
    """Binds a query; what a check leaves open (fuzzy unions, watchlists, columns out of rows) is bound as in a run."""
    try:
        statement, missing = _bound(session, detection)
    except QueryError as error:
        found = tuple(detection.diagnostic_in_document(one) for one in error.diagnostics)
        return Needs(missing=_unknown_tables(detection, error), refused=found)
    except BluetickError as error:
        return Needs(unmet=(str(error),))
    here = session.catalog.names()
    columns = {table: frozenset(names) for table, names in deciding_columns(statement).items() if table in here}
    nodes = statement_relations(statement)
    return Needs(columns, missing, tuple(dict.fromkeys(text for node in nodes for text in _unmet(session, node))))


def _bound(session: Session, detection: Detection) -> tuple[TabularStatement, tuple[str, ...]]:
    """The statement whose rows are the result, and known tables that it needs and that are not here."""
    request = query_request(detection)
    plan, said = session.plan(request, is_check=True)
    missing = _missing(session, plan)
    if said or not plan.statements or (missing and _FUZZY in detection.query.casefold()):
        try:
            plan = session.plan(request)[0]
            missing = ()
        except BluetickError:
            if not missing:
                raise
    for statement in plan.statements:
        build_program(statement, session.flavour, has_lower_bound=True, has_upper_bound=True)
    return plan.statements[-1], missing


def _missing(session: Session, plan: QueryPlan) -> tuple[str, ...]:
    """Of the last statement; an open plan has none."""
    nodes = [node for statement in plan.statements[-1:] for node in statement_relations(statement)]
    names = dict.fromkeys(node.table for node in nodes if isinstance(node, Scan))
    return tuple(name for name in names if session.catalog.table(name) is None)


def _unknown_tables(detection: Detection, error: QueryError) -> tuple[str, ...]:
    """The tables that no schema knows, where that is all that is wrong with a query."""
    errors = [one for one in error.diagnostics if one.is_error]
    names = [detection.query[one.span.start : one.span.end] for one in errors]
    told = (f"{_UNRESOLVED} '{name}'" for name in names)
    return tuple(dict.fromkeys(names)) if all(map(eq, (one.message for one in errors), told)) else ()


def _unmet(session: Session, node: Relation) -> Iterator[str]:
    """What a node needs beside tables and was not given."""
    match node:
        case ProviderLookup(provider=provider) if provider not in session.providers:
            yield missing_provider(provider)
        case External(uris=uris):
            for uri in uris:
                if uri not in session.catalog.external:
                    yield f"externaldata names '{uri}', and nothing is fetched: give a copy of it by --external"
        case Computed(items=items):
            for item in items:
                needed = item.function.resource
                if needed is not None and needed.name not in session.resources:
                    yield f"'{item.function.name}' has no data here: {needed.how}"


def grade(needs: Needs, filling: Filling) -> Fit:
    """Holds what a detection needs against what the tables have. Without a row in any of its tables it cannot run."""
    if needs.refused:
        return Fit(Grade.CANNOT, needs)
    rowless = tuple(table for table in needs.columns if table in filling.rowless)
    empty = tuple(
        filling.empty[table, column]
        for table, columns in needs.columns.items()
        for column in sorted(columns)
        if table not in rowless and (table, column) in filling.empty
    )
    has_no_row = bool(rowless) and len(rowless) == len(needs.columns)
    if needs.missing or needs.unmet or has_no_row:
        return Fit(Grade.CANNOT, needs, rowless, empty)
    return Fit(Grade.DEGRADED if rowless or empty else Grade.RUNS, needs, rowless, empty)


def rank(fits: Sequence[Fit]) -> list[Unlock]:
    """The obstacles, those first that alone keep most rules from running; a refused query is unlocked by none."""
    alone: Counter[Obstacle] = Counter()
    among: Counter[Obstacle] = Counter()
    for fit in fits:
        found = fit.obstacles
        is_alone = len(found) == 1 and not fit.needs.unmet
        (alone if is_alone else among).update(found)
    every = [Unlock(one, alone[one], among[one]) for one in {*alone, *among}]
    return sorted(every, key=lambda one: (-one.alone, -one.among_others, one.obstacle))
