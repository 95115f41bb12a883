"""What a ledger forgets, so that it stays as large as it is.

Windows of a rule up to its `floor` are done for good: late rows touch them no more, which is said. Of those, all that
lie so far back that no later window depends on them are forgotten, with their findings; of what an alert stands on,
the first and the last window stay. A window up to the floor that is not there is done.

The floor moves by at most a day each time, so that a clock that is wrong for some hours forgets nothing that matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Final

from bluetick.detections.ledger.times import to_moment

_DAY: Final = 86_400_000_000
# Rows may come seven days late, whatever is to be kept, and it takes some time until they are looked at.
_LATE: Final = 8 * _DAY
_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Keep:
    """How long records of runs, and windows with what they found, are kept, in microseconds."""

    runs: int = 90 * _DAY
    windows: int = 400 * _DAY


@dataclass(frozen=True, slots=True)
class TooLate:
    """Rows of a table that came so late that windows of a rule which they are of are done for good. Times are those
    that a commit tells; None: it tells none."""

    rule: str
    table: str
    low: int | None
    high: int | None
    floor: int

    def __str__(self) -> str:
        times = "" if self.low is None or self.high is None else f" of {to_moment(self.low):%Y-%m-%d %H:%M} and later"
        return (
            f"{self.rule}: rows of {self.table}{times} came too late: windows up to"
            f" {to_moment(self.floor):%Y-%m-%d %H:%M} are done for good, and are not evaluated again (--keep)"
        )


def fold(connection: Connection, rules: Sequence[str], now: int, keep: Keep) -> None:
    """Move these rules' floors on, and forget what lies far enough behind them."""
    for rule in rules:
        row = connection.execute(
            "SELECT id, next, begun, floor, forgotten, longest.* FROM rule"
            " JOIN (SELECT max(frequency) AS frequency, max(coalesce(lookback, 0)) AS lookback,"
            " max(suppression) AS suppression FROM rule_version WHERE rule = ?1) AS longest"
            " LEFT JOIN retention ON retention.rule = id WHERE id = ?1",
            (rule,),
        ).fetchone()
        _fold(connection, row, now, keep)


def forget_runs(connection: Connection, now: int, keep: Keep) -> bool:
    """Forget old runs, and messages that every output has taken; never the newest, whose numbers go on. Whether there
    may be more of them."""
    gone = connection.execute(
        "DELETE FROM run WHERE id IN (SELECT id FROM run ORDER BY id LIMIT ?) AND finished < ?"
        " AND id < (SELECT max(id) FROM run)",
        (_AT_ONCE, now - keep.runs),
    ).rowcount
    sent = connection.execute(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ?) AND created < ?"
        " AND id < (SELECT max(id) FROM outbox)"
        " AND NOT EXISTS (SELECT 1 FROM delivery INDEXED BY delivery_message WHERE message = outbox.id)",
        (_AT_ONCE, now - keep.runs),
    ).rowcount
    return max(gone, sent) == _AT_ONCE


def note_too_late(connection: Connection, about: TooLate, version: int, now: int) -> bool:
    """Write down that rows came too late; whether it is to be said, which it is once a day."""
    row = connection.execute(
        "SELECT said FROM too_late WHERE rule = ? AND name = ?", (about.rule, about.table)
    ).fetchone()
    is_news = row is None or not 0 <= now - row["said"] < _DAY
    connection.execute(
        "INSERT INTO too_late VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT (rule, name) DO UPDATE SET"
        " commits = commits + (version < excluded.version), version = max(version, excluded.version),"
        " low = min(low, excluded.low), high = max(high, excluded.high), said = CASE WHEN ? THEN excluded.said"
        " ELSE said END",
        (about.rule, about.table, version, about.low, about.high, now, is_news),
    )
    return is_news


def _fold(connection: Connection, rule: Row, now: int, keep: Keep) -> None:
    reach = max(rule["frequency"], rule["lookback"], rule["suppression"])
    begun = rule["begun"]
    if begun is None:
        begun = connection.execute("SELECT min(hi) FROM window WHERE rule = ?", (rule["id"],)).fetchone()[0]
        if begun is None:
            return
    before = begun - 1 if rule["floor"] is None else rule["floor"]
    floor = min(now - max(keep.windows, _LATE + reach), _first_open(connection, rule) - 1, before + _DAY)
    if floor <= before:
        return
    last = begun - 1 if rule["forgotten"] is None else rule["forgotten"]
    to = max(last, floor - reach)
    connection.execute(
        "INSERT INTO retention VALUES (?, ?, ?, ?) ON CONFLICT (rule) DO UPDATE SET floor = excluded.floor,"
        " forgotten = excluded.forgotten",
        (rule["id"], begun, floor, to),
    )
    _forget(connection, rule["id"], last, to)


def _first_open(connection: Connection, rule: Row) -> int:
    """The end of the first window that is not done, or not there yet."""
    text = "SELECT min(hi) FROM window INDEXED BY window_of_rule WHERE rule = ? AND status <> 'done'"
    found = connection.execute(text, (rule["id"],)).fetchone()[0]
    return int(rule["next"] if found is None else min(found, rule["next"]))


def _forget(connection: Connection, rule: str, after: int, to: int) -> None:
    """All in a span but the windows in which an alert was first and last found."""
    values = (rule, after, to)
    ends = connection.execute(
        "SELECT DISTINCT finding.key, hi FROM finding INDEXED BY finding_window JOIN alert ON alert.rule = finding.rule"
        " AND alert.key = finding.key AND last >= hi AND first <= hi AND NOT is_retracted"
        " WHERE finding.rule = ? AND hi > ? AND hi <= ? AND is_raised AND (first = hi OR last = hi)",
        values,
    ).fetchall()
    stay = {(row["key"], row["hi"]) for row in ends}
    found = connection.execute(
        "SELECT key, hi FROM finding INDEXED BY finding_window WHERE rule = ? AND hi > ? AND hi <= ?", values
    ).fetchall()
    connection.executemany(
        "DELETE FROM finding WHERE rule = ? AND key = ? AND hi = ?",
        [(rule, row["key"], row["hi"]) for row in found if (row["key"], row["hi"]) not in stay],
    )
    windows = connection.execute("SELECT hi FROM window WHERE rule = ? AND hi > ? AND hi <= ?", values).fetchall()
    kept = {hi for _, hi in stay}
    connection.executemany(
        "DELETE FROM window WHERE rule = ? AND hi = ?",
        [(rule, row["hi"]) for row in windows if row["hi"] not in kept],
    )
