"""What a worker process gives up before it knows of any query: files, memory, new privileges."""

import os
import resource
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bluetick.workers import landlock
from bluetick.workers.landlock import LIST, READ, WRITE, Grant

_OPEN_FILES: Final = 8192
_TASKS: Final = 4096  # of all that the user runs, as the system counts them
# What a process has before its first query: memory of its own that it may write to, and addresses, most of which are
# only set aside (a worker has 0.25 and 1.1 GB).
_OWN_DATA: Final = 384 << 20
_OWN_ADDRESSES: Final = 3 << 30
_FIRST_TO_GO: Final = "1000"
# Where the dynamic linker finds what Python's extension modules need.
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
# DuckDB ends the process where it may not read the limits of its control group. Nothing else below /proc is open: the
# environment and the memory of processes stand there.
_SYSTEM: Final = ("/usr/share/zoneinfo", "/sys/devices/system/cpu", "/proc/self/cgroup", "/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What is left to a process: `read`, `listed` and `written` paths, a folder for temporary files, and so many bytes
    of memory (0: no limit). Without `is_fenced` all files stay open to it."""

    read: tuple[str, ...]
    listed: tuple[str, ...]
    temporary: str
    memory: int
    is_fenced: bool = True
    written: tuple[str, ...] = ()

    def apply(self) -> int:
        """Takes effect for this process and all threads that it starts from now on, for good. Gives the version of
        Landlock that stands guard over the files; 0 where the kernel has none, or none is wanted."""
        with suppress(OSError):  # the first to be ended where the machine runs out of memory
            Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, "ascii")
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
        _limit(resource.RLIMIT_NPROC, _TASKS)
        if self.memory:
            _limit(resource.RLIMIT_DATA, self.memory + _OWN_DATA)
            _limit(resource.RLIMIT_AS, self.memory + _OWN_ADDRESSES)
        version = landlock.version() if self.is_fenced else 0
        if version:
            landlock.restrict(self._grants())
        return version

    def _grants(self) -> Iterator[Grant]:
        yield from (Grant(path, READ) for path in (*python_folders(), *_LIBRARIES, *_SYSTEM, *self.read))
        yield from (Grant(path, LIST) for path in (*sys.path, *self.listed))
        yield from (Grant(path, WRITE) for path in (self.temporary, *self.written))


def module_path(paths: Sequence[str]) -> list[str]:
    """Of a search path for modules what a worker needs: folders that are there, but not the one that happens to be the
    current one, nor that of a script."""
    package = str(_package().parent)
    wanted = [os.path.realpath(path) for path in paths if path]
    return [path for path in dict.fromkeys(wanted) if path == package or _is_pythons(path)]


def python_folders() -> Iterator[str]:
    """The folders of Python's own modules, of installed ones and of this package."""
    yield str(_package())
    yield from (path for path in sys.path if _is_pythons(path))
    library = sysconfig.get_config_var("LIBDIR")
    if library:
        yield str(library)


def _is_pythons(path: str) -> bool:
    """Whether a folder of the search path belongs to an installation, or holds what this package is built on."""
    homes = {os.path.realpath(home) for home in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)}
    found = Path(os.path.realpath(path))
    is_installed = any(home in map(str, found.parents) for home in homes) and found.name != "bin"
    return is_installed or (found / "pyarrow").is_dir() or (found / "duckdb").is_dir()


def _package() -> Path:
    return Path(os.path.realpath(__file__)).parents[1]


def _limit(kind: int, most: int) -> None:
    """Lowers a limit for good, but never raises one."""
    _, hard = resource.getrlimit(kind)
    found = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(OSError, ValueError):  # not every system has each limit
        resource.setrlimit(kind, (found, found))
