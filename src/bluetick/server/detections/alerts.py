"""Alerts for the console: listed, looked at, owned, commented, closed."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.detections.explaining.evidence import evidence_of
from bluetick.detections.incidents.deciding import comment_on, own_alert
from bluetick.detections.incidents.history import alert_history
from bluetick.detections.incidents.listing import comments_of, incident_of, incidents_of
from bluetick.detections.ledger.listing import Alert, Verdict, close_alert, find_alert, find_alert_heads, rule_names
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.diagnostics.errors import SourceError
from bluetick.server.access import Right
from bluetick.server.detections.ledger import asked_flag, asked_most, of_ledger, recorded, short_text, word_of
from bluetick.server.errors import Asked, bad_request
from bluetick.server.requests import answered, json_body, json_response
from bluetick.server.service import Service

VERDICTS: Final = tuple(verdict.value for verdict in Verdict)
MOST_OWNER: Final = 200
_LISTED_ENTITIES: Final = 10


def alert_routes(service: Service) -> list[Route]:
    return [
        Route("/api/alerts", answered(partial(_list, service)), methods=["GET"]),
        Route("/api/alerts/{id}", answered(partial(_show, service)), methods=["GET"]),
        Route("/api/alerts/{id}/close", answered(partial(_close, service)), methods=["POST"]),
        Route("/api/alerts/{id}/comment", answered(partial(_comment, service)), methods=["POST"]),
        Route("/api/alerts/{id}/update", answered(partial(_update, service)), methods=["POST"]),
    ]


async def _list(service: Service, request: Request, asked: Asked) -> Response:
    """The newest first, and whether there are `more`; of many entities the first ones."""
    service.caller(request, Right.READ)
    rule, most, is_open = request.query_params.get("rule"), asked_most(request), asked_flag(request, "open")
    if not service.work.has_ledger:
        return json_response({"alerts": [], "more": False})

    def found(ledger: Ledger) -> dict[str, Any]:
        alerts = find_alert_heads(ledger, is_open=is_open, rule=rule, most=most + 1)
        shown = alerts[:most]
        incidents, names = incidents_of(ledger, [alert.id for alert in shown]), rule_names(ledger)
        told = [_alert_json(alert, names, incidents.get(alert.id), _LISTED_ENTITIES) for alert in shown]
        return {"alerts": told, "more": len(alerts) > most}

    return json_response(await of_ledger(service, found))


async def _show(service: Service, request: Request, asked: Asked) -> Response:
    service.caller(request, Right.READ)
    return json_response(await of_ledger(service, partial(_whole, id_=request.path_params["id"])))


async def _close(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.RULES)
    body, id_ = await json_body(request), request.path_params["id"]
    verdict, reason = word_of(body, "as", VERDICTS), short_text(body, "reason")
    if verdict is None:
        raise bad_request(f"'as' must be one of {', '.join(VERDICTS)}")

    def close(ledger: Ledger) -> dict[str, Any]:
        close_alert(ledger, find_alert(ledger, id_).id, Verdict(verdict), reason, to_micros(asked.at))
        return _whole(ledger, id_)

    said = ("CloseAlert", f"{id_} as {verdict}: {reason}")
    return json_response(await recorded(service, request, caller, asked, said, of_ledger(service, close)))


async def _comment(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.RULES)
    text, id_ = short_text(await json_body(request), "text"), request.path_params["id"]

    def comment(ledger: Ledger) -> dict[str, Any]:
        comment_on(ledger, find_alert(ledger, id_).id, caller.name, text, to_micros(asked.at))
        return _whole(ledger, id_)

    said = ("CommentAlert", f"{id_}: {text}")
    return json_response(await recorded(service, request, caller, asked, said, of_ledger(service, comment)))


async def _update(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.RULES)
    owner = short_text(await json_body(request), "owner", MOST_OWNER, may_be_empty=True)
    id_ = request.path_params["id"]

    def update(ledger: Ledger) -> dict[str, Any]:
        own_alert(ledger, find_alert(ledger, id_).id, owner)
        return _whole(ledger, id_)

    said = ("UpdateAlert", f"{id_} owner {owner}")
    return json_response(await recorded(service, request, caller, asked, said, of_ledger(service, update)))


def _alert_json(
    alert: Alert, names: Mapping[str, str], incident: int | None, most_entities: int | None = None
) -> dict[str, Any]:
    """An alert without its rows."""
    said = alert.to_json()
    entities = said["entities"]
    return {
        "id": alert.id,
        "title": said["name"],
        "rule": alert.rule,
        "ruleName": names.get(alert.rule),
        "severity": said["severity"],
        "status": "retracted" if alert.is_retracted else "closed" if alert.verdict else "open",
        **{name: said[name] for name in ("created", "first", "last", "owner", "verdict", "reason", "revision")},
        "rowCount": said["row_count"],
        "entities": entities[:most_entities],
        "entityCount": len(entities),
        **{name: said[name] for name in ("tactics", "techniques")},
        "incident": incident,
    }


def _whole(ledger: Ledger, id_: str) -> dict[str, Any]:
    """With its rows, and what the ledger still has of how it came about."""
    alert = find_alert(ledger, id_)
    said = alert.content
    found = {
        **_alert_json(alert, rule_names(ledger), incident_of(ledger, alert.id)),
        **{name: said.get(name) for name in ("description", "columns", "rows")},
        "customDetails": said.get("custom_details", {}),
        "comments": [comment.to_json() for comment in comments_of(ledger, alert.id)],
        "history": [event.to_json() for event in alert_history(ledger, alert)],
    }
    try:
        evidence = evidence_of(ledger, alert.id)
    except SourceError:  # the ledger has let go of the window
        return found | {"query": None, "window": None, "trigger": None}
    told = evidence.to_json()
    return found | {"query": evidence.rule.detection.query, "window": told["window"], "trigger": told["trigger"]}
