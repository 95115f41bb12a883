"""Windows that are computed together say what single runs say, row by row and in the same order."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from founding.documents import RARE_COUNTRIES, founding_document
from rewrites.tables import NOW, small_tables
from rewrites.test_random_subsets import Draw

import bluetick
from bluetick.detections.backtest.replay import replay
from bluetick.detections.backtest.together import FEWEST, together
from bluetick.detections.backtest.windows import scheduled_instants
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.runs import query_request
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError
from bluetick.rewrite.rules import MANY_WINDOWS
from bluetick.session import QueryRequest, Session
from bluetick.simulation import simulate

HOUR = timedelta(hours=1)
COUNT = 60


def tables() -> dict[str, pa.Table]:
    """The small tables, whose time is one that bluetick knows as such; D has none."""
    named = {"t": "TimeGenerated"}
    found = {
        name: table.rename_columns([named.get(column, column) for column in table.column_names])
        for name, table in small_tables().items()
    }
    words = {"k": ["a", "b", "e"], "w": ["one", "two", "three"], "d": ['["p", 1]', "[]", '{"q": 2}']}
    return found | {"D": pa.table(words)}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with bluetick.connect(tables=tables()) as opened:
        yield opened


def hours(step: timedelta = HOUR, count: int = 8, last: datetime = NOW) -> list[datetime]:
    return [last - number * step for number in reversed(range(count))]


def singly(session: Session, request: QueryRequest, windows: Sequence[datetime]) -> list[tuple[Any, ...]]:
    answers = []
    for now in windows:
        single = QueryRequest(request.text, request.parameters, now, request.lookback)
        answers.append(tuple(session.run(single)[-1].rows()))
    return answers


def jointly(
    session: Session, text: str, lookback: timedelta | None, windows: Sequence[datetime], **more: Any
) -> list[tuple[Any, ...]]:
    request = QueryRequest(text, now=windows[-1], lookback=lookback, **more)
    return list(together(session, session.plan(request)[0], request, windows, None))


SIDES = "(A | where k != '') | join kind={} (B | where n > 1 | summarize c = count(), max(n) by k, s) on k"
TOGETHER = (
    "A",
    "A | where TimeGenerated > ago(1h) | extend age = now() - TimeGenerated, then = now(-1h), day = startofday(now())",
    "A | where TimeGenerated between (ago(90m) .. ago(30m)) | project n, s",
    "A | where TimeGenerated between (ago(2h) .. 1h)",
    "A | where n > 1 and TimeGenerated >= ago(1h) | summarize count(), dcount(s), make_list(n), make_set(k) by s",
    "A | summarize n = count(), sum(n), min(TimeGenerated), max(n), countif(k == 'a') by k, s",
    "A | count",
    "A | where n > 99 | summarize count(), sum(n), make_list(s), min(TimeGenerated), take_any(k), arg_max(n, *)",
    "A | where TimeGenerated <= ago(1h) | summarize c = count(), m = max(n)",
    "A | summarize arg_max(TimeGenerated, *), arg_min(n, s) by k",
    "A | distinct k, s",
    "A | sort by n desc, s asc | extend r = row_number(), p = prev(k), c = row_cumsum(n)",
    "A | sort by n asc | where n > 1 | project s, n",
    "A | top 3 by n desc",
    "A | take 2 | extend x = strcat(s, now())",
    "A | top-nested 2 of k by count(), top-nested 1 of s by sum(n)",
    "A | partition by k (top 1 by n)",
    "A | serialize | scan declare (c: long = 0) with (step one: true => c = one.c + 1;)",
    "A | make-series c = count() on TimeGenerated from ago(3h) to now() step 30m by k",
    "A | extend d = pack_array(k, s) | mv-expand d to typeof(string) | summarize count() by d",
    "A | summarize make_list(k) by s | mv-expand list_k limit 2",
    "A | as X | join kind=inner (X | summarize m = max(n) by s) on s",
    "let X = A | where TimeGenerated > ago(2h); X | summarize count() by k | join kind=leftouter (X) on k",
    "let X = materialize(A | summarize c = count() by k, s); X | union (X | where c > 1 | project k, c)",
    "let X = D | where k != 'b'; A | join kind=inner (X) on k | join kind=leftanti (B | where n == 3) on k, s",
    "A | lookup kind=leftouter (D) on k | summarize count() by w",
    "D | join kind=inner (A) on k",
    "D | join kind=innerunique (A) on k",
    "D | join kind=leftouter (A) on k",
    "D | join kind=fullouter (A) on k",
    "D | join kind=rightouter (A) on k",
    "A | join kind=innerunique (D) on k",
    "A | join kind=fullouter (D) on k",
    "A | join kind=rightouter (D) on k",
    "A | join kind=rightsemi (B | where n > 2) on k",
    "union A, (B | where n > 2), (D | extend n = 9), (print k = 'p', TimeGenerated = now())",
    "union withsource = T kind=inner A, B | summarize count() by T",
    "A | where k in ((B | where TimeGenerated > ago(30m) | distinct k))",
    "A | where k !in ((B | where TimeGenerated <= ago(1h) | distinct k)) and n in ((D | project strlen(w)))",
    "A | where n !in ((B | where s == 'y' | project n)) or k in~ ((B | where n == 2 | project toupper(k)))",
    "A | where s in~ ((B | where TimeGenerated > ago(30m) | project toupper(s)))",
    "A | where n >= toscalar(B | summarize avg(n)) | extend most = toscalar(B | where n > 2 | summarize max(k))",
    "A | extend first = toscalar(B | where n > 77 | project s)",
    "A | project k, c = toscalar(B | where TimeGenerated < ago(1h) | count)",
    "let low = toscalar(A | summarize min(TimeGenerated)); B | where TimeGenerated > low | summarize count() by s",
    "print x = now(), y = 'a'",
    "A | extend d = parse_json('{\"a\": [1, 2]}') | extend e = d.a[1] | summarize sum(toint(e)) by k",
    "A | where TimeGenerated > startofday(now())",
    "A | where TimeGenerated > ago(2h) | join kind=leftsemi (B | where TimeGenerated > ago(1h) | distinct k) on k"
    " | summarize count() by k, s",
    "A | where TimeGenerated > ago(1h) | summarize count() by k, s | where count_ > 0"
    " | join kind=leftanti (B | where TimeGenerated between (ago(7h) .. ago(1h)) | summarize c = count() by k, s"
    " | where c > 1) on k, s",
    *(SIDES.format(kind) for kind in ("inner", "innerunique", "leftouter", "rightouter", "fullouter", "leftanti")),
    *(SIDES.format(kind) for kind in ("leftsemi", "rightsemi", "rightanti")),
)

SINGLY = (
    ("D | where w != 'one'", "the same in each run"),
    ("print x = 'a' | extend y = ago(1d)", "rows that are the same in each run, and then differ"),
    ("D | sort by w asc | extend x = now()", "an order that a join would lose"),
    ("A | sort by n asc | where n >= toscalar(B | summarize min(n))", "an order that a join would lose"),
    ("A | where assert(toscalar(A | count) > 0, 'none')", "an assertion"),
)


@pytest.mark.parametrize("lookback", [timedelta(minutes=45), timedelta(minutes=90), 2 * HOUR], ids=str)
@pytest.mark.parametrize("text", TOGETHER)
def test_windows_together_are_their_single_runs(session: Session, text: str, lookback: timedelta) -> None:
    windows = hours()
    found = jointly(session, text, lookback, windows)
    assert len(found) == len(windows)
    assert repr(found) == repr(singly(session, QueryRequest(text, lookback=lookback), windows))  # NaN is itself


@pytest.mark.parametrize("text", [text for text, _ in SINGLY], ids=[why for _, why in SINGLY])
def test_what_is_of_one_run_runs_by_itself(session: Session, text: str) -> None:
    assert jointly(session, text, HOUR, hours()) == []


def test_windows_of_other_lengths_and_distances(session: Session) -> None:
    text = "A | where TimeGenerated < ago(10m) | summarize count(), max(n) by k | join kind=leftouter (B | take 3) on k"
    for step in (timedelta(minutes=30), HOUR, timedelta(minutes=70), 3 * HOUR):
        for lookback in (timedelta(minutes=5), HOUR, timedelta(minutes=100)):
            for count in (FEWEST, 9, 30):
                windows = hours(step, count, NOW - timedelta(minutes=7))
                found = jointly(session, text, lookback, windows)
                if lookback > 2 * step:  # then each reads its own rows more quickly
                    assert found == []
                else:
                    assert repr(found) == repr(singly(session, QueryRequest(text, lookback=lookback), windows))


def test_without_a_lookback_counts_go_together(session: Session) -> None:
    text = "A | summarize count(), max(n) by k, s"
    found = jointly(session, text, None, hours())
    assert repr(found) == repr(singly(session, QueryRequest(text), hours()))


def test_few_uneven_or_unwanted_windows_run_singly(session: Session) -> None:
    assert jointly(session, "A", HOUR, hours(count=FEWEST - 1)) == []
    assert jointly(session, "A", HOUR, [*hours(), NOW + 2 * HOUR]) == []
    assert jointly(session, "A", HOUR, hours(), without_rewrites=frozenset({MANY_WINDOWS})) == []


def test_random_queries_together_are_their_single_runs(session: Session) -> None:
    draw = Draw(20_261_124)
    done = 0
    for _ in range(COUNT):
        text = re.sub(r"\bt\b", "TimeGenerated", draw.query())
        lookback = draw.random.choice((None, HOUR, 2 * HOUR, timedelta(minutes=90)))
        windows = hours(draw.random.choice((HOUR, HOUR / 2, 2 * HOUR)))
        found = jointly(session, text, lookback, windows)
        if found:
            done += 1
            assert repr(found) == repr(singly(session, QueryRequest(text, lookback=lookback), windows)), text
    assert done > COUNT / 2


def test_a_bad_value_fails_its_windows_alone(tmp_path: Path) -> None:
    for number in range(10):
        size = "many" if number == 4 else str(number)
        rows = [{"TimeGenerated": NOW + number * HOUR, "Computer": "a", "BytesSent": size}]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{number}.parquet")
    query = "VMConnection | summarize sum(BytesSent) by Computer"
    rule = Detection(
        id="1", id_derived=True, name="q", query=query, place=QueryPlace("q", Span(0, 9), 1, ()), lookback=HOUR
    )
    with bluetick.connect(tables={"VMConnection": str(tmp_path / "*.parquet")}) as session:
        found = list(replay(session, rule, [NOW + number * HOUR for number in range(1, 11)]))
    assert [type(result.error) for result in found].count(SourceError) == 1
    assert [result.rows for result in found if result.error is None] == [(("a", n),) for n in range(10) if n != 4]


def test_the_first_founding_document_goes_together(tmp_path: Path) -> None:
    simulate(tmp_path, end=NOW, rows=20_000, devices=20)
    rule = founding_document(RARE_COUNTRIES)
    windows = scheduled_instants(NOW - 30 * HOUR, NOW, HOUR)
    with bluetick.connect(tables={"VMConnection": str(tmp_path / "VMConnection" / "*.parquet")}) as session:
        request = query_request(rule, windows[-1])
        found = list(together(session, session.plan(request)[0], request, windows, None))
        assert found == [tuple(session.run(query_request(rule, now))[-1].rows()) for now in windows]
        assert any(found)
        assert [result.rows for result in replay(session, rule, windows)] == found
