"""A rule does not read what it wrote itself: one that alerts on alerts would find its own alert in each window, and
raise the next, without end. Sentinel's rules do.

Defender's tables do not say which rule an alert is of: `alerts.is_told` keeps those of such rules out of them.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from bluetick.binder.exclusions import Exclusion
from bluetick.detections.publishing.tables import ALERT, HEALTH, INCIDENT, PRODUCT
from bluetick.detections.tuning.model import TuningDocument, TuningException
from bluetick.diagnostics import SourceText, Span
from bluetick.lake.layout import SIGNALS
from bluetick.syntax import parse_scalar

# For each table: which of its rows are those of the rule.
_OWN: Final = {
    SIGNALS: "RuleId == {rule}",
    ALERT: f"ProviderName == '{PRODUCT}' and AlertType == {{rule}}",
    INCIDENT: f"ProviderName == '{PRODUCT}' and RelatedAnalyticRuleIds has {{rule}}",
    HEALTH: f"SourceSystem == '{PRODUCT}' and SentinelResourceId == {{rule}}",
}


def without_own_rows(rule: str, tables: Iterable[str], tuning: TuningDocument | None) -> TuningDocument | None:
    """The exceptions of a rule that reads these tables, with one for its own rows in each table that it fills."""
    found = tuple(_own_rows(rule, table) for table in sorted(tables) if table in _OWN)
    if not found:
        return tuning
    text = SourceText("", "its own rows") if tuning is None else tuning.source
    return TuningDocument((*(() if tuning is None else tuning.exceptions), *found), text)


def _own_rows(rule: str, table: str) -> TuningException:
    quoted = "h@'" + rule.replace("'", "''") + "'"
    text = _OWN[table].format(rule=quoted)
    where, found = parse_scalar(text)
    if found:
        raise AssertionError(f"a condition that does not parse: {text}")
    span = Span(0, len(text))
    exclusion = Exclusion(table, where, span, span, SourceText(text, f"its own rows in {table}"))
    return TuningException(
        f"its own rows in {table}", exclusion, "a rule does not feed on itself", PRODUCT, date.max, span
    )
