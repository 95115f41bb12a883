"""What the routes of the console take, in the words of OpenAPI."""

from typing import Any, Final, NamedTuple, TypeAlias

from bluetick.detections.incidents.listing import SEVERITIES
from bluetick.server.detections.alerts import VERDICTS
from bluetick.server.detections.incidents import STATUSES
from bluetick.server.detections.rule_body import OPERATORS

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

_TEXTS: Final[Schema] = {"type": ["array", "null"], "items": _TEXT}
_SECONDS: Final[Schema] = {"type": "number", "exclusiveMinimum": 0}
_THRESHOLD: Final[Schema] = {
    "type": ["object", "null"],
    "required": ["operator", "value"],
    "properties": {"operator": {"enum": list(OPERATORS)}, "value": {"type": "integer", "minimum": 0}},
}
_FIELD: Final = _body(("identifier", "columnName"), identifier=_TEXT, columnName=_TEXT)
_ENTITY: Final = _body(
    ("entityType", "fieldMappings"), entityType=_TEXT, fieldMappings={"type": "array", "items": _FIELD}
)
_SCHEMAS: Final[Schema] = {"enum": ["sentinel", "defender", None]}
_NEW_RULE: Final = _body(
    ("name", "query", "frequency", "period"),
    name=_TEXT,
    query=_TEXT,
    frequency=_SECONDS,
    period=_SECONDS,
    severity={"enum": list(SEVERITIES)},
    threshold=_THRESHOLD,
    description=_TEXT,
    tactics=_TEXTS,
    techniques=_TEXTS,
    entityMappings={"type": ["array", "null"], "items": _ENTITY},
    schemas=_SCHEMAS,
)
_OPTIONAL: Final[Schema] = {"type": ["string", "null"]}
_OF_RULE: Final[dict[str, Schema]] = {"rule": _OPTIONAL, "query": _OPTIONAL, "schemas": _SCHEMAS}
_SPAN: Final[Schema] = {"type": ["number", "null"], "exclusiveMinimum": 0}
_BACKTEST: Final = _body(
    (),
    **_OF_RULE,
    frequency=_SPAN,
    period=_SPAN,
    threshold=_THRESHOLD,
    to=_OPTIONAL,
    **{"from": _OPTIONAL},
)
_EXPLANATION: Final = _body(("alert",), alert=_TEXT, row=_NUMBER)
_ACCOUNT: Final = _body((), **_OF_RULE, now=_OPTIONAL, period=_SPAN, threshold=_THRESHOLD)

_PROMOTION: Final = _body(
    ("cell", "name", "frequency", "period"),
    cell=_TEXT,
    name=_TEXT,
    frequency=_SECONDS,
    period=_SECONDS,
    severity={"enum": list(SEVERITIES)},
    threshold=_THRESHOLD,
)

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
    ("get", "/api/rules"): Described("Rules of the folder and of the ledger, how each stands"),
    ("post", "/api/rules"): Described("Save a rule as a document of its own", _NEW_RULE),
    ("get", "/api/rules/{id}"): Described("A rule with its document and its newest windows"),
    ("get", "/api/hunts"): Described("The hunts of the folder"),
    ("get", "/api/hunts/{name}"): Described("A hunt, its cells and what they gave"),
    ("put", "/api/hunts/{name}"): Described(
        "Write a hunt's file", _body(("text",), text=_TEXT, etag={"type": ["string", "null"]})
    ),
    ("post", "/api/hunts/{name}/run"): Described("Run a hunt's cells, and pin what they give", _body((), cell=_TEXT)),
    ("post", "/api/hunts/{name}/promote"): Described("Make a rule of a cell", _PROMOTION),
    ("post", "/api/backtests"): Described("Replay a rule or a query as of each of its scheduled instants", _BACKTEST),
    ("post", "/api/explanations"): Described("Why an alert was raised", _EXPLANATION),
    ("post", "/api/accounts"): Described("What each step of a rule or a query let through", _ACCOUNT),
    ("get", "/api/jobs/{job}"): Described("How far a job is, or what came of it"),
    ("delete", "/api/jobs/{job}"): Described("Stop a job"),
    ("get", "/api/coverage"): Described("ATT&CK's techniques that rules name, each with its level of evidence"),
    ("post", "/api/coverage"): Described("Look at the evidence anew", _body(())),
    ("get", "/api/health"): Described("Whether the service and its data are well"),
}
