"""A backup that is killed, that finds no room, or that is made while a service and an ingest go on."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from service_lake import NOON, add_logons
from service_place import HOUR, MINUTE, copy_place, make_place, schedule

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.ledger.listing import find_alerts
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.windows import Change, follow
from bluetick.detections.operations.backup import Place, back_up
from bluetick.detections.operations.manifest import manifest_paths, read_manifest
from bluetick.detections.operations.restore import Target, restore
from bluetick.detections.operations.store import Store
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.folder import open_table

DYING = Path(__file__).with_name("dying_backup.py")
# More on demand: BLUETICK_KILLS=1000
KILLS = int(os.environ.get("BLUETICK_KILLS", "12"))


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = make_place(tmp_path_factory.mktemp("made"))
    schedule(place, 3)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return copy_place(made, tmp_path)


def store_of(place: Path) -> Store:
    return Store(place.parent / "backups")


def back_up_to(store: Store, place: Path, keep: int = 2) -> None:
    back_up(Place(place / "lake.ledger", place / "lake"), store, now, keep=keep, program="test")


def dying(step: int, store: Store, place: Path) -> subprocess.CompletedProcess[str]:
    """A backup that ends at a step; at 0 it lives, and prints how many there were."""
    data = ["--ledger", str(place / "lake.ledger"), "--lake", str(place / "lake"), "--keep", "2"]
    command = [sys.executable, str(DYING), str(step), str(store.folder), *data]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def whole(store: Store) -> list[int]:
    """The numbers of the backups that are there: each is whole."""
    manifests = [read_manifest(path) for path in manifest_paths(store.backups)]
    assert store.damaged(manifests, lambda done, of: None) == []
    return [manifest.number for manifest in manifests]


@pytest.mark.slow
@pytest.mark.timeout(max(600, 30 * KILLS))
def test_a_kill_anywhere_leaves_whole_backups(place: Path) -> None:
    """What there was, or that and a whole new one; and the next backup succeeds. Kills at steps spread over all."""
    store = store_of(place)
    back_up_to(store, place)
    add_logons(place / "lake", [NOON], "x", "one more")
    done = dying(0, store, place)
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout.split()[-1])
    assert steps > 20
    for number in range(KILLS):
        step = 1 + number * (steps - 1) // max(KILLS - 1, 1)
        add_logons(place / "lake", [NOON + number * MINUTE], "x", f"batch {number}")
        before = whole(store)
        died = dying(step, store, place)
        assert died.returncode == -signal.SIGKILL, (step, died.stderr)
        newest = before[-1]
        assert whole(store) in (before, [*before, newest + 1], [newest, newest + 1])
    back_up_to(store, place)
    assert len(whole(store)) == 2
    assert not list(store.folder.rglob("*.part"))
    check_restored(store, place)


def test_a_backup_that_was_killed_is_not_there(place: Path) -> None:
    """Before the last step, which puts its list of files in place."""
    store = store_of(place)
    back_up_to(store, place)
    done = dying(25, store, place)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert whole(store) == [1]
    back_up_to(store, place)
    assert whole(store) == [1, 2]
    check_restored(store, place)


def check_restored(store: Store, place: Path) -> None:
    """The newest backup is the lake and the ledger as they are."""
    second = place.parent / "second"
    manifest = read_manifest(store.paths()[-1])
    restore(store, manifest, Target(second / "lake.ledger", second / "lake"), now(), replaces=False)
    assert rows_of(second) == rows_of(place)
    assert alerts_of(second) == alerts_of(place)


def rows_of(place: Path) -> list[tuple[object, ...]]:
    with bluetick.connect(lake=place / "lake") as session:
        return list(session.query("Logons | project Timestamp, Host | sort by Timestamp asc, Host asc").rows())


def alerts_of(place: Path) -> list[object]:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return list(find_alerts(ledger, every=True))


def test_a_full_disk_is_told_and_earlier_backups_stay(place: Path) -> None:
    """The system says the same of a file that may not grow."""
    store = store_of(place)
    back_up_to(store, place)
    big = place / "lake" / "Logons" / "big.parquet"
    big.write_bytes(os.urandom(400_000))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        with pytest.raises(SourceError, match="the disk is full"):
            back_up_to(store, place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert whole(store) == [1]
    big.unlink()
    check_restored(store, place)
    back_up_to(store, place)
    assert whole(store) == [1, 2]


def test_a_second_backup_waits_for_nobody(place: Path) -> None:
    store = store_of(place)
    with store.held(), pytest.raises(SourceError, match="another backup"):
        back_up_to(store, place)


def test_a_backup_beside_an_ingest_and_a_service(place: Path) -> None:
    """Whatever is committed meanwhile: a restored ledger has seen nothing that its lake does not have, and each commit
    is whole, with its receipt."""
    store = store_of(place)
    over = threading.Event()

    def ingest() -> None:
        number = 0
        while not over.is_set():
            number += 1
            add_logons(place / "lake", [NOON + number * MINUTE], "x", f"beside-{number}")

    def serve() -> None:
        with closing(Ledger(place / "lake.ledger")) as ledger:
            while not over.is_set():
                version = open_table(place / "lake" / "Logons").version()
                with ledger.transaction() as connection:
                    follow(connection, [Change("Logons", version, None, None)], 0)

    workers = [threading.Thread(target=work) for work in (ingest, serve)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(8):
            back_up_to(store, place, keep=20)
    finally:
        over.set()
        for worker in workers:
            worker.join()
    versions = []
    for path in store.paths():
        versions.append(check_moment(store, path, place.parent / f"restored {path.name[:8]}"))
    assert len(set(versions)) > 3


def check_moment(store: Store, path: Path, to: Path) -> int:
    restore(store, read_manifest(path), Target(to / "lake.ledger", to / "lake"), now(), replaces=False)
    version = open_table(to / "lake" / "Logons").version()
    with closing(Ledger(to / "lake.ledger")) as ledger:
        assert all(row["version"] <= version for row in ledger.read("SELECT version FROM seen WHERE name = 'Logons'"))
    add_logons(to / "lake", [NOON], "last", "the last")  # what an interrupted ingest left is finished
    receipts = {name for name in os.listdir(to / "lake" / "_ingested") if name.startswith("beside-")}
    hosts = [row for row in rows_of(to) if row[1] == "x"]
    assert len(hosts) == len(receipts)
    return version


@pytest.mark.slow
def test_what_a_killed_service_goes_on_with_after_a_restore(place: Path) -> None:
    """Backups of a service that is at work; each, restored, comes to the alerts that an undisturbed one has."""
    rules = ["schedule", str(place / "rules"), "--lake", str(place / "lake"), "--since", NOON.isoformat()]
    until = (NOON + timedelta(hours=60, minutes=5)).isoformat()
    add_logons(place / "lake", [NOON + number * HOUR + MINUTE for number in range(4, 60, 3)], "later", "later")
    process = subprocess.Popen(
        [sys.executable, "-m", "bluetick", *rules, "--now", until, "--once"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    store = store_of(place)
    try:
        while process.poll() is None:
            back_up_to(store, place, keep=3)
    finally:
        process.wait()
    assert process.returncode == 0
    expected = contents_of(place)
    for path in store.paths():
        second = place.parent / f"restored {path.name[:8]}"
        restore(store, read_manifest(path), Target(second / "lake.ledger", second / "lake"), now(), replaces=False)
        (second / "rules").symlink_to(place / "rules")
        assert schedule(second, 60) == 0
        assert contents_of(second) == expected
        assert not owed(second)


def owed(place: Path) -> list[Any]:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return ledger.read("SELECT output, message FROM delivery")


def contents_of(place: Path) -> list[tuple[object, ...]]:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return sorted(
            (alert.id, alert.first, alert.last, json.dumps(alert.content, sort_keys=True))
            for alert in find_alerts(ledger, every=True)
        )


def test_the_command_says_what_it_did(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(place.parent / "backups")
    data = ["--ledger", str(place / "lake.ledger"), "--lake", str(place / "lake")]
    assert run_command(["backup", folder]) == 2
    assert run_command(["backup", folder, *data]) == 0
    assert "backup 1 of" in capsys.readouterr().out
    assert run_command(["backup", folder, "--list"]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert run_command(["restore", folder, *data, "--number", "9"]) == 1
    assert "there is no backup 9; there are 1" in capsys.readouterr().err
    assert run_command(["restore", str(place / "nothing"), *data]) == 1
