"""`bluetick ingest --follow` over real files, in a process of its own: nothing is lost and nothing is stored twice."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import bluetick
from bluetick.cli.main import run_command

BOUND = 60.0
HEADER = "id,time,client\n"
MAPPING = """
Seen_CL:
  columns: {TimeGenerated: time, Number: tostring(toint(id)), Client: client}
"""


def flow(number: int) -> str:
    """A connection that Sysmon saw, in a minute of its own."""
    fields = {
        "EventID": 3,
        "Hostname": "pc1",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "RecordNumber": number,
        "UtcTime": f"2026-01-02 {number // 60 % 24:02}:{number % 60:02}:05.678",
        "ProcessGuid": "{00000000-0000-0000-0000-000000000001}",
        "ProcessId": "4",
        "Image": "C:\\a.exe",
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIp": "10.0.0.1",
        "SourcePort": str(20_000 + number),
        "DestinationIp": "203.0.113.5",
        "DestinationPort": "443",
    }
    return json.dumps(fields) + "\n"


def flows(*numbers: int) -> str:
    return "".join(flow(number) for number in numbers)


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def ask(lake: Path, query: str) -> list[tuple[object, ...]]:
    with bluetick.connect(lake=lake) as session:
        return list(session.query(query).rows())


def stored(lake: Path) -> list[int]:
    """The numbers of all rows, in order."""
    if not (lake / "DeviceNetworkEvents").is_dir():
        return []
    return [
        int(str(port)) - 20_000
        for (port,) in ask(lake, "DeviceNetworkEvents | project LocalPort | sort by LocalPort asc")
    ]


def until(what: Callable[[], bool], about: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + BOUND
    while not what():
        assert time.monotonic() < deadline, about()
        time.sleep(0.05)


def reach(lake: Path, *numbers: int) -> None:
    """Waits for these rows, and for no others."""
    until(lambda: len(stored(lake)) >= len(numbers), lambda: stored(lake))
    assert stored(lake) == sorted(numbers)


@contextmanager
def following(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A watch; it is killed at the end, unless it has ended by then."""
    command = [sys.executable, "-m", "bluetick", "ingest", *map(str, arguments), "--follow"]
    rhythm = ["--interval", "50ms", "--commit-every", "100ms", "--format", "json"]
    with subprocess.Popen([*command, *rhythm], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> dict[str, int]:
    """Ends a watch by a signal; its account."""
    process.send_signal(number)
    out, err = process.communicate(timeout=BOUND)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    account: dict[str, int] = json.loads(out)
    return account


def has_more(lake: Path, count: int) -> bool:
    return len(stored(lake)) > count


def has_rows(lake: Path, count: int) -> bool:
    return (lake / "Seen_CL").is_dir() and len(ask(lake, "Seen_CL")) == count


def test_what_is_added_is_stored_by_whole_lines(tmp_path: Path) -> None:
    log, lake = tmp_path / "logs" / "a.ndjson", tmp_path / "lake"
    log.parent.mkdir()
    append(log, flows(1, 2))
    with following(log.parent, "--lake", lake) as process:
        reach(lake, 1, 2)
        half = len(flow(4)) // 2
        append(log, flow(3) + flow(4)[:half])
        reach(lake, 1, 2, 3)
        append(log, flow(4)[half:])
        reach(lake, 1, 2, 3, 4)
        append(log.with_name("b.ndjson"), flows(5))
        reach(lake, 1, 2, 3, 4, 5)
        assert end(process) == {"input": 5, "stored": 5, "quarantined": 0, "duplicates": 0}
    # What was held back while it might have grown is stored at the end.
    assert ask(lake, "VMConnection | summarize count(), sum(LinksEstablished)") == [(5, 5)]


def test_a_renamed_and_then_compressed_log_is_known(tmp_path: Path) -> None:
    folder, lake = tmp_path / "logs", tmp_path / "lake"
    folder.mkdir()
    log, old = folder / "a.log", folder / "a.log.1"
    append(log, flows(1, 2))
    with following(folder, "--lake", lake) as process:
        reach(lake, 1, 2)
        log.rename(old)
        append(old, flows(3))  # the writer still holds the old file
        append(log, flows(4))
        reach(lake, 1, 2, 3, 4)
        beside = tmp_path / "packed"
        beside.write_bytes(gzip.compress(old.read_bytes()))
        beside.rename(folder / "a.log.1.gz")
        old.unlink()
        append(log, flows(5))
        reach(lake, 1, 2, 3, 4, 5)
        append(folder / "c.log", flows(6))  # read no sooner than what was seen before it
        reach(lake, 1, 2, 3, 4, 5, 6)
        account = end(process)
    assert account["stored"] == 6
    assert account["duplicates"] in (0, 3)  # it may have ended before the packed file was still for a look


def test_a_log_that_is_copied_and_cut_off_starts_anew(tmp_path: Path) -> None:
    folder, lake = tmp_path / "logs", tmp_path / "lake"
    folder.mkdir()
    log = folder / "a.log"
    append(log, flows(1, 2, 3))
    with following(folder, "--lake", lake) as process:
        reach(lake, 1, 2, 3)
        shutil.copy(log, folder / "a.log.1")
        os.truncate(log, 0)
        append(log, flows(4))
        reach(lake, 1, 2, 3, 4)
        os.truncate(log, 0)
        append(log, flows(5, 6, 7, 8))  # longer than what was there
        reach(lake, 1, 2, 3, 4, 5, 6, 7, 8)
        assert end(process, signal.SIGINT) == {"input": 11, "stored": 8, "quarantined": 0, "duplicates": 3}


def test_a_killed_watch_goes_on_where_it_was(tmp_path: Path) -> None:
    log, lake = tmp_path / "a.log", tmp_path / "lake"
    written = 0
    for _ in range(4):
        append(log, flows(*range(written, written + 40)))
        with following(log, "--lake", lake) as process:
            until(partial(has_more, lake, written))
            append(log, flows(*range(written + 40, written + 80)))
            process.kill()
        written += 80
    with following(log, "--lake", lake) as process:
        reach(lake, *range(written))
        end(process)
    assert ask(lake, "VMConnection | summarize sum(LinksEstablished)") == [(written,)]


def test_another_ingest_may_come_between(tmp_path: Path) -> None:
    log, lake = tmp_path / "a.log", tmp_path / "lake"
    append(log, flows(1, 2))
    with following(log, "--lake", lake) as process:
        reach(lake, 1, 2)
        append(log, flows(3))
        (tmp_path / "other.log").write_text(flows(100), "utf-8")
        assert run_command(["ingest", str(log), str(tmp_path / "other.log"), "--lake", str(lake)]) == 0
        append(log, flows(4))
        reach(lake, 1, 2, 3, 4, 100)
        end(process)
    assert ask(lake, "VMConnection | summarize sum(LinksEstablished)") == [(5,)]


def test_lines_of_a_table_that_grows_are_read_by_its_header(tmp_path: Path) -> None:
    log, lake, mapping = tmp_path / "a.csv", tmp_path / "lake", tmp_path / "seen.yaml"
    mapping.write_text(MAPPING, "utf-8")
    log.write_text(HEADER, "utf-8")
    with following(log, "--lake", lake, "--map", mapping) as process:
        for number in range(3):
            append(log, f"{number},2026-01-02T03:04:0{number}Z,10.0.0.{number}\n")
            until(partial(has_rows, lake, number + 1))
        end(process)
    rows = ask(lake, "Seen_CL | project Number, Client | sort by Number asc")
    assert rows == [("0", "10.0.0.0"), ("1", "10.0.0.1"), ("2", "10.0.0.2")]


def test_what_cannot_be_read_is_told_once_and_ends_nothing(tmp_path: Path) -> None:
    folder, lake = tmp_path / "logs", tmp_path / "lake"
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing that anyone knows\n" * 3, "utf-8")
    with following(folder, tmp_path / "missing.log", "--lake", lake) as process:
        append(folder / "a.log", flows(1))
        reach(lake, 1)
        (folder / "a.log").unlink()
        append(folder / "notes.txt", "and more of it\n")
        append(folder / "b.log", flows(2))
        reach(lake, 1, 2)
        append(tmp_path / "missing.log", flows(3))
        reach(lake, 1, 2, 3)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=BOUND)
        assert process.returncode == 0
    assert err.count("notes.txt") == 1
    assert err.count("missing.log") == 1
