"""An input is its content: known records are not stored again, whatever file they come in, and a longer one goes on."""

import gzip
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.ingest import batches, pipeline
from bluetick.ingest.running import Options, Report, ingest_paths

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(number: int) -> str:
    moment = NOW - timedelta(hours=1) + timedelta(seconds=number)
    properties = {"Timestamp": moment.isoformat(), "DeviceName": "pc", "RemoteIP": "203.0.113.5", "RemotePort": number}
    return json.dumps({"category": "AdvancedHunting-DeviceNetworkEvents", "properties": properties})


def lines(*numbers: int) -> bytes:
    return "".join(event(number) + "\n" for number in numbers).encode()


def ingest(lake: Path, *paths: Path) -> Report:
    return ingest_paths(paths, lake, Options(now=lambda: NOW))


def fates(report: Report) -> tuple[int, int, int, int]:
    tally = report.tally
    assert tally.input == tally.stored + tally.quarantined + tally.duplicates
    told = tally.bytes
    assert told["input"] == told["stored"] + told["quarantined"] + told["duplicates"]
    return tally.input, tally.stored, tally.quarantined, tally.duplicates


def ports(lake: Path) -> list[int]:
    with bluetick.connect(lake=lake) as session:
        return sorted(port for (port,) in session.query("DeviceNetworkEvents | project RemotePort").rows())


def test_a_file_that_grew_goes_on_where_it_was(tmp_path: Path) -> None:
    path, lake = tmp_path / "log", tmp_path / "lake"
    path.write_bytes(lines(1, 2, 3))
    assert fates(ingest(lake, path)) == (3, 3, 0, 0)
    path.write_bytes(lines(1, 2, 3, 4, 5))
    assert fates(ingest(lake, path)) == (5, 2, 0, 3)
    assert fates(ingest(lake, path)) == (5, 0, 0, 5)
    assert ports(lake) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "conn.log", "events.json"])
def test_every_container_goes_on_behind_what_is_known(tmp_path: Path, name: str) -> None:
    """A table's header, a wrapping object: what stands before the first record is not lost to the next ones."""
    lake = tmp_path / "lake"
    for most in (3, 5, 5):
        content = container(name, most)
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        report = ingest(lake, tmp_path / name)
        assert report.tally.input == most
        assert report.tally.bytes["input"] == len(content)
        fates(report)
    assert (report.tally.duplicates, report.tally.stored) == (5, 0)
    assert ports(lake) == [1, 2, 3, 4, 5]


def container(name: str, most: int) -> bytes:
    numbers = range(1, most + 1)
    if name == "conn.log":
        head = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n"
        kinds = "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\n"
        rows = "".join(f"{1770000000 + n}.5\tC{n}\t10.0.0.1\t5000\t203.0.113.5\t{n}\ttcp\n" for n in numbers)
        return (head + kinds + rows).encode()
    if name == "events.json":
        return ('{"Records": [\n' + ",\n".join(event(n) for n in numbers) + "\n]}\n").encode()
    head = "Timestamp,DeviceName,ActionType,RemoteIP,LocalIP,RemoteIPType,LocalIPType,LocalPort,RemotePort"
    values = "2026-02-01T00:00:00Z,pc,ConnectionSuccess,203.0.113.5,10.0.0.1,Public,Private,5000"
    return "".join(f"{line}\n" for line in (head, *(f"{values},{n}" for n in numbers))).encode()


