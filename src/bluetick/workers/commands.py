"""Commands of bluetick's in processes of their own, as the server sees them: started, read to the end, or killed.

Such a process has the fences of a worker: it reads the tables' files and what its command names, writes into a folder
of its own, and has no network. Without a session's settings its files stay open to it.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import Limit, LimitError
from bluetick.lake.layout import SETTINGS
from bluetick.workers.confinement import Confinement, module_path
from bluetick.workers.settings import SessionSettings, open_settings

PROGRESS: Final = "progress"
_BOOT: Final = "import sys; sys.path[:] = sys.argv[1:]; from bluetick.workers.command import main; main()"
_LAST_WORDS: Final = "errors.txt"
_MOST_WORDS: Final = 64 << 10
_PART: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """What all commands have: `data` are the options that say where the data is, `session` the same for the fences
    (None: there are none), `memory` the most that one may take (0: no limit)."""

    data: tuple[str, ...] = ()
    session: SessionSettings | None = None
    memory: int = 0
    most_bytes: int = 32 << 20


@dataclass(frozen=True, slots=True)
class Command:
    """A command's arguments, and which files it reads and writes beside the tables."""

    arguments: tuple[str, ...]
    read: tuple[Path, ...] = ()
    written: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What a command wrote to its standard output, how it ended, and the end of what it said to people."""

    output: bytes
    code: int
    said: str


async def run_command(settings: CommandSettings, command: Command, folder: Path) -> Done:
    """Runs it to its end; it is killed when this is cancelled, or when it writes more than it may (a LimitError). The
    folder is its own."""
    wanted = await asyncio.to_thread(_wanted, settings, command, folder)
    with (folder / _LAST_WORDS).open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _BOOT, *module_path(sys.path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=_environment(settings, folder),
            cwd=folder,
            start_new_session=True,
        )
    try:
        output = await _told(process, wanted, settings.most_bytes)
        code = await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
    return Done(output, code, _last_words(folder))


def _wanted(settings: CommandSettings, command: Command, folder: Path) -> bytes:
    read = [str(path.resolve()) for path in command.read]
    listed: list[str] = []
    if settings.session is not None:
        opening = open_settings(settings.session)
        read += [*opening.folders, *opening.files]
        listed += opening.listed
        if settings.session.lake is not None:
            read += _beside_tables(Path(settings.session.lake))
    written = tuple(str(path.resolve()) for path in command.written)
    is_fenced = settings.session is not None
    confinement = Confinement(tuple(read), tuple(listed), str(folder), settings.memory, is_fenced, written)
    arguments = [*command.arguments, *settings.data]
    if settings.memory:
        arguments += ["--memory-limit", f"{settings.memory >> 20}MiB"]
    if is_fenced:
        arguments += ["--temp-directory", str(folder)]
    return json.dumps({"confinement": asdict(confinement), "arguments": arguments}).encode() + b"\n"


def _beside_tables(lake: Path) -> list[str]:
    """What a lake keeps beside its tables, but for tokens and the audit log."""
    entries = lake.iterdir() if lake.is_dir() else ()
    return [str(entry.resolve()) for entry in entries if entry.name.startswith("_") and entry.name != SETTINGS]


def _environment(settings: CommandSettings, folder: Path) -> dict[str, str]:
    """Nothing of ours but what tells the command where its folder is; what is computed once is kept there."""
    own = {
        "TMPDIR": str(folder),
        "BLUETICK_CACHE": str(folder / "cache"),
        "BLUETICK_PROGRESS": str(folder / PROGRESS),
    }
    return own if settings.session is not None else {**os.environ, **own}


async def _told(process: asyncio.subprocess.Process, wanted: bytes, most: int) -> bytes:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("both are pipes")
    with suppress(ConnectionError):  # what it died of is in its last words
        process.stdin.write(wanted)
        await process.stdin.drain()  # it stays open: the process ends when nobody has the other end any more
    found = bytearray()
    while part := await process.stdout.read(_PART):
        found += part
        if len(found) > most:
            raise LimitError(f"the result is larger than {most >> 20} MB", Limit.RESULT)
    return bytes(found)


def _last_words(folder: Path) -> str:
    with (folder / _LAST_WORDS).open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - _MOST_WORDS, 0))
        return file.read().decode("utf-8", "replace").strip()
