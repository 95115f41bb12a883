"""Backup, wipe, restore: the same answers, alerts and schedule."""

import json
import os
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from service_lake import NOON, add_logons
from service_place import HOUR, MINUTE, make_place, messages, schedule

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.ledger.listing import find_alerts, rule_health
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.schedule.living import LockedWorkers
from bluetick.lake.folder import open_table


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "first").mkdir()
    return make_place(tmp_path / "first")


def back_up(place: Path, *more: str) -> int:
    data = ["--ledger", str(place / "lake.ledger"), "--lake", str(place / "lake")]
    return run_command(["backup", str(place.parent / "backups"), *data, *more])


def restore(source: Path, place: Path, *more: str) -> int:
    data = ["--ledger", str(place / "lake.ledger"), "--lake", str(place / "lake")]
    return run_command(["restore", str(source.parent / "backups"), *data, *more])


def answers(place: Path) -> list[object]:
    """All rows, now and at each version."""
    found: list[object] = []
    version = open_table(place / "lake" / "Logons").version()
    for as_of in [None, *range(1, version + 1)]:
        with bluetick.connect(lake=place / "lake", as_of=as_of) as session:
            text = "Logons | project Timestamp, Host | sort by Timestamp asc, Host asc"
            found.append(list(session.query(text).rows()))
    return found


def state(place: Path) -> list[object]:
    """Everything that the ledger tells people, and all that is in it."""
    with closing(Ledger(place / "lake.ledger")) as ledger:
        names = ledger.read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        texts = [f"SELECT * FROM {row['name']} ORDER BY 1" for row in names]  # noqa: S608 - names of ours
        tables = [[tuple(row) for row in ledger.read(text)] for text in texts]
        return [find_alerts(ledger, every=True), rule_health(ledger), list(map(tuple, names)), *tables]


def first_alert(place: Path) -> str:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return min(alert.id for alert in find_alerts(ledger))


def test_a_restored_service_is_the_one_that_was_backed_up(place: Path, tmp_path: Path) -> None:
    schedule(place, 3)
    ledger = ["--ledger", str(place / "lake.ledger")]
    assert run_command(["alerts", "close", first_alert(place), *ledger, "--as", "fp", "--reason", "known"]) == 0
    assert back_up(place, "--also", str(place / "rules")) == 0
    told, before = answers(place), state(place)

    second = tmp_path / "second"
    second.mkdir()
    assert restore(place, second, "--also", str(second)) == 1  # the lake would lie in it
    assert restore(place, second, "--also", str(second / "also")) == 0
    (second / "also" / "rules").rename(second / "rules")
    assert answers(second) == told
    assert len(told) > 2
    assert state(second) == before

    for one in (place, second):  # both go on, and the same becomes of them
        (one / "alerts.ndjson").unlink(missing_ok=True)
        add_logons(one / "lake", [NOON + 30 * MINUTE, NOON + 4 * HOUR + MINUTE], "three", "third")
        assert schedule(one, 8) == 0
    assert messages(second) == messages(place)
    assert sorted(said["name"] for said in messages(second)) == ["Each host of a day", "Rows of an hour"]
    assert alert_contents(second) == alert_contents(place)


def alert_contents(place: Path) -> list[tuple[object, ...]]:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return sorted(
            (alert.id, alert.state, alert.first, alert.last, alert.revision, json.dumps(alert.content))
            for alert in find_alerts(ledger, every=True)
        )


def test_what_was_ingested_is_known_after_a_restore(tmp_path: Path) -> None:
    place = tmp_path / "first"
    place.mkdir()
    Ledger(place / "lake.ledger").close()
    log = tmp_path / "rows.ndjson"
    log.write_text("".join(f'{{"TimeGenerated": "2026-06-18T12:00:0{n}Z", "Computer": "a"}}\n' for n in range(9)))
    ingest = ["ingest", str(log), "--table", "Heartbeat", "--lake"]
    assert run_command([*ingest, str(place / "lake")]) == 0
    assert back_up(place) == 0
    second = tmp_path / "second"
    assert restore(place, second) == 0
    assert run_command([*ingest, str(second / "lake")]) == 0
    with bluetick.connect(lake=second / "lake") as session:
        assert list(session.query("Heartbeat | count").rows()) == [(9,)]


def test_a_second_backup_stores_what_is_new_only(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 3)
    old = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for file in (place / "lake").rglob("*"):
        os.utime(file, (old, old))
    assert back_up(place, "--format", "json") == 0
    first = json.loads(capsys.readouterr().out.splitlines()[-1])
    add_logons(place / "lake", [NOON + 80 * MINUTE], "four", "fourth")
    assert back_up(place, "--format", "json") == 0
    second = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (first["number"], second["number"]) == (1, 2)
    assert second["files"] > first["files"]
    assert 0 < second["new_files"] < first["new_files"]
    assert second["tables"]["Logons"] == first["tables"]["Logons"] + 1


