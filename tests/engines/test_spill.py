"""Temporary folders: one a database, gone at the end of the process however it ends, nobody else's touched."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.spill import SpillFolder

HOLD = """
import os, sys
from bluetick.engines.spill import SpillFolder
folder = SpillFolder(sys.argv[1])
os.mkdir(folder.new())
print("held", flush=True)
sys.stdin.readline()
"""


def place_of(base: Path) -> Path:
    return base / f"bluetick-{os.getuid()}"


def hold(base: Path) -> "subprocess.Popen[str]":
    """A process that has a folder, until it reads a line."""
    command = [sys.executable, "-c", HOLD, str(base)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_folder_for_each_database_and_none_afterwards(tmp_path: Path) -> None:
    folder = SpillFolder(tmp_path / "named")
    first, second = Path(folder.new()), Path(folder.new())
    assert first != second
    assert first.parent == second.parent
    assert first.is_relative_to(tmp_path / "named")
    assert place_of(tmp_path / "named").stat().st_mode & 0o777 == 0o700
    first.mkdir()
    (first / "block").write_text("rows")
    folder.close()
    folder.close()
    assert list(place_of(tmp_path / "named").iterdir()) == []


def test_a_killed_process_leaves_nothing_behind_the_next_start(tmp_path: Path) -> None:
    with hold(tmp_path) as killed, hold(tmp_path) as living:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(list(place_of(tmp_path).iterdir())) == 4  # a folder and a lock each
        SpillFolder(tmp_path).close()
        left = {path.name.partition("-")[0] for path in place_of(tmp_path).iterdir()}
        assert left == {str(living.pid)}
        living.communicate("\n")
    assert list(place_of(tmp_path).iterdir()) == []  # it ended without closing


def test_a_forked_child_takes_nothing_away(tmp_path: Path) -> None:
    code = """
import os, sys
from bluetick.engines.spill import SpillFolder
folder = SpillFolder(sys.argv[1])
os.mkdir(folder.new())
child = os.fork()
if child == 0:
    sys.exit()
os.waitpid(child, 0)
print(len(os.listdir(sys.argv[1] + f"/bluetick-{os.getuid()}")))
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"


def test_a_place_that_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    place_of(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="no folder of this user's"):
        SpillFolder(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = SpillFolder()
    assert folder.new() == ""
    folder.close()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_named_place_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="no temporary files can be written"):
        SpillFolder(tmp_path / "file")
