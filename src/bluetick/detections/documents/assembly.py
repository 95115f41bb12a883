"""A draft's fields judged, and made into a detection."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar
from uuid import UUID, uuid5

from bluetick.detections.alerting import RuleState
from bluetick.detections.documents.attack import TECHNIQUE, find_tactic, nearest_tactic
from bluetick.detections.documents.fields import KNOWN_KEYS, SCHEDULE_KEYS, Draft, Field, plain_key
from bluetick.detections.durations import parse_duration
from bluetick.detections.model import AlertSeverity, Allowance, Comparison, Detection, EntityMapping, Schemas, Threshold
from bluetick.diagnostics import Diagnostic, Span, document_codes
from bluetick.diagnostics.inert import inert

# Fixed for ever: an id derived under another namespace would be another rule's.
_NAMESPACE = UUID("6f1d3c52-9f0e-5b7a-8a43-5c1b0f4f7e21")

_SEVERITIES = {severity.value.lower(): severity for severity in AlertSeverity} | {
    "info": AlertSeverity.INFORMATIONAL,
    "information": AlertSeverity.INFORMATIONAL,
}
_COMPARISONS = {
    "gt": Comparison.GREATER,
    "greaterthan": Comparison.GREATER,
    ">": Comparison.GREATER,
    "lt": Comparison.LESS,
    "lessthan": Comparison.LESS,
    "<": Comparison.LESS,
    "eq": Comparison.EQUAL,
    "equal": Comparison.EQUAL,
    "equals": Comparison.EQUAL,
    "==": Comparison.EQUAL,
    "ne": Comparison.NOT_EQUAL,
    "notequal": Comparison.NOT_EQUAL,
    "notequals": Comparison.NOT_EQUAL,
    "!=": Comparison.NOT_EQUAL,
}
_STATES = {state.value: state for state in RuleState}
_SCHEMAS: dict[str, Schemas] = {"sentinel": "sentinel", "defender": "defender"}
_MAX_THRESHOLD_DIGITS = 9

_Value = TypeVar("_Value")


class _Fields:
    """The fields of one draft; reading one reports what is wrong with it."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self.fields = fields
        self.diagnostics: list[Diagnostic] = []

    def report(self, item: Field, diagnostic: Diagnostic) -> None:
        if item.origin:  # an overlay is another text: its place goes into the words
            message = f"{item.origin}: {diagnostic.message}"
            diagnostic = replace(diagnostic, message=message, span=document_codes.START)
        self.diagnostics.append(diagnostic)

    def one(self, key: str) -> Field | None:
        found = [item for item in self.fields if item.key == key]
        for item in found[1:]:
            if item.value != found[0].value:
                self.report(item, document_codes.repeated_field(item.span, key, key in SCHEDULE_KEYS))
        return found[0] if found else None

    def text(self, key: str) -> str:
        item = self.one(key)
        return item.value if item else ""

    def parsed(
        self, key: str, parse: Callable[[str], _Value | None], complain: Callable[[Span, str], Diagnostic]
    ) -> _Value | None:
        item = self.one(key)
        if item is None:
            return None
        value = parse(item.value)
        if value is None:
            self.report(item, complain(item.span, item.value))
        return value

    def many(self, key: str) -> list[Field]:
        """The items of a list, each once."""
        return list({item.value: item for item in reversed(self.fields) if item.key == key}.values())[::-1]


def assemble(draft: Draft, declared: Draft) -> tuple[Detection, list[Diagnostic]]:
    """The detection of a draft. `declared` is the draft before any overlay: a derived id does not hang on one."""
    fields = _Fields(draft.fields)
    identity = fields.one("id")
    if identity and draft.form != "defender" and not _is_guid(identity.value):
        fields.report(identity, document_codes.id_not_guid(identity.span, identity.value))
    detection = Detection(
        id=inert(identity.value) if identity else derived_id(declared),
        id_derived=identity is None,
        name=inert(fields.text("name") or draft.name),
        query=draft.query,
        place=draft.place,
        description=fields.text("description"),
        severity=fields.parsed("severity", lambda text: _SEVERITIES.get(text.lower()), document_codes.unknown_severity),
        tactics=_tactics(fields),
        techniques=_techniques(fields),
        frequency=_duration(fields, "frequency"),
        lookback=_duration(fields, "lookback"),
        threshold=_threshold(fields),
        data_sources=tuple(item.value for item in fields.many("data sources")),
        required_tables=tuple(item.value for item in fields.many("required tables")),
        schemas=_schemas(fields) or draft.schemas,
        entities=_entities(fields),
        blind_spots=tuple(item.value for item in fields.many("blind spots")),
        alerting=draft.alerting,
        form=draft.form,
        tree=draft.tree,
        allowed=_allowed(fields),
        start=fields.parsed("start time", _instant, document_codes.bad_start_time),
        state=fields.parsed("rule state", lambda text: _STATES.get(text.lower()), _unknown_state),
        fields=tuple((item.key, item.value) for item in draft.fields if item.key not in KNOWN_KEYS),
    )
    return detection, fields.diagnostics


