"""A watch of files and folders: what is new in them is stored, round by round, until someone ends it.

A file is its content: under another name (rotated, copied, compressed) its records are known by their receipts, and one
that no longer begins as it did starts anew. The lake is held for the length of a round only.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.batches import Batches, Tally
from bluetick.ingest.pipeline import Ingest, Input, ReplacedError
from bluetick.ingest.progress import KnownInputs
from bluetick.ingest.recognition import Recognition
from bluetick.ingest.running import Options, held_back, recognition
from bluetick.ingest.watched import Key, Sight, WatchedFiles, goes_on, same_file
from bluetick.lake.intake import locked, receipt_names

_MUCH: Final = 32 << 20  # bytes that wait: worth a round of their own
_IDLE: Final = 60.0  # seconds without records, after which what is held back is stored


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often files are looked at, and commits made at most, in seconds."""

    interval: float = 1.0
    commit_every: float = 5.0


@dataclass(frozen=True, slots=True)
class Status:
    """Where a watch stands: files, records stored so far, and the bytes that wait."""

    files: int
    records: int
    waiting: int


@dataclass(slots=True)
class _Followed:
    """A file of the watch. `read` is how it looked when it was last read; `item` how far that came, where it grows."""

    sight: Sight
    read: Sight | None = None
    before: Sight | None = None  # at the last look
    item: Input | None = None

    @property
    def waiting(self) -> int:
        if self.read is not None and self.sight.state == self.read.state:
            return 0
        return max(self.sight.size - (self.item.offset if self.item is not None else 0), 1)

    @property
    def is_ready(self) -> bool:
        """Whether to read it now: what is read as a whole must no longer change."""
        if not self.waiting:
            return False
        is_still = self.before is not None and self.before.state == self.sight.state
        return self.item is not None or is_still or not self.is_packed

    @property
    def is_packed(self) -> bool:
        try:
            return self.sight.is_packed()
        except OSError:  # told when it is read
            return False


class Watch:
    """`say` is told what people must know, each thing once; `show` where the watch stands, at each look."""

    def __init__(
        self,
        paths: Sequence[Path],
        lake: Path,
        options: Options,
        rhythm: Rhythm = Rhythm(),
        say: Callable[[str], None] = lambda _: None,
        show: Callable[[Status], None] = lambda _: None,
    ) -> None:
        self._lake = lake
        self._options = options
        self._rhythm = rhythm
        self._show = show
        self._watched = WatchedFiles(paths, lake, say)
        self._files: dict[Key, _Followed] = {}
        self._recognition: Recognition | None = None
        self._left: frozenset[str] = frozenset()  # the receipts, and what is held back, at the end of the last round
        self._held: dict[str, str] = {}
        self._tally = Tally()

    def run(self, stop: threading.Event) -> Tally:
        """Follows until `stop` is set. What was read by then is stored; a SourceError says that storing failed."""
        reader = RecordReader(self._options.threads)
        last = -self._rhythm.commit_every
        stored = time.monotonic()
        try:
            while not stop.is_set():
                self._look()
                ready = [file for file in self._files.values() if file.is_ready]
                waiting = sum(file.waiting for file in ready)
                if ready and (time.monotonic() - last >= self._rhythm.commit_every or waiting >= _MUCH):
                    self._round(reader, ready, stop)
                    last = stored = time.monotonic()
                elif time.monotonic() - stored >= _IDLE:
                    self._let_go(reader)
                    stored = time.monotonic()
                self._show(self._status())
                stop.wait(self._rhythm.interval)
            self._let_go(reader)
        finally:
            reader.close()
        return self._tally

    def _status(self) -> Status:
        return Status(len(self._files), self._tally.stored, sum(file.waiting for file in self._files.values()))

    def _look(self) -> None:
        """What there is now. Of files that are gone nothing is kept: their records are known by their receipts."""
        files: dict[Key, _Followed] = {}
        for sight in self._watched.look():
            file = self._files.get(sight.key)
            if file is None:
                file = _Followed(sight)
            elif sight.key not in files:
                file.before, file.sight = file.sight, sight
            files.setdefault(sight.key, file)
        self._files = files

    # --- under the lake's lock ---

    def _round(self, reader: RecordReader, files: Sequence[_Followed], stop: threading.Event) -> None:
        with locked(self._lake):
            ingest, is_foreign = self._begin(reader, stop)
            found = [(file, item) for file in files for item in self._inputs(ingest, file)]
            for _, item in found:
                item.known = None if is_foreign else item.known
            replaced = ingest.read_on([item for _, item in found])
            for file, item in found:
                is_there = not any(item is other for other in replaced)
                file.item = item if item.is_growing and is_there else None
            self._note_state()

    def _begin(self, reader: RecordReader, stop: threading.Event) -> tuple[Ingest, bool]:
        """An ingest that goes on from the lake as it is now, and whether another has stored something since. What a
        normaliser held back is no longer its own, where another ingest has taken it."""
        names, held = frozenset(receipt_names(self._lake)), held_back(self._lake)
        is_foreign = names != self._left
        if self._recognition is None or held != self._held:
            self._recognition = recognition(self._lake, self._options, reader)
            for file in self._files.values():
                if file.item is not None:
                    file.item.normaliser = self._recognition.named(file.item.normaliser.name) or file.item.normaliser
        known, options = KnownInputs(names), self._options
        batches = Batches(self._lake, known, options.now, options.enrichment, options.derive, self._tally)
        return Ingest(self._recognition, known, batches, options.advance, stop.is_set), is_foreign

    def _note_state(self) -> None:
        self._left, self._held = frozenset(receipt_names(self._lake)), held_back(self._lake)

    def _let_go(self, reader: RecordReader) -> None:
        """Stores what is held back, when there is no telling when the next record comes."""
        if self._recognition is None or not self._held:
            return
        with locked(self._lake):
            ingest, _ = self._begin(reader, threading.Event())
            ingest.end([*self._recognition.made(), *self._recognition.holding()])
            self._note_state()

    def _inputs(self, ingest: Ingest, file: _Followed) -> list[Input]:
        """The streams of a file, from where they were read to; nothing where it is gone."""
        sight = file.read = file.sight
        try:
            if file.item is not None and goes_on(sight, file.item):
                file.item.stream = same_file(sight)
                return [file.item]
            file.item = None
            inputs, unknown = ingest.look([sight.path], growing=True)
        except ReplacedError:
            return []
        except SourceError as error:
            file.read = None
            self._watched.tell(str(sight.path), f"note: {error}")
            return []
        for item in inputs:
            if item.is_growing:
                item.stream = same_file(sight)
        for other in unknown:
            if not other.is_empty:
                hint = other.hint or "--explain, --map"
                text = f"note: '{other.name}' is of no known log format, and is left out ({hint})"
                self._watched.tell(other.name, text)
        return inputs
