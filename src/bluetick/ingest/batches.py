"""Rows on their way into a lake: gathered until they are worth a commit, then stored with their inputs' account."""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from bluetick.ingest.kept import kept_of
from bluetick.ingest.progress import KnownInputs
from bluetick.lake.intake import Batch, TableRows, store
from bluetick.schema.packs import TIME_COLUMNS, known_table, own_type
from bluetick.sources.records import Normalised, Normaliser, Records
from bluetick.sources.windows.process_table import PROCESSES
from bluetick.types import Type

MAX_ROWS: Final = 262_144
MAX_BYTES: Final = 32 << 20
_QUARANTINE_BYTES: Final = 32 << 20

_OF_ARROW: Final[Mapping[pa.DataType, Type]] = {
    pa.bool_(): Type.BOOL,
    pa.int32(): Type.INT,
    pa.int64(): Type.LONG,
    pa.float64(): Type.REAL,
}

HELD: Final = "held-"  # and the source: what its normaliser holds back

_OWN_TABLES: Final = {PROCESSES.name: PROCESSES}


class Enrichment(Protocol):
    """Fills what the rows of a table do not say."""

    @property
    def provenance(self) -> Mapping[str, str]:
        """Which edition of which data fills."""
        ...

    def enrich(self, table: str, rows: pa.Table) -> pa.Table: ...


Derive = Callable[[Sequence[TableRows], str], Sequence[TableRows]]


@dataclass(slots=True)
class Tally:
    """Records and their bytes by their fate: input = stored + quarantined + duplicates, of both."""

    input: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicates: int = 0
    bytes: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def add_known(self, records: int, size: int) -> None:
        """Records of an input that was stored before, and how many bytes they are."""
        self.input += records
        self.duplicates += records
        self.bytes.update(input=size, duplicates=size)

    def add(self, block: Records, done: Normalised) -> None:
        """What became of a block."""
        sizes = block.offsets.to_numpy()
        faulty = sum(int(sizes[i + 1] - sizes[i]) for i in done.faults)
        known = sum(int(sizes[i + 1] - sizes[i]) for i in done.duplicates)
        whole = block.end - block.start
        self.input += len(block)
        self.quarantined += len(done.faults)
        self.duplicates += len(done.duplicates)
        self.stored += len(block) - len(done.faults) - len(done.duplicates)
        self.bytes.update(input=whole, quarantined=faulty, duplicates=known, stored=whole - faulty - known)
        self.reasons.update(done.faults.values())
        self.notes += done.notes  # without those of nothing


