"""The ledger's file: its tables, and transactions on it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bluetick.detections.ledger.forms import FORMS
from bluetick.diagnostics.errors import SourceError

_BUSY_SECONDS: Final = 30.0
_MARK: Final = 0x626C7469  # "blti": tells a ledger from other SQLite files


class Ledger:
    """The ledger at a path, made when it is not there. One connection, used by one thread at a time.

    `at_commit` is called with "before" and "after" around each commit: a test ends the process there.
    """

    def __init__(self, path: Path, at_commit: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self._at_commit = at_commit
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except sqlite3.Error as error:
            raise SourceError(f"'{path}' cannot be used as a ledger: {error}", str(path)) from None

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written inside becomes true together, or none of it. SourceError where it cannot be written: the
        disk is full, or others hold it too long."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._at_commit("before")
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise SourceError(f"the ledger '{self.path}' cannot be written: {error}", str(self.path)) from error
                raise
        self._at_commit("after")

    def read(self, text: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """The rows of a query; SourceError where the ledger cannot be read."""
        with self._lock:
            try:
                return self._connection.execute(text, values).fetchall()
            except sqlite3.OperationalError as error:
                raise SourceError(f"the ledger '{self.path}' cannot be read: {error}", str(self.path)) from error

    def _prepare(self) -> None:
        connection = self._connection
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._bring_up()
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _bring_up(self) -> None:
        connection = self._connection
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
        form = connection.execute("PRAGMA user_version").fetchone()[0]
        is_empty = not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if mark != _MARK and not is_empty:
            raise SourceError(f"'{self.path}' is another program's database, not a ledger", str(self.path))
        if form > len(FORMS):
            raise SourceError(
                f"'{self.path}' was written by a newer version of bluetick (form {form}, known: {len(FORMS)})",
                str(self.path),
            )
        for text in FORMS[form:]:
            for statement in _statements(text):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_MARK}")
        connection.execute(f"PRAGMA user_version = {len(FORMS)}")


def _statements(text: str) -> Iterator[str]:
    """The statements of a text, each to its end: a trigger has several inside."""
    begun = ""
    for part in text.split(";"):
        begun += f"{part};"
        if part.strip() and sqlite3.complete_statement(begun):
            yield begun
            begun = ""
