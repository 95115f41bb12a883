"""What `doctor` says of a lake: what is unfinished, what wants upkeep, what stopped coming, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from bluetick.cli.freshness import age, freshness, minute
from bluetick.lake.layout import QUARANTINE
from bluetick.session import Session

if TYPE_CHECKING:
    from bluetick.lake.condition import Condition

# Fewer small files than this cost a query nothing that is felt.
_MANY_FILES: Final = 50
_NAMED: Final = 3  # tables of which the words tell


@dataclass(frozen=True, slots=True)
class Remark:
    """What was found of one thing; "advice" is what works and could be better."""

    state: Literal["ok", "advice", "failed"]
    name: str
    words: str


def examine_lake(session: Session, lake: Path, now: datetime) -> Iterator[Remark]:
    from bluetick.lake.condition import look  # noqa: PLC0415 - loads deltalake, which only a lake needs

    condition = look(lake)
    yield _unfinished(condition, lake)
    yield _files(condition, lake)
    yield _quarantine(condition, lake)
    yield _room(condition)
    yield from _sources(session, now)


def _unfinished(condition: "Condition", lake: Path) -> Remark:
    if condition.is_busy:
        return Remark("ok", "ingest", "one is at work now")
    if not condition.pending:
        return Remark("ok", "ingest", "nothing is unfinished")
    words = (
        f"{_counted(condition.pending, 'batch', 'batches')} of an interrupted ingest: some tables may have its rows "
        f"and others not yet; the next 'bluetick ingest' finishes it, or 'bluetick lake optimize --lake {lake}'"
    )
    return Remark("failed", "ingest", words)


def _files(condition: "Condition", lake: Path) -> Remark:
    spare = sorted(condition.spare, key=lambda pair: -pair[1])
    total = sum(count for _, count in spare)
    if total < _MANY_FILES:
        return Remark("ok", "small files", "few")
    named = ", ".join(f"{name} {count:,}" for name, count in spare[:_NAMED] if count)
    words = f"{total:,} more than needed ({named}): 'bluetick lake optimize --lake {lake}'"
    return Remark("advice", "small files", words)


def _quarantine(condition: "Condition", lake: Path) -> Remark:
    if not condition.quarantine_size:
        return Remark("ok", "quarantine", "empty")
    files = _counted(condition.quarantine_files, "file", "files")
    words = f"records that became no rows, with their reasons: {_size(condition.quarantine_size)} in {files} of "
    return Remark("advice", "quarantine", f"{words}{lake / QUARANTINE}")


def _room(condition: "Condition") -> Remark:
    words = f"{_size(condition.free)} free, {condition.free_share:.0%} of the disk"
    if not condition.is_short_of_room:
        return Remark("ok", "room", words)
    return Remark("advice", "room", f"{words}: 'bluetick lake vacuum' removes what no kept version needs")


def _sources(session: Session, now: datetime) -> Iterator[Remark]:
    fresh = freshness(session, now)
    if fresh.series:
        newest = max(series.ends[-1] for series in fresh.series)
        words = f"the newest rows are of the hour before {minute(newest)}"
        yield Remark("ok", "sources", words + (f", {age(now - newest)} ago" if now > newest else ""))
    for warning in fresh.warnings():
        yield Remark("advice", "sources", f"{warning}: see what became of the sensor, or of what sends its logs")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _size(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
