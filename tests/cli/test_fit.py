"""`bluetick fit`: rules sorted by what the tables really hold, and the fields that would unlock most of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from bluetick.cli.main import run_command

DAY = "2024-06-18"
NOW = "2024-06-19T00:00:00Z"
PACKETS = "the sensor sees packets, not processes"
RULES = {
    "empty_since.kql": "DeviceProcessEvents | where SHA256 == 'x'",
    "never.kql": "DeviceProcessEvents | where MD5 == 'x'",
    "never_too.kql": "DeviceProcessEvents | where MD5 == 'y' or SHA1 == 'y'",
    "shown.kql": "DeviceProcessEvents | where DeviceName == 'pc1' | project DeviceName, MD5",
    "lacked.kql": "DeviceNetworkEvents | where InitiatingProcessFileName == 'x' and RemotePort == 1",
    "unknown.kql": "Foo | where Bar == 1",
    "known.kql": "SecurityEvent | where EventID == 1",
    "known_too.kql": "SecurityEvent | where EventID == 2 | join kind=inner (DeviceProcessEvents | where MD5 != '') on "
    "$left.Computer == $right.DeviceName",
    "fuzzy.kql": "union isfuzzy=true SecurityEvent, DeviceProcessEvents | where DeviceName == 'pc1'",
    "wrong.kql": "DeviceProcessEvents | where Bar == 1",
    "profile.kql": "DeviceProcessEvents | invoke FileProfile('DeviceId') | where GlobalPrevalence < 5",
}


def process(hour: int, number: int) -> dict[str, Any]:
    start = {"Timestamp": f"{DAY}T{hour:02}:{number:02}:00Z", "DeviceId": "d", "DeviceName": f"pc{number}"}
    return start | ({"SHA256": "ab" * 32} if hour < 12 else {})


def flow() -> dict[str, Any]:
    ends = {"id.orig_h": "10.0.0.1", "id.orig_p": 50000, "id.resp_h": "8.8.8.8", "id.resp_p": 443}
    return {"ts": 1718712000.0, "uid": "C1", "proto": "tcp", "conn_state": "SF", **ends}


def lines(path: Path, records: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of a sensor's one connection and of a day of processes whose SHA256 ends at noon; and the rules."""
    folder = tmp_path_factory.mktemp("fit")
    lake = ["--lake", str(folder / "lake")]
    assert run_command(["ingest", lines(folder / "conn.log", [flow()]), *lake]) == 0
    events = lines(folder / "events.ndjson", [process(hour, number) for hour in range(24) for number in range(20)])
    assert run_command(["ingest", events, "--table", "DeviceProcessEvents", *lake]) == 0
    (folder / "rules").mkdir()
    for name, query in RULES.items():
        (folder / "rules" / name).write_text(query + "\n", "utf-8")
    return folder


