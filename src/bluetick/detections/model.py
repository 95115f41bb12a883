"""A detection: one query with what its document says of it, whatever form the document had."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from operator import itemgetter
from typing import Literal

from bluetick.detections.alerting import NEAR_REAL_TIME, SILENT, Alerting, RuleKind, RuleState
from bluetick.detections.trees import EMPTY, Branch
from bluetick.diagnostics import Diagnostic, Span

Schemas = Literal["sentinel", "defender"]
Form = Literal["", "sentinel", "arm", "defender"]


class AlertSeverity(Enum):
    """How grave an alert of the rule is; Sentinel's four words."""

    INFORMATIONAL = "Informational"
    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


class Comparison(Enum):
    """How the number of result rows is compared with the threshold's value."""

    GREATER = "gt"
    LESS = "lt"
    EQUAL = "eq"
    NOT_EQUAL = "ne"


@dataclass(frozen=True, slots=True)
class Threshold:
    """When the number of rows of one run raises an alert; `declared` is False where the document is silent."""

    operator: Comparison = Comparison.GREATER
    value: int = 0
    declared: bool = False

    def is_met(self, row_count: int) -> bool:
        match self.operator:
            case Comparison.GREATER:
                return row_count > self.value
            case Comparison.LESS:
                return row_count < self.value
            case Comparison.EQUAL:
                return row_count == self.value
            case Comparison.NOT_EQUAL:
                return row_count != self.value


@dataclass(frozen=True, slots=True)
class EntityMapping:
    """An entity of the alert: its kind, and (identifier, result column) pairs."""

    kind: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class QueryPlace:
    """Where the query stands in its document (as `DocumentResult.source` holds it: decoded, prose repaired).

    `line_offsets` holds the document offset at which each line of the query begins. Where the document escapes the
    query, `pieces` holds pairs (offset in the query, offset in the document) instead, one for each piece that stands
    there unescaped. Both are empty where the document folds the query; then only `span` is known.
    """

    file_name: str
    span: Span
    first_line: int
    line_offsets: tuple[int, ...]
    pieces: tuple[tuple[int, int], ...] = ()

    @property
    def offset(self) -> int:
        return self.span.start


@dataclass(frozen=True, slots=True)
class Allowance:
    """A lint rule (by id or name) whose findings are right here, and why; `origin` is its place in an overlay."""

    rule: str
    reason: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A rule ready to be bound. `query` is the document's own text, character for character.

    `id_derived` says that the document names no id and that `id` was computed from its name and query.
    `blind_spots` are sentences on what the rule cannot see. `start` is an instant at which a run ends, before which
    none does; `state` is None where nothing says it.
    `fields` keeps what the document says and no field here holds, as text. `tree` is all that the document says of
    this rule, in its order, in the words of `form`: Sentinel's keys (also for an ARM template, whose own settings of
    the deployment stand under `armResource`), or Defender's; it is empty where the document is not of such a form.
    """

    id: str
    id_derived: bool
    name: str
    query: str
    place: QueryPlace
    description: str = ""
    severity: AlertSeverity | None = None
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    frequency: timedelta | None = None
    lookback: timedelta | None = None
    threshold: Threshold = Threshold()
    data_sources: tuple[str, ...] = ()
    required_tables: tuple[str, ...] = ()
    schemas: Schemas | None = None
    entities: tuple[EntityMapping, ...] = ()
    blind_spots: tuple[str, ...] = ()
    alerting: Alerting = SILENT
    form: Form = ""
    tree: Branch = EMPTY
    allowed: tuple[Allowance, ...] = ()
    start: datetime | None = None
    state: RuleState | None = None
    fields: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def is_near_real_time(self) -> bool:
        return self.alerting.kind is RuleKind.NRT

    @property
    def is_off(self) -> bool:
        """Whether a service leaves it alone: its overlay says more than its document."""
        return self.state is RuleState.OFF or (self.state is None and not self.alerting.enabled)

    @property
    def reach(self) -> timedelta | None:
        """How far back a run reads: the lookback; a rule of near real time that states none looks at a minute."""
        return NEAR_REAL_TIME if self.lookback is None and self.is_near_real_time else self.lookback

    @property
    def query_first_line(self) -> int:
        """The line of the document, counted from 1, on which the query begins."""
        return self.place.first_line

    def span_in_document(self, span: Span) -> Span:
        """A span of the query as a span of the document."""
        if not (self.place.line_offsets or self.place.pieces):
            return self.place.span
        return Span(self._offset_in_document(span.start), self._offset_in_document(span.end))

    def diagnostic_in_document(self, diagnostic: Diagnostic) -> Diagnostic:
        """A diagnostic of the query, pointing into the document."""
        return replace(diagnostic, span=self.span_in_document(diagnostic.span))

    def _offset_in_document(self, offset: int) -> int:
        pieces = self.place.pieces
        if pieces:
            within, start = pieces[max(0, bisect_right(pieces, offset, key=itemgetter(0)) - 1)]
            return start + offset - within
        starts = line_starts(self.query)
        row = bisect_right(starts, offset) - 1
        return self.place.line_offsets[row] + offset - starts[row]


@lru_cache(maxsize=32)  # each diagnostic of a query asks for the query's
def line_starts(text: str) -> tuple[int, ...]:
    """The offset at which each line begins; only a line feed ends a line, as in `SourceText`."""
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return tuple(starts)
