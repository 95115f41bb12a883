"""What a request says of a new rule, or of how a query is to be run as one."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

from bluetick.detections.model import AlertSeverity, Comparison, EntityMapping, Schemas, Threshold
from bluetick.detections.writing.new_rule import NewRule, schemas_meant, tactics_of, techniques_of
from bluetick.diagnostics.errors import SourceError
from bluetick.server.detections.ledger import short_text, word_of
from bluetick.server.errors import bad_request
from bluetick.server.requests import text_of

T = TypeVar("T")
SEVERITIES: Final = tuple(severity.value for severity in AlertSeverity)
OPERATORS: Final = tuple(comparison.value for comparison in Comparison)
_LONGEST: Final = timedelta(days=3650)
_MOST_ITEMS: Final = 100
_MOST_VALUE: Final = 10**9


def new_rule(body: dict[str, Any], id_: str) -> NewRule:
    """The rule of a body; a refusal that says what of it is none."""
    severity = word_of(body, "severity", SEVERITIES) or AlertSeverity.MEDIUM.value
    return NewRule(
        id=id_,
        name=short_text(body, "name", 200),
        query=text_of(body, "query"),
        frequency=duration_of(body, "frequency"),
        period=duration_of(body, "period"),
        severity=AlertSeverity(severity),
        threshold=threshold_of(body),
        description="" if body.get("description") is None else short_text(body, "description", may_be_empty=True),
        tactics=_checked(tactics_of, _texts(body, "tactics")),
        techniques=_checked(techniques_of, _texts(body, "techniques")),
        entities=_entities(body),
        schemas=schemas_of(body) or schemas_meant(text_of(body, "query")),
    )


def schemas_of(body: dict[str, Any]) -> Schemas | None:
    match word_of(body, "schemas", ("sentinel", "defender")):
        case "sentinel":
            return "sentinel"
        case "defender":
            return "defender"
    return None


def duration_of(body: dict[str, Any], name: str) -> timedelta:
    """A field in seconds, above zero."""
    value = body.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= _LONGEST.total_seconds():
        raise bad_request(f"'{name}' must be a number of seconds above 0, ten years at most")
    return timedelta(seconds=value)


def threshold_of(body: dict[str, Any]) -> Threshold:
    """More than no row, where it is not said."""
    said = body.get("threshold")
    if said is None:
        return Threshold(declared=True)
    if not isinstance(said, dict):
        raise bad_request("'threshold' must have an operator and a value")
    operator, value = said.get("operator"), said.get("value")
    if operator not in OPERATORS or not isinstance(value, int) or not 0 <= value <= _MOST_VALUE:
        raise bad_request(f"'threshold' must have an operator ({', '.join(OPERATORS)}) and a whole number as value")
    return Threshold(Comparison(operator), int(value), declared=True)


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name)
    return [] if value is None else _list_of_texts(value, name)


def _list_of_texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or len(value) > _MOST_ITEMS or not all(isinstance(one, str) for one in value):
        raise bad_request(f"'{name}' must be a list of texts, {_MOST_ITEMS} at most")
    return value


def _entities(body: dict[str, Any]) -> tuple[EntityMapping, ...]:
    """In the words of Sentinel's documents."""
    said = body.get("entityMappings") or []
    if not isinstance(said, list) or len(said) > _MOST_ITEMS:
        raise bad_request("'entityMappings' must be a list")
    return tuple(_entity(one) for one in said)


def _entity(said: Any) -> EntityMapping:
    try:
        kind, fields = said["entityType"], said["fieldMappings"]
        pairs = tuple((one["identifier"], one["columnName"]) for one in fields)
    except (TypeError, KeyError) as error:
        words = "an entity mapping has an entityType and fieldMappings, each with an identifier and a columnName"
        raise bad_request(words) from error
    _list_of_texts([kind, *(text for pair in pairs for text in pair)], "entityMappings")
    return EntityMapping(kind, pairs)


def _checked(read: Callable[[Sequence[str]], T], texts: Sequence[str]) -> T:
    try:
        return read(texts)
    except SourceError as error:
        raise bad_request(str(error)) from error
