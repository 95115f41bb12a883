"""Linux's Landlock: a process gives up, for itself and all that it starts, every file that it does not name.

https://docs.kernel.org/userspace-api/landlock.html. What a kernel does not know of is left out, the rest holds. It is
for a process that has one thread: others that run already keep what they have.
"""

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bluetick.diagnostics.errors import EngineError

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVILEGES: Final = 38

# Rights over files, by the bit of each.
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_DIR, MAKE_REG = 1 << 7, 1 << 8
TRUNCATE: Final = 1 << 14
_OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE  # that mean something for what is no folder

READ: Final = READ_FILE | READ_DIR
LIST: Final = READ_DIR
WRITE: Final = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE

# How many rights over files each version of the interface knows.
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_ALL_FILE_RIGHTS: Final = 16
_NET_FROM: Final = 4
_TCP: Final = 0b11  # bind, connect
_SCOPES_FROM: Final = 6
_SCOPES: Final = 0b11  # abstract sockets, signals to processes outside


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights over a file, or over a folder and all below it."""

    path: str
    rights: int


def version() -> int:
    """Which version of Landlock this kernel has; 0 for none."""
    if sys.platform != "linux":
        return 0
    found: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    return max(found, 0)


def restrict(grants: Iterable[Grant]) -> None:
    """Leaves this process the grants alone; a path that is not there is left out. No TCP, no signals, no new rights.

    An EngineError where the kernel refuses; ask for its `version` first.
    """
    known = version()
    files = (1 << _FILE_RIGHTS.get(known, _ALL_FILE_RIGHTS)) - 1
    attributes = _Ruleset(files, _TCP if known >= _NET_FROM else 0, _SCOPES if known >= _SCOPES_FROM else 0)
    libc = _libc()
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, ctypes.c_uint32(0))
    _check(ruleset, "landlock_create_ruleset")
    try:
        for grant in grants:
            with suppress(FileNotFoundError):
                _add(libc, ruleset, grant, files)
        _check(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")
        _check(libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _add(libc: ctypes.CDLL, ruleset: int, grant: Grant, known: int) -> None:
    handle = os.open(grant.path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = grant.rights & known
        if not os.path.isdir(f"/proc/self/fd/{handle}"):
            rights &= _OF_FILES
        if not rights:
            return
        rule = _PathBeneath(rights, handle)
        done = libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), _PATH_BENEATH, ctypes.byref(rule), ctypes.c_uint32(0))
        _check(done, f"landlock_add_rule '{grant.path}'")
    finally:
        os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, call: str) -> None:
    if result < 0:
        raise EngineError(f"{call}: {os.strerror(ctypes.get_errno())}")
