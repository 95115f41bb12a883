"""What each commit of a table brought: the times of its new rows, from the log alone."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bluetick.lake.commits import STATISTICS
from bluetick.lake.failures import reading
from bluetick.lake.folder import open_table
from bluetick.lake.layout import LOG

# Statistics cut times to the millisecond.
_CUT: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class NewRows:
    """A commit that brought rows, and their earliest and latest time; when it was made, and how many rows they are.
    None where the log does not tell."""

    version: int
    low: datetime | None
    high: datetime | None
    committed: datetime | None = field(default=None, compare=False)
    rows: int | None = field(default=None, compare=False)


def time_of(folder: Path) -> str | None:
    """The column of times by which a table of ours is parted; None of a foreign table."""
    with reading(folder):
        configured = open_table(folder).metadata().configuration.get(STATISTICS)
    return configured if configured and "," not in configured else None


def new_rows(folder: Path, time: str | None, since: int) -> Iterator[NewRows]:
    """The commits of a Delta table behind version `since` that brought rows, in order. `time` is the column of times;
    without one, of no commit is known which times it is of.

    Files put in place of others with the same rows (optimize) bring none, nor do removals. Of commits whose record was
    cleaned away behind a checkpoint nothing is known but that they were.
    """
    with reading(folder):
        commits = sorted(_number(name) for name in os.listdir(folder / LOG) if _is_commit(name))
        behind = [number for number in commits if number > since]
        if behind and behind[0] > since + 1:
            yield NewRows(behind[0] - 1, None, None)
        for number in behind:
            found = _read(folder / LOG / f"{number:020}.json", number, time)
            if found is not None:
                yield found


def _is_commit(name: str) -> bool:
    return len(name) == 25 and name.endswith(".json") and name[:20].isdigit()


def _number(name: str) -> int:
    return int(name[:20])


def _read(commit: Path, number: int, time: str | None) -> NewRows | None:
    lows: list[datetime | None] = []
    highs: list[datetime | None] = []
    counts: list[int | None] = []
    committed = None
    with commit.open(encoding="utf-8") as lines:
        for line in lines:
            action = json.loads(line)
            committed = committed or _made(action)
            added = action.get("add")
            if added is None or not added.get("dataChange", True):
                continue
            counts.append(json.loads(added.get("stats") or "{}").get("numRecords"))
            low, high = _span(added, time)
            lows.append(low)
            highs.append(high)
    known = [low for low in lows if low is not None]
    latest = [high for high in highs if high is not None]
    if not lows:
        return None
    told = [count for count in counts if count is not None]
    rows = sum(told) if len(told) == len(counts) else None
    if len(known) < len(lows) or len(latest) < len(highs):
        return NewRows(number, None, None, committed, rows)
    return NewRows(number, min(known), max(latest) + _CUT, committed, rows)


def _made(action: dict[str, Any]) -> datetime | None:
    """When a commit was made, by its `commitInfo`, whose times are milliseconds
    (https://github.com/delta-io/delta/blob/master/PROTOCOL.md#commit-provenance-information)."""
    told = action.get("commitInfo", {}).get("timestamp")
    return datetime.fromtimestamp(told / 1000, UTC) if isinstance(told, int) else None


def _span(added: dict[str, Any], time: str | None) -> tuple[datetime | None, datetime | None]:
    if time is None:
        return None, None
    statistics = json.loads(added.get("stats") or "{}")
    low, high = (statistics.get(name, {}).get(time) for name in ("minValues", "maxValues"))
    return _moment(low), _moment(high)


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
