"""Tables for people who look around: what columns mean, how many rows there are, how full each column is."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.binder.schema import TableFace
from bluetick.diagnostics.errors import BluetickError, QueryCancelled
from bluetick.execution.catalog import Catalog, Table
from bluetick.execution.table_facts import TableFacts, facts_of
from bluetick.lake.filled import value_counts
from bluetick.lake.layout import FILL
from bluetick.schema.column_help import column_help
from bluetick.server.access import Right
from bluetick.server.errors import Asked, failure_of, not_there
from bluetick.server.limits import ResultLimits
from bluetick.server.reading import Forms, unless_gone
from bluetick.server.requests import answered, json_response
from bluetick.server.service import Call, Service
from bluetick.session import QueryRequest
from bluetick.values import format_datetime7

MEASURED_ROWS: Final = 10_000
_RECENT: Final = timedelta(days=7)
_SHORTEST: Final = timedelta(minutes=1)
_SECONDS: Final = 20.0
_MOST_KEPT: Final = 1_000
_FIRST: Final = datetime.min

# What a table was read from, as far as anything can tell a change of it.
State: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Fills:
    """By column which part of `rows` rows has a value: no null, no empty text."""

    rows: int
    rates: dict[str, float]


@dataclass(slots=True, eq=False)
class _Tables:
    """The tables of a service, and how full they were found to be: measured once for each version."""

    service: Service
    measured: dict[str, tuple[State, Fills]] = field(default_factory=dict)

    async def all(self, request: Request, asked: Asked) -> Response:
        self.service.caller(request, Right.READ)
        return json_response({"tables": await asyncio.to_thread(self._listed)})

    async def one(self, request: Request, asked: Asked) -> Response:
        caller = self.service.caller(request, Right.READ)
        name = request.path_params["name"]
        found = await asyncio.to_thread(self._find, name)
        if found is None:
            return await self._other(request, name)
        face, table, facts = found
        state = await asyncio.to_thread(_state, table, facts)
        kept = self.measured.get(name)
        if kept is not None and kept[0] == state:
            fills: Fills | None = kept[1]
        else:
            fills = await asyncio.to_thread(_told, self.service.session.catalog.pinned(), face, table)
            if fills is None:
                call = self.service.call(request, caller, asked, "Tables", _question(face, facts, asked.at))
                fills = await self._measure(request, call, face)
            if fills is not None:
                self.measured[name] = (state, fills)
                while len(self.measured) > _MOST_KEPT:
                    del self.measured[next(iter(self.measured))]
        return json_response(_table(face, facts, fills, with_fills=True))

    async def _other(self, request: Request, name: str) -> Response:
        """A function with the columns that it gives when it is called without arguments, or a watchlist."""
        others = await asyncio.to_thread(_others, self.service.session.catalog)
        found = next((one for one in others if one["name"] == name), None)
        if found is None:
            raise not_there(f"there is no table '{name[:200]}' here")
        if found["kind"] == "function":
            asked = QueryRequest(f"{_quoted(name)}()")
            check = await unless_gone(request, self.service.executor.check(asked))
            found = _other(name, "function", check.columns)
        for column in found["columns"]:
            column |= {"fill": None, "fillRows": 0}
        return json_response(found)

    def _listed(self) -> list[dict[str, Any]]:
        session = self.service.session.pinned()
        unread: dict[str, BluetickError] = {}
        found = [
            _table(face, facts_of(table))
            for face in session.faces(unread)
            if (table := session.catalog.table(face.name)) is not None
        ]
        found += [_other(name, "table") | {"error": failure_of(error).detail} for name, error in unread.items()]
        found.sort(key=lambda table: str(table["name"]))
        return [*found, *_others(session.catalog)]

    def _find(self, name: str) -> tuple[TableFace, Table, TableFacts] | None:
        session = self.service.session.pinned()
        unread: dict[str, BluetickError] = {}
        face = next((face for face in session.faces(unread) if face.name == name), None)
        if name in unread:
            raise unread[name]
        table = None if face is None else session.catalog.table(name)
        return None if face is None or table is None else (face, table, facts_of(table))

    async def _measure(self, request: Request, call: Call, face: TableFace) -> Fills | None:
        """By a query like any other; None where it fails: then nothing is known."""
        query = QueryRequest(call.text, seconds=_SECONDS)
        try:
            reading = await self.service.run(request, call, query, ResultLimits(rows=1), Forms())
            try:
                rows = [part async for _, part in reading.tables()]
            finally:
                await reading.close()
        except QueryCancelled:
            raise
        except BluetickError:
            return None
        if reading.error is not None or len(rows) != 1:
            return None
        count, *filled = json.loads(rows[0])
        rates = {name: (one / count if count else 0.0) for (name, _), one in zip(face.columns, filled, strict=True)}
        return Fills(count, rates)


def table_routes(service: Service) -> list[Route]:
    tables = _Tables(service)
    return [
        Route("/api/tables", answered(partial(_Tables.all, tables)), methods=["GET"]),
        Route("/api/tables/{name}", answered(partial(_Tables.one, tables)), methods=["GET"]),
    ]


def _table(face: TableFace, facts: TableFacts, fills: Fills | None = None, *, with_fills: bool = False) -> Any:
    columns: list[dict[str, Any]] = [
        {"name": name, "type": str(type_), "help": column_help(face.name, name)} for name, type_ in face.columns
    ]
    if with_fills:
        for column in columns:
            rate = fills.rates.get(column["name"]) if fills is not None and fills.rows else None
            column |= {"fill": rate, "fillRows": 0 if fills is None else fills.rows}
    return {
        "name": face.name,
        "kind": "table",
        "rows": facts.rows,
        "bytes": facts.bytes,
        "first": _instant(facts.first),
        "last": _instant(facts.last),
        "timeColumn": face.time_column,
        "columns": columns,
        "error": None,
    }


def _other(name: str, kind: str, columns: Sequence[tuple[str, Any]] = ()) -> dict[str, Any]:
    told = [{"name": column, "type": str(type_), "help": None} for column, type_ in columns]
    unknown = dict.fromkeys(("rows", "bytes", "first", "last", "timeColumn"))
    return {"name": name, "kind": kind, **unknown, "columns": told, "error": None}


def _others(catalog: Catalog) -> list[dict[str, Any]]:
    """What a query can read that is no table. A watchlist that cannot be read has no columns."""
    names = () if catalog.functions is None else catalog.functions.names()
    found = [_other(name, "function") for name in sorted(names)]
    for alias in sorted(catalog.watchlists.names()):
        try:
            rows = catalog.watchlist(alias)
        except BluetickError:
            rows = None
        found.append(_other(alias, "watchlist", () if rows is None else rows.columns))
    return found


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime7(moment)


def _told(catalog: Catalog, face: TableFace, table: Table) -> Fills | None:
    """What the lake keeps of each commit; None unless it tells of exactly the rows that the table has."""
    if table.view is not None or table.snapshot is None or catalog.as_of is not None:
        return None
    known = catalog.table(FILL) if catalog.has_versions(FILL) else None
    if known is None or known.snapshot is None:
        return None
    rows, counts = value_counts(known.snapshot, table.name)
    if rows != table.snapshot.rows:
        return None
    pairs = zip(face.columns, face.sources, strict=True)
    return Fills(rows, {name: counts.get(source, 0) / rows if rows else 0.0 for (name, _), source in pairs})


def _question(face: TableFace, facts: TableFacts, now: datetime) -> str:
    """Of a bounded number of rows, recent ones where it is known when the last came."""
    parts = [_quoted(face.name)]
    since = _since(facts, now)
    if face.time_column is not None and since is not None:
        parts.append(f"where {_quoted(face.time_column)} >= datetime({since.isoformat()})")
    parts.append(f"take {MEASURED_ROWS}")
    counts = [f"countif(isnotempty({_quoted(name)}))" for name, _ in face.columns]
    named = (f"c{number} = {count}" for number, count in enumerate(counts))
    parts.append(f"summarize {', '.join(['n = count()', *named])}")
    return " | ".join(parts)


def _since(facts: TableFacts, now: datetime) -> datetime | None:
    """When the rows begin that are looked at: `take` sorts what it takes from, so these are twice as many as are
    wanted, were they spread evenly. A last row of after now is of a wrong clock."""
    if facts.last is None or facts.first is None:
        return None
    last = min(facts.last, now)
    share = min(2 * MEASURED_ROWS / max(facts.rows or 1, 1), 1.0)
    width = max(min((last - facts.first) * share, _RECENT), _SHORTEST)
    naive = last.replace(tzinfo=None)
    return naive - width if naive - _FIRST > width else _FIRST


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"


def _state(table: Table, facts: TableFacts) -> State:
    if facts.version is not None:
        return ("version", facts.version)
    try:
        return tuple((found.st_mtime_ns, found.st_size) for found in map(os.stat, table.files))
    except OSError:
        return (id(table),)
