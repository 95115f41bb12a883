"""Nothing is lost: what goes into an ingest is stored, kept aside with its very bytes, or a duplicate, to the byte."""

import base64
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile_records import (
    DEFENDER,
    DEPTH,
    KINDS,
    LOGS,
    LONG_LINE,
    NOW,
    SYSMON,
    ZEEK,
    Kind,
    Log,
    digest,
    good,
    write_mixed,
)

import bluetick
from bluetick.ingest.formats import read_format
from bluetick.ingest.kept import Choice, chosen
from bluetick.ingest.quarantine import retry
from bluetick.ingest.running import Options, Report, ingest_paths

# On demand: BLUETICK_RECORDS=1000000
RECORDS = int(os.environ.get("BLUETICK_RECORDS", "20000"))
OPTIONS = Options(now=lambda: NOW, threads=1)
FIRST_PORT = 1024
RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "otrf"


@dataclass(frozen=True, slots=True)
class Fate:
    """Why a record is kept aside, and whether the tables tell of it."""

    reason: str | None
    is_stored: bool


def fates(report: Report) -> tuple[int, int, int, int]:
    tally = report.tally
    return tally.input, tally.stored, tally.quarantined, tally.duplicates


def rows_of(lake: Path, table: str) -> int:
    with bluetick.connect(lake=lake) as session:
        ((count,),) = session.query(f"{table} | count").rows() if table in session.catalog.names() else [(0,)]
    return int(count)


def check_sums(report: Report, size: int) -> None:
    """Three fates make the input, in records and in bytes."""
    tally = report.tally
    assert tally.stored + tally.quarantined + tally.duplicates == tally.input
    assert tally.bytes["stored"] + tally.bytes["quarantined"] + tally.bytes["duplicates"] == tally.bytes["input"]
    assert tally.bytes["input"] == size


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.form)
def test_a_log_with_hostile_records_is_conserved(log: Log, tmp_path: Path) -> None:
    path, lake = tmp_path / "log.json", tmp_path / "lake"
    made = write_mixed(path, log, RECORDS)
    assert made.bytes == path.stat().st_size

    report = ingest_paths([path], lake, OPTIONS)
    check_sums(report, made.bytes)
    assert fates(report) == (made.records, made.stored, made.reasons.total(), 0)
    assert report.tally.reasons == made.reasons
    assert sum(rows_of(lake, table) for table in log.tables) == made.stored
    assert Counter(digest(kept.raw) for kept in chosen(lake, Choice())) == made.kept

    again = ingest_paths([path], lake, OPTIONS)
    check_sums(again, made.bytes)
    assert fates(again) == (made.records, 0, 0, made.records)
    assert sum(rows_of(lake, table) for table in log.tables) == made.stored
    assert Counter(digest(kept.raw) for kept in chosen(lake, Choice())) == made.kept


@pytest.fixture(scope="module")
def fates_of_kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Fate]]:
    """What becomes of a record of each kind, in each log, between good ones."""
    found: dict[str, dict[str, Fate]] = {}
    for log in LOGS:
        folder = tmp_path_factory.mktemp(log.form)
        records = {kind.name: kind.make(log, 2 * place + 1) for place, kind in enumerate(KINDS)}
        lines = [line for place, raw in enumerate(records.values()) for line in (good(log, 2 * place), raw)]
        (folder / "log.json").write_bytes(b"\n".join(lines))
        report = ingest_paths([folder / "log.json"], folder / "lake", OPTIONS)
        check_sums(report, (folder / "log.json").stat().st_size)
        kept = {one.raw: one.reason for one in chosen(folder / "lake", Choice())}
        assert report.tally.quarantined == len(kept)
        ports = ports_of(folder / "lake")
        assert ports >= {FIRST_PORT + 2 * place for place in range(len(KINDS))}
        found[log.form] = {
            name: Fate(kept.get(raw), FIRST_PORT + 2 * place + 1 in ports)
            for place, (name, raw) in enumerate(records.items())
        }
    return found


def ports_of(lake: Path) -> set[int]:
    with bluetick.connect(lake=lake) as session:
        return {port for (port,) in session.query("DeviceNetworkEvents | project LocalPort").rows()}


