"""A vacuum beside a service: what its recent runs read stays readable."""

import json
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from service_lake import NOON, add_logons
from service_place import MINUTE, copy_place, make_place, schedule

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_micros
from bluetick.diagnostics.errors import SourceError
from bluetick.lake.folder import open_table
from bluetick.lake.maintenance import optimize
from bluetick.lake.maintenance import vacuum as remove_unneeded


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs have read version 2; since then the files of the versions before 5 were merged, which is a day ago."""
    place = make_place(tmp_path_factory.mktemp("made"))
    schedule(place, 3)
    add_logons(place / "lake", [NOON + 80 * MINUTE], "four", "fourth")
    add_logons(place / "lake", [NOON + 81 * MINUTE], "four", "fifth")
    assert optimize(place / "lake" / "Logons").files_after == 1
    now_ended(place)
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return copy_place(made, tmp_path)


def now_ended(place: Path) -> None:
    """The runs of an instant of the past, as if they had been made now."""
    with closing(Ledger(place / "lake.ledger")) as ledger, ledger.transaction() as connection:
        connection.execute("UPDATE run SET finished = ?", (int(time.time() * 1e6),))


def vacuum(place: Path, *more: str) -> int:
    return run_command(["lake", "vacuum", "Logons", "--lake", str(place / "lake"), "--keep", "0h", *more])


def count_at(place: Path, version: int) -> int:
    with bluetick.connect(lake=place / "lake", as_of={"Logons": version}) as session:
        return int(next(iter(session.query("Logons | count").rows()))[0])


def test_versions_that_runs_read_stay(place: Path) -> None:
    (read,) = {json.loads(row)["Logons"] for row in versions_of(place)}
    assert vacuum(place, "--ledger", str(place / "lake.ledger")) == 0
    newest = open_table(place / "lake" / "Logons").version()
    assert [count_at(place, version) for version in range(read, newest + 1)] == [3, 4, 5, 5]
    assert vacuum(place) == 0
    with pytest.raises(SourceError, match="cannot be read any more"):
        count_at(place, read)


def versions_of(place: Path) -> set[str]:
    with closing(Ledger(place / "lake.ledger")) as ledger:
        return {row["versions"] for row in ledger.read("SELECT versions FROM run WHERE status = 'done'")}


@pytest.mark.parametrize(("pinned", "is_readable"), [(4, True), (6, False)])
def test_what_was_removed_before_the_pinned_version_goes(place: Path, pinned: int, is_readable: bool) -> None:
    """The files were merged by version 5."""
    folder = place / "lake" / "Logons"
    add_logons(place / "lake", [NOON + 82 * MINUTE], "five", "sixth")
    make_older(folder)
    remove_unneeded(folder, timedelta(0), is_rehearsal=False, pinned=pinned)
    if is_readable:
        assert count_at(place, 4) == 5
    else:
        with pytest.raises(SourceError, match="cannot be read any more"):
            count_at(place, 4)
    assert count_at(place, 6) == 6


def make_older(folder: Path) -> None:
    """As if version N had been made 10 - N days ago."""
    for commit in (folder / "_delta_log").glob("*.json"):
        made = int((time.time() - (10 - int(commit.stem)) * 86_400) * 1_000)
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["timestamp"] = made
            if "remove" in action:
                action["remove"]["deletionTimestamp"] = made
        commit.write_text("\n".join(map(json.dumps, actions)))


def test_runs_of_before_the_stated_time_keep_nothing(place: Path) -> None:
    with closing(Ledger(place / "lake.ledger")) as ledger, ledger.transaction() as connection:
        connection.execute("UPDATE run SET finished = ?", (to_micros(NOON),))
    assert vacuum(place, "--ledger", str(place / "lake.ledger"), "--runs", "1d") == 0
    with pytest.raises(SourceError, match="cannot be read any more"):
        count_at(place, 2)


def test_a_ledger_of_another_lake_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Ledger(place / "lake.ledger")) as ledger, ledger.transaction() as connection:
        connection.execute("""UPDATE run SET versions = '{"Logons": 99, "Other": 1}'""")
    assert vacuum(place, "--ledger", str(place / "lake.ledger")) == 1
    said = capsys.readouterr().err
    assert "Other is no table of this lake" in said
    assert "has no version 99" in said
