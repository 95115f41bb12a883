"""Rules for the console: how each stands, what it says, its windows; and new ones, saved as documents."""

import asyncio
from functools import partial
from typing import Any, Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rule_listing import RuleStanding, recent_windows, rule_standings
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.writing.new_rule import NewRule, RuleText, save_rule, write_rule
from bluetick.diagnostics import SourceText
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.server.access import Right
from bluetick.server.analysis import diagnostic_json
from bluetick.server.detections.ledger import of_ledger, recorded
from bluetick.server.detections.rule_body import new_rule
from bluetick.server.detections.shelf import Shelf, Shelved
from bluetick.server.errors import Asked, bad_request, not_there, without_folders
from bluetick.server.requests import answered, json_body, json_response
from bluetick.server.service import Service

_MOST_WINDOWS: Final = 100


def rule_routes(service: Service, shelf: Shelf) -> list[Route]:
    return [
        Route("/api/rules", answered(partial(_list, service, shelf)), methods=["GET"]),
        Route("/api/rules", answered(partial(_save, service, shelf)), methods=["POST"]),
        # An id is what its document says; it may have slashes.
        Route("/api/rules/{id:path}", answered(partial(_show, service, shelf)), methods=["GET"]),
    ]


async def _list(service: Service, shelf: Shelf, request: Request, asked: Asked) -> Response:
    service.caller(request, Right.READ)
    rules = await _rules(service, shelf)
    told = await asyncio.to_thread(lambda: [_rule_json(shelf, one) for one in rules])
    return json_response({"rules": [_inside(service, one) for one in told]})


async def _show(service: Service, shelf: Shelf, request: Request, asked: Asked) -> Response:
    service.caller(request, Right.READ)
    id_ = request.path_params["id"]
    found = next((one for one in await _rules(service, shelf) if one.id == id_), None)
    if found is None:
        raise not_there("there is no such rule")
    windows = await of_ledger(service, partial(_windows, rule=id_)) if found.standing is not None else []
    told = _inside(service, await asyncio.to_thread(_whole, shelf, found))
    return json_response(told | {"recentWindows": [_inside(service, window) for window in windows]})


async def _save(service: Service, shelf: Shelf, request: Request, asked: Asked) -> Response:
    """A document of its own, never over another. Refused where its query does not bind."""
    caller = service.caller(request, Right.RULES)
    body = await json_body(request)
    rule = new_rule(body, str(uuid4()))
    work = asyncio.to_thread(saved, shelf, rule)
    return json_response(await recorded(service, request, caller, asked, ("SaveRule", rule.name), work))


async def _rules(service: Service, shelf: Shelf) -> list[Shelved]:
    standings = await of_ledger(service, rule_standings) if service.work.has_ledger else []
    return await asyncio.to_thread(shelf.rules, standings)


def _inside(service: Service, told: dict[str, Any]) -> dict[str, Any]:
    """What went wrong, without the names of folders."""
    error = told["error"]
    return told | {"error": None if error is None else without_folders(error, service.folders)}


def _windows(ledger: Ledger, rule: str) -> list[dict[str, Any]]:
    return [window.to_json() for window in recent_windows(ledger, rule, _MOST_WINDOWS)]


def saved(shelf: Shelf, rule: NewRule) -> dict[str, Any]:
    """Puts a rule that binds into the folder: its id, its file, what is worth saying of its query."""
    if shelf.folder is None:
        raise bad_request("the server was given no folder for rules: bluetick serve --rules DIR")
    try:
        written = write_rule(rule)
    except SourceError as error:
        raise bad_request(str(error)) from error
    diagnostics = _binding(shelf, written)
    try:
        path = save_rule(shelf.folder, written)
    except SourceError as error:
        raise bad_request(f"the rule was not saved: {str(error).replace(f'{shelf.folder}/', '')}") from error
    return {"id": rule.id, "file": path.name, "diagnostics": diagnostics}


def _binding(shelf: Shelf, written: RuleText) -> list[dict[str, Any]]:
    """What is worth saying of the query; a QueryError where it is refused."""
    query = written.detection.query
    problems = shelf.problems(written.detection)
    if any(one.is_error for one in problems):
        raise QueryError(problems, SourceText(query))
    return [diagnostic_json(one, SourceText(query)) for one in problems]


def _rule_json(shelf: Shelf, rule: Shelved) -> dict[str, Any]:
    detection, standing = rule.detection, rule.standing
    state, error = _state(shelf, rule)
    severity = None if detection is None or detection.severity is None else detection.severity.value
    found: dict[str, Any] = {
        "id": rule.id,
        "name": rule.name,
        "severity": severity,
        "kind": "Scheduled" if detection is None or detection.alerting.kind is None else detection.alerting.kind.value,
        "state": state,
        "enabled": detection is not None and not detection.is_off,
        "tactics": [] if detection is None else list(detection.tactics),
        "techniques": [] if detection is None else list(detection.techniques),
        "error": error,
        "file": rule.file,
    }
    return (
        found
        | _times(rule)
        | {
            "windows": None if standing is None else dict(standing.windows),
            "alertsOpen": None if standing is None else standing.open_alerts,
        }
    )


def _times(rule: Shelved) -> dict[str, Any]:
    """How often it runs and how far it looks back (in seconds), its newest window's end, and when it runs next."""
    detection, standing = rule.detection, rule.standing
    frequency = None if detection is None or detection.frequency is None else detection.frequency.total_seconds()
    reach = None if detection is None or detection.reach is None else detection.reach.total_seconds()
    if standing is not None and frequency is None:
        frequency = standing.frequency / 1_000_000
    runs = standing is not None and not standing.pause and standing.state != "retired"
    return {
        "frequency": frequency,
        "period": reach,
        "lastWindow": None if standing is None else _iso(standing.last),
        "nextRun": _iso(standing.next_run) if standing is not None and runs else None,
    }


def _state(shelf: Shelf, rule: Shelved) -> tuple[str, str | None]:
    """One of live, shadow, off, paused, retired, refused, unscheduled; and what is wrong. Whether a rule binds of which
    a service runs windows, these tell."""
    if rule.errors:
        return "refused", rule.errors[0]
    standing, detection = rule.standing, rule.detection
    if detection is not None and detection.is_off:
        return "off", None
    if standing is not None and standing.state != "retired":
        return _standing_state(standing)
    if detection is not None and rule.file is not None:
        wrong = next((one for one in shelf.problems(detection) if one.is_error), None)
        if wrong is not None:
            return "refused", f"{wrong.code}: {wrong.message}"
    return ("retired" if standing is not None else "unscheduled"), None


def _standing_state(standing: RuleStanding) -> tuple[str, str | None]:
    if standing.pause:
        return "paused", standing.pause
    return standing.state, standing.error or None


def _whole(shelf: Shelf, rule: Shelved) -> dict[str, Any]:
    detection = rule.detection
    found = _rule_json(shelf, rule) | {"document": rule.text}
    if detection is None:
        return found | {"query": "", "description": "", "diagnostics": [], "threshold": None, "blindSpots": []}
    source = SourceText(detection.query)
    return found | {
        "query": detection.query,
        "description": detection.description,
        "diagnostics": [diagnostic_json(one, source) for one in shelf.problems(detection)],
        "threshold": {"operator": detection.threshold.operator.value, "value": detection.threshold.value},
        "blindSpots": list(detection.blind_spots),
        "entityMappings": [{"entityType": one.kind, "columns": dict(one.columns)} for one in detection.entities],
    }


def _iso(micros: int | None) -> str | None:
    return None if micros is None else to_moment(micros).isoformat().replace("+00:00", "Z")
