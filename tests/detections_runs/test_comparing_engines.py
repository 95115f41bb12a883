"""One request on several sessions over a sample: verdicts, what was read, and what kept one from answering."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.detections.comparing import Outcome, Side, Verdict, compare_request, keep_sample, scoped, spread
from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.session import QueryRequest

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
ROWS = [(NOON - timedelta(hours=hours), f"name{hours}") for hours in range(48, -2, -1)]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def events(rows: list[tuple[datetime, str]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([], [])
    times, names = columns
    return pa.table({"Timestamp": pa.array(times, pa.timestamp("us", "UTC")), "Name": pa.array(names, pa.string())})


def compared(
    stack: ExitStack, tables: list[dict[str, pa.Table]], text: str, window: timedelta | None = None
) -> Outcome:
    sides = [Side(f"e{i}", stack.enter_context(bluetick.connect(tables=dict(t)))) for i, t in enumerate(tables)]
    return compare_request(sides, scoped(QueryRequest(text, now=NOON), window), {})


def test_equal_rows_and_what_was_read(stack: ExitStack) -> None:
    table = events(ROWS)
    outcome = compared(stack, [{"Log": table}, {"Log": table}], "Log | where Name != 'name3'", timedelta(hours=6))
    assert (outcome.verdict, outcome.rows) == (Verdict.EQUAL, 5)
    (read,) = outcome.inputs
    assert (read.table, read.rows, read.bytes) == ("Log", (6, 6), table.nbytes)
    assert [run.error for run in outcome.runs] == [None, None]


def test_no_result_of_rows_that_were_read_is_equal_but_none_of_none_shows_nothing(stack: ExitStack) -> None:
    full, empty = {"Log": events(ROWS)}, {"Log": events([])}
    assert compared(stack, [full, full], "Log | where Name == 'x'").verdict is Verdict.EQUAL
    assert compared(stack, [empty, empty], "Log | where Name == 'x'").verdict is Verdict.NOTHING


def test_another_row_is_a_difference(stack: ExitStack) -> None:
    outcome = compared(stack, [{"Log": events(ROWS)}, {"Log": events([*ROWS[:-3], (ROWS[-3][0], "other")])}], "Log")
    assert outcome.verdict is Verdict.DIFFERENT
    ((comparison,),) = outcome.results
    assert [[row[1] for row in comparison.apart.rows(side)] for side in (0, 1)] == [["name1"], ["other"]]


def test_other_counts_of_rows_read_are_a_difference_though_the_result_is_equal(stack: ExitStack) -> None:
    outcome = compared(stack, [{"Log": events(ROWS)}, {"Log": events(ROWS[5:])}], "Log | where Name == 'name0'")
    assert outcome.has_other_inputs
    assert outcome.verdict is Verdict.DIFFERENT


def test_other_columns_are_a_difference_and_no_rows_are_compared(stack: ExitStack) -> None:
    numbers = pa.table({"Timestamp": pa.array([NOON], pa.timestamp("us", "UTC")), "Name": pa.array([1], pa.int64())})
    outcome = compared(stack, [{"Log": events(ROWS)}, {"Log": numbers}], "Log")
    assert (outcome.verdict, outcome.has_other_columns, outcome.results) == (Verdict.DIFFERENT, True, ())


def test_what_one_engine_refuses_is_told_with_its_diagnostic(stack: ExitStack) -> None:
    outcome = compared(stack, [{"Log": events(ROWS)}, {}], "Log | take 1")
    first, second = outcome.runs
    assert outcome.verdict is Verdict.REFUSED
    assert first.error is None
    assert isinstance(second.error, QueryError)
    assert [d.code for d in second.error.diagnostics] == ["SEM0100"]


def test_an_error_while_rows_are_read_is_told(stack: ExitStack, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "TimeGenerated,BytesSent\n" + "2026-06-18,5\n" * 10 + "2026-06-18,many\n", "utf-8"
    )
    side = Side("e", stack.enter_context(bluetick.connect(tables={"VMConnection": str(tmp_path / "log.csv")})))
    outcome = compare_request([side, side], QueryRequest("VMConnection | project BytesSent", now=NOON), {})
    assert outcome.verdict is Verdict.REFUSED
    assert isinstance(outcome.runs[0].error, SourceError)


def test_a_value_that_does_not_fit_on_one_side_is_told(stack: ExitStack, tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("Timestamp,Name\n2026-06-18,a\n", "utf-8")
    (tmp_path / "bad.csv").write_text("Timestamp,Name\nnever,a\n", "utf-8")
    tables = [{"DeviceNetworkEvents": str(tmp_path / name)} for name in ("good.csv", "bad.csv")]
    sides = [Side(f"e{i}", stack.enter_context(bluetick.connect(tables=dict(t)))) for i, t in enumerate(tables)]
    outcome = compare_request(sides, QueryRequest("DeviceNetworkEvents | count", now=NOON), {})
    assert (outcome.verdict, outcome.runs[0].error) == (Verdict.REFUSED, None)
    assert isinstance(outcome.runs[1].error, SourceError)


def test_a_table_without_a_time_has_no_window(stack: ExitStack) -> None:
    table = pa.table({"Name": ["a", "b"]})
    (read,) = compared(stack, [{"Log": table}, {"Log": table}], "Log", timedelta(hours=1)).inputs
    assert (read.time_column, read.rows) == ("", (2, 2))


def test_files_of_a_sample_lie_evenly_and_end_with_the_last() -> None:
    files = [f"{day:02}" for day in range(30)]
    assert spread(files, 3) == ["09", "19", "29"]
    assert spread(files, 0.1) == ["09", "19", "29"]
    assert spread(files, 1) == ["29"]
    assert spread(files, 99) == files
    assert spread(files[:1], 0.1) == ["00"]


def test_a_sample_keeps_the_columns_of_all_files(tmp_path: Path) -> None:
    for day, columns in enumerate((["a", "b"], ["a"])):
        pq.write_table(pa.table({name: [day] for name in columns}), tmp_path / f"{day}.parquet")
    with bluetick.connect(tables={"T": str(tmp_path / "*.parquet")}) as session:
        assert keep_sample(session.catalog, 1) == {"T": 2}
        assert list(session.query("T | project a, b").rows()) == [(1, None)]


def test_a_window_never_widens_what_a_document_reads() -> None:
    hour, day = timedelta(hours=1), timedelta(days=1)
    assert scoped(QueryRequest("T", lookback=day), hour).lookback == hour
    assert scoped(QueryRequest("T", lookback=hour), day).lookback == hour
    assert scoped(QueryRequest("T"), day).lookback == day
    assert scoped(QueryRequest("T"), None).lookback is None
