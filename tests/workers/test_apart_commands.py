"""Commands in processes of their own: what they reach, what becomes of those that take too much."""

import asyncio
import contextlib
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bluetick.cli.options import DataOptions
from bluetick.cli.serve import serve
from bluetick.diagnostics.errors import LimitError
from bluetick.workers import landlock
from bluetick.workers.commands import Command, CommandSettings, Done, run_command
from bluetick.workers.settings import SessionSettings

ENDLESS = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"
needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")


@pytest.fixture
def settings(tmp_path: Path) -> CommandSettings:
    lake = tmp_path / "lake"
    for folder in ("Seen", "_settings"):
        (lake / folder).mkdir(parents=True)
        pq.write_table(pa.table({"x": [1, 2, 3]}), lake / folder / "part.parquet")
    (tmp_path / "own").mkdir()
    return CommandSettings(("--lake", str(lake)), SessionSettings(lake), 1 << 30)


def done(settings: CommandSettings, folder: Path, *arguments: str, **files: tuple[Path, ...]) -> Done:
    return asyncio.run(run_command(settings, Command(arguments, **files), folder / "own"))


def test_a_command_reads_the_tables(settings: CommandSettings, tmp_path: Path) -> None:
    found = done(settings, tmp_path, "query", "Seen | summarize sum(x)", "--format", "csv")
    assert (found.code, found.output.split()) == (0, [b"sum_x", b"6"]), found.said


@needs_landlock
@pytest.mark.parametrize("place", ["elsewhere", "lake/_settings"])
def test_a_command_reads_no_other_file(settings: CommandSettings, tmp_path: Path, place: str) -> None:
    secret = tmp_path / place / "part.parquet"
    if not secret.exists():
        secret.parent.mkdir()
        pq.write_table(pa.table({"x": [9119]}), secret)
    words = ("query", "Secret", "--table", f"Secret={secret}", "--format", "csv")
    found = done(settings, tmp_path, *words)
    assert (found.code, found.output) == (1, b"")
    assert done(settings, tmp_path, *words, read=(secret,)).code == 0


@needs_landlock
def test_a_command_writes_no_other_file(settings: CommandSettings, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "own" / "rule.kql").write_text("Seen")
    for place, is_written in (("elsewhere", False), ("lake/Seen", False), ("own", True)):
        out = tmp_path / place / "out.json"
        found = done(settings, tmp_path, "check", "rule.kql", "--format", "json", "--output", str(out))
        assert (found.code == 0) is is_written, (place, found.said)
        assert out.exists() is is_written


def test_a_command_that_writes_too_much_is_ended(settings: CommandSettings, tmp_path: Path) -> None:
    small = replace(settings, most_bytes=10_000)
    with pytest.raises(LimitError, match="larger"):
        done(small, tmp_path, "query", "range x from 1 to 1000000 step 1", "--format", "csv")


def test_a_command_that_nobody_waits_for_is_killed(settings: CommandSettings, tmp_path: Path) -> None:
    async def cancelled() -> float:
        task = asyncio.create_task(run_command(settings, Command(("query", ENDLESS)), tmp_path / "own"))
        await asyncio.sleep(1.0)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began

    assert asyncio.run(cancelled()) < 60  # far less than the query would take, which is days
    assert b"sum_x" not in (tmp_path / "own" / "errors.txt").read_bytes()


@pytest.mark.parametrize(
    "given",
    [
        ["--lake", "/l", "--table", "A=/a/*.parquet", "--table", "A=/b", "--table", "C=catalog:x.y"],
        ["--profiles", "local", "--profiles-offline", "--schemas", "sentinel", "--external", "https://x/y=/z"],
        ["--geo", "/g", "--functions", "/f", "--watchlists", "/w", "--mapping", "/m", "--schemas", "/s.json"],
        ["--as-of", "3", "--engine", "duckdb"],
        ["--as-of", "A=3", "--as-of", "B=2026-01-01T00:00:00+00:00"],
        [],
    ],
)
def test_options_say_again_what_was_said(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the options themselves: what they make of their own words is what they were."""
    seen: list[DataOptions] = []

    def noted(self: DataOptions) -> tuple[str, ...]:
        seen.append(self)
        raise RuntimeError("this far and no further")

    original = DataOptions.arguments
    monkeypatch.setattr(DataOptions, "arguments", noted)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="this far"):
            serve.main(given, standalone_mode=False)
        given = list(original(seen[-1]))
    assert seen[0] == seen[1]


def test_a_command_has_no_more_memory_than_it_was_given(settings: CommandSettings, tmp_path: Path) -> None:
    text = "range x from 1 to 60000000 step 1 | summarize make_list(x, 100000000)"  # half a gigabyte
    found = done(replace(settings, memory=128 << 20), tmp_path, "query", text, "--format", "csv")
    assert (found.code, found.output) == (1, b"")
    assert "memory" in found.said


_SERVER = """
import asyncio, sys
from pathlib import Path
from bluetick.workers.commands import Command, CommandSettings, run_command
from bluetick.workers.settings import SessionSettings
settings = CommandSettings((), SessionSettings(), 1 << 30)
asyncio.run(run_command(settings, Command(("query", sys.argv[1])), Path(sys.argv[2])))
"""


def test_a_command_ends_when_its_server_is_killed(settings: CommandSettings, tmp_path: Path) -> None:
    own = tmp_path / "own"
    with subprocess.Popen([sys.executable, "-c", _SERVER, ENDLESS, str(own)]) as server:
        try:
            while not (begun := processes_in(own)):
                assert server.poll() is None
                time.sleep(0.05)
        finally:
            server.kill()
    while any(pid in processes_in(own) for pid in begun):  # the suite's own deadline ends this
        time.sleep(0.05)


def processes_in(folder: Path) -> set[str]:
    """Those that run in a folder."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink() == folder:
                found.add(entry.name)
    return found
