"""The table of result rows."""

import json
from collections.abc import Iterable, Iterator

from bluetick.detections.publishing.facts import Entry, Rules
from bluetick.detections.publishing.tables import Row

# The number of the row that says that a window, which had rows, has none any more.
NONE_LEFT = -1


def signal_rows(rules: Rules, entries: Iterable[Entry]) -> Iterator[Row]:
    """A row for each result row of each window, from 0; for a window that has none any more one of NONE_LEFT."""
    for entry in entries:
        facts = rules.version(entry["rule"], entry["version"])
        window: Row = {
            "TimeGenerated": entry["hi"],
            "RuleId": entry["rule"],
            "RuleName": facts.name,
            "RuleVersion": entry["version"],
            "WindowStart": entry["hi"] - facts.lookback,
            "WindowEnd": entry["hi"],
            "Attempt": entry["run"],
            "IsTriggered": bool(entry["is_triggered"]),
            "RowCount": entry["row_count"],
            "RunTime": entry["finished"],
        }
        if not entry["rows"]:
            yield {**window, "RowNumber": NONE_LEFT, "Row": {}, "Identity": ""}
        for number, (identity, row) in enumerate(entry["rows"]):
            yield {**window, "RowNumber": number, "Row": json.loads(row), "Identity": identity}
