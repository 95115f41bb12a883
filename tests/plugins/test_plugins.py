"""Plugins and window functions: their rows on both engines, and what binding them reads."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import golden_forms
import pyarrow as pa
import pytest
from golden import GOLDENS, check_goldens

import bluetick
from bluetick.session import QueryRequest, Session

FILES = sorted(path for pattern in ("plugins_*.test", "windows_*.test") for path in (GOLDENS / "queries").glob(pattern))


@cache
def session(engine: str) -> Session:
    """One session for the whole test run: starting Spark takes seconds."""
    return golden_forms.connect(engine)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_on_duckdb(path: Path) -> None:
    check_goldens(path, lambda query: golden_forms.rows_text(session("duckdb"), query))


@pytest.mark.spark
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_rows_on_spark(path: Path) -> None:
    check_goldens(path, lambda query: golden_forms.rows_text(session("local[2]"), query))


def test_columns_come_from_the_rows_in_scope() -> None:
    """A later row has a property of its own: a run as of an earlier instant, or with a lookback, does not see it."""
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    events = pa.table(
        {
            "Timestamp": pa.array(
                [noon, noon + timedelta(hours=1), noon + timedelta(hours=2)], pa.timestamp("us", "UTC")
            ),
            "text": ['{"early":1}', '{"middle":2}', '{"late":3}'],
        }
    )
    query = "Events | extend d = parse_json(text) | project d | evaluate bag_unpack(d)"
    with bluetick.connect(tables={"Events": events}) as here:
        whole = here.query(query)
        before = here.query(query, now=noon + timedelta(minutes=90))
        request = QueryRequest(query, now=noon + timedelta(minutes=90), lookback=timedelta(hours=1))
        window = here.run(request)[-1]
        assert [name for name, _ in whole.columns] == ["early", "late", "middle"]
        assert [name for name, _ in before.columns] == ["early", "middle"]
        assert list(window.rows()) == [(2,)]


@pytest.mark.parametrize("plugin", ["bag_unpack(d)", "pivot(k, count(), k2)"])
def test_a_check_reads_nothing_and_lets_later_names_pass(plugin: str) -> None:
    """The table has no data here, so reading it would fail."""
    rows = "DeviceEvents | project k = DeviceId, k2 = DeviceName, d = parse_json(AdditionalFields)"
    query = f"{rows} | evaluate {plugin} | where Later == 1"
    with bluetick.connect() as here:
        check = here.check(query)
        assert check.ok
        assert [d.code for d in check.warnings] == ["BTK0152"]


def test_a_check_still_finds_mistakes_before_the_plugin() -> None:
    with bluetick.connect() as here:
        check = here.check("print d = dynamic({}) | where x == 1 | evaluate bag_unpack(d)")
        assert [d.code for d in check.diagnostics] == ["SEM0100"]


def test_a_plugin_may_not_give_thousands_of_columns() -> None:
    query = "range n from 1 to 2001 step 1 | project d = bag_pack(tostring(n), n) | evaluate bag_unpack(d)"
    with bluetick.connect() as here, pytest.raises(bluetick.QueryError) as caught:
        here.query(query)
    assert [d.code for d in caught.value.diagnostics] == ["BTK0112"]
