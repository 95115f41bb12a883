"""Copies of a ledger's file, made while others work on it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from bluetick.diagnostics.errors import SourceError

_PART = ".part"


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)


def copy_ledger(source: Path, target: Path) -> None:
    """The ledger as it is at one moment, as one file that needs no other; a file that is there gives way to it.

    SourceError where it cannot be read whole or there is no room for it; then nothing is left of the copy.
    """
    with telling(source), closing(read_only(source)) as old:
        copy_of(old, source, target)


def copy_of(old: sqlite3.Connection, source: Path, target: Path) -> None:
    """The same of a connection to the ledger, as it is for that: at the moment of its transaction, where it is in one.
    https://sqlite.org/c3ref/backup_finish.html
    """
    part = target.with_name(target.name + _PART)
    part.unlink(missing_ok=True)
    try:
        with telling(source), closing(sqlite3.connect(part, isolation_level=None)) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")
            found = new.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise SourceError(f"the ledger '{source}' is damaged: {found}", str(source))
        flush(part)
        part.replace(target)
        flush(target.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def telling(source: Path) -> Iterator[None]:
    """What SQLite cannot do is a SourceError."""
    try:
        yield
    except sqlite3.Error as error:
        raise SourceError(f"the ledger '{source}' cannot be copied: {error}", str(source)) from error


def keep_copy(path: Path, form: int) -> Path:
    """A copy of a ledger beside it, under a name that tells its form. One that was kept before is never replaced by
    another; the same is not kept twice."""
    copy = path.with_name(f"{path.name}.form{form}.new")
    copy_ledger(path, copy)
    number = 1
    while (kept := path.with_name(f"{path.name}.form{form}{f'.{number}' if number > 1 else ''}.bak")).exists():
        if kept.read_bytes() == copy.read_bytes():
            copy.unlink()
            return kept
        number += 1
    copy.replace(kept)
    flush(kept.parent)
    return kept


def flush(path: Path) -> None:
    """Put a file or a folder's names on the disk for certain."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
