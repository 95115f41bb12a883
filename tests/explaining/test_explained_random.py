"""Over random tables: what a row is said to come from gives it again, and the table without it does not."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.documents import read_document
from bluetick.detections.explaining.explaining import Explainer, Shown
from bluetick.detections.model import Detection

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
NAMES = ("No", "Host", "User", "Kind", "Bytes", "Tags")
OUT = "Events | where Kind == 'out'"
LARGE = "let S = Events | summarize N = count() by Host | where N > 2;"
QUERIES = (
    "Events | where Kind == 'in' | project Host, User, Bytes",
    f"Events | where Kind == 'in' | summarize A = count() by Host, User | join kind=inner ({OUT}"
    " | summarize B = count() by Host, User) on Host",
    f"Events | where Kind == 'in' | summarize A = count() by Host, User | join kind=leftouter ({OUT}"
    " | summarize B = count() by Host) on Host",
    "Events | summarize A = count(), L = make_set(Kind) by Host, User | project A, L",
    "Events | summarize A = avg(Bytes) by Host, User | summarize M = max(A) by Host | where M > 20",
    "Events | summarize A = avg(Bytes) by Host, User | project A",
    f"Events | join kind=fullouter ({OUT}) on Host, User, Bytes",
    f"Events | join kind=innerunique ({OUT}) on Host | summarize count() by User, User1",
    f"{LARGE} Events | join kind=leftanti S on Host | summarize count() by Kind",
    f"{LARGE} Events | join kind=leftsemi S on Host | summarize count() by Kind",
    "let S = Events | summarize N = count() by Host | where N > 2 | project Host;"
    " Events | where Host in (S) | summarize count() by Kind",
    f"union (Events | join kind=inner ({OUT}) on Host | project Host, X = Bytes),"
    " (Events | where Kind == 'in' | project Host, X = Bytes) | summarize count() by Host, X",
    "Events | extend H = strcat(Host, '-', User) | summarize count() by H | where count_ > 1",
    "Events | extend D = bag_pack('h', Host) | summarize count() by tostring(D.h), Kind",
    "Events | extend D = bag_pack('h', Host) | project D, Kind, Bytes",
    "Events | mv-expand T = todynamic(Tags) to typeof(string) | summarize count(), dcount(No) by T, Kind",
    "Events | mv-apply T = todynamic(Tags) to typeof(string) on (where T != 'x' | summarize N = count())"
    " | where N > 0 | project Host, N",
    "Events | summarize arg_max(Bytes, *) by Host | where Kind == 'in'",
    "Events | top 3 by Bytes | summarize count() by Host",
    "Events | summarize N = dcount(User) by Host | join kind=inner (Events | summarize M = max(Bytes) by Host"
    " | where M > 30) on Host | project N, M",
    "Events | make-series N = count() default=0 on Timestamp from ago(1h) to now() step 10m by Host",
    "Events | summarize count() by Host | as T | join kind=inner T on count_ | where Host != Host1",
    "Events | lookup (Events | summarize N = count() by Host) on Host | where N > 2 | summarize count() by Kind, N",
    "let K = toscalar(Events | summarize max(Bytes)); Events | where Bytes == K",
    "Events | distinct Host, Kind | summarize count() by Host",
    "Events | where Host == 'a' or User contains 'n' | summarize B = make_bag(bag_pack(Host, Kind)) by User",
)


def random_rows(source: random.Random) -> list[tuple[Any, ...]]:
    """Some of them twice."""
    rows: list[tuple[Any, ...]] = []
    for _ in range(source.randint(4, 25)):
        user, size = source.choice(("ann", "bob", "")), source.choice((10, 20, 30, 40, None))
        tags = source.choice(('["x","y"]', '["y"]', "[]", "", '["x"]'))
        rows.append((source.randint(1, 12), source.choice("abc"), user, source.choice(("in", "out")), size, tags))
        rows += rows[-1:] * (source.random() < 0.2)
    return rows


def over(rule: Detection, rows: Sequence[tuple[Any, ...]]) -> tuple[bluetick.Session, Explainer]:
    types = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.int64(), pa.string())
    cells = {name: pa.array([row[i] for row in rows], types[i]) for i, name in enumerate(NAMES)}
    times = [NOON - timedelta(minutes=30 - row[0]) for row in rows]
    table = pa.table({"Timestamp": pa.array(times, pa.timestamp("us", "UTC")), **cells})
    session = bluetick.connect(tables={"Events": table}, threads=1)
    return session, Explainer(session, rule, NOON)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_with_and_without_the_rows_behind_a_row(tmp_path: Path, number: int) -> None:
    path = tmp_path / "rule.kql"
    header = "// Name: one\n// QueryFrequency: 1h\n// QueryPeriod: 1h\n"
    path.write_text(f"{header}{QUERIES[number]}\n", "utf-8")
    rule = read_document(path).detections[0]
    source = random.Random(number)  # noqa: S311 - a test that can be repeated
    seen = 0
    while not seen:
        rows = random_rows(source)
        session, explainer = over(rule, rows)
        with session:
            if not explainer.rows:
                continue
            seen += 1
            wanted = source.choice(explainer.rows)
            (behind,) = explainer.explain(explainer.rows.index(wanted), Shown(1_000, 3)).sources
        names = [name for name, _ in behind.shown.columns]
        of = Counter(tuple(row[names.index(name)] for name in NAMES) for row in behind.shown.rows)
        assert sum(of.values()) == behind.count > 0
        assert of == Counter(row for row in rows if row in of)  # a row that is there twice is behind it twice
        assert has(rule, [row for row in rows if row in of], wanted, explainer.identity)
        assert not has(rule, [row for row in rows if row not in of], wanted, tuple(range(len(wanted))))


def has(rule: Detection, rows: Sequence[tuple[Any, ...]], wanted: tuple[Any, ...], identity: tuple[int, ...]) -> bool:
    session, explainer = over(rule, rows)
    with session:
        places = identity or tuple(range(len(wanted)))
        return any(all(one[i] == wanted[i] for i in places) for one in explainer.rows)
