"""`bluetick quarantine`: what is kept aside is listed, shown and tried again; a kill loses and doubles nothing."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import bluetick
from bluetick.cli.main import run_command

DYING = Path(__file__).parents[1] / "lake" / "dying_ingest.py"
# More on demand: BLUETICK_KILLS=100
KILLS = int(os.environ.get("BLUETICK_KILLS", "6"))
GOOD = [{"door": f"d{n}", "at": f"2026-02-03T04:05:{n:02}Z"} for n in range(6)]
TORN = b'{"door": "d\xff\x00\x1b[2J"'
WRONG = """
DoorEvents_CL: {columns: {TimeGenerated: todatetime(when), Door: door}}
"""
RIGHT = """
DoorEvents_CL: {columns: {TimeGenerated: todatetime(at), Door: door}}
"""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake that keeps seven records: six that a wrong mapping could not read, and one that nothing can."""
    log = tmp_path / "doors.json"
    log.write_bytes(b"\n".join([*(json.dumps(one).encode() for one in GOOD), TORN]) + b"\n")
    (tmp_path / "doors.yaml").write_text(WRONG)
    assert run_command(["ingest", str(log), "--map", mapping(tmp_path), "--lake", str(tmp_path / "lake")]) == 0
    return tmp_path / "lake"


def mapping(folder: Path) -> str:
    return str(folder / "doors.yaml")


def out(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    capfd.readouterr()
    code = run_command(arguments)
    said = capfd.readouterr()
    assert code == 0, said.err
    return said.out


def kept(lake: Path) -> list[dict[str, Any]]:
    files = sorted((lake / "_quarantine").iterdir())
    return [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]


def doors(lake: Path) -> Counter[str]:
    with bluetick.connect(lake=lake) as session:
        if "DoorEvents_CL" not in session.catalog.names():
            return Counter()
        return Counter(door for (door,) in session.query("DoorEvents_CL | project Door").rows())


def test_list_tells_how_many_of_what_and_why(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    found = [
        json.loads(line)
        for line in out(capfd, "quarantine", "list", "--lake", str(lake), "--format", "json").splitlines()
    ]
    size = sum(len(json.dumps(one)) for one in GOOD)
    assert {one["reason"]: (one["records"], one["bytes"]) for one in found} == {
        "no TimeGenerated": (6, size),
        "holds a NUL byte": (1, len(TORN)),
    }
    assert {(one["format"], Path(one["file"]).name) for one in found} == {("doors", "doors.json")}
    text = out(capfd, "quarantine", "list", "--lake", str(lake))
    assert "no TimeGenerated" in text
    assert f"7 records, {size + len(TORN):,} bytes" in text


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (["--reason", "nul"], 1),
        (["--reason", "TimeG"], 6),
        (["--file", "doors"], 7),
        (["--file", "x/y"], 0),
        (["--source", "doors"], 7),
        (["--source", "door"], 0),
    ],
)
def test_filters(lake: Path, capfd: pytest.CaptureFixture[str], filters: list[str], count: int) -> None:
    text = out(capfd, "quarantine", "list", "--lake", str(lake), *filters)
    assert text.splitlines()[-1].startswith(f"{count} record")


