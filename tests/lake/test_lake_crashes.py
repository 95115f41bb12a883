"""`kill -9` anywhere in an ingest, a full disk, and readers beside a writer."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from lake_rows import NOON, add, answer, rows
from sysmon_log import connection

import bluetick
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.maintenance import optimize

BLUETICK = (sys.executable, "-m", "bluetick", "ingest")
DYING = Path(__file__).with_name("dying_ingest.py")
# More on demand: BLUETICK_KILLS=100
KILLS = int(os.environ.get("BLUETICK_KILLS", "15"))
SECONDS = float(os.environ.get("BLUETICK_BESIDE_SECONDS", "15"))


def write_log(folder: Path, records: range) -> Path:
    path = folder / f"log-{records.start}.ndjson"
    path.write_text("\n".join([*(connection(n, 1024 + n) for n in records), "{broken"]) + "\n", "utf-8")
    return path


def arguments(lake: Path, *logs: Path) -> list[str]:
    return [*map(str, logs), "--lake", str(lake), "--format", "json"]


def check_lake(lake: Path, stored: int, quarantined: int) -> None:
    """Nothing lost, nothing double, no torn file."""
    with bluetick.connect(lake=lake) as session:
        for table in ("DeviceNetworkEvents", "VMConnection"):
            (found,) = answer(session, f"{table} | summarize count()")
            expected = stored if table == "DeviceNetworkEvents" else minutes(session)
            assert found == (expected,), table
        assert answer(session, "DeviceNetworkEvents | summarize dcount(RemotePort)") == [(stored,)]
    lines = [
        json.loads(line) for file in (lake / "_quarantine").iterdir() for line in file.read_text("utf-8").splitlines()
    ]
    assert len(lines) == quarantined
    assert not [path for path in lake.rglob("*.part")]
    assert not list((lake / "_ingested" / "pending").iterdir())


def minutes(session: bluetick.Session) -> int:
    """VMConnection has a row for each minute of a flow: every record here is a flow of its own."""
    return int(answer(session, "DeviceNetworkEvents | summarize dcount(LocalPort)")[0][0])


@pytest.mark.slow
@pytest.mark.timeout(max(600, 30 * KILLS))
def test_a_kill_anywhere_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Kills at every step that Python makes on the lake, the whole of them spread over KILLS; then by the clock."""
    old, new = write_log(tmp_path, range(20)), write_log(tmp_path, range(20, 60))
    steps = count_steps(tmp_path, old, new)
    points = [1 + number * (steps - 1) // max(KILLS - 1, 1) for number in range(KILLS)]
    for number, step in enumerate(points):
        lake = tmp_path / f"lake-{number}"
        is_fresh = number % 2 == 1
        if not is_fresh:
            subprocess.run([*BLUETICK, *arguments(lake, old)], check=True, capture_output=True)
        died = dying(step, lake, old, new)
        assert died.returncode == -signal.SIGKILL, (step, died.stderr)
        readable(lake, 0 if is_fresh else 20)
        again = subprocess.run([*BLUETICK, *arguments(lake, new, old)], check=True, capture_output=True)
        assert json.loads(again.stdout)["input"] == 62
        check_lake(lake, 60, 2)


def dying(step: int, lake: Path, *logs: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DYING), str(step), "ingest", *arguments(lake, *logs)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def count_steps(folder: Path, *logs: Path) -> int:
    """How many steps an ingest has that is not killed; it commits in the middle of its logs."""
    lake = folder / "probe"
    subprocess.run([*BLUETICK, *arguments(lake, logs[0])], check=True, capture_output=True)
    done = dying(0, lake, *logs)
    assert done.returncode == 0, done.stderr
    assert DeltaTable(str(lake / "DeviceNetworkEvents")).version() > 4
    check_lake(lake, 60, 2)
    return int(done.stdout.split()[-1])


def readable(lake: Path, before: int) -> None:
    """Whatever is visible after a kill is whole: the rows that were there, and each of the others once or not yet."""
    if before or lake.is_dir():
        with bluetick.connect(lake=lake) as session:
            if before or "DeviceNetworkEvents" in session.catalog.names():
                ((count, ports),) = answer(session, "DeviceNetworkEvents | summarize count(), dcount(RemotePort)")
                assert before <= count == ports <= 60


@pytest.mark.slow
@pytest.mark.timeout(max(600, 30 * KILLS))
def test_a_kill_by_the_clock(tmp_path: Path) -> None:
    """The same while deltalake is at work, whose steps Python does not see."""
    old, new = write_log(tmp_path, range(20)), write_log(tmp_path, range(20, 60))
    chance = random.Random(5)  # noqa: S311 - moments, no secrets
    for number in range(max(KILLS // 3, 3)):
        lake = tmp_path / f"lake-{number}"
        subprocess.run([*BLUETICK, *arguments(lake, old)], check=True, capture_output=True)
        process = subprocess.Popen([*BLUETICK, *arguments(lake, new)], stdout=subprocess.DEVNULL)
        pending = lake / "_ingested" / "pending"
        until = time.monotonic() + 60
        while process.poll() is None and not any(pending.iterdir()) and time.monotonic() < until:
            time.sleep(0.0005)
        time.sleep(chance.random() * 0.1)
        process.kill()
        process.wait()
        readable(lake, 20)
        subprocess.run([*BLUETICK, *arguments(lake, new)], check=True, capture_output=True)
        check_lake(lake, 60, 2)


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from bluetick.cli.main import run_command
sys.exit(run_command(["ingest", *sys.argv[2:]]))
"""


@pytest.mark.parametrize("limit", [64, 1_000, 6_000, 12_000])
def test_a_disk_that_is_full_is_told_and_nothing_torn_is_seen(tmp_path: Path, limit: int) -> None:
    """The system refuses larger files, as a full disk would: the lock's neighbours, the rows, or the log alone."""
    old, new = write_log(tmp_path, range(20)), write_log(tmp_path, range(20, 60))
    lake = tmp_path / "lake"
    assert run_command(["ingest", *arguments(lake, old)]) == 0
    full = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *arguments(lake, new)], check=False, capture_output=True, text=True
    )
    assert full.returncode == 1, full.stdout
    assert "larger than this process may write" in full.stderr
    assert "Traceback" not in full.stderr
    readable(lake, 20)
    assert run_command(["ingest", *arguments(lake, new)]) == 0
    check_lake(lake, 60, 2)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root alone, and where the system lets it")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("left", [0, 4, 12, 24, 40, 80])
def test_a_disk_that_is_full_goes_on_when_there_is_room(small_disk: Path, tmp_path: Path, left: int) -> None:
    """Of so many kilobytes that are left the ingest uses up all, wherever it is then."""
    old, new = write_log(tmp_path, range(20)), write_log(tmp_path, range(20, 60))
    lake = small_disk / "lake"
    assert run_command(["ingest", *arguments(lake, old)]) == 0
    ballast = small_disk / "ballast"
    free = shutil.disk_usage(small_disk).free
    ballast.write_bytes(b"x" * (free - left * 1024))
    full = dying(0, lake, new)
    assert full.returncode == 1, full.stdout
    assert "the disk is full" in full.stderr
    assert "Traceback" not in full.stderr
    readable(lake, 20)
    ballast.unlink()
    assert run_command(["ingest", *arguments(lake, new)]) == 0
    check_lake(lake, 60, 2)


def test_a_lake_where_nothing_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SourceError, match="nothing more can be written to"):
        add(tmp_path / "file" / "lake", "Events", rows([NOON]), "one")


@pytest.mark.slow
def test_each_answer_beside_a_writer_is_one_committed_version(tmp_path: Path) -> None:
    """A writer, an optimizer now and then, and four readers in sessions of their own."""
    add(tmp_path, "Events", rows([NOON] * 3), "first")
    ends = time.monotonic() + SECONDS
    failures: list[BaseException] = []
    answers: set[tuple[int, int]] = set()

    def read() -> None:
        try:
            with bluetick.connect(lake=tmp_path) as session:
                while time.monotonic() < ends:
                    ((count, batches),) = answer(session, "Events | summarize count(), dcount(Host)")
                    answers.add((int(count), int(batches)))
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    written = 1
    while time.monotonic() < ends:
        add(tmp_path, "Events", rows([NOON] * 3, host=f"h{written}"), f"b{written}")
        written += 1
        if written % 10 == 0:
            optimize(tmp_path / "Events")
    for reader in readers:
        reader.join(timeout=60)
    assert not failures
    assert all(count == 3 * batches for count, batches in answers)
    assert len(answers) > 2
    assert pa.table(DeltaTable(str(tmp_path / "Events")).to_pyarrow_table()).num_rows == 3 * written