def fit(capfd: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    capfd.readouterr()
    assert run_command(["fit", *map(str, arguments), "--now", NOW]) == code
    return capfd.readouterr().out


def rules_of(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {Path(rule["file"]).name: rule for rule in told["rules"]}


def fit_json(capfd: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(fit(capfd, *arguments, "--format", "json"))
    return told


def test_each_rule_is_sorted_with_its_reason(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told = fit_json(capfd, place / "rules", "--lake", place / "lake")
    assert (told["runs"], told["degraded"], told["cannot"]) == (2, 4, 5)
    rules = rules_of(told)
    assert {name for name, rule in rules.items() if rule["fit"] == "runs"} == {"shown.kql", "fuzzy.kql"}
    processes = {"table": "DeviceProcessEvents"}
    assert rules["empty_since.kql"]["empty"] == [
        {**processes, "column": "SHA256", "why": "went_empty", "since": f"{DAY}T12:00:00.0000000Z"}
    ]
    assert rules["never_too.kql"]["empty"] == [
        {**processes, "column": "MD5", "why": "never_filled"},
        {**processes, "column": "SHA1", "why": "never_filled"},
    ]
    assert rules["lacked.kql"]["empty"] == [
        {
            "table": "DeviceNetworkEvents",
            "column": "InitiatingProcessFileName",
            "why": "lacked",
            "reasons": [{"source": "zeek", "reason": PACKETS}],
        }
    ]
    assert {rules[name]["fit"] for name in ("empty_since.kql", "never.kql", "never_too.kql", "lacked.kql")} == {
        "degraded"
    }


def test_what_cannot_run_says_why(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rules = rules_of(fit_json(capfd, place / "rules", "--lake", place / "lake"))
    assert rules["unknown.kql"]["missing_tables"] == ["Foo"]
    assert rules["unknown.kql"]["diagnostics"][0]["code"] == "SEM0100"
    assert rules["known.kql"]["missing_tables"] == ["SecurityEvent"]
    assert "diagnostics" not in rules["known.kql"]
    [found] = rules["wrong.kql"]["diagnostics"]
    assert (found["line"], found["column"], "'Bar'" in found["message"]) == (1, 29, True)
    assert "missing_tables" not in rules["wrong.kql"]
    assert "--profiles" in rules["profile.kql"]["unmet"][0]
    assert {rules[name]["fit"] for name in ("unknown.kql", "known.kql", "wrong.kql", "profile.kql")} == {"cannot"}


@pytest.mark.parametrize(
    ("query", "grade", "words"),
    [
        ("_GetWatchlist('vip') | where SearchKey == 'x'", "cannot", "no watchlist 'vip'"),
        ("WindowsEvent | evaluate bag_unpack(EventData) | where x == 1", "cannot", "WindowsEvent"),
        ("union isfuzzy=true SecurityEvent, SigninLogs | count", "cannot", "SecurityEvent"),
        ("externaldata(x:string)['https://a.test/b'] | where x == 'a'", "cannot", "https://a.test/b"),
        ("SigninLogs | where geo_info_from_ip_address(IPAddress).country == 'x'", "cannot", "--geo"),
        ("print a = 1 | where a == 1", "runs", ""),
        ("FirstSeen | where Kind == 'address'", "runs", ""),
        ("DeviceProcessEvents | where ingestion_time() > ago(1h) and _Source == 'x'", "runs", ""),
        ("union isfuzzy=true Foo, DeviceProcessEvents | where DeviceName == 'x'", "runs", ""),
        ("union DeviceProcessEvents, DeviceNetworkEvents | where MD5 == 'x'", "degraded", "MD5"),
    ],
)
def test_what_only_a_run_would_tell(
    place: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], query: str, grade: str, words: str
) -> None:
    (tmp_path / "r.kql").write_text(query + "\n", "utf-8")
    [rule] = fit_json(capfd, tmp_path / "r.kql", "--lake", place / "lake")["rules"]
    assert rule["fit"] == grade
    assert words in json.dumps(rule)


def test_a_mapped_table_is_counted_as_its_rules_see_it(
    place: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    columns = "{Timestamp: Timestamp, DeviceName: DeviceName, SHA1: SHA1}"
    (tmp_path / "map.yaml").write_text(
        f"DeviceFileEvents:\n  source: table:DeviceProcessEvents\n  columns: {columns}\n", "utf-8"
    )
    (tmp_path / "r.kql").write_text("DeviceFileEvents | where SHA1 == 'x' or DeviceName == 'x'\n", "utf-8")
    data = ["--lake", place / "lake", "--mapping", tmp_path / "map.yaml"]
    [rule] = fit_json(capfd, tmp_path / "r.kql", *data)["rules"]
    assert rule["empty"] == [{"table": "DeviceFileEvents", "column": "SHA1", "why": "never_filled"}]


def test_a_provider_that_is_given_is_no_obstacle(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rule = place / "rules" / "profile.kql"
    assert fit_json(capfd, rule, "--lake", place / "lake", "--profiles", "local")["rules"][0]["fit"] == "runs"


def test_fields_are_ranked_by_the_rules_that_they_unlock(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """MD5 alone keeps never.kql from running, and beside others never_too.kql and known_too.kql."""
    told = fit_json(capfd, place / "rules", "--lake", place / "lake")["unlocks"]
    assert [(one["table"], one.get("column"), one["alone"], one["among_others"]) for one in told] == [
        ("DeviceProcessEvents", "MD5", 1, 2),
        ("SecurityEvent", None, 1, 1),
        ("DeviceNetworkEvents", "InitiatingProcessFileName", 1, 0),
        ("DeviceProcessEvents", "SHA256", 1, 0),
        ("Foo", None, 1, 0),
        ("DeviceProcessEvents", "SHA1", 0, 1),
    ]


def test_the_text_begins_with_the_counts(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rules = [place / "rules" / name for name in ("empty_since.kql", "lacked.kql", "shown.kql", "known.kql")]
    assert fit(capfd, *rules, "--lake", place / "lake") == (
        "1 run, 2 degraded, 1 cannot\n"
        "\n"
        "What is missing, by the rules that it keeps from running: alone, and among others\n"
        "       1        0  DeviceNetworkEvents.InitiatingProcessFileName\n"
        "       1        0  DeviceProcessEvents.SHA256\n"
        "       1        0  SecurityEvent (table)\n"
        "\n"
        f"degraded  {rules[0]}  empty_since\n"
        f"          DeviceProcessEvents.SHA256: empty since {DAY} 12:00\n"
        f"degraded  {rules[1]}  lacked\n"
        f"          DeviceNetworkEvents.InitiatingProcessFileName: zeek: {PACKETS}\n"
        "\n"
        f"cannot    {rules[3]}  known\n"
        "          SecurityEvent: there is no such table here\n"
    )


def test_the_text_shows_the_first_fifteen_fields(
    place: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(17):
        (tmp_path / f"r{number:02}.kql").write_text(f"Table{number:02} | where X == 1\n", "utf-8")
    out = fit(capfd, tmp_path, "--lake", place / "lake").splitlines()
    assert out[0] == "0 run, 0 degraded, 17 cannot"
    assert out[17:19] == [f"{1:>8} {0:>8}  Table14 (table)", f"{'':>19}and 2 more: --format json has all"]


def test_the_list_has_the_documents_that_run(place: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "runnable"
    fit(capfd, place / "rules", "--lake", place / "lake", "--write", listed)
    paths = listed.read_text("utf-8").splitlines()
    assert paths == [str(place / "rules" / name) for name in ("fuzzy.kql", "shown.kql")]
    assert run_command(["run", *paths, "--lake", str(place / "lake"), "--now", NOW]) == 0


def test_only_the_last_days_count(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rule = place / "rules" / "shown.kql"
    told = fit_json(capfd, rule, "--lake", place / "lake", "--days", "1")
    assert (told["from"], told["runs"]) == (f"{DAY}T00:00:00.0000000Z", 1)
    capfd.readouterr()
    later = ["--days", "1", "--now", "2024-06-30"]
    assert run_command(["fit", str(rule), "--lake", str(place / "lake"), *later]) == 0
    out = capfd.readouterr().out
    assert out.startswith("0 run, 0 degraded, 1 cannot\n")
    assert "DeviceProcessEvents: no row since 2024-06-29 00:00" in out


def test_a_column_that_was_filled_before_the_days_went_empty(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rule = place / "rules" / "empty_since.kql"
    lake = ["--lake", str(place / "lake")]
    capfd.readouterr()
    assert run_command(["fit", str(rule), *lake, "--days", "1", "--now", f"{DAY}T12:00:00Z"]) == 0
    assert capfd.readouterr().out.startswith("1 run,")
    assert run_command(["fit", str(rule), *lake, "--days", "1", "--now", f"{DAY}T23:30:00Z"]) == 0
    assert f"SHA256: empty since {DAY} 12:00" in capfd.readouterr().out


def test_tables_outside_of_a_lake_are_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"Timestamp": f"{DAY}T01:00:00Z", "DeviceName": "pc1", "SHA1": "", "It's": None, "Tool": "x"}]
    data = ["--table", "DeviceProcessEvents=" + lines(tmp_path / "events.ndjson", rows)]
    data += ["--table", "Own=" + lines(tmp_path / "own.ndjson", rows)]
    rules = {
        "a.kql": "DeviceProcessEvents | where DeviceName == 'x'",
        "b.kql": "DeviceProcessEvents | where SHA1 == 'x'",
        "c.kql": "DeviceProcessEvents | where MD5 == 'x'",
        "d.kql": "Own | where ['It\\'s'] == 'x' and Tool == 'x'",
    }
    for name, query in rules.items():
        (tmp_path / name).write_text(query + "\n", "utf-8")
    found = rules_of(fit_json(capfd, *(tmp_path / name for name in rules), *data))
    told = {name: [(one["column"], one["why"]) for one in found[name].get("empty", [])] for name in rules}
    assert told == {
        "a.kql": [],
        "b.kql": [("SHA1", "never_filled")],
        "c.kql": [("MD5", "no_column")],
        "d.kql": [("It's", "never_filled")],
    }


def test_the_days_are_those_of_a_scanned_table_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"Timestamp": f"{DAY}T01:00:00Z", "DeviceName": "pc1"}, {"Timestamp": "2024-06-01T01:00:00Z", "MD5": "a"}]
    data = ["--table", "DeviceProcessEvents=" + lines(tmp_path / "events.ndjson", rows)]
    (tmp_path / "r.kql").write_text("DeviceProcessEvents | where MD5 == 'x'\n", "utf-8")
    assert fit_json(capfd, tmp_path / "r.kql", *data)["runs"] == 1
    assert fit_json(capfd, tmp_path / "r.kql", *data, "--days", "2")["degraded"] == 1


def test_an_unreadable_document_is_told_and_ends_in_one(
    place: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.yaml").write_text("id: [\n", "utf-8")
    out = fit(capfd, tmp_path / "broken.yaml", place / "rules" / "shown.kql", "--lake", place / "lake", code=1)
    assert out.startswith("1 run, 0 degraded, 1 cannot\n")
    assert f"cannot    {tmp_path / 'broken.yaml'}\n          error[" in out
