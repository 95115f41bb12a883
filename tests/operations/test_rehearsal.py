"""`bluetick upgrade --rehearse`: what this program would say otherwise than the ledger does."""

import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from service_lake import NOON, add_logons
from service_place import HOUR, MINUTE, copy_place, make_place, schedule

from bluetick.cli.main import run_command
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.lake.maintenance import optimize, vacuum


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Windows of four hours and then of two more, which read other versions."""
    place = make_place(tmp_path_factory.mktemp("made"))
    schedule(place, 3)
    add_logons(place / "lake", [NOON + 4 * HOUR + MINUTE], "three", "third")
    schedule(place, 5)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return copy_place(made, tmp_path)


def rehearse(place: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what is said of each rule by name."""
    capsys.readouterr()
    data = ["--ledger", str(place / "lake.ledger"), "--lake", str(place / "lake"), "--format", "json"]
    code = run_command(["upgrade", "--rehearse", *data, *more])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {line["name"]: line for line in lines}


def change(place: Path, text: str, *values: object) -> None:
    """As if an earlier program had said so."""
    with closing(Ledger(place / "lake.ledger")) as ledger, ledger.transaction() as connection:
        assert connection.execute(text, values).rowcount == 1


def digests(place: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_the_same_program_says_the_same_and_changes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = digests(place)
    code, said = rehearse(place, capsys)
    assert code == 0
    assert {name: (one["same"], one["not_comparable"], one["changed"]) for name, one in said.items()} == {
        "Each host of a day": (6, 0, []),
        "Rows of an hour": (6, 0, []),
    }
    assert digests(place) == before
    assert rehearse(place, capsys, "--last", "2")[1]["Rows of an hour"]["same"] == 2
    assert rehearse(place, capsys, "--since", (NOON + 3 * HOUR).isoformat())[1]["Rows of an hour"]["same"] == 3


def test_what_would_be_otherwise_is_listed_by_rule(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hi = to_micros(NOON + HOUR)
    change(place, "UPDATE window SET rows = 7 WHERE rule LIKE '1111%' AND hi = ?", hi)
    key = f"window {hi}"
    changed = "UPDATE finding SET content = json_set(content, '$.severity', 'Low') WHERE rule LIKE '1111%' AND key = ?"
    change(place, changed, key)
    change(place, "UPDATE finding SET key = 'other' WHERE rule LIKE '2222%' AND key = '[\"one\"]' AND hi = ?", hi)
    code, said = rehearse(place, capsys)
    assert code == 1
    window = (NOON + HOUR).isoformat().replace("+00:00", "Z")
    assert said["Rows of an hour"]["changed"] == [
        {"window": window, "changes": ["7 rows become 1", f"severity of {key}"]}
    ]
    assert said["Each host of a day"]["changed"] == [
        {"window": window, "changes": ["no longer found: other", 'found: ["one"]']}
    ]
    assert (said["Rows of an hour"]["same"], said["Each host of a day"]["same"]) == (5, 5)


def test_late_rows_that_no_run_has_read_change_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_logons(place / "lake", [NOON + 30 * MINUTE], "late", "late")
    assert rehearse(place, capsys)[0] == 0


def test_a_rule_that_fails_now_is_a_change(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        (row,) = ledger.read("SELECT document FROM rule_version WHERE rule LIKE '1111%'")
    held = json.loads(row["document"])
    held["files"][""] = "Ly8gTmFtZTogWAovLyBRdWVyeUZyZXF1ZW5jeTogMWgKTG9nb25zIHwgd2hlcmUgTm8gPT0gMQo="  # no such column
    change(place, "UPDATE rule_version SET document = ? WHERE rule LIKE '1111%'", json.dumps(held))
    code, said = rehearse(place, capsys, "--last", "1")
    assert code == 1
    (changed,) = said["Rows of an hour"]["changed"]
    assert changed["changes"][0].startswith("fails: ")


def test_windows_whose_versions_are_gone_are_counted(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = place / "lake" / "Logons"
    assert optimize(folder).files_after == 1
    schedule(place, 6)
    vacuum(folder, HOUR * 0, is_rehearsal=False)
    code, said = rehearse(place, capsys)
    assert code == 0
    one = said["Rows of an hour"]
    assert one["same"] + one["not_comparable"] == 7
    assert one["not_comparable"] >= 3
    assert one["same"] >= 1


def test_a_rehearsal_in_words(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(place, "UPDATE window SET rows = 7 WHERE rule LIKE '1111%' AND hi = ?", to_micros(NOON + HOUR))
    capsys.readouterr()
    data = ["--ledger", str(place / "lake.ledger"), "--lake", str(place / "lake")]
    assert run_command(["upgrade", "--rehearse", *data]) == 1
    said = capsys.readouterr().out
    assert "Rows of an hour: 5 the same, 1 otherwise, 0 not comparable" in said
    assert "2026-06-18 13:00  7 rows become 1" in said
    assert run_command(["upgrade", "--rehearse", "--ledger", str(place / "lake.ledger")]) == 2
