"""A query of a hunt run in this process, as of an instant."""

from datetime import UTC, datetime
from pathlib import Path

from bluetick.detections.hunts.model import Cell, Hunt
from bluetick.detections.hunts.results import CellResult, Pinning, Ran, read_result, result_path, write_result
from bluetick.diagnostics.errors import SourceError
from bluetick.rewrite.rules import BASELINE
from bluetick.session import QueryRequest, Session
from bluetick.values import json_rows


def cell_request(hunt: Hunt, cell: Cell, now: datetime) -> QueryRequest:
    """A cell's query as it is run: rows of after `now` are not read, and every row comes from the tables themselves, as
    their versions are told."""
    return QueryRequest(
        cell.text, now=now, schemas=hunt.schemas, name=f"{hunt.name}:{cell.id}", without_rewrites=frozenset({BASELINE})
    )


def check_runnable(hunt: Hunt) -> None:
    """SourceError for a hunt whose file has a problem."""
    if hunt.problems:
        raise SourceError(f"the hunt '{hunt.name}' cannot be run: {hunt.problems[0]}")


def one_result(count: int) -> None:
    """SourceError unless a query gives one table."""
    if count != 1:
        raise SourceError(f"the query gives {count} results; a cell holds one")


def earlier_result(path: Path) -> CellResult | str:
    """What the last run left there, or why there is nothing to compare with."""
    try:
        return read_result(path) or "this is the first run"
    except SourceError:
        return "the last result is damaged"


def run_cell(session: Session, file: Path, hunt: Hunt, cell: Cell, now: datetime | None = None) -> CellResult:
    """Runs a cell of a hunt's file as of `now` (None: the session's, else the clock) and pins the result. Raises what
    Session.run raises; then what was pinned stays."""
    at = datetime.now(UTC)
    moment = now or session.now or at
    results = session.run(cell_request(hunt, cell, moment))
    try:
        one_result(len(results))
        result = results[0]
        ran = Ran(cell.text, at, moment, result.versions, result.columns)
        path = result_path(file, cell)
        pinning = Pinning(ran, earlier_result(path))
        pinning.add(json_rows(result.columns, result.passing_rows()))
    finally:
        for one in results:
            one.close()
    found = pinning.result()
    write_result(path, found)
    return found