def test_the_same_records_are_known_in_another_file_and_another_compression(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    (tmp_path / "a.log").write_bytes(lines(1, 2, 3))
    ingest(lake, tmp_path / "a.log")
    (tmp_path / "a.log.1.gz").write_bytes(gzip.compress(lines(1, 2, 3, 4)))
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as archive:
        archive.writestr("b.log", lines(1, 2, 3))
        archive.writestr("c.log", lines(9))
    assert fates(ingest(lake, tmp_path / "a.log.1.gz", tmp_path / "old.zip")) == (8, 2, 0, 6)
    assert ports(lake) == [1, 2, 3, 4, 9]


def test_the_same_content_twice_in_one_ingest_is_stored_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(lines(1, 2))
    assert fates(ingest(tmp_path / "lake", tmp_path / "a", tmp_path / "b")) == (4, 2, 0, 2)


def test_a_file_that_begins_alike_and_goes_on_otherwise_is_another(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    (tmp_path / "a").write_bytes(lines(1, 2, 3))
    (tmp_path / "b").write_bytes(lines(1, 7, 8))
    ingest(lake, tmp_path / "a")
    assert fates(ingest(lake, tmp_path / "b")) == (3, 3, 0, 0)


def test_a_torn_last_line_that_is_completed_later_is_stored_then(tmp_path: Path) -> None:
    path, lake = tmp_path / "log", tmp_path / "lake"
    whole = lines(1, 2, 3)
    path.write_bytes(whole[:-20])
    assert fates(ingest(lake, path)) == (3, 2, 1, 0)
    path.write_bytes(whole + lines(4))
    assert fates(ingest(lake, path)) == (4, 2, 0, 2)
    assert ports(lake) == [1, 2, 3, 4]


def test_a_last_line_without_an_end_is_not_stored_twice_when_the_file_grows(tmp_path: Path) -> None:
    path, lake = tmp_path / "log", tmp_path / "lake"
    path.write_bytes(lines(1, 2)[:-1])
    assert fates(ingest(lake, path)) == (2, 2, 0, 0)
    path.write_bytes(lines(1, 2, 3))
    assert fates(ingest(lake, path)) == (3, 1, 0, 2)
    assert ports(lake) == [1, 2, 3]


@pytest.mark.parametrize("block", [300, 5_000])
def test_a_commit_in_the_middle_of_a_file_is_gone_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """Killed after some commits: what they hold is known, also to an ingest that reads in other blocks."""
    path, lake = tmp_path / "log", tmp_path / "lake"
    path.write_bytes(lines(*range(1, 41)))
    seen = 0

    def advance(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "BLOCK_BYTES", 1_000)
        patched.setattr(batches, "MAX_ROWS", 5)
        with pytest.raises(KeyboardInterrupt):
            ingest_paths([path], lake, Options(now=lambda: NOW, advance=advance))
        before = ports(lake)
        assert 0 < len(before) < 40
        patched.setattr(pipeline, "BLOCK_BYTES", block)
        assert fates(ingest(lake, path)) == (40, 40 - len(before), 0, len(before))
    assert ports(lake) == list(range(1, 41))
    names = [item.name for item in (lake / "_ingested").iterdir() if item.name[0].isdigit()]
    assert sorted(int(name.partition("-")[0]) for name in names)[-1] == 40


def test_nothing_is_stored_where_a_named_file_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(lines(1))
    (tmp_path / "bad").write_bytes(b"a letter to a friend\n")
    with pytest.raises(SourceError, match="no known log format"):
        ingest(tmp_path / "lake", tmp_path / "good", tmp_path / "bad")
    assert not (tmp_path / "lake" / "DeviceNetworkEvents").exists()


def test_a_folders_other_files_are_left_out_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "good").write_bytes(lines(1))
    (folder / "README").write_bytes(b"a letter to a friend\n")
    (folder / ".hidden").write_bytes(lines(2))
    (folder / "empty").write_bytes(b"")
    report = ingest(tmp_path / "lake", folder)
    assert fates(report) == (1, 1, 0, 0)
    assert report.left_out == (str(folder / "README"),)


def test_a_path_that_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        ingest(tmp_path / "lake", tmp_path / "pipe")


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, whom nothing is forbidden: the system's word is given here."""
    (tmp_path / "logs" / "secret").mkdir(parents=True)
    (tmp_path / "logs" / "log").write_bytes(lines(1))
    scan = os.scandir

    def refusing(path: str) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(SourceError, match=r"secret' cannot be read: Permission denied"):
        ingest(tmp_path / "lake", tmp_path / "logs")
