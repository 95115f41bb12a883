"""What the commands print, and that nothing is written by halves."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pyarrow.parquet as pq
import pytest

from bluetick.cli.main import bluetick, run_command

RULE = "// Name: {name}\n// Id: {id}\n// Severity: Low\n{threshold}Events\n| where Size > 1\n"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text("Name,Size\na,1\nb,2\nc,3\n", encoding="utf-8")
    return path


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.kql"
    path.write_text(RULE.format(name="Big events", id="11111111-1111-1111-1111-111111111111", threshold=""), "utf-8")
    return path


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = run_command(arguments)
    said = capfd.readouterr()
    assert code == 0, said.err
    return said.out


# --- query ----------------------------------------------------------------------------------------------------------


def test_json_has_cells_as_kusto_sends_them(capfd: pytest.CaptureFixture[str]) -> None:
    text = (
        "print t = datetime(2026-01-02 03:04:05.5), s = 1d + 2h, r = real(nan), g = guid(null), "
        "d = dynamic({'a': [1, null]}), b = true, n = long(9007199254740993), e = ''"
    )
    answer = json.loads(run(capfd, "query", text, "--format", "json"))
    assert answer["columns"] == [
        ["t", "datetime"],
        ["s", "timespan"],
        ["r", "real"],
        ["g", "guid"],
        ["d", "dynamic"],
        ["b", "bool"],
        ["n", "long"],
        ["e", "string"],
    ]
    assert answer["rows"] == [
        [
            "2026-01-02T03:04:05.5000000Z",
            "1.02:00:00",
            "NaN",
            None,
            {"a": [1, None]},
            True,
            9007199254740993,
            "",
        ]
    ]
    assert answer["row_count"] == 1


def test_json_of_no_rows_is_whole(events: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = run(capfd, "query", "Events | where Size > 9", "--table", f"Events={events}", "--format", "json")
    assert json.loads(out) == {"columns": [["Name", "string"], ["Size", "long"]], "rows": [], "row_count": 0}


def test_csv(capfd: pytest.CaptureFixture[str]) -> None:
    out = run(capfd, "query", "print a = 'x,y', b = false, c = long(null), d = dynamic([1])", "--format", "csv")
    assert out == 'a,b,c,d\n"x,y",false,,[1]\n'


def test_parquet_into_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "rows.parquet"
    run(capfd, "query", "range x from 1 to 3 step 1", "--format", "parquet", "--output", str(target))
    assert pq.read_table(target).to_pydict() == {"x": [1, 2, 3]}


def test_a_failure_leaves_an_older_output_as_it_was(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.csv").write_text("TimeGenerated,BytesSent\n2026-01-01,many\n", "utf-8")
    target = tmp_path / "rows.csv"
    target.write_text("old", "utf-8")
    table = f"VMConnection={tmp_path / 'bad.csv'}"
    arguments = ["query", "VMConnection | project BytesSent", "--table", table, "--format", "csv"]
    assert run_command([*arguments, "--output", str(target)]) == 1
    assert target.read_text("utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "rows.csv"]


def test_several_paths_are_one_table(events: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "more.csv"
    other.write_text("Name,Size\nd,4\n", "utf-8")
    tables = ["--table", f"Events={events}", "--table", f"Events={other}"]
    out = run(capfd, "query", "Events | summarize sum(Size)", *tables, "--format", "csv")
    assert out == "sum_Size\n10\n"


def test_parameters_are_values_not_text(events: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = "declare query_parameters(n: long, s: string = 'x', t: timespan = 1h); print n + 1, s, t"
    options = ["--param", "n=41", "--param", "s='; drop", "--param", "t=2d"]
    assert run(capfd, "query", text, *options, "--format", "csv").splitlines()[1] == "42,'; drop,2.00:00:00"


def test_now_is_the_instant_given(capfd: pytest.CaptureFixture[str]) -> None:
    out = run(capfd, "query", "print now() - 1h", "--now", "2026-06-18T12:00:00+02:00", "--format", "csv")
    assert out.splitlines()[1] == "2026-06-18T09:00:00.0000000Z"


def test_newest_is_just_after_the_newest_row_and_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.csv"
    # The row of the far future is not believable.
    rows.write_text("Timestamp,A\n2024-05-01T00:00:00Z,1\n2024-05-02T00:00:00Z,2\n2999-01-01T00:00:00Z,3\n", "utf-8")
    text = "T | summarize Rows = count(), Age = now() - max(Timestamp)"
    assert run_command(["query", text, "--table", f"T={rows}", "--now", "newest", "--format", "csv"]) == 0
    said = capfd.readouterr()
    assert said.out == "Rows,Age\n2,00:00:00.0000010\n"
    assert "2024-05-02T00:00:00.000001" in said.err


def test_a_query_from_a_file_and_from_standard_input(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "query.kql"
    path.write_bytes(b"\xff\xfe" + "print x = 'é'".encode("utf-16-le"))
    assert run(capfd, "query", "-f", str(path), "--format", "csv") == "x\né\n"
    command = [sys.executable, "-m", "bluetick", "query", "-", "--format", "csv"]
    done = subprocess.run(command, input="print x = 7\n", capture_output=True, text=True, check=True)
    assert done.stdout == "x\n7\n"


def test_a_table_counts_its_rows_and_says_what_it_hides(capfd: pytest.CaptureFixture[str]) -> None:
    out = run(capfd, "query", "range x from 1 to 1000 step 1")
    assert out.splitlines()[-1].startswith("1,000 rows, the first 200 are shown")
    assert "--format json" in out


# --- check ----------------------------------------------------------------------------------------------------------


def test_check_has_a_line_a_document(rule: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    known = tmp_path / "known.kql"
    known.write_text("// Name: Known\nVMConnection\n| where Direction == 'outbound'\n", "utf-8")
    (tmp_path / "README.md").write_text("# About these rules\n", "utf-8")
    assert run_command(["check", str(tmp_path), "--format", "json"]) == 1
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(line["file"], line["ok"]) for line in lines] == [(str(known), True), (str(rule), False)]
    assert all(list(line)[:4] == ["id", "file", "ok", "diagnostics"] for line in lines)
    (diagnostic,) = (one for one in lines[1]["diagnostics"] if one["severity"] == "error")
    assert list(diagnostic)[:5] == ["severity", "code", "message", "line", "column"]
    assert (diagnostic["severity"], diagnostic["line"], diagnostic["column"]) == ("error", 4, 1)
    assert lines[1]["id"] == "11111111-1111-1111-1111-111111111111"


def test_check_points_into_the_document(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rule.md"
    path.write_text("# A rule\n\nWords.\n\n```kql\nVMConnection\n| where Directoin == 'x'\n```\n", "utf-8")
    assert run_command(["check", str(path)]) == 1
    out = capfd.readouterr().out
    assert f"{path}:7:9" in out
    assert "| | where Directoin == 'x'" in out
    assert "\n   |         ^^^^^^^^^" in out
    assert "did you mean 'Direction'?" in out
    assert "1 checked, 1 refused" in out


# --- run ------------------------------------------------------------------------------------------------------------


def test_run_as_json(rule: Path, events: Path, capfd: pytest.CaptureFixture[str]) -> None:
    line = json.loads(run(capfd, "run", str(rule), "--table", f"Events={events}", "--format", "json"))
    account = line.pop("account")
    assert line == {
        "id": "11111111-1111-1111-1111-111111111111",
        "name": "Big events",
        "columns": [["Name", "string"], ["Size", "long"]],
        "rows": [["b", 2], ["c", 3]],
        "row_count": 2,
        "threshold": {"operator": "gt", "value": 0, "declared": False},
        "triggered": True,
    }
    assert isinstance(account, dict)


@pytest.mark.parametrize(
    ("operator", "value", "words", "triggered"),
    [
        ("gt", 2, "2 rows, needs more than 2", False),
        ("lt", 3, "2 rows, needs fewer than 3", True),
        ("eq", 2, "2 rows, needs exactly 2", True),
        ("ne", 2, "2 rows, needs any number but 2", False),
    ],
)
def test_the_threshold_in_words(
    operator: str,
    value: int,
    words: str,
    triggered: bool,
    tmp_path: Path,
    events: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "rule.kql"
    threshold = f"// AlertTriggerOperator: {operator}\n// AlertTriggerThreshold: {value}\n"
    path.write_text(RULE.format(name="R", id="11111111-1111-1111-1111-111111111111", threshold=threshold), "utf-8")
    out = run(capfd, "run", str(path), "--table", f"Events={events}")
    assert words in out
    assert ("not triggered" in out) is not triggered
    data = json.loads(run(capfd, "run", str(path), "--table", f"Events={events}", "--format", "json"))
    assert data["threshold"] == {"operator": operator, "value": value}
    assert data["triggered"] is triggered


def test_near_misses(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{name},1\n" * count for name, count in (("a", 2), ("b", 4), ("c", 5)))
    (tmp_path / "events.csv").write_text(f"Name,Size\n{rows}", "utf-8")
    path = tmp_path / "rule.kql"
    path.write_text("// Name: Often\nEvents\n| summarize Times = count() by Name\n| where Times > 4\n", "utf-8")
    options = [str(path), "--table", f"Events={tmp_path / 'events.csv'}", "--near-miss", "1"]
    line = json.loads(run(capfd, "run", *options, "--format", "json"))
    assert line["rows"] == [["c", 5]]
    assert line["account"]["near_misses"] == [
        {"let": None, "condition": "Times > 4", "distance": 0.0, "row": {"Name": "b", "Times": 4}}
    ]
    out = run(capfd, "run", *options)
    assert "1 row failed only `Times > 4`" in out
    assert "near_misses" not in json.loads(run(capfd, "run", *options[:3], "--format", "json"))["account"]


# --- ingest ---------------------------------------------------------------------------------------------------------


def sysmon_line(record: int, port: int) -> str:
    return json.dumps(
        {
            "EventID": 3,
            "Hostname": "pc1",
            "Channel": "Microsoft-Windows-Sysmon/Operational",
            "RecordNumber": record,
            "UtcTime": "2026-01-02 03:04:05.678",
            "ProcessGuid": "{00000000-0000-0000-0000-000000000001}",
            "ProcessId": "4",
            "Image": "C:\\a.exe",
            "Protocol": "tcp",
            "Initiated": "true",
            "SourceIsIpv6": "false",
            "SourceIp": "10.0.0.1",
            "SourcePort": "50000",
            "DestinationIsIpv6": "false",
            "DestinationIp": "203.0.113.5",
            "DestinationPort": str(port),
        }
    )


def counts(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, ...]:
    report = json.loads(run(capfd, "ingest", *arguments, "--format", "json"))
    assert list(report) == ["input", "stored", "quarantined", "duplicates"]
    return tuple(report.values())


def test_ingest_stores_nothing_twice_and_keeps_what_it_cannot_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lake, first, second = tmp_path / "lake", tmp_path / "a.ndjson", tmp_path / "b.ndjson"
    first.write_text(f"{sysmon_line(1, 443)}\n{sysmon_line(1, 443)}\n{{broken\n", "utf-8")
    second.write_text(f"{sysmon_line(2, 444)}\n", "utf-8")
    assert counts(capfd, str(first), "--lake", str(lake)) == (3, 1, 1, 1)
    assert counts(capfd, str(first), "--lake", str(lake)) == (3, 0, 0, 3)
    assert counts(capfd, str(first), str(second), "--lake", str(lake)) == (4, 1, 0, 3)
    text = "DeviceNetworkEvents | summarize Rows = count(), Ports = make_set(RemotePort)"
    out = run(capfd, "query", text, "--lake", str(lake), "--format", "csv")
    assert out == 'Rows,Ports\n2,"[443,444]"\n'
    (quarantined,) = [path for path in (lake / "_quarantine").iterdir()]
    line = json.loads(quarantined.read_text("utf-8"))
    assert (line["file"], line["record"]) == (str(first), 3)
    assert not [path for path in lake.rglob("*") if path.name.endswith(".part")]


def test_tables_of_an_ingested_lake(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake, log = tmp_path / "lake", tmp_path / "a.ndjson"
    log.write_text(f"{sysmon_line(1, 443)}\n", "utf-8")
    counts(capfd, str(log), "--lake", str(lake))
    lines = [json.loads(line) for line in run(capfd, "tables", "--lake", str(lake), "--format", "json").splitlines()]
    found = {line["name"]: (line["rows"], line["files"], line["first"]) for line in lines}
    moment = "2026-01-02T03:04:05.6780000Z"
    assert found["DeviceNetworkEvents"] == (1, 1, moment)
    assert found["VMConnection"][0] == 1
    assert "DeviceNetworkEvents" in run(capfd, "tables", "--lake", str(lake), "--columns")


# --- simulate, doctor, demo -----------------------------------------------------------------------------------------


def test_simulate_and_look(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "month"
    options = ["--days", "2", "--rows", "1000", "--end", "2026-03-01"]
    assert "stories planted" in run(capfd, "simulate", str(out), *options)
    assert pq.read_table(out / "VMConnection", columns=["TimeGenerated"]).num_rows > 100
    assert run_command(["simulate", str(out), *options]) == 1
    assert "not empty" in capfd.readouterr().err


def test_doctor(capfd: pytest.CaptureFixture[str]) -> None:
    out = run(capfd, "doctor")
    assert "ok      DuckDB: " in out
    assert "ok      values: the extremes of 10 types" in out
    assert "failed" not in [line.split(" ")[0] for line in out.splitlines()]


def test_doctor_tells_of_a_broken_lake(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["doctor", "--lake", str(tmp_path / "none")]) == 1
    assert "\nfailed  " in capfd.readouterr().out


@pytest.mark.slow
def test_demo_tells_of_every_story(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    keep = tmp_path / "kept"
    out = run(capfd, "demo", "--keep", str(keep))
    truth = json.loads((keep / "ground_truth.json").read_text("utf-8"))
    for story in truth["stories"]:
        assert story["title"] in out
    assert "false alarm" not in out
    caught = {s["title"] for s in truth["stories"] if f"caught      {s['title']}" in out}
    assert len(caught) == 4
    assert "bluetick ingest" in out


def test_help_and_version(capfd: pytest.CaptureFixture[str]) -> None:
    out = run(capfd, "--help")
    for command in ("demo", "query", "run", "check", "fit", "ingest", "tables", "simulate", "doctor"):
        assert f"  {command} " in out
    assert run(capfd, "--version").startswith("bluetick ")


def test_help_says_of_each_command_what_its_own_help_begins_with(capfd: pytest.CaptureFixture[str]) -> None:
    context = click.Context(bluetick)
    listed = " ".join(run(capfd, "--help").split())
    for name in bluetick.list_commands(context):
        command = bluetick.get_command(context, name)
        assert command is not None
        assert not command.hidden
        assert f" {name} {command.get_short_help_str(limit=1_000)}" in listed


# --- the process ----------------------------------------------------------------------------------------------------


# What `print 1` has no use for, by the beginnings of the modules' names.
NOT_FOR_A_SHORT_QUERY = (
    *("bluetick.cli.run", "bluetick.detections", "bluetick.ingest", "bluetick.server", "bluetick.simulation"),
    *("bluetick.sources", "starlette", "uvicorn"),
    *("bluetick.binder.operators.evaluate", "bluetick.binder.operators.graphs", "bluetick.binder.operators.join"),
    *("bluetick.binder.operators.scan", "bluetick.binder.operators.summarize", "bluetick.functions.scalar.strings"),
    *("bluetick.enrichment.profile_", "bluetick.execution.function_", "bluetick.execution.mapping"),
    *("bluetick.execution.scan_rows", "bluetick.execution.lake_scan"),
    *("bluetick.engines.duckdb_scan", "bluetick.engines.spark", "bluetick.lake.folder", "bluetick.lake.snapshot"),
    *(
        "deltalake",
        "ftfy",
        "orjson",
        "pandas",
        "rich.console",
        "polars",
        "pyarrow.parquet",
        "pyspark",
        "scipy",
        "sqlglot",
        "yaml",
    ),
)


def test_a_short_query_loads_nothing_it_does_not_need() -> None:
    code = (
        "import sys; from bluetick.cli.main import run_command; print(run_command(['query', 'print 1']), *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    status, *loaded = done.stdout.splitlines()[-1].split()
    assert status == "0"
    assert "duckdb" in loaded
    assert [name for name in loaded if name.startswith(NOT_FOR_A_SHORT_QUERY)] == []


def test_help_loads_no_command() -> None:
    code = "import sys; from bluetick.cli.main import run_command; print(run_command(['--help']), *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    status, *loaded = done.stdout.splitlines()[-1].split()
    assert status == "0"
    assert {name for name in loaded if name.startswith("bluetick.")} & {
        "bluetick.session",
        "bluetick.cli.query",
    } == set()
    assert {"duckdb", "pyarrow", "rich"}.isdisjoint(loaded)


def test_a_full_disk_is_an_error_in_words() -> None:
    command = f"{sys.executable} -m bluetick query 'print 1' --format csv > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "error: no space left on device\n")


def test_an_interrupt_ends_with_130_and_no_words(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def read(self) -> bytes:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=Interrupted()))
    assert run_command(["query", "-"]) == 130
    assert capfd.readouterr() == ("", "\n")


def test_a_query_with_several_results_shows_each_under_its_name(capfd: pytest.CaptureFixture[str]) -> None:
    text = "range x from 1 to 3 step 1 | fork all = (count) (summarize total = sum(x))"
    assert run_command(["query", text]) == 0
    out, _ = capfd.readouterr()
    assert out.index("all\n") < out.index("Count") < out.index("PrimaryResult\n") < out.index("total")


def test_a_file_has_the_last_of_several_results(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["query", "--format", "json", "print a = 1; print b = 2"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["rows"] == [[2]]
    assert "2 results" in err