CASES = [pytest.param(log, kind, id=f"{log.form}, {kind.name}") for log in LOGS for kind in KINDS]


@pytest.mark.parametrize(("log", "kind"), CASES)
def test_each_kind_has_its_fate(log: Log, kind: Kind, fates_of_kinds: Mapping[str, Mapping[str, Fate]]) -> None:
    reason = kind.reason_of(log)
    assert fates_of_kinds[log.form][kind.name] == Fate(reason or None, is_stored=not reason)


def test_a_log_that_begins_with_what_nobody_can_read(tmp_path: Path) -> None:
    path, lake = tmp_path / "log.json", tmp_path / "lake"
    path.write_bytes(LONG_LINE.make(SYSMON, 1) + b"\n" + b"{\0" * 9_000 + b"}\n" + good(SYSMON, 2) + b"\n")
    report = ingest_paths([path], lake, OPTIONS)
    check_sums(report, path.stat().st_size)
    assert fates(report) == (3, 1, 2, 0)


# What stands in a record of CloudAppEvents beside its time, and why it is kept aside.
NO_DYNAMIC = "'properties.RawEventData' is no dynamic"
WRITTEN = {
    "NaN where a text is read": ('"ActionType":NaN', ""),
    "NaN within a dynamic": ('"RawEventData":{"a":NaN}', NO_DYNAMIC),
    "a comma too many within a dynamic": ('"RawEventData":{"a":1,}', ""),
    "a depth bomb as a dynamic": ('"RawEventData":' + "[" * DEPTH + "]" * DEPTH, NO_DYNAMIC),
    "NaN that nobody reads": ('"Other":NaN', ""),
    "a comma too many that nobody reads": ('"Other":{"a":1,}', ""),
    "a name twice where nobody reads": ('"Other":{"a":1,"a":2}', ""),
}


