"""Records that were kept aside are tried again."""

import uuid
from pathlib import Path
from typing import IO

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.batches import Batches, Tally
from bluetick.ingest.kept import Choice, Kept, quarantine_files, read_kept
from bluetick.ingest.progress import KnownInputs
from bluetick.ingest.recognition import Recognition
from bluetick.ingest.running import Options, recognition
from bluetick.lake.data_files import flush
from bluetick.lake.failures import writing
from bluetick.lake.intake import PART, locked
from bluetick.sources.blocks import BLOCK_BYTES, HOLDS_NUL, LIMITS, NOT_UTF8
from bluetick.sources.records import Normalised, Normaliser, Records


def retry(lake: Path, choice: Choice, options: Options) -> Tally:
    """Runs the records that are meant through today's formats, or through the user's own. What becomes rows, or is a
    duplicate, leaves the quarantine in the commit that stores it; the rest stays, for the reason of today."""
    quarantine_files(lake)  # refuses what is no folder before a lock makes it one
    with locked(lake):
        reader = RecordReader(options.threads)
        try:
            batches = Batches(lake, KnownInputs(()), options.now, options.enrichment, options.derive)
            work = _Retry(recognition(lake, options, reader), batches, choice)
            for path in quarantine_files(lake):
                work.file(path)
            return work.end()
        finally:
            reader.close()


class _Retry:
    """One run over the quarantine: a commit for each of its files."""

    def __init__(self, recognition: Recognition, batches: Batches, choice: Choice) -> None:
        self._recognition = recognition
        self._batches = batches
        self._choice = choice
        self._used: dict[str, Normaliser] = {}

    def file(self, path: Path) -> None:
        """Tries the records of one file. A batch is of one source, and so, but for what a user maps, is a file."""
        for form in sorted({kept.form for kept in read_kept(path) if self._choice.takes(kept)}):
            normaliser = self._recognition.named(form)
            if normaliser is None:
                self._batches.tally.notes[f"of the format '{form}', which only a --map FILE can tell"] += sum(
                    kept.form == form and self._choice.takes(kept) for kept in read_kept(path)
                )
            else:
                self._used[normaliser.name] = normaliser
                self._file_of(path, form, normaliser)

    def _file_of(self, path: Path, form: str, normaliser: Normaliser) -> None:
        self._batches.begin(normaliser.name)
        rest = path.with_name(uuid.uuid4().hex + PART)
        with writing(path.parent), rest.open("w", encoding="utf-8") as stream:
            trial = _Trial(normaliser, self._batches, stream)
            for kept in read_kept(path):
                if kept.form == form and self._choice.takes(kept):
                    trial.add(kept)
                else:
                    stream.write(kept.written(kept.reason))
                    trial.left += 1
            trial.end()
        if not trial.has_changed:
            rest.unlink()
            return
        flush(rest)
        self._batches.rewrite(path.name, rest.name if trial.left else "")
        self._batches.hold(normaliser.held)
        self._batches.flush()
        if not trial.left:
            rest.unlink(missing_ok=True)

    def end(self) -> Tally:
        """Stores what was held back, of this run and of one that was interrupted."""
        for normaliser in self._used.values():
            self._batches.begin(normaliser.name)
            self._batches.add_rest(normaliser)
            self._batches.flush()
        return self._batches.tally


class _Trial:
    """Records of one file of the quarantine on their way; those that fail go to a stream, with their reason."""

    def __init__(self, normaliser: Normaliser, batches: Batches, stream: IO[str]) -> None:
        self._normaliser = normaliser
        self._batches = batches
        self._stream = stream
        self._waiting: list[Kept] = []
        self._size = 0
        self.left = 0
        self.has_changed = False

    def add(self, kept: Kept) -> None:
        """Tries a record together with its neighbours of the same log."""
        if self._waiting and (self._waiting[0].file != kept.file or self._size >= BLOCK_BYTES):
            self.end()
        self._waiting.append(kept)
        self._size += len(kept.raw)

    def end(self) -> None:
        """Tries what waits."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        if not waiting:
            return
        block = _block(waiting)
        done = self._normalised(block)
        self._batches.tally.add(block, done)
        self._batches.add_rows(done.tables)
        for place, reason in sorted(done.faults.items()):
            self._stream.write(waiting[place].written(reason))
            self.has_changed |= reason != waiting[place].reason
        self.left += len(done.faults)
        self.has_changed |= len(done.faults) < len(waiting)

    def _normalised(self, block: Records) -> Normalised:
        try:
            return self._normaliser.normalise(block)
        except SourceError as error:  # rows whose table cannot be told
            return Normalised({}, dict.fromkeys(range(len(block)), str(error)) | dict(block.faults))


def _block(kept: list[Kept]) -> Records:
    """The records as one block that begins a stream."""
    faults = {place: reason for place, one in enumerate(kept) if (reason := _fault(one))}
    texts = [None if place in faults else _text(one) for place, one in enumerate(kept)]
    ends = [0]
    for one in kept:
        ends.append(ends[-1] + len(one.raw))
    raw = pa.array([one.raw for one in kept], pa.large_binary())
    return Records(1, raw, pa.array(texts, pa.large_string()), pa.array(ends, pa.int64()), faults)


def _text(kept: Kept) -> str | None:
    return kept.text if kept.has_text else kept.raw.decode("utf-8")


def _fault(kept: Kept) -> str:
    """Why a record has no text; its container, which is not asked again, may have said so."""
    if kept.has_text:
        return "" if kept.text is not None else kept.reason
    if len(kept.raw) > LIMITS.record:
        return LIMITS.reason
    if b"\0" in kept.raw:
        return HOLDS_NUL
    try:
        kept.raw.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8
    return ""
