"""The ledger's file: its tables, and transactions on it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bluetick.detections.ledger.copies import keep_copy
from bluetick.detections.ledger.forms import FORMS
from bluetick.diagnostics.errors import SourceError

_BUSY_SECONDS: Final = 30.0
_MARK: Final = 0x626C7469  # "blti": tells a ledger from other SQLite files


class Ledger:
    """The ledger at a path, made when it is not there. One connection, used by one thread at a time.

    One of an earlier form is refused, unless this `upgrades` it: then it is brought to the present form, in one
    transaction, and `copy` is where it lies as it was before. `at_commit` is called with "before" and "after" around
    each commit: a test ends the process there.
    """

    def __init__(
        self, path: Path, at_commit: Callable[[str], None] = lambda _: None, *, upgrades: bool = False
    ) -> None:
        self.path = path
        self.copy: Path | None = None
        self._at_commit = at_commit
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise SourceError(f"'{path}' cannot be used as a ledger: {error}", str(path)) from None
        try:
            self._prepare(upgrades=upgrades)
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.Error):
                raise SourceError(f"'{path}' cannot be used as a ledger: {error}", str(path)) from None
            raise

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

    def _prepare(self, *, upgrades: bool) -> None:
        connection = self._connection
        connection.row_factory = sqlite3.Row
        self._check_mark()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if self._form() == len(FORMS):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._bring_up(upgrades=upgrades)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def _form(self) -> int:
        found: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return found

    def _check_mark(self) -> None:
        """Nothing is written to what is not ours."""
        mark = self._connection.execute("PRAGMA application_id").fetchone()[0]
        is_empty = not self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if mark != _MARK and not is_empty:
            raise SourceError(f"'{self.path}' is another program's database, not a ledger", str(self.path))
        if self._form() > len(FORMS):
            raise SourceError(
                f"'{self.path}' was written by a newer version of bluetick (form {self._form()}, known: {len(FORMS)})",
                str(self.path),
            )

    def _bring_up(self, *, upgrades: bool) -> None:
        """To the present form, in the one transaction that is open."""
        form = self._form()
        if 0 < form < len(FORMS):
            if not upgrades:
                raise SourceError(
                    f"the ledger '{self.path}' is of an earlier version of bluetick (form {form}, this one has"
                    f" {len(FORMS)}): end its service, then 'bluetick upgrade --ledger {self.path}' brings it up",
                    str(self.path),
                )
            self.copy = keep_copy(self.path, form)
        for text in FORMS[form:]:
            for statement in _statements(text):
                self._connection.execute(statement)
        if form:
            self._at_commit("before")
        self._connection.execute(f"PRAGMA application_id = {_MARK}")
        self._connection.execute(f"PRAGMA user_version = {len(FORMS)}")


def ledger_beside(lake: Path) -> Path:
    """Where a lake's ledger is, unless it is said otherwise."""
    whole = lake.resolve()
    return whole.with_name(f"{whole.name}.ledger")


def _statements(text: str) -> Iterator[str]:
    """The statements of a text, each to its end: a trigger has several inside."""
    begun = ""
    for part in text.split(";"):
        begun += f"{part};"
        if part.strip() and sqlite3.complete_statement(begun):
            yield begun
            begun = ""
