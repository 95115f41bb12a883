"""What a format finds in a document, before it is judged: fields as written, and where the query stands."""

import re
from dataclasses import dataclass, replace

from bluetick.detections.alerting import SILENT, Alerting
from bluetick.detections.model import Form, QueryPlace, Schemas, line_starts
from bluetick.detections.trees import EMPTY, Branch
from bluetick.diagnostics import Span

# The keys of a rule, and the other spellings that documents use (compared without case, spaces, `_` and `-`).
_SPELLINGS = {
    "id": ("id", "ruleid", "guid"),
    "name": ("name", "title", "displayname"),
    "description": ("description",),
    "severity": ("severity",),
    "frequency": ("frequency", "queryfrequency"),
    "lookback": ("lookback", "queryperiod"),
    "operator": ("operator", "alerttriggeroperator", "triggeroperator"),
    "threshold": ("threshold", "alerttriggerthreshold", "triggerthreshold"),
    "data sources": ("datasource", "datasources"),
    "required tables": ("table", "tables", "requiredtable", "requiredtables"),
    "tactics": ("tactic", "tactics"),
    "techniques": ("technique", "techniques", "relevanttechniques"),
    "entities": ("entity", "entities", "entitymappings"),
    "schemas": ("schema", "schemas"),
    "allow": ("allow",),
    "blind spots": ("blindspot", "blindspots"),
    "start time": ("starttime", "starttimeutc"),
    "rule state": ("rulestate",),
}
_KEY_OF = {spelling: key for key, spellings in _SPELLINGS.items() for spelling in spellings}
SENTENCE_KEYS = frozenset({"allow", "blind spots"})  # lists whose items are sentences, one a line or a bullet
LIST_KEYS = frozenset({"data sources", "required tables", "tactics", "techniques", "entities"}) | SENTENCE_KEYS
SCHEDULE_KEYS = frozenset(
    {"id", "frequency", "lookback", "operator", "threshold", "schemas", "start time", "rule state"}
)
KNOWN_KEYS = tuple(_SPELLINGS)
SPELLINGS = tuple(_KEY_OF)

_SEPARATOR = re.compile(r"[,;]|(?<=\s)(?=#)")


@dataclass(frozen=True, slots=True)
class Field:
    """One value as written. A list is several fields of one key. `origin` names the place in an overlay, if any."""

    key: str
    value: str
    span: Span
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One query of a document with its fields; `name` is used where no field gives one.

    `form` and `tree` are those of `Detection`.
    """

    name: str
    query: str
    place: QueryPlace
    fields: tuple[Field, ...] = ()
    schemas: Schemas | None = None
    alerting: Alerting = SILENT
    form: Form = ""
    tree: Branch = EMPTY


def plain_key(text: str) -> str:
    """A key without case, spaces, `_` and `-`."""
    return re.sub(r"[\s_-]", "", text).lower()


def known_key(text: str) -> str | None:
    """The key that the text spells, or None."""
    return _KEY_OF.get(plain_key(text))


def list_items(key: str, text: str, start: int) -> list[Field]:
    """The items of a list written on one line, `#` and back-ticks taken off; `start` is the text's offset."""
    fields = []
    at = 0
    for part in _SEPARATOR.split(text):
        begin = text.find(part, at)
        at = begin + len(part)
        item = part.strip().strip("`#*").strip()
        if item:
            offset = start + text.find(item, begin)
            fields.append(Field(key, item, Span(offset, offset + len(item))))
    return fields


def field_items(key: str, text: str, start: int) -> list[Field]:
    """The fields that a value written on one line amounts to: the items of a list, or the value."""
    if key in LIST_KEYS - SENTENCE_KEYS:
        return list_items(key, text, start)
    value = text.strip()
    offset = start + len(text) - len(text.lstrip())
    return [Field(key, value, Span(offset, offset + len(value)))] if value else []


def place_of(text: str, file_name: str, span: Span) -> QueryPlace:
    """The place of a query that stands in the document as one piece."""
    first_line = text.count("\n", 0, span.start) + 1
    offsets = tuple(span.start + start for start in line_starts(text[span.start : span.end]))
    return QueryPlace(file_name, span, first_line, offsets)


def trimmed(text: str, span: Span) -> Span:
    """The span without the white space around it."""
    piece = text[span.start : span.end]
    start = span.start + len(piece) - len(piece.lstrip())
    return Span(start, max(start, span.start + len(piece.rstrip())))


def stem(file_name: str) -> str:
    """A file's name without its last suffix."""
    head, dot, _ = file_name.rpartition(".")
    return head if dot and head else file_name


def continued(item: Field, text: str, end: int) -> Field:
    """A sentence with its next line."""
    return replace(item, value=f"{item.value} {text.strip()}".strip(), span=Span(item.span.start, end))
