"""A text that is asked again: the plan that is kept serves as long as the catalog answers as before, and no longer."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bluetick.diagnostics.errors import QueryError, SourceError
from bluetick.execution.program import build_program
from bluetick.session import QueryRequest, Session, connect
from bluetick.syntax import parse

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)


@pytest.fixture
def binds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The texts that were bound, in order: a kept plan is not."""
    texts: list[str] = []

    def noted(text: str) -> Any:
        texts.append(text)
        return parse(text)

    monkeypatch.setattr("bluetick.session.parse", noted)
    yield texts


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[bool, bool]]]:
    """The bounds of each program that was made."""
    bounds: list[tuple[bool, bool]] = []

    def noted(statement: Any, flavour: Any, **given: Any) -> Any:
        bounds.append((given["has_lower_bound"], given["has_upper_bound"]))
        return build_program(statement, flavour, **given)

    monkeypatch.setattr("bluetick.session.build_program", noted)
    yield bounds


def rows(session: Session, text: str, **given: Any) -> list[tuple[Any, ...]]:
    return list(session.run(QueryRequest(text, **given))[-1].rows())


def events(*numbers: int) -> pa.Table:
    return pa.table({"n": pa.array(numbers, pa.int64())})


def test_a_text_is_compiled_once(binds: list[str], builds: list[tuple[bool, bool]]) -> None:
    with connect(tables={"T": events(1, 2, 3)}) as session:
        for _ in range(3):
            assert rows(session, "T | where n > 1 | count") == [(2,)]
        assert rows(session, "T | where n > 2 | count") == [(1,)]
    assert binds == ["T | where n > 1 | count", "T | where n > 2 | count"]
    assert len(builds) == 2


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions keep what they make of tables, in one folder."""
    monkeypatch.setenv("BLUETICK_CACHE", str(tmp_path / "kept"))


@pytest.mark.usefixtures("kept")
def test_sessions_that_share_what_is_kept_share_plans(binds: list[str], builds: list[tuple[bool, bool]]) -> None:
    for table, found in ((events(1, 2, 3), 2), (events(5), 1)):
        with connect(tables={"T": table}) as session:
            assert rows(session, "T | where n > 1 | count") == [(found,)]
    assert len(binds) == len(builds) == 1
    with connect(tables={"T": pa.table({"n": ["a", "2"]})}) as session, pytest.raises(QueryError):
        rows(session, "T | where n > 1 | count")
    with connect(tables={"T": pa.table({"n": [1.5, 0.5]})}) as session:
        assert rows(session, "T | where n > 1 | count") == [(1,)]
    assert len(binds) == 3


@pytest.mark.usefixtures("kept")
def test_each_session_has_the_places_of_addresses_that_it_was_given(tmp_path: Path) -> None:
    text = "print c = tostring(geo_info_from_ip_address('20.53.203.50').country)"
    for country in ("Peru", "Chad"):
        places = tmp_path / f"{country}.csv"
        places.write_text(f"network,country\n20.0.0.0/8,{country}\n")
        with connect(geo=places) as session:
            assert rows(session, text) == [(country,)]
    with connect() as session, pytest.raises(SourceError):
        rows(session, text)


@pytest.mark.usefixtures("kept")
def test_sessions_share_plans_of_the_functions_that_they_have(tmp_path: Path, binds: list[str]) -> None:
    for number in (1, 2, 2):
        folder = tmp_path / f"functions{number}"
        folder.mkdir(exist_ok=True)
        (folder / "f.kql").write_text(f".create function f() {{ print n = {number} }}")
        with connect(functions=folder) as session:
            assert rows(session, "f") == [(number,)]
    assert binds.count("f") == 2


def test_new_rows_need_no_new_plan(binds: list[str]) -> None:
    with connect(tables={"T": events(1)}) as session:
        assert rows(session, "T | count") == [(1,)]
        session.catalog.register("T", events(1, 2))
        assert rows(session, "T | count") == [(2,)]
    assert len(binds) == 1


def test_new_columns_need_a_new_plan(binds: list[str]) -> None:
    with connect(tables={"T": events(1)}) as session:
        assert rows(session, "T") == [(1,)]
        session.catalog.register("T", pa.table({"n": ["a"], "m": [2]}))
        assert rows(session, "T") == [("a", 2)]
        session.catalog.register("T", events(5))
        assert rows(session, "T") == [(5,)]
    assert len(binds) == 3


def test_a_table_that_hides_a_function_is_seen(tmp_path: Path) -> None:
    (tmp_path / "F.kql").write_text(".create-or-alter function F() { print x = 'function' }")
    with connect(functions=tmp_path) as session:
        assert rows(session, "F") == [("function",)]
        session.catalog.register("F", pa.table({"x": ["table"]}))
        assert rows(session, "F") == [("table",)]


def test_a_table_more_for_a_wildcard() -> None:
    with connect(tables={"T1": events(1)}) as session:
        assert rows(session, "union T* | count") == [(1,)]
        session.catalog.register("T2", events(1, 2))
        assert rows(session, "union T* | count") == [(3,)]


def test_several_results_are_each_their_own() -> None:
    with connect() as session:
        for _ in range(2):
            assert [list(result.rows()) for result in session.query_all("print 1; print 2")] == [[(1,)], [(2,)]]


def test_an_error_is_not_kept(binds: list[str]) -> None:
    with connect(tables={"T": events(1)}) as session:
        for _ in range(2):
            with pytest.raises(QueryError, match="Missing"):
                rows(session, "Missing | count")
        session.catalog.register("Missing", events(1, 2))
        assert rows(session, "Missing | count") == [(2,)]
    assert len(binds) == 3


def test_a_new_watchlist_is_in_the_list_of_them(tmp_path: Path) -> None:
    (tmp_path / "first.csv").write_text("a\n1\n")
    with connect(watchlists=tmp_path) as session:
        text = "_GetWatchlistAlias | sort by WatchlistAlias asc"
        assert rows(session, text) == [("first",)]
        (tmp_path / "second.csv").write_text("a\n1\n")
        assert rows(session, text) == [("first",), ("second",)]


def test_columns_that_hang_on_rows_are_looked_for_each_time() -> None:
    def bags(*found: dict[str, int]) -> pa.Table:
        return pa.table({"b": [json.dumps(one) for one in found]})

    with connect(tables={"T": bags({"x": 1})}) as session:
        text = "T | project d = parse_json(b) | evaluate bag_unpack(d)"
        assert session.query(text).to_arrow().column_names == ["x"]
        session.catalog.register("T", bags({"x": 1, "y": 2}))
        assert session.query(text).to_arrow().column_names == ["x", "y"]


def test_the_instant_is_the_requests(binds: list[str]) -> None:
    with connect() as session:
        for hours in range(3):
            now = NOW + timedelta(hours=hours)
            (row,) = rows(session, "print now(), ago(1h)", now=now)
            assert row == (now, now - timedelta(hours=1))
    assert len(binds) == 1


def test_the_clock_goes_on() -> None:
    with connect() as session:
        first, second = (rows(session, "print now()")[0][0] for _ in range(2))
    assert first < second


def test_time_scopes_are_programs_of_their_own(binds: list[str], builds: list[tuple[bool, bool]]) -> None:
    times = [NOW - timedelta(hours=h) for h in (-1, 1, 30)]
    table = pa.table({"Timestamp": pa.array(times, pa.timestamp("us", "UTC"))})
    scopes: list[tuple[dict[str, Any], int]] = [({}, 3), ({"now": NOW}, 2), ({"now": NOW, "lookback": timedelta(1)}, 1)]
    with connect(tables={"T": table}) as session:
        for _ in range(2):
            assert [rows(session, "T | count", **given) for given, _ in scopes] == [[(n,)] for _, n in scopes]
    assert len(binds) == 1
    assert builds == [(False, False), (False, True), (True, True)]


def test_parameters_are_no_part_of_the_plan(binds: list[str]) -> None:
    text = "declare query_parameters(least:long = 2); T | where n >= least | count"
    with connect(tables={"T": events(1, 2, 3)}) as session:
        found = [rows(session, text, parameters=given) for given in ({"least": 1}, {}, {"least": 3})]
    assert found == [[(3,)], [(2,)], [(1,)]]
    assert len(binds) == 1


def test_schemas_are_a_part_of_the_key(binds: list[str]) -> None:
    with connect() as session:
        columns = [
            session.plan(QueryRequest("DeviceEvents", schemas=name), is_check=True)[0].statements[0].relation.columns
            for name in ("defender", "sentinel", "defender")
        ]
    names = [[column.name for column in found] for found in columns]
    assert names[0] == names[2]
    assert ("TimeGenerated" in names[0], "TimeGenerated" in names[1]) == (False, True)
    assert len(binds) == 2


def test_a_check_knows_more_tables_than_a_run() -> None:
    with connect() as session:
        assert session.check("DeviceEvents | count").ok
        with pytest.raises(QueryError, match="DeviceEvents"):
            rows(session, "DeviceEvents | count")
        assert session.check("DeviceEvents | count").ok


def test_a_bare_session_has_plans_of_its_own() -> None:
    table = pa.table({"Timestamp": pa.array([NOW], pa.timestamp("us", "UTC")), "DeviceName": ["d"]})
    with connect(tables={"DeviceEvents": table}) as session:
        whole = session.query("DeviceEvents").to_arrow().num_columns
        assert session.as_stored().query("DeviceEvents").to_arrow().num_columns == 2 < whole
        assert session.query("DeviceEvents").to_arrow().num_columns == whole


def test_warnings_are_told_as_long_as_they_hold() -> None:
    request = QueryRequest("union isfuzzy=true T, Missing | count")
    with connect(tables={"T": events(1)}) as session:
        for _ in range(2):
            (warning,) = session.plan(request)[1]
            assert "'Missing' does not exist" in warning.message
        session.catalog.register("Missing", events(1, 2))
        assert session.plan(request)[1] == ()
        assert rows(session, request.text) == [(3,)]


def test_the_oldest_go_and_none_are_kept_at_zero(binds: list[str]) -> None:
    with connect() as session:
        session.plans.limit = 2
        for text in ("print 1", "print 2", "print 1", "print 3", "print 1", "print 2"):
            rows(session, text)
        assert binds == ["print 1", "print 2", "print 3", "print 2"]
        session.plans.limit = 0
        rows(session, "print 2")
        rows(session, "print 2")
    assert binds[4:] == ["print 2", "print 2"]


def test_a_very_long_text_is_not_kept(binds: list[str]) -> None:
    with connect() as session:
        text = f"print 1 // {'x' * 100_000}"
        assert [rows(session, text), rows(session, text)] == [[(1,)], [(1,)]]
    assert len(binds) == 2


def test_threads_share_plans_while_the_schema_changes() -> None:
    with connect(tables={"T": events(1)}) as session:
        session.plans.limit = 3

        def ask(number: int) -> list[tuple[Any, ...]]:
            if number % 10 == 0:
                session.catalog.register("Other", pa.table({f"c{number}": [1]}))
            return rows(session, f"T | extend m = {number % 5} | project m, now()", now=NOW)

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(ask, range(60)))
    assert found == [[(number % 5, NOW)] for number in range(60)]


def test_a_plan_of_another_session_is_not_taken() -> None:
    request = QueryRequest("T | count", now=NOW)
    with connect(tables={"T": events(1)}) as one, connect(tables={"T": events(1, 2)}) as other:
        plan, _ = one.plan(request)
        assert list(other.start(plan, request).rows()) == [(2,)]
        assert list(other.start(other.plan(replace(request, text="print 7"))[0], request).rows()) == [(7,)]
