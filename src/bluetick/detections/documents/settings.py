"""What becomes of a rule's rows, read from Sentinel's keys."""

from datetime import timedelta
from enum import Enum
from typing import TypeVar

from bluetick.detections.alerting import (
    SILENT,
    AlertDetails,
    Alerting,
    EventGrouping,
    IncidentGrouping,
    IncidentMatching,
    Incidents,
    RuleKind,
    Suppression,
)
from bluetick.detections.documents.expressions import is_expression
from bluetick.detections.durations import parse_duration
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.document_codes import bad_duration, unknown_word, value_is_expression, wrong_shape
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

SETTING_KEYS = frozenset(
    {
        *("kind", "enabled", "suppressionDuration", "suppressionEnabled", "eventGroupingSettings", "customDetails"),
        *("alertDetailsOverride", "incidentConfiguration"),
    }
)
_Word = TypeVar("_Word", bound=Enum)
_TRUTH = {"true": True, "false": False}


def read_settings(rule: YamlMapping, *, is_template: bool = False) -> tuple[Alerting, list[Diagnostic]]:
    """The settings of a rule; what a document does not say, or says wrongly, is as where it is silent.

    In a template a text may be an expression.
    """
    top = _Part(rule, [], is_template)
    alerting = Alerting(
        kind=top.word("kind", RuleKind, is_error=False),
        enabled=top.truth("enabled", SILENT.enabled),
        suppression=Suppression(top.truth("suppressionEnabled", False), top.duration("suppressionDuration")),
        event_grouping=top.part("eventGroupingSettings").word("aggregationKind", EventGrouping)
        or SILENT.event_grouping,
        custom_details=top.part("customDetails").pairs(),
        alert_details=_alert_details(top.part("alertDetailsOverride")),
        incidents=_incidents(top.part("incidentConfiguration")),
    )
    return alerting, top.diagnostics


def _alert_details(part: "_Part") -> AlertDetails:
    return AlertDetails(
        name_format=part.text("alertDisplayNameFormat"),
        description_format=part.text("alertDescriptionFormat"),
        severity_column=part.text("alertSeverityColumnName"),
        tactics_column=part.text("alertTacticsColumnName"),
        properties=tuple(
            (item.text("alertProperty"), item.text("value")) for item in part.parts("alertDynamicProperties")
        ),
    )


def _incidents(part: "_Part") -> Incidents:
    silent = IncidentGrouping()
    inner = part.part("groupingConfiguration")
    grouping = IncidentGrouping(
        enabled=inner.truth("enabled", silent.enabled),
        reopen_closed=inner.truth("reopenClosedIncident", silent.reopen_closed),
        lookback=inner.duration("lookbackDuration") or silent.lookback,
        matching=inner.word("matchingMethod", IncidentMatching) or silent.matching,
        entities=inner.texts("groupByEntities"),
        alert_details=inner.texts("groupByAlertDetails"),
        custom_details=inner.texts("groupByCustomDetails"),
    )
    return Incidents(part.truth("createIncident", True), grouping)


class _Part:
    """A mapping of the document, and what is wrong with what was read of it."""

    def __init__(self, node: YamlMapping | None, diagnostics: list[Diagnostic], is_template: bool) -> None:
        self.node = node
        self.diagnostics = diagnostics
        self.is_template = is_template

    def _get(self, key: str) -> YamlNode | None:
        """The value of a key, where there is one."""
        node = self.node.get(key) if self.node else None
        match node:
            case YamlText(value="", style=""):
                return None
            case YamlText(value=value, span=span) if self.is_template and is_expression(value):
                self.diagnostics.append(value_is_expression(span, key))
                return None
            case _:
                return node

    def _wrong(self, node: YamlNode, key: str, wanted: str) -> None:
        self.diagnostics.append(wrong_shape(node.span, key, wanted))

    def part(self, key: str) -> "_Part":
        node = self._get(key)
        if node is not None and not isinstance(node, YamlMapping):
            self._wrong(node, key, "a mapping")
        return _Part(node if isinstance(node, YamlMapping) else None, self.diagnostics, self.is_template)

    def parts(self, key: str) -> "list[_Part]":
        node = self._get(key)
        items = node.items if isinstance(node, YamlList) else ()
        if node is not None and not all(isinstance(item, YamlMapping) for item in items):
            self._wrong(node, key, "a list of mappings")
        return [_Part(item, self.diagnostics, self.is_template) for item in items if isinstance(item, YamlMapping)]

    def _scalar(self, key: str) -> YamlText | None:
        node = self._get(key)
        if node is None or isinstance(node, YamlText):
            return node if node and node.value.strip() else None
        self._wrong(node, key, "a single value")
        return None

    def text(self, key: str) -> str:
        node = self._scalar(key)
        return node.value if node else ""

    def texts(self, key: str) -> tuple[str, ...]:
        node = self._get(key)
        items = node.items if isinstance(node, YamlList) else ()
        words = tuple(item.value for item in items if isinstance(item, YamlText))
        if node is not None and (not isinstance(node, YamlList) or len(words) < len(items)):
            self._wrong(node, key, "a list of words")
        return words

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The entries, of which each must be a text."""
        found = []
        for key, value in self.node.entries if self.node else ():
            if isinstance(value, YamlText):
                found.append((key.value, value.value))
            else:
                self._wrong(value, key.value, "a single value")
        return tuple(found)

    def truth(self, key: str, silent: bool) -> bool:
        node = self._get(key)
        if node is None:
            return silent
        word = node.value.lower() if isinstance(node, YamlText) else ""
        if word not in _TRUTH:
            self._wrong(node, key, "true or false")
        return _TRUTH.get(word, silent)

    def duration(self, key: str) -> timedelta | None:
        node = self._scalar(key)
        if node is None:
            return None
        found = parse_duration(node.value)
        if found is None:
            self.diagnostics.append(bad_duration(node.span, key, node.value))
        return found

    def word(self, key: str, words: type[_Word], *, is_error: bool = True) -> _Word | None:
        node = self._scalar(key)
        if node is None:
            return None
        written = node.value.strip().lower()
        found = next((word for word in words if str(word.value).lower() == written), None)
        if found is None:
            known = [str(word.value) for word in words]
            self.diagnostics.append(unknown_word(node.span, key, node.value, known, is_error))
        return found
