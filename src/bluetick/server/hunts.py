"""Hunts for the console: their files, their cells run and pinned, and rules made of them. `detections/hunts` says what
a hunt is; here its queries run as all others do, as of the moment of the request."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.detections.hunts.files import (
    HuntChanged,
    HuntFile,
    hunt_path,
    hunt_paths,
    is_name,
    read_file,
    write_file,
)
from bluetick.detections.hunts.model import Cell
from bluetick.detections.hunts.promoting import rule_of
from bluetick.detections.hunts.results import (
    MOST_ROWS,
    CellResult,
    Pinning,
    Ran,
    read_head,
    read_result,
    result_path,
    write_result,
)
from bluetick.detections.hunts.running import cell_request, check_runnable, earlier_result, one_result
from bluetick.detections.model import AlertSeverity
from bluetick.diagnostics.errors import BluetickError, QueryCancelled, SourceError
from bluetick.server.access import Caller, Right
from bluetick.server.detections.ledger import recorded, short_text, word_of
from bluetick.server.detections.rule_body import SEVERITIES, duration_of, threshold_of
from bluetick.server.detections.rules import saved
from bluetick.server.detections.shelf import Shelf
from bluetick.server.errors import Asked, bad_request, conflict, failure_of, not_there
from bluetick.server.limits import ResultLimits
from bluetick.server.properties import QUERY_SECONDS
from bluetick.server.reading import Forms, Reading, unless_gone
from bluetick.server.requests import answered, json_body, text_of
from bluetick.server.service import Service
from bluetick.values import format_datetime7

T = TypeVar("T")
_LIMITS = ResultLimits(rows=MOST_ROWS)


@dataclass(slots=True, eq=False)
class _Hunts:
    """The folder of hunts. `writing` lets one change of a file be made at a time."""

    service: Service
    shelf: Shelf
    writing: threading.Lock = field(default_factory=threading.Lock)

    async def all(self, request: Request, asked: Asked) -> Response:
        self.service.caller(request, Right.READ)
        return await asyncio.to_thread(self._listed)

    async def one(self, request: Request, asked: Asked) -> Response:
        self.service.caller(request, Right.READ)
        file = await asyncio.to_thread(self._read, request)
        return await asyncio.to_thread(_answer, file, {})

    async def put(self, request: Request, asked: Asked) -> Response:
        caller = self.service.caller(request, Right.RULES)
        body = await json_body(request)
        text, etag, name = text_of(body, "text"), body.get("etag"), request.path_params["name"]
        if etag is not None and not isinstance(etag, str):
            raise bad_request("'etag' must be a text")
        work = asyncio.to_thread(self._written, name, text, etag)
        file = await recorded(self.service, request, caller, asked, ("SaveHunt", name), work)
        return await asyncio.to_thread(_answer, file, {})

    async def run(self, request: Request, asked: Asked) -> Response:
        caller = self.service.caller(request, Right.RULES)
        body = await json_body(request)
        file = await asyncio.to_thread(self._read, request)
        wanted = body.get("cell")
        cells = file.hunt.queries if wanted is None else (_cell(file, wanted),)
        _said(check_runnable, file.hunt)
        errors = {}
        for cell in cells:
            try:
                await self._run(request, caller, asked, file, cell)
            except QueryCancelled:
                raise
            except BluetickError as error:  # of this cell: the others run
                errors[cell.id] = failure_of(error).detail
        return await asyncio.to_thread(_answer, file, errors)

    async def promote(self, request: Request, asked: Asked) -> Response:
        caller = self.service.caller(request, Right.RULES)
        body = await json_body(request)
        file = await asyncio.to_thread(self._read, request)
        _said(check_runnable, file.hunt)
        rule = rule_of(
            file.hunt,
            _cell(file, body.get("cell")),
            id_=str(uuid4()),
            name=short_text(body, "name", 200),
            schedule=(duration_of(body, "frequency"), duration_of(body, "period")),
            severity=AlertSeverity(word_of(body, "severity", SEVERITIES) or AlertSeverity.MEDIUM.value),
            threshold=threshold_of(body),
        )
        work = asyncio.to_thread(saved, self.shelf, rule)
        return _json(await recorded(self.service, request, caller, asked, ("PromoteHunt", rule.name), work))

    async def _run(self, request: Request, caller: Caller, asked: Asked, file: HuntFile, cell: Cell) -> None:
        own = replace(asked, activity_id=str(uuid4()))
        call = self.service.call(request, caller, own, "Hunt", cell.text)
        query = replace(cell_request(file.hunt, cell, asked.at), seconds=QUERY_SECONDS)
        reading = await self.service.run(request, call, query, _LIMITS, Forms())
        try:
            await unless_gone(request, _pin(reading, result_path(file.path, cell), cell, asked.at))
        finally:
            await reading.close()

    def _listed(self) -> Response:
        folder = self.service.work.hunts
        return _json({"hunts": [] if folder is None else [_line(path) for path in hunt_paths(folder)]})

    def _read(self, request: Request) -> HuntFile:
        folder, name = self.service.work.hunts, request.path_params["name"]
        path = hunt_path(folder, name) if folder is not None and is_name(name) else None
        if path is None or not path.is_file():
            raise not_there(f"there is no hunt '{name[:100]}'")
        return read_file(path)

    def _written(self, name: str, text: str, etag: str | None) -> HuntFile:
        folder = self.service.work.hunts
        if folder is None:
            raise bad_request("the server was given no folder for hunts: bluetick serve --hunts DIR")
        with self.writing:
            try:
                return write_file(_said(hunt_path, folder, name), text, etag)
            except HuntChanged as error:
                raise conflict(str(error)) from error


def hunt_routes(service: Service, shelf: Shelf) -> list[Route]:
    hunts = _Hunts(service, shelf)

    def route(path: str, method: str, handler: Any) -> Route:
        return Route(path, answered(partial(handler, hunts)), methods=[method])

    return [
        route("/api/hunts", "GET", _Hunts.all),
        route("/api/hunts/{name}", "GET", _Hunts.one),
        route("/api/hunts/{name}", "PUT", _Hunts.put),
        route("/api/hunts/{name}/run", "POST", _Hunts.run),
        route("/api/hunts/{name}/promote", "POST", _Hunts.promote),
    ]


def _said(check: Callable[..., T], *arguments: Any) -> T:
    """What a check of a hunt's own parts refuses, in its own words: no path is in them."""
    try:
        return check(*arguments)
    except SourceError as error:
        raise bad_request(str(error)) from error