def derived_id(draft: Draft) -> str:
    """An id from name and query, the same whatever ends the lines of the document."""
    name = next((item.value for item in draft.fields if item.key == "name"), draft.name)
    return str(uuid5(_NAMESPACE, f"{name}\0{draft.query}".replace("\r\n", "\n")))


def value_text(fields: list[Field]) -> str:
    """The fields of one key as one text, for a message."""
    return ", ".join(item.value for item in fields)


def group_of(key: str) -> tuple[str, ...]:
    """The keys that one key of an overlay replaces: a threshold goes with its operator."""
    return ("operator", "threshold") if key == "threshold" else (key,)


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _duration(fields: _Fields, key: Literal["frequency", "lookback"]) -> timedelta | None:
    return fields.parsed(key, parse_duration, lambda span, text: document_codes.bad_duration(span, key, text))


def _instant(text: str) -> datetime | None:
    """An instant; without an offset it is in UTC."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unknown_state(span: Span, text: str) -> Diagnostic:
    return document_codes.unknown_word(span, "ruleState", text, list(_STATES), is_error=True)


def _schemas(fields: _Fields) -> Schemas | None:
    return fields.parsed("schemas", lambda text: _SCHEMAS.get(text.lower()), document_codes.bad_schemas)


def _tactics(fields: _Fields) -> tuple[str, ...]:
    """ATT&CK's names where they are known; what is not known stays as it was written."""
    names: dict[str, None] = {}
    for item in fields.many("tactics"):
        name = find_tactic(item.value)
        if name is None:
            nearest = nearest_tactic(item.value)
            fields.report(item, document_codes.unknown_tactic(item.span, item.value, nearest))
        names[name or item.value] = None
    return tuple(names)


def _allowed(fields: _Fields) -> tuple[Allowance, ...]:
    found = []
    for item in fields.many("allow"):
        rule, _, reason = item.value.partition(":")
        found.append(Allowance(rule.strip(), reason.strip(), item.origin))
    return tuple(found)


def _techniques(fields: _Fields) -> tuple[str, ...]:
    numbers: dict[str, None] = {}
    for item in fields.many("techniques"):
        number = item.value.upper()
        if not TECHNIQUE.fullmatch(number):
            fields.report(item, document_codes.unknown_technique(item.span, item.value))
        numbers[number] = None
    return tuple(numbers)


def _threshold(fields: _Fields) -> Threshold:
    """`threshold` may carry its operator ("gt 5"); a separate operator field serves the bare number."""
    operator, value = fields.one("operator"), fields.one("threshold")
    if operator is None and value is None:
        return Threshold()
    word, number = _split_threshold(value.value) if value else ("", "")
    comparison = Comparison.GREATER
    stated = Field("operator", word, value.span, value.origin) if value and word else operator
    if stated is not None:
        found = _COMPARISONS.get(plain_key(stated.value))
        if found is None:
            fields.report(stated, document_codes.bad_operator(stated.span, stated.value))
        comparison = found or comparison
    elif value is not None:
        fields.report(value, document_codes.incomplete_threshold(value.span, "operator", "gt"))
    return Threshold(comparison, _row_count(fields, value, number, operator), declared=True)


def _row_count(fields: _Fields, value: Field | None, number: str, operator: Field | None) -> int:
    if value is None:
        if operator is not None:
            fields.report(operator, document_codes.incomplete_threshold(operator.span, "value", "0"))
        return 0
    if number.isascii() and number.isdigit() and len(number) <= _MAX_THRESHOLD_DIGITS:
        return int(number)
    fields.report(value, document_codes.bad_threshold(value.span, value.value))
    return 0


def _split_threshold(text: str) -> tuple[str, str]:
    head, _, tail = text.rpartition(" ")
    return head.strip(), tail.strip()


def _entities(fields: _Fields) -> tuple[EntityMapping, ...]:
    """`Kind.Identifier=Column` items; identifiers of one kind make one entity until an identifier comes again."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for item in fields.many("entities"):
        path, equals, column = (part.strip() for part in item.value.partition("="))
        kind, dot, identifier = (part.strip() for part in path.partition("."))
        if not (equals and dot and kind and identifier and column):
            fields.report(item, document_codes.bad_entity(item.span, item.value))
            continue
        is_same = bool(found) and found[-1][0] == kind and identifier not in dict(found[-1][1])
        if not is_same:
            found.append((kind, []))
        found[-1][1].append((identifier, column))
    return tuple(EntityMapping(kind, tuple(columns)) for kind, columns in found)
