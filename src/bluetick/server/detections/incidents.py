"""Incidents for the console: listed, looked at, changed, commented, closed."""

from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.detections.incidents.deciding import Edits, OpenStatus, close_incident, comment_on, update_incident
from bluetick.detections.incidents.history import incident_history
from bluetick.detections.incidents.listing import SEVERITIES, Incident, Wanted, find_incident, find_incidents
from bluetick.detections.ledger.listing import Verdict
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.server.access import Right
from bluetick.server.detections.alerts import MOST_OWNER, VERDICTS
from bluetick.server.detections.ledger import asked_flag, asked_most, of_ledger, recorded, short_text, word_of
from bluetick.server.errors import Asked, bad_request
from bluetick.server.requests import answered, json_body, json_response
from bluetick.server.service import Service

STATUSES: Final = tuple(status.value for status in OpenStatus)


def incident_routes(service: Service) -> list[Route]:
    return [
        Route("/api/incidents", answered(partial(_list, service)), methods=["GET"]),
        Route("/api/incidents/{id}", answered(partial(_show, service)), methods=["GET"]),
        Route("/api/incidents/{id}/close", answered(partial(_close, service)), methods=["POST"]),
        Route("/api/incidents/{id}/comment", answered(partial(_comment, service)), methods=["POST"]),
        Route("/api/incidents/{id}/update", answered(partial(_update, service)), methods=["POST"]),
    ]


async def _list(service: Service, request: Request, asked: Asked) -> Response:
    """The newest first, and whether there are `more`."""
    service.caller(request, Right.READ)
    is_open, most = asked_flag(request, "open"), asked_most(request)
    status = "Closed" if is_open is False else None
    wanted = Wanted(is_open is None, status, None, request.query_params.get("rule"), most + 1)
    if not service.work.has_ledger:
        return json_response({"incidents": [], "more": False})
    found = await of_ledger(service, lambda ledger: [one.to_json() for one in find_incidents(ledger, wanted)])
    return json_response({"incidents": found[:most], "more": len(found) > most})


async def _show(service: Service, request: Request, asked: Asked) -> Response:
    service.caller(request, Right.READ)
    return json_response(await of_ledger(service, lambda ledger: _whole(find_incident(ledger, _id(request)))))


async def _close(service: Service, request: Request, asked: Asked) -> Response:
    """With its alerts, but for those on which somebody has decided."""
    caller = service.caller(request, Right.RULES)
    body = await json_body(request)
    verdict, reason = word_of(body, "as", VERDICTS), short_text(body, "reason")
    if verdict is None:
        raise bad_request(f"'as' must be one of {', '.join(VERDICTS)}")

    def close(ledger: Ledger) -> dict[str, Any]:
        incident = find_incident(ledger, _id(request))
        close_incident(ledger, incident, Verdict(verdict), reason, to_micros(asked.at))
        return _whole(find_incident(ledger, incident.id))

    said = ("CloseIncident", f"{_id(request)} as {verdict}: {reason}")
    return json_response(await recorded(service, request, caller, asked, said, of_ledger(service, close)))


async def _comment(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.RULES)
    text = short_text(await json_body(request), "text")

    def comment(ledger: Ledger) -> dict[str, Any]:
        incident = find_incident(ledger, _id(request))
        comment_on(ledger, incident, caller.name, text, to_micros(asked.at))
        return _whole(find_incident(ledger, incident.id))

    said = ("CommentIncident", f"{_id(request)}: {text}")
    return json_response(await recorded(service, request, caller, asked, said, of_ledger(service, comment)))


async def _update(service: Service, request: Request, asked: Asked) -> Response:
    """A status opens one again that is closed."""
    caller = service.caller(request, Right.RULES)
    body = await json_body(request)
    owner = None if body.get("owner") is None else short_text(body, "owner", MOST_OWNER, may_be_empty=True)
    status, severity = word_of(body, "status", STATUSES), word_of(body, "severity", SEVERITIES)
    if owner is None and status is None and severity is None:
        raise bad_request("nothing to change: give 'owner', 'status' or 'severity'")
    edits = Edits(owner, None if status is None else OpenStatus(status), severity)

    def update(ledger: Ledger) -> dict[str, Any]:
        incident = find_incident(ledger, _id(request))
        update_incident(ledger, incident, edits, to_micros(asked.at))
        return _whole(find_incident(ledger, incident.id))

    said = ("UpdateIncident", f"{_id(request)} {edits}")
    return json_response(await recorded(service, request, caller, asked, said, of_ledger(service, update)))


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _whole(incident: Incident) -> dict[str, Any]:
    return {**incident.to_json(), "timeline": [event.to_json() for event in incident_history(incident)]}
