"""What the routes of the console take, in the words of OpenAPI."""

from typing import Any, Final, NamedTuple, TypeAlias

from bluetick.detections.incidents.listing import SEVERITIES
from bluetick.server.detections.alerts import VERDICTS
from bluetick.server.detections.incidents import STATUSES

Schema: TypeAlias = dict[str, Any]
_TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": "boolean"}
_NUMBER: Final[Schema] = {"type": "integer", "minimum": 1}


class Described(NamedTuple):
    """A route; `body` is the schema of its JSON, `query` that of each query parameter."""

    summary: str
    body: Schema | None = None
    query: dict[str, Schema] = {}  # noqa: RUF012 - never changed


def _body(required: tuple[str, ...], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


_LISTED: Final[dict[str, Schema]] = {"open": _FLAG, "rule": _TEXT, "most": _NUMBER}
_CLOSE: Final = _body(("as", "reason"), reason=_TEXT, **{"as": Schema(enum=list(VERDICTS))})
_COMMENT: Final = _body(("text",), text=_TEXT)

CONSOLE_ROUTES: Final[dict[tuple[str, str], Described]] = {
    ("get", "/api/alerts"): Described("Alerts, the newest first, without their rows", None, _LISTED),
    ("get", "/api/alerts/{id}"): Described("An alert with its rows, comments and history"),
    ("post", "/api/alerts/{id}/close"): Described("Say what an alert turned out to be", _CLOSE),
    ("post", "/api/alerts/{id}/comment"): Described("Write a comment on an alert", _COMMENT),
    ("post", "/api/alerts/{id}/update"): Described("Say who works on an alert", _body(("owner",), owner=_TEXT)),
    ("get", "/api/incidents"): Described("Incidents, the newest first", None, _LISTED),
    ("get", "/api/incidents/{id}"): Described("An incident with its alerts, comments and timeline"),
    ("post", "/api/incidents/{id}/close"): Described("Say what an incident turned out to be", _CLOSE),
    ("post", "/api/incidents/{id}/comment"): Described("Write a comment on an incident", _COMMENT),
    ("post", "/api/incidents/{id}/update"): Described(
        "Change an incident's owner, status or severity",
        _body((), owner=_TEXT, status={"enum": list(STATUSES)}, severity={"enum": list(SEVERITIES)}),
    ),
    ("get", "/api/health"): Described("Whether the service and its data are well"),
}
