"""What file profile services answered, kept in a SQLite file that several processes share, and how often they were
asked: a quota holds for all of them."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bluetick.diagnostics.errors import SourceError

FORM: Final = 1  # of the tables below and of the facts; another one is not read
MAX_ENTRIES: Final = 500_000
_BUSY_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.02
_TABLES: Final = """
CREATE TABLE answers (service TEXT, hash TEXT, asked REAL NOT NULL, facts TEXT, PRIMARY KEY (service, hash))
    WITHOUT ROWID;
CREATE INDEX answers_asked ON answers (asked);
CREATE TABLE requests (service TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX requests_at ON requests (service, at);
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer: when it was given, and the facts; None where the service does not know the file."""

    asked: float
    facts: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Window:
    """At most so many requests within so many seconds; `words` name it."""

    seconds: float
    most: int
    words: str


class ProfileCache:
    """The file at a path, made when it is first needed. Safe to use from several threads and processes.

    Never holds a key of a service. At most `most` answers are kept; the oldest go first.
    """

    def __init__(self, path: Path, most: int = MAX_ENTRIES) -> None:
        self.path = path
        self.most = most

    def find(self, service: str, hashes: Sequence[str]) -> dict[str, Kept]:
        """What is kept of these hashes (in lower case), of any age."""
        text = "SELECT hash, asked, facts FROM answers WHERE service = ? AND hash IN (SELECT value FROM json_each(?))"
        with self._open() as connection:
            rows = connection.execute(text, (service, json.dumps(list(hashes)))).fetchall()
            return {found: Kept(asked, None if facts is None else json.loads(facts)) for found, asked, facts in rows}

    def keep(self, service: str, answers: Mapping[str, Kept]) -> None:
        """Keeps answers by hash, in place of older ones."""
        rows = [
            (service, key, kept.asked, None if kept.facts is None else json.dumps(kept.facts))
            for key, kept in answers.items()
        ]
        with self._writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", rows)
            (count,) = connection.execute("SELECT count(*) FROM answers").fetchone()
            if count > self.most:
                oldest = "SELECT service, hash FROM answers ORDER BY asked LIMIT ?"
                connection.execute(f"DELETE FROM answers WHERE (service, hash) IN ({oldest})", (count - self.most,))  # noqa: S608 - no text of a user's

    def take(self, service: str, windows: Sequence[Window], now: float) -> tuple[float, str]:
        """Counts a request in, or gives the seconds to wait and the words of the window that is full.

        Windows slide: in no stretch of that length are there more requests than allowed, in whatever processes.
        """
        longest = max((window.seconds for window in windows), default=0.0)
        with self._writing() as connection:
            # A request of the future is of a clock that was set back since; it would block for as long.
            connection.execute("DELETE FROM requests WHERE service = ? AND at > ?", (service, now))
            connection.execute("DELETE FROM requests WHERE service = ? AND at <= ?", (service, now - longest))
            waits = [(self._wait(connection, service, window, now), window.words) for window in windows]
            wait, words = max(waits, default=(0.0, ""))
            if wait <= 0:
                connection.execute("INSERT INTO requests VALUES (?, ?)", (service, now))
        return wait, words

    def _wait(self, connection: sqlite3.Connection, service: str, window: Window, now: float) -> float:
        text = "SELECT at FROM requests WHERE service = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?"
        row = connection.execute(text, (service, now - window.seconds, window.most - 1)).fetchone()
        return 0.0 if row is None else float(row[0]) + window.seconds - now

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._open() as connection:
            _patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._make()
            with closing(self._connected()) as connection:
                yield connection
        except (sqlite3.Error, OSError, ValueError) as error:
            raise SourceError(
                f"the cache of file profiles '{self.path}' cannot be used: {_reason(error)}", file=str(self.path)
            ) from None

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            _patiently(lambda: self._prepare(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self) -> None:
        """An empty file that no other user can read: the hashes tell what runs here."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        form = _form(connection)
        if form == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            if _form(connection) == 0:  # else another process was first
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {FORM}")
            connection.execute("COMMIT")
        elif form != FORM:
            raise ValueError(f"another version of bluetick wrote it (form {form}); delete it, or name another file")


def _patiently(work: Callable[[], object]) -> None:
    """SQLite waits for others by itself, but for two moments at which it says at once that it is busy: while another
    process turns to the write-ahead log, and while the last one takes that log away."""
    ends = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            work()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _form(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _reason(error: Exception) -> str:
    match error:
        case OSError(strerror=str(reason)):
            return reason.lower()
        case sqlite3.DatabaseError(sqlite_errorcode=sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT):
            return "it is damaged or no cache; delete it, or name another file"
        case sqlite3.OperationalError(sqlite_errorcode=sqlite3.SQLITE_BUSY):
            return "other processes hold it"
        case json.JSONDecodeError():
            return "it is damaged; delete it"
    return str(error)


def default_cache(environment: Mapping[str, str], platform: str, home: Callable[[], Path]) -> Path:
    """Where the platform keeps what can be made anew: XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%."""
    if platform == "win32":
        given = environment.get("LOCALAPPDATA", "")
        base = Path(given) if given else home() / "AppData" / "Local"
    elif platform == "darwin":
        base = home() / "Library" / "Caches"
    else:
        given = environment.get("XDG_CACHE_HOME", "")
        base = Path(given) if Path(given).is_absolute() else home() / ".cache"  # XDG: a relative path is ignored
    return base / "bluetick" / "file_profiles.sqlite"
