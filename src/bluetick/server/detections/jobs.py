"""Backtests, explanations and accounts for the console: jobs, whose results are the JSON of bluetick's own commands."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.detections.documents.companions import COMPANION_SUFFIXES, companion
from bluetick.detections.ledger.listing import find_alert
from bluetick.detections.ledger.opening import Ledger
from bluetick.diagnostics.errors import QueryCancelled
from bluetick.server.access import Right
from bluetick.server.detections.ledger import of_ledger
from bluetick.server.detections.rule_body import duration_of
from bluetick.server.detections.run_document import chosen_document
from bluetick.server.detections.shelf import Shelf
from bluetick.server.errors import Asked, RequestRefused, bad_request
from bluetick.server.jobs import Finish, Job, JobState, new_job
from bluetick.server.requests import answered, json_body, json_response, text_of
from bluetick.server.service import Call, Service
from bluetick.workers.commands import Command

_NEAR_MISSES: Final = 20
_SOURCE_ROWS: Final = 200
_GROUPS: Final = 10
_MOST_ROW: Final = 1_000_000


def job_routes(service: Service, shelf: Shelf) -> list[Route]:
    return [
        Route("/api/backtests", answered(partial(_backtest, service, shelf)), methods=["POST"]),
        Route("/api/explanations", answered(partial(_explanation, service)), methods=["POST"]),
        Route("/api/accounts", answered(partial(_account, service, shelf)), methods=["POST"]),
        Route("/api/jobs/{job}", answered(partial(_show, service)), methods=["GET"]),
        Route("/api/jobs/{job}", answered(partial(_cancel, service)), methods=["DELETE"]),
    ]


async def _backtest(service: Service, shelf: Shelf, request: Request, asked: Asked) -> Response:
    """`frequency` instead of what the rule says. A rule's closed alerts are labels of what it was to find."""
    caller = service.caller(request, Right.RULES)
    body = await json_body(request)
    first, last = _instant(body, "from"), _instant(body, "to")
    chosen = await chosen_document(service, shelf, body)
    options = ["--to", last or "newest", "--format", "json"]
    options += [] if first is None else ["--from", first]
    if chosen.is_rule and body.get("frequency") is not None:
        options += ["--every", f"{duration_of(body, 'frequency').total_seconds():.6f}s"]
    written: tuple[Path, ...] = ()
    if chosen.is_rule and service.work.ledger is not None and service.work.has_ledger:
        options += ["--labels-from", str(service.work.ledger.resolve())]
        written = ledger_files(service.work.ledger)

    def prepare(folder: Path) -> Command:
        document = chosen.place(folder)
        return Command(("backtest", str(document), *options), _beside(document), written)

    call = service.call(request, caller, asked, "Backtest", chosen.name)
    job = begin(service, call, Wanted("backtest", prepare, partial(line_of, id_=chosen.id)))
    return json_response({"job": job.id})


async def _explanation(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.READ)
    body = await json_body(request)
    alert, row = text_of(body, "alert"), body.get("row", 1)
    if not isinstance(row, int) or isinstance(row, bool) or not 1 <= row <= _MOST_ROW:
        raise bad_request("'row' must be a whole number from 1 on")
    found = await of_ledger(service, lambda ledger: find_alert(ledger, alert).id)
    ledger = service.work.ledger
    if ledger is None:
        raise AssertionError("the alert is from there")

    def prepare(_: Path) -> Command:
        words = ("alerts", "explain", found, "--ledger", str(ledger.resolve()), "--row", str(row), "--format", "json")
        shown = ("--most", str(_SOURCE_ROWS), "--groups", str(_GROUPS))
        return Command((*words, *shown), (), ledger_files(ledger))

    call = service.call(request, caller, asked, "Explain", found)
    job = begin(service, call, Wanted("explanation", prepare, line_of))
    return json_response({"job": job.id})


async def _account(service: Service, shelf: Shelf, request: Request, asked: Asked) -> Response:
    """As of `now`, else as of just after the newest row of the rule's tables."""
    caller = service.caller(request, Right.READ)
    body = await json_body(request)
    now = _instant(body, "now") or "newest"
    chosen = await chosen_document(service, shelf, body)
    options = ("--now", now, "--near-miss", str(_NEAR_MISSES), "--format", "json")

    def prepare(folder: Path) -> Command:
        document = chosen.place(folder)
        return Command(("run", str(document), *options), _beside(document))

    call = service.call(request, caller, asked, "Account", chosen.name)
    job = begin(service, call, Wanted("account", prepare, partial(line_of, id_=chosen.id)))
    return json_response({"job": job.id})


async def _show(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.READ)
    return json_response(service.jobs.find(caller, request.path_params["job"]).to_json())


async def _cancel(service: Service, request: Request, asked: Asked) -> Response:
    job = service.jobs.find(service.caller(request, Right.READ), request.path_params["job"], is_looked_at=False)
    await service.jobs.cancel(job)
    return json_response(job.to_json())


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job that a request asks for: its kind, its command, and what its output is."""

    kind: str
    prepare: Callable[[Path], Command]
    finish: Finish
    is_shared: bool = False


def begin(service: Service, call: Call, wanted: Wanted) -> Job:
    """Begins it; when it is over, the audit log has it. A ledger that the command reads is held open so long: SQLite
    keeps its log beside it then, which the process could not make."""
    job = new_job(call.caller, wanted.kind, call.asked.at)
    held = ExitStack()

    def prepare(folder: Path) -> Command:
        command = wanted.prepare(folder)
        if command.written:
            held.callback(Ledger(command.written[0]).close)
        return command

    def over(job: Job) -> None:
        held.close()
        service.note(call, _outcome(job), 0, job.seconds or 0.0)

    job.on_end, job.is_shared = over, wanted.is_shared
    job.hidden = service.folders
    return service.jobs.begin(job, prepare, wanted.finish)


def line_of(output: bytes, id_: str = "") -> bytes | None:
    """Of the objects that a command wrote, a line each, the one of this id; else the first."""
    lines = [line for line in output.split(b"\n") if line.strip()]
    if id_ and len(lines) > 1:
        return next((line for line in lines if orjson.loads(line).get("id") == id_), lines[0])
    return lines[0] if lines else None


def ledger_files(ledger: Path) -> tuple[Path, ...]:
    """The ledger and SQLite's own files beside it; a reader writes into them too."""
    whole = ledger.resolve()
    return (whole, *(whole.with_name(f"{whole.name}{suffix}") for suffix in ("-wal", "-shm")))


def _beside(document: Path) -> tuple[Path, ...]:
    return (document, *(companion(document, suffix) for suffix in COMPANION_SUFFIXES))


def _outcome(job: Job) -> Exception | None:
    if job.state is JobState.CANCELLED:
        return QueryCancelled("the job was cancelled")
    return None if job.error is None else RequestRefused(job.error)


def _instant(body: dict[str, Any], name: str) -> str | None:
    """An instant as ISO 8601 has it; without a zone it is UTC."""
    value = body.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(text_of(body, name))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise bad_request(f"'{name}' is no instant such as 2026-06-18T12:00:00Z") from error