@pytest.fixture(scope="module")
def reasons_of_written(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("written")
    lines = {
        name: f'{{"category":"AdvancedHunting-CloudAppEvents","properties":{{"Timestamp":"2026-01-05T09:00:0{place}Z",'
        f'"Application":"Mail",{text}}}}}'
        for place, (name, (text, _)) in enumerate(WRITTEN.items())
    }
    sound = '{"category":"AdvancedHunting-CloudAppEvents","properties":{"Timestamp":"2026-01-05T09:00:30Z"}}'
    (folder / "log.json").write_text("\n".join([sound, *lines.values()]))
    report = ingest_paths([folder / "log.json"], folder / "lake", OPTIONS)
    kept = {one.raw.decode(): one.reason for one in chosen(folder / "lake", Choice())}
    assert rows_of(folder / "lake", "CloudAppEvents") == report.tally.stored == len(lines) + 1 - len(kept)
    return {name: kept.get(line, "") for name, line in lines.items()}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_mapping_does_not_read_is_not_looked_at(name: str, reasons_of_written: Mapping[str, str]) -> None:
    assert reasons_of_written[name] == WRITTEN[name][1]


MAPPING = """
format: {{name: doors, when: isnotempty(door), time: todatetime(at)}}
DoorEvents_CL:
  columns:
    TimeGenerated: {time}
    Door: door
    Opened: toint({count})
"""


def test_a_repaired_mapping_restores_all(tmp_path: Path) -> None:
    path, lake = tmp_path / "doors.json", tmp_path / "lake"
    lines = [json.dumps({"door": f"d{n}", "at": f"2026-02-03T04:05:{n % 60:02}Z", "n": str(n)}) for n in range(100)]
    path.write_text("\n".join([*lines, "{torn"]) + "\n")
    ingest_by(tmp_path, "todatetime(when)", path, lake)
    assert Counter(kept.reason for kept in chosen(lake, Choice())) == {"no TimeGenerated": 100, "not JSON": 1}
    before = sorted(kept.raw for kept in chosen(lake, Choice()))

    tally = retry(lake, Choice(), OPTIONS)  # the format of the records is the user's own
    assert (tally.input, tally.stored, tally.quarantined) == (0, 0, 0)
    assert sum(tally.notes.values()) == 101
    assert sorted(kept.raw for kept in chosen(lake, Choice())) == before

    tally = retry(lake, Choice(), mapped(tmp_path, "todatetime(at)"))
    assert (tally.input, tally.stored, tally.quarantined, tally.duplicates) == (101, 100, 1, 0)
    assert [kept.raw for kept in chosen(lake, Choice())] == [b"{torn"]
    with bluetick.connect(lake=lake) as session:
        query = "DoorEvents_CL | summarize count(), dcount(Door), sum(tolong(Opened))"
        assert list(session.query(query).rows()) == [(100, 100, sum(range(100)))]
    assert fates(ingest_paths([path], lake, mapped(tmp_path, "todatetime(at)"))) == (101, 0, 0, 101)


def ingest_by(folder: Path, time: str, path: Path, lake: Path) -> Report:
    return ingest_paths([path], lake, mapped(folder, time))


def mapped(folder: Path, time: str) -> Options:
    document = folder / "doors.yaml"
    document.write_text(MAPPING.format(time=time, count="n"))
    return Options(now=lambda: NOW, threads=1, formats=(read_format(document),), is_mapped=True)


def test_what_was_stored_before_still_tells_of_what_comes(tmp_path: Path) -> None:
    """Names of TLS were stored by an ingest that was stopped then; its connections get them from the next."""
    (tmp_path / "logs").mkdir()
    names, connections = tmp_path / "logs" / "ssl.log", tmp_path / "logs" / "conn.log"
    records = [ZEEK.record(number) for number in range(3)]
    own = ("ts", "uid", "id.orig_h", "id.resp_h")
    told = [{**{key: one[key] for key in own}, "_path": "ssl", "server_name": "a.example"} for one in records]
    names.write_text("".join(json.dumps(one) + "\n" for one in told))
    connections.write_text("".join(json.dumps(one) + "\n" for one in records))
    lake = tmp_path / "lake"
    ingest_paths([names], lake, OPTIONS)
    assert fates(ingest_paths([tmp_path / "logs"], lake, OPTIONS)) == (6, 3, 0, 3)
    with bluetick.connect(lake=lake) as session:
        query = "DeviceNetworkEvents | where ActionType startswith 'Connection' | summarize count() by RemoteUrl"
        assert list(session.query(query).rows()) == [("a.example", 3)]


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside this repository")
def test_real_recordings_are_conserved(tmp_path: Path) -> None:
    """A folder of Sysmon and Zeek of a real exercise."""
    lake = tmp_path / "lake"
    logs = [path for path in RECORDINGS.iterdir() if path.suffix in (".gz", ".log")]
    assert len(logs) > 5
    report = ingest_paths([RECORDINGS], lake, OPTIONS)
    tally = report.tally
    assert tally.stored + tally.quarantined + tally.duplicates == tally.input > 10_000
    assert tally.bytes["stored"] + tally.bytes["quarantined"] + tally.bytes["duplicates"] == tally.bytes["input"]
    assert tally.bytes["input"] > sum(path.stat().st_size for path in logs)
    assert sum(1 for _ in chosen(lake, Choice())) == tally.quarantined
    counts = {table: rows_of(lake, table) for table in ("DeviceNetworkEvents", "DeviceProcessEvents", "VMConnection")}
    assert all(counts.values())
    again = ingest_paths([RECORDINGS], lake, OPTIONS)
    assert fates(again) == (tally.input, 0, 0, tally.input)
    assert {table: rows_of(lake, table) for table in counts} == counts


def test_a_quarantine_line_is_what_the_documents_say(tmp_path: Path) -> None:
    path, lake = tmp_path / "log.json", tmp_path / "lake"
    path.write_bytes(good(DEFENDER, 1) + b"\n{torn\n")
    ingest_paths([path], lake, OPTIONS)
    (file,) = (lake / "_quarantine").iterdir()
    assert json.loads(file.read_text("utf-8")) == {
        "file": str(path),
        "record": 2,
        "reason": "not JSON",
        "format": "defender",
        "received": NOW.isoformat(),
        "raw": base64.b64encode(b"{torn").decode(),
    }
