"""Which format a stream is of, by its first records."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import numpy as np
import pyarrow.compute as pc

from bluetick.engines.duckdb_records import RecordReader
from bluetick.ingest.binding import Compiled, Wanted, compile_values
from bluetick.ingest.declared import DeclaredFormat
from bluetick.ingest.formats import Format, built_in_format, built_in_heads
from bluetick.ingest.plain_rows import RowsNormaliser
from bluetick.ingest.progress import part_of
from bluetick.ingest.strictness import record_fault
from bluetick.sources.records import Normaliser, Records

RECORDS_TO_READ: Final = 200


class Recogniser(Protocol):
    """Knows the records of one format, and can make its normaliser."""

    @property
    def name(self) -> str: ...

    def matches(self, block: Records) -> int:
        """How many of these sound records are of the format."""
        ...

    def make(self, held: str) -> Normaliser:
        """A normaliser that goes on from what another held back."""
        ...


class DeclaredRecogniser:
    """Of a declared format."""

    def __init__(
        self,
        form: Format,
        reader: RecordReader,
        now: Callable[[], datetime],
        whole: Callable[[str], Format] | None = None,
    ) -> None:
        self._form = form
        self._whole = whole  # gives the format with its tables, where `form` has none
        self._reader = reader
        self._now = now
        self._compiled: Compiled | None = None  # once it is asked: most streams are of few formats

    @property
    def name(self) -> str:
        return self._form.name

    def matches(self, block: Records) -> int:
        if self._form.when is None:
            return 0
        if self._compiled is None:
            wanted = [Wanted("when", self._form.when, None)]
            self._compiled = compile_values(wanted, self._form.fields, self._form.text)
        rows = self._reader.select(block.text, self._compiled.view, self._compiled.sql_at(self._now()))
        found = pc.sum(rows.column(f"v{self._compiled.names.index('when')}").cast("int64")).as_py()
        return int(found or 0)

    def make(self, held: str) -> Normaliser:
        form = self._form if self._whole is None else self._whole(self._form.text.name)
        return DeclaredFormat(form, self._reader, self._now, held)


class Recognition:
    """Chooses among formats; one normaliser of each lives as long as this."""

    def __init__(
        self, recognisers: Sequence[Recogniser], held: Mapping[str, str] | None = None, *, only: bool = False
    ) -> None:
        self._recognisers = recognisers
        self._held = dict(held or {})
        self._only = only  # the user says what it is: the first is taken for whatever the records look like
        self._last = ""
        self._made: dict[str, Normaliser] = {}

    def recognise(self, block: Records) -> Normaliser | None:
        """The format of which at least half of a stream's first records are; None where there is none."""
        head = _sound(part_of(block, 0, min(len(block), RECORDS_TO_READ)))
        recogniser = self._recognisers[0] if self._only else self._best(head)
        if recogniser is None:
            return None
        normaliser = self._normaliser(recogniser)
        if isinstance(normaliser, RowsNormaliser):
            normaliser.refuse_doubt(head)
        return normaliser

    def named(self, name: str) -> Normaliser | None:
        """The normaliser of a format by its name; that of the user's one format where that is for whatever comes."""
        found = (one for one in self._recognisers if self._only or one.name == name)
        recogniser = next(found, None)
        return None if recogniser is None else self._normaliser(recogniser)

    def _best(self, head: Records) -> Recogniser | None:
        """Asked first is what was recognised last: the files of a folder are often alike, and no record is of two."""
        best, most = None, 0
        for recogniser in sorted(self._recognisers, key=lambda one: one.name != self._last):
            count = recogniser.matches(head)
            if count > most and 2 * count >= len(head):
                best, most = recogniser, count
            if most == len(head):
                break
        self._last = best.name if best is not None else self._last
        return best

    def _normaliser(self, recogniser: Recogniser) -> Normaliser:
        if recogniser.name not in self._made:
            self._made[recogniser.name] = recogniser.make(self._held.pop(recogniser.name, ""))
        return self._made[recogniser.name]

    def holding(self) -> list[Normaliser]:
        """Normalisers that go on with what an interrupted ingest held back, and that nothing was recognised for."""
        return [self._normaliser(one) for one in self._recognisers if one.name in self._held]

    def claims(self, block: Records) -> list[tuple[str, int]]:
        """The formats that know some of these records, and how many each; those that know most first."""
        counts = [(one.name, one.matches(_sound(block))) for one in self._recognisers]
        return sorted(((name, count) for name, count in counts if count), key=lambda claim: -claim[1])

    def made(self) -> list[Normaliser]:
        """All normalisers so far."""
        return list(self._made.values())


def declared(reader: RecordReader, now: Callable[[], datetime], formats: Sequence[Format] = ()) -> list[Recogniser]:
    """Recognisers of these formats, or of those of this package."""
    if formats:
        return [DeclaredRecogniser(form, reader, now) for form in formats]
    return [DeclaredRecogniser(form, reader, now, built_in_format) for form in built_in_heads()]


def _sound(block: Records) -> Records:
    places = [i for i in range(len(block)) if i not in block.faults and not record_fault(block.text[i].as_py() or "")]
    return Records(
        block.number,
        block.raw.take(np.array(places, np.int64)),
        block.text.take(np.array(places, np.int64)),
        block.offsets,
    )
