"""How much memory this process may count on, and what an engine takes of it where nobody says."""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

_SHARE: Final = 0.8
_OURS: Final = 256 * 2**20  # Python, Arrow and what is on its way out: an engine's limit does not count them
_LEAST: Final = 128 * 2**20
_OF_THREAD: Final = 200 * 2**20
_COUNTED: Final = 0.8
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGTkmgt]i?[Bb])\s*")
_GROUPS: Final = Path("/sys/fs/cgroup")
_GROUPS_OF_PROCESS: Final = Path("/proc/self/cgroup")


def default_ceiling() -> str:
    """What an engine in this process may take where nobody says."""
    return f"{ceiling_of(memory_here()) // 2**20}MiB"


def counted_part(ceiling: str) -> str:
    """What DuckDB is told of a ceiling: beside what it counts, its allocator and the results on their way hold up to a
    quarter more. What is no size with a unit is left to DuckDB to judge."""
    size = _SIZE.fullmatch(ceiling)
    return f"{float(size[1]) * _COUNTED:.6g}{size[2]}" if size is not None else ceiling


def size_in_bytes(text: str) -> int | None:
    """A size with its unit, such as 500MB or 1.5GiB; None for what is none."""
    size = _SIZE.fullmatch(text)
    if size is None:
        return None
    base = 1024 if size[2][1] == "i" else 1000
    return int(float(size[1]) * base ** (1 + "KMGT".index(size[2][0].upper())))


def ceiling_of(memory: int) -> int:
    """Four fifths of the memory, less what the process needs besides."""
    return max(int(memory * _SHARE) - _OURS, _LEAST)


def threads_within(ceiling: str) -> int | None:
    """As many threads as a ceiling has room for: each sorts in memory of its own. None where it is no size."""
    size = _SIZE.fullmatch(ceiling)
    if size is None:
        return None
    room = float(size[1]) * 1024 ** (1 + "KMGT".index(size[2][0].upper())) // _OF_THREAD
    return max(1, min(int(room), os.cpu_count() or 1))


def memory_here(groups: Path = _GROUPS, groups_of_process: Path = _GROUPS_OF_PROCESS) -> int:
    """Bytes of the machine, or of the least of the control groups (a container's) that the process is in."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        lines = groups_of_process.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):  # not Linux
        return machine
    return min((machine, *(limit for line in lines for limit in _limits(line, groups))))


def _limits(line: str, groups: Path) -> Iterator[int]:
    """The limits of a group and of those around it: `0::/path` in version 2, `4:memory:/path` in version 1."""
    _, _, rest = line.partition(":")
    controllers, _, path = rest.partition(":")
    if controllers == "":
        root, name = groups, "memory.max"
    elif "memory" in controllers.split(","):
        root, name = groups / "memory", "memory.limit_in_bytes"
    else:
        return
    group = PurePosixPath(path)
    for one in (group, *group.parents):
        limit = _read(root / str(one).lstrip("/") / name)
        if limit is not None:
            yield limit


def _read(file: Path) -> int | None:
    """None where there is no such group in sight, and for `max`, which is no limit."""
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
