"""Random queries over files, with what is kept of these on, off and partly lost.

`python -m baseline.test_random_queries 2000` asks as many as one wants.
"""

import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from generated.campaign import SEED
from pyarrow import parquet

from baseline.files import EAGER, NOW, event_rows, write_events
from bluetick.execution.baseline.cache import BaselineCache
from bluetick.rewrite.rules import BASELINE
from bluetick.session import QueryRequest, Session

COUNT = 160
KEYS = ("k", "n", "s")
WINDOWS = (
    "Timestamp > ago(2d)",
    "Timestamp >= ago(37h)",
    "Timestamp < ago(1h) and Timestamp >= ago(3d)",
    "Timestamp <= ago(90m)",
    "ago(50h) < Timestamp and Timestamp <= datetime(2026-03-08 04:00)",
    "Timestamp between (ago(2d) .. ago(5h))",
    "Timestamp > ago(30m)",
    "isnotnull(Timestamp)",
)
FILTERS = ("n > 1", "isnotempty(k)", "s == 'x'", "n in (1, 3)", "k != 'a' and n < 3", "r > 0.5", "r == r", "k in (B)")
AGGREGATES = (
    *("count()", "sum(n)", "min(n)", "max(n)", "countif(n == 2)", "min(Timestamp)", "max(Timestamp)"),
    *("dcount(n)", "make_set(k)", "make_list(n)", "sum(r)", "countif(r > 1)", "arg_max(Timestamp, *)", "take_any(s)"),
)


class Draw:
    """Queries over the tables A and B."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - seeded, so that it can be had again

    def some(self, names: tuple[str, ...], least: int, most: int) -> list[str]:
        return self.random.sample(names, self.random.randint(least, most))

    def source(self, filters: tuple[str, ...] = FILTERS) -> str:
        chosen = self.some(WINDOWS, 0, 2) + self.some(filters, 0, 2)
        self.random.shuffle(chosen)
        return "A" + "".join(f" | where {one}" for one in chosen)

    def groups(self) -> str:
        text = self.source()
        if self.random.random() < 0.3:
            text += " | extend n = n + 1, h = bin(Timestamp, 2h)"
        keys = ", ".join(self.some(KEYS, 0, 2))
        calls = ", ".join(f"x{i} = {one}" for i, one in enumerate(self.some(AGGREGATES[:7], 1, 3)))
        if self.random.random() < 0.4:
            calls = f"{calls}, y = {self.random.choice(AGGREGATES)}".replace("y = arg_max", "arg_max")
        text += f" | summarize {calls}" + (f" by {keys}" if keys else "")
        return text + self.random.choice(("", "", " | where isnotnull(x0)"))

    def query(self) -> str:
        kind = self.random.random()
        if kind < 0.5:
            text = self.groups()
        elif kind < 0.7:
            text = self.source() + self.random.choice((" | take 5", " | sort by n", " | project k, n", " | top 3 by n"))
        else:
            join = self.random.choice(("leftanti", "leftsemi", "inner", "innerunique", "leftouter"))
            text = f"A | where {self.random.choice(WINDOWS)} | summarize c = count() by k, s"
            text += f" | join kind={join} ({self.source()} | summarize m = count(), max(n) by k) on k"
        let = f"let B = {self.source(FILTERS[:-1])} | distinct k; "
        return let + (text if self.random.random() < 0.7 else f"let X = {text}; X | union (X | take 5)")


def differences(count: int, folder: Path, seed: int = SEED) -> list[str]:
    """What differs from the same query without what is kept: rows, or their order."""
    draw = Draw(seed)
    files, kept = write_events(folder / "A", seed), folder / "kept"
    found = []
    with Session(tables={"A": str(files / "*.parquet")}) as session:
        session.baseline = BaselineCache(kept, EAGER)
        for number in range(count):
            _disturb(draw.random, files, kept, number)
            found += _difference(session, draw.query(), draw.random)
    return found


def _disturb(random: Random, files: Path, kept: Path, number: int) -> None:
    """Some of what is kept is lost or altered; a file of the table gets other rows."""
    for path in sorted(kept.glob("*")):
        if random.random() < 0.02:
            path.unlink()
        elif random.random() < 0.02:
            path.write_bytes(path.read_bytes()[:-1] + b"?")
    if number % 40 == 39:
        path = random.choice(sorted(files.iterdir()))
        parquet.write_table(event_rows(random, NOW - timedelta(days=2), 30), path)


def _difference(session: Session, text: str, random: Random) -> list[str]:
    now = random.choice(
        (NOW, NOW, NOW - timedelta(hours=1, minutes=20), NOW + timedelta(seconds=random.randint(0, 99)))
    )
    lookback = random.choice((None, timedelta(days=2), timedelta(hours=31, minutes=7)))
    answers = []
    for names in (frozenset({BASELINE}), frozenset()):
        (result,) = session.run(QueryRequest(text, now=now, lookback=lookback, without_rewrites=names))
        answers.append([repr(row) for row in result.rows()])
    return [] if answers[0] == answers[1] else [f"{text}\nat {now}, {lookback}\n{answers[0]}\n{answers[1]}"]


def test_random_queries_are_the_same(tmp_path: Path) -> None:
    assert differences(COUNT // 4, tmp_path, SEED + 1) == []


@pytest.mark.slow
def test_more_random_queries_are_the_same(tmp_path: Path) -> None:
    assert differences(COUNT, tmp_path) == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print("\n\n".join(differences(int(sys.argv[1]), Path(place))) or "no difference")