def _cell(file: HuntFile, wanted: Any) -> Cell:
    if not isinstance(wanted, str):
        raise bad_request("'cell' must be the id of a cell")
    found = file.hunt.query(wanted)
    if found is None:
        raise bad_request(f"the hunt '{file.hunt.name}' has no cell '{wanted[:100]}'")
    return found


async def _pin(reading: Reading, path: Path, cell: Cell, at: datetime) -> None:
    """All rows, or the error that ended them: then what was pinned stays. What takes long is done in threads."""
    _said(one_result, len(reading.heads))
    head = reading.heads[0]
    ran = Ran(cell.text, at, at, head.versions, head.columns)
    pinning = Pinning(ran, await asyncio.to_thread(earlier_result, path))
    async for _, text in reading.tables():
        await asyncio.to_thread(_add, pinning, text)
    if reading.error is not None:
        raise reading.error
    await asyncio.to_thread(lambda: write_result(path, pinning.result()))


def _add(pinning: Pinning, text: bytes) -> None:
    pinning.add(json.loads(b"[" + text + b"]"))


# --- answers ---------------------------------------------------------------------------------------------------------


def _json(value: Any) -> Response:
    """In ASCII: rows may hold halves of surrogate pairs, which UTF-8 has no bytes for."""
    return Response(json.dumps(value, separators=(",", ":")), media_type="application/json")


def _line(path: Path) -> dict[str, Any]:
    """A hunt in a list; one that cannot be read with the reason."""
    try:
        hunt = read_file(path).hunt
    except SourceError as error:
        unread = {"title": path.stem, "hypothesis": "", "tags": [], "techniques": [], "cells": 0}
        return {"name": path.stem, **unread, "lastRun": None, "newRows": None, "error": failure_of(error).detail}
    heads = [head for cell in hunt.queries if (head := _head(result_path(path, cell))) is not None]
    news = [head.new_count for head in heads if head.new_count is not None]
    return {
        "name": hunt.name,
        "title": hunt.title,
        "hypothesis": hunt.hypothesis,
        "tags": list(hunt.tags),
        "techniques": list(hunt.techniques),
        "cells": len(hunt.queries),
        "lastRun": _iso(max((head.ran for head in heads), default=None)),
        "newRows": sum(news) if news else None,
        "error": None,
    }


def _head(path: Path) -> Any:
    try:
        return read_head(path)
    except SourceError:  # who opens the hunt is told
        return None


def _answer(file: HuntFile, errors: dict[str, str]) -> Response:
    hunt = file.hunt
    return _json(
        {
            "name": hunt.name,
            "title": hunt.title,
            "hypothesis": hunt.hypothesis,
            "tags": list(hunt.tags),
            "tactics": list(hunt.tactics),
            "techniques": list(hunt.techniques),
            "schemas": hunt.schemas,
            "text": hunt.text,
            "etag": file.etag,
            "problems": list(hunt.problems),
            "cells": [
                {
                    "id": cell.id,
                    "kind": cell.kind,
                    "text": cell.text,
                    "line": cell.line,
                    "result": _result(file, cell, errors.get(cell.id)) if cell.kind == "kql" else None,
                }
                for cell in hunt.cells
            ],
        }
    )


def _result(file: HuntFile, cell: Cell, error: str | None) -> dict[str, Any] | None:
    """What is pinned, with the error of a run that came to nothing."""
    try:
        found = read_result(result_path(file.path, cell))
    except SourceError as damaged:
        found, error = None, error or failure_of(damaged).detail
    if found is None and error is None:
        return None
    return _facts(cell, found) | {"error": error}


def _facts(cell: Cell, found: CellResult | None) -> dict[str, Any]:
    if found is None:
        nothing = dict.fromkeys(("ran", "now", "newCount", "goneCount", "compared"))
        lists: dict[str, Any] = {"snapshot": {}, "columns": [], "rows": [], "rowCount": 0, "isNew": []}
        return {**nothing, **lists, "uncompared": "", "isStale": False}
    ran = found.ran
    return {
        "ran": _iso(ran.at),
        "now": _iso(ran.now),
        "snapshot": dict(ran.snapshot),
        "columns": ran.columns,
        "rows": found.rows,
        "rowCount": found.row_count,
        "isNew": found.is_new,
        "newCount": found.new_count,
        "goneCount": found.gone_count,
        "compared": _iso(found.compared),
        "uncompared": found.uncompared,
        "isStale": ran.query != cell.text,
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else format_datetime7(moment)