class Batches:
    """Gathers rows, quarantine and receipts, and stores them together. `derive` gives further tables for a batch."""

    def __init__(
        self,
        lake: Path,
        known: KnownInputs,
        now: Callable[[], datetime],
        enrichment: Enrichment,
        derive: Derive,
        tally: Tally | None = None,
    ) -> None:
        self.tally = Tally() if tally is None else tally
        self._lake = lake
        self._known = known
        self._now = now
        self._enrichment = enrichment
        self._derive = derive
        self._tables: defaultdict[str, list[pa.Table]] = defaultdict(list)
        self._rows = 0
        self._bytes = 0
        self._quarantine: list[str] = []
        self._quarantine_bytes = 0
        self._receipts: dict[str, str] = {}
        self._outdated: list[str] = []
        self._rewritten: dict[str, str] = {}
        self._source = ""

    def begin(self, source: str) -> None:
        """What comes now is of a source of this name; a batch is of one."""
        if source != self._source:
            self.flush()
            self._source = source

    def add_rows(self, tables: Mapping[str, pa.Table]) -> None:
        """Rows of tables."""
        for name, rows in tables.items():
            self._tables[name].append(rows)
            self._rows += rows.num_rows
            self._bytes += rows.nbytes
            self.tally.rows[name] += rows.num_rows

    def add_more(self, normaliser: Normaliser) -> None:
        """What blocks gave beyond their first answer. Their receipts must be here already."""
        while (more := normaliser.more()).tables:
            self.add_rows(more.tables)
            self.flush_if_full(normaliser)

    def add_rest(self, normaliser: Normaliser) -> None:
        """All that a normaliser holds back."""
        while True:
            rest = normaliser.finish()
            self.tally.notes.update(rest.notes)
            if not rest.tables:
                break
            self.add_rows(rest.tables)
            self.flush_if_full(normaliser)
        self.hold("")

    def flush_if_full(self, normaliser: Normaliser) -> None:
        """Stores what was gathered once it is worth a commit, with what the normaliser holds back at this point."""
        if self.is_full:
            self.hold(normaliser.held)
            self.flush()

    def add_faults(self, name: str, form: str, block: Records, faults: Mapping[int, str]) -> None:
        """Records to be kept aside, with their bytes and the reason."""
        for kept in kept_of(block, faults, readable(name), form, self._now().isoformat()):
            line = kept.written(kept.reason)
            self._quarantine.append(line)
            self._quarantine_bytes += len(line)

    def rewrite(self, name: str, rest: str) -> None:
        """A file of the quarantine gives way to what is left of it; see `Batch`."""
        self._rewritten[name] = rest

    def receive(self, receipt: str, text: Mapping[str, object], outdated: str | None) -> None:
        """Everything up to here of an input is in the batch; `outdated` was its receipt before."""
        told = {key: readable(value) if isinstance(value, str) else value for key, value in text.items()}
        self._receipts[receipt] = json.dumps(told, ensure_ascii=False) + "\n"
        if outdated is not None and self._receipts.pop(outdated, None) is None:
            self._outdated.append(outdated)
        if outdated is not None:
            self._known.discard(outdated)
        self._known.add(receipt)

    def hold(self, held: str) -> None:
        """What the source's normaliser holds back at this point; "" for nothing. It outlives this process."""
        name = HELD + self._source
        self._receipts.pop(name, None)
        self._outdated = [other for other in self._outdated if other != name]
        if held:
            self._receipts[name] = held
        else:
            self._outdated.append(name)

    @property
    def is_full(self) -> bool:
        return self._rows >= MAX_ROWS or self._bytes >= MAX_BYTES or self._quarantine_bytes >= _QUARANTINE_BYTES

    def flush(self) -> None:
        """Stores what was gathered: all of it or nothing."""
        if not (self._receipts or self._tables or self._quarantine or self._rewritten):
            return
        tables = [self._table_rows(name) for name in sorted(self._tables)]
        tables += self._derive(tables, self._source)
        batch = Batch(
            uuid.uuid4().hex,  # a table takes an id in once; two batches without a receipt would share a digest
            self._source,
            tuple(tables),
            self._receipts,
            "".join(self._quarantine),
            tuple(self._outdated),
            self._rewritten,
            self._enrichment.provenance,
        )
        store(self._lake, batch, self._now())
        self._tables.clear()
        self._receipts, self._quarantine, self._outdated, self._rewritten = {}, [], [], {}
        self._rows = self._bytes = self._quarantine_bytes = 0

    def _table_rows(self, name: str) -> TableRows:
        """All rows of a table, enriched, and let go here."""
        rows = self._enrichment.enrich(name, pa.concat_tables(self._tables.pop(name), promote_options="default"))
        schema = known_table(name) or _OWN_TABLES.get(name)
        known = dict(schema.columns) if schema is not None else {}
        time = schema.time_column if schema is not None else None
        rows = _without_case_twins(rows)
        columns = tuple((c, known.get(c) or _type_of(rows, c)) for c in rows.column_names)
        return TableRows(name, rows, columns, time or next(c for c in TIME_COLUMNS if c in rows.column_names))


def readable(name: str) -> str:
    """A file's name as text; the bytes of a name that is in no encoding we know are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _type_of(rows: pa.Table, column: str) -> Type:
    """The type of a column that no schema tells; a bag is text, which its name alone gives away."""
    stored = rows.schema.field(column).type
    if pa.types.is_string(stored):
        return Type.DYNAMIC if own_type(column) is Type.DYNAMIC else Type.STRING
    return _OF_ARROW.get(stored, Type.DATETIME)


def _without_case_twins(data: pa.Table) -> pa.Table:
    """The table without empty columns that differ from another in case only: engines fold the case of file columns,
    and what a file lacks is read as empty anyway."""
    names = data.column_names
    folded = [name.casefold() for name in names]
    twins = [i for i, name in enumerate(folded) if folded.count(name) > 1 and data.column(i).null_count == len(data)]
    return data.select([i for i in range(len(names)) if i not in twins])