def test_older_backups_go_and_what_they_alone_held(place: Path) -> None:
    schedule(place, 3)
    for number in range(4):
        add_logons(place / "lake", [NOON + number * MINUTE], "x", f"batch {number}")
        assert back_up(place, "--keep", "2") == 0
    backups = place.parent / "backups"
    names = sorted(path.name[:8] for path in (backups / "backups").iterdir())
    assert names == ["00000003", "00000004"]
    named = set()
    for path in (backups / "backups").iterdir():
        named |= {file["digest"] for file in json.loads(path.read_text())["files"]}
    assert {path.name for path in (backups / "contents").glob("??/*")} == named
    assert run_command(["backup", str(backups), "--verify"]) == 0
    second = place.parent / "second"
    assert restore(place, second, "--number", "3") == 0
    assert open_table(second / "lake" / "Logons").version() == open_table(place / "lake" / "Logons").version() - 1


@pytest.mark.parametrize("damage", ["changed", "missing", "shorter"])
def test_a_damaged_backup_is_refused_by_the_files_name(
    place: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule(place, 3)
    assert back_up(place) == 0
    backups = place.parent / "backups"
    (manifest,) = (backups / "backups").iterdir()
    file = next(one for one in json.loads(manifest.read_text())["files"] if one["path"].endswith(".parquet"))
    content = backups / "contents" / file["digest"][:2] / file["digest"]
    data = bytearray(content.read_bytes())
    data[len(data) // 2] ^= 1
    match damage:
        case "changed":
            content.write_bytes(data)
        case "missing":
            content.unlink()
        case "shorter":
            content.write_bytes(data[:-1])
    assert run_command(["backup", str(backups), "--verify"]) == 1
    assert file["path"] in capsys.readouterr().err
    assert restore(place, place.parent / "second") == 1
    assert file["path"] in capsys.readouterr().err
    assert not (place.parent / "second").exists()
    assert back_up(place) == 0  # a missing or shorter content is stored anew
    assert run_command(["backup", str(backups), "--verify"]) == (1 if damage == "changed" else 0)


def test_a_damaged_list_of_files_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 3)
    assert back_up(place) == 0
    (manifest,) = (place.parent / "backups" / "backups").iterdir()
    manifest.write_bytes(manifest.read_bytes().replace(b'"number": 1', b'"number": 7'))
    assert restore(place, place.parent / "second") == 1
    assert "is damaged" in capsys.readouterr().err
    assert back_up(place) == 1  # it is made, and what the damaged one may hold stays
    assert restore(place, place.parent / "second") == 0
    assert answers(place.parent / "second") == answers(place)


def test_nothing_is_restored_over_what_is_there(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 3)
    assert back_up(place) == 0
    add_logons(place / "lake", [NOON + 80 * MINUTE], "four", "fourth")
    before = answers(place)
    assert restore(place, place) == 1
    assert "--force" in capsys.readouterr().err
    assert answers(place) == before
    assert restore(place, place, "--force") == 0
    assert len(answers(place)) == len(before) - 1
    (aside,) = [path for path in place.iterdir() if path.name.startswith("lake.before-")]
    shutil.rmtree(place / "lake")
    aside.rename(place / "lake")
    assert answers(place) == before
    assert list(place.glob("lake.ledger.before-*"))


def test_nothing_is_restored_under_a_service(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 3)
    assert back_up(place) == 0
    before = answers(place)
    workers = LockedWorkers(place / "lake.ledger.workers")
    name = workers.begin()
    assert restore(place, place, "--force") == 1
    assert "a service runs on the ledger" in capsys.readouterr().err
    assert answers(place) == before
    workers.end(name)
    assert restore(place, place, "--force") == 0


def test_a_log_of_another_ledger_is_not_taken_over(place: Path) -> None:
    """SQLite would apply what an ended process left beside the file that was there."""
    schedule(place, 3)
    assert back_up(place) == 0
    before = state(place)
    second = place.parent / "second"
    second.mkdir()
    (second / "lake.ledger-wal").write_bytes(b"left" * 100)
    assert restore(place, second) == 1
    assert restore(place, second, "--force") == 0
    assert state(second) == before


def test_a_ledger_of_another_lake_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 3)
    shutil.rmtree(place / "lake")
    add_logons(place / "lake", [NOON], "one", "first")
    assert back_up(place) == 1
    assert "another lake's" in capsys.readouterr().err
    assert run_command(["backup", str(place.parent / "backups"), "--list"]) == 1


def test_a_file_that_is_gone_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 3)
    gone = next((place / "lake" / "Logons").rglob("*.parquet"))
    gone.unlink()
    assert back_up(place) == 1
    assert gone.name in capsys.readouterr().err


def test_a_folder_of_other_things_is_left_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schedule(place, 0)
    (place.parent / "backups").mkdir()
    (place.parent / "backups" / "letter.txt").write_text("mine")
    assert back_up(place) == 1
    assert "no folder of backups" in capsys.readouterr().err
    assert run_command(
        ["backup", str(place / "lake" / "b"), "--ledger", str(place / "lake.ledger"), "--lake", str(place / "lake")]
    ) == 1  # fmt: skip
    assert "cannot lie in it" in capsys.readouterr().err
