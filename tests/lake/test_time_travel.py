"""--as-of: a table as it was at a version or an instant, or a clear word why not."""

import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lake_rows import COLUMNS, NOON, add, answer, every, rows

import bluetick
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.folder import committed_at
from bluetick.lake.maintenance import optimize, vacuum

RULE = "// Name: All\n// Id: 11111111-1111-1111-1111-111111111111\n// Severity: Low\nEvents\n| where Host != ''\n"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Versions 0 (made), 1 (one row), 2 (three rows)."""
    lake = tmp_path / "lake"
    add(lake, "Events", rows([NOON]), "one")
    wait_for_the_next_millisecond(lake, 1)
    add(lake, "Events", rows([NOON, NOON]), "two")
    return lake


def wait_for_the_next_millisecond(lake: Path, version: int) -> None:
    made = committed_at(commit(lake, version))
    while datetime.now(UTC) <= made + timedelta(milliseconds=2):
        time.sleep(0.001)


def commit(lake: Path, version: int) -> Path:
    return lake / "Events" / "_delta_log" / f"{version:020}.json"


def count(lake: Path, as_of: "int | datetime | dict[str, int | datetime] | None") -> int:
    with bluetick.connect(lake=lake, as_of=as_of) as session:
        return int(answer(session, "Events | count")[0][0])


def test_by_version_and_by_instant(lake: Path) -> None:
    assert [count(lake, version) for version in (0, 1, 2)] == [0, 1, 3]
    assert count(lake, {"Events": 1}) == 1
    first = committed_at(commit(lake, 1))
    assert count(lake, first) == 1
    assert count(lake, first - timedelta(microseconds=1)) == 0
    assert count(lake, committed_at(commit(lake, 2))) == 3
    assert count(lake, datetime(2999, 1, 1, tzinfo=UTC)) == 3


def test_a_copy_of_a_lake_keeps_its_instants(lake: Path, tmp_path: Path) -> None:
    first = committed_at(commit(lake, 1))
    shutil.copytree(lake, tmp_path / "copy", copy_function=shutil.copy)
    assert count(tmp_path / "copy", first) == 1


def test_columns_are_those_of_the_version(tmp_path: Path) -> None:
    add(tmp_path, "Events", rows([NOON]).select(["Timestamp"]), "one", COLUMNS[:1])
    add(tmp_path, "Events", rows([NOON]), "two")
    with bluetick.connect(lake=tmp_path, as_of=1) as session:
        assert [name for name, _ in session.query("Events").columns] == ["Timestamp"]


def test_what_never_existed(lake: Path) -> None:
    with pytest.raises(SourceError, match="has no version 9; its newest is 2"):
        count(lake, 9)
    with pytest.raises(SourceError, match="did not exist at 2001-01-01 00:00:00 UTC; its first version is of"):
        count(lake, datetime(2001, 1, 1, tzinfo=UTC))
    with pytest.raises(SourceError, match="no Delta table 'Nothing'"):
        count(lake, {"Nothing": 1})


def test_plain_files_have_no_versions(lake: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n", "utf-8")
    tables = {"Plain": tmp_path / "a.csv"}
    with pytest.raises(SourceError, match="'Plain' is no Delta table"):
        bluetick.connect(lake=lake, tables=tables, as_of=1)
    with bluetick.connect(lake=lake, tables=tables, as_of={"Events": 1}) as session:
        assert answer(session, "union Events, Plain | count") == [(2,)]


def test_what_a_vacuum_removed(lake: Path) -> None:
    optimize(lake / "Events")
    vacuum(lake / "Events", timedelta(0), is_rehearsal=False)
    assert count(lake, None) == 3
    with pytest.raises(SourceError, match=r"version 1 of 'Events' cannot be read any more.*vacuum"):
        count(lake, 1)


def test_a_log_that_was_cleaned_up(lake: Path) -> None:
    from deltalake import DeltaTable  # noqa: PLC0415 - the tool of another

    DeltaTable(str(lake / "Events")).create_checkpoint()
    for version in (0, 1):
        commit(lake, version).unlink()
    assert count(lake, 2) == 3
    with pytest.raises(SourceError, match="version 1 of 'Events' cannot be read any more: the log"):
        count(lake, 1)
    with pytest.raises(SourceError, match="cannot be read any more: the log"):
        count(lake, datetime(2001, 1, 1, tzinfo=UTC))


# --- on the command line --------------------------------------------------------------------------------------------


def out(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = run_command(arguments)
    said = capfd.readouterr()
    assert code == 0, said.err
    return said.out


def test_query_takes_a_version_or_an_instant(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    query = ("query", "Events | count", "--lake", str(lake), "--format", "csv")
    assert out(capfd, *query) == "Count\n3\n"
    first = committed_at(commit(lake, 1)).isoformat()
    for point in ("1", "Events=1", first, f"Events={first}"):
        assert out(capfd, *query, "--as-of", point) == "Count\n1\n"


def test_the_account_counts_the_rows_outside_the_scope_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    add(tmp_path / "lake", "Events", rows(every(timedelta(days=1), 10)), "one")
    text = RULE.replace("// Severity: Low", "// Severity: Low\n// QueryPeriod: 2d")
    lets = "let Hosts = Events | summarize by Host;\nEvents\n| join kind=inner Hosts on Host\n| where Host != ''\n"
    rule = tmp_path / "rule.kql"
    rule.write_text(text.replace("Events\n| where Host != ''\n", lets), "utf-8")
    now = (NOON + timedelta(days=5)).isoformat()
    line = json.loads(out(capfd, "run", str(rule), "--lake", str(tmp_path / "lake"), "--now", now, "--format", "json"))
    (table,) = line["account"]["tables"]
    assert (table["rows"], table["after_now"], line["row_count"]) == (10, 5, table["in_scope"])


@pytest.mark.parametrize("points", [["soon"], ["=1"], ["1", "2"], ["1", "Events=1"], ["Events=1", "Events=2"]])
def test_what_means_nothing_is_wrong_usage(lake: Path, points: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    options = [part for point in points for part in ("--as-of", point)]
    assert run_command(["query", "Events | count", "--lake", str(lake), *options]) == 2
    assert "Traceback" not in capfd.readouterr().err


def test_the_account_of_a_run_names_the_version_and_repeats_it(
    lake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rule = tmp_path / "rule.kql"
    rule.write_text(RULE, "utf-8")
    run = ("run", str(rule), "--lake", str(lake), "--now", "2027-01-01")
    first = json.loads(out(capfd, *run, "--format", "json"))
    (table,) = first["account"]["tables"]
    assert (table["name"], table["version"], table["rows"]) == ("Events", 2, 3)
    assert "Events (version 2): 3 rows" in out(capfd, *run)
    add(lake, "Events", rows([NOON] * 5), "three")
    assert json.loads(out(capfd, *run, "--format", "json"))["row_count"] == 8
    again = json.loads(out(capfd, *run, "--format", "json", "--as-of", f"Events={table['version']}"))
    assert again == first