def test_show_prints_no_control_character(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = out(capfd, "quarantine", "show", "--lake", str(lake), "--reason", "NUL")
    head, body = text.splitlines()
    assert head.endswith("doors.json, record 7 (doors): holds a NUL byte")
    assert body == '    {"door": "d\\xff\\x00\\x1b[2J"'


def test_show_stops_at_a_limit_and_says_so(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["quarantine", "show", "--lake", str(lake), "--limit", "2"]) == 0
    said = capfd.readouterr()
    assert said.out.count("doors.json, record ") == 2
    assert "more than 2 records" in said.err


def test_raw_gives_the_very_bytes(lake: Path) -> None:
    command = [sys.executable, "-m", "bluetick", "quarantine", "show", "--raw", "--lake", str(lake)]
    found = subprocess.run(command, check=True, capture_output=True).stdout
    assert found == b"".join(json.dumps(one).encode() + b"\n" for one in GOOD) + TORN + b"\n"


def test_a_long_record_is_cut_for_people(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "_quarantine"
    folder.mkdir()
    entry = {"file": "a", "record": 1, "reason": "r", "format": "f", "raw": base64.b64encode(b"x" * 5_000).decode()}
    (folder / "one").write_text(json.dumps(entry) + "\n")
    text = out(capfd, "quarantine", "show", "--lake", str(tmp_path))
    assert text.endswith("x… (3,000 bytes more: --raw)\n")
    assert len(text) < 2_100


def test_retry_stores_what_a_repaired_mapping_reads(
    lake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "doors.yaml").write_text(RIGHT)
    retry = ("quarantine", "retry", "--lake", str(lake), "--map", mapping(tmp_path), "--format", "json")
    assert json.loads(out(capfd, *retry)) == {"input": 7, "stored": 6, "quarantined": 1, "duplicates": 0}
    assert doors(lake) == Counter(one["door"] for one in GOOD)
    assert [base64.b64decode(one["raw"]) for one in kept(lake)] == [TORN]
    assert json.loads(out(capfd, *retry)) == {"input": 1, "stored": 0, "quarantined": 1, "duplicates": 0}
    ingest = (
        "ingest",
        str(tmp_path / "doors.json"),
        "--map",
        mapping(tmp_path),
        "--lake",
        str(lake),
        "--format",
        "json",
    )
    assert json.loads(out(capfd, *ingest)) == {"input": 7, "stored": 0, "quarantined": 0, "duplicates": 7}


def test_retry_of_some_leaves_the_others(lake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "doors.yaml").write_text(RIGHT)
    retry = ("quarantine", "retry", "--lake", str(lake), "--map", mapping(tmp_path), "--format", "json")
    assert json.loads(out(capfd, *retry, "--reason", "NUL"))["stored"] == 0
    assert len(kept(lake)) == 7
    assert json.loads(out(capfd, *retry, "--reason", "TimeGenerated"))["stored"] == 6
    assert not json.loads(out(capfd, *retry, "--file", "another"))["input"]
    assert len(kept(lake)) == 1


def test_a_retry_that_fails_keeps_the_new_reason(lake: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "doors.yaml").write_text("format: {wrong: {no key: isempty(key)}}" + RIGHT)
    before = kept(lake)
    text = out(capfd, "quarantine", "retry", "--lake", str(lake), "--map", mapping(tmp_path))
    assert "7 still quarantined" in text
    assert "6 no key" in text
    after = kept(lake)
    assert Counter(one["reason"] for one in after) == {"no key": 6, "holds a NUL byte": 1}
    assert [one | {"reason": ""} for one in after] == [one | {"reason": ""} for one in before]


def test_a_file_of_which_all_are_stored_goes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "doors.json"
    log.write_text(json.dumps(GOOD[0]) + "\n")
    (tmp_path / "doors.yaml").write_text(WRONG)
    lake = tmp_path / "lake"
    out(capfd, "ingest", str(log), "--map", mapping(tmp_path), "--lake", str(lake))
    (tmp_path / "doors.yaml").write_text(RIGHT)
    out(capfd, "quarantine", "retry", "--lake", str(lake), "--map", mapping(tmp_path))
    assert not list((lake / "_quarantine").iterdir())
    assert out(capfd, "quarantine", "list", "--lake", str(lake)) == "0 records, 0 bytes\n"


def test_a_lake_that_is_none_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for command in ("list", "show", "retry"):
        assert run_command(["quarantine", command, "--lake", str(tmp_path / "none")]) == 1
        assert "is no folder" in capfd.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_damaged_file_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "_quarantine").mkdir()
    (tmp_path / "_quarantine" / "one").write_text("{}\n")
    assert run_command(["quarantine", "list", "--lake", str(tmp_path)]) == 1
    assert "line 1 of" in capfd.readouterr().err


@pytest.mark.slow
def test_a_kill_anywhere_in_a_retry(lake: Path, tmp_path: Path) -> None:
    """Each record is in the table or in the quarantine at the end, once."""
    (tmp_path / "doors.yaml").write_text(RIGHT)
    probe = copied(lake, tmp_path / "probe")
    done = run_dying(0, probe, tmp_path)
    assert done.returncode == 0, done.stderr
    check_retried(probe)
    steps = int(done.stdout.split()[-1])
    for number in range(KILLS):
        step = 1 + number * (steps - 1) // max(KILLS - 1, 1)
        copy = copied(lake, tmp_path / f"copy-{number}")
        died = run_dying(step, copy, tmp_path)
        assert died.returncode == -signal.SIGKILL, (step, died.stderr)
        assert run_command(["quarantine", "retry", "--lake", str(copy), "--map", mapping(tmp_path)]) == 0
        check_retried(copy)


def copied(lake: Path, target: Path) -> Path:
    shutil.copytree(lake, target)
    return target


def check_retried(lake: Path) -> None:
    assert doors(lake) == Counter(one["door"] for one in GOOD)
    assert [base64.b64decode(one["raw"]) for one in kept(lake)] == [TORN]
    assert not list((lake / "_ingested" / "pending").iterdir())


def run_dying(step: int, lake: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    arguments = ["quarantine", "retry", "--lake", str(lake), "--map", mapping(folder)]
    return subprocess.run(
        [sys.executable, str(DYING), str(step), *arguments], check=False, capture_output=True, text=True
    )
