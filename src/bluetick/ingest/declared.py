"""A declared format at work: blocks of records to rows, by the statements that its document was compiled to."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.diagnostics import Span
from bluetick.engines.duckdb_records import FAULT, NUMBER, RecordReader
from bluetick.execution.mapping import Written
from bluetick.ingest.added_fields import as_json, with_fields
from bluetick.ingest.binding import Compiled, Wanted, compile_values, field_value, with_names
from bluetick.ingest.formats import EveryTable, Format, TableBody
from bluetick.ingest.further_fields import MAX_FIELDS, FurtherFields
from bluetick.ingest.picking import Picked, Places, keys_of_elements
from bluetick.ingest.strictness import Strictness, record_fault
from bluetick.ingest.times import wrong_times
from bluetick.schema.packs import TableSchema, known_export, known_table, own_type
from bluetick.sources.arrow import arrow_schema
from bluetick.sources.minutes import MINUTES_TABLE, Minutes
from bluetick.sources.records import Normalised, Records
from bluetick.types import Type

RAW: Final = "RawData"
_UNTIL: Final = "#until"
_ONLY: Final = "#only"
_EACH: Final = "each"
_TABLE: Final = "#table"
_TIME: Final = "#time"
_HERE: Final = Span(0, 0)
_OWN_TIME: Final = "TimeGenerated"  # of tables that no pack knows
_MEMORY_KEYS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way in which a record becomes a row of a table: compiled, with the table's schema."""

    schema: TableSchema
    time: str
    compiled: Compiled
    body: TableBody
    recall_keys: Compiled | None = None


@dataclass(slots=True)
class _Found:
    """What a block has given so far. `taken` are the records of which some table tells."""

    faults: dict[int, str]
    taken: npt.NDArray[np.bool_]
    rows: list[tuple[TableSchema, Places, pa.Table]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)


class DeclaredFormat:
    """See `Normaliser`. `now` is when records are received: what claims to be of later is kept aside."""

    def __init__(self, form: Format, reader: RecordReader, now: Callable[[], datetime], held: str = "") -> None:
        self._format = form
        self._minutes = Minutes(held)
        self._reader = reader
        self._now = now
        self._kinds = [_kind(form, body) for body in form.tables]
        self._every: dict[str, _Kind | None] = {}
        every = form.every_table
        self._further = None if every is None else FurtherFields(every.pack, every.spelled.values())
        self._memories: dict[str, OrderedDict[str, str]] = {name: OrderedDict() for name in form.memories}
        self._parsers = _compile_parsers(form)
        self._selector = _compile_selector(form)
        self._time = _compile_time(form)
        self._last: _Kind | None = None  # of an export of every table: what the last block began with
        self._strictness = Strictness(
            reader,
            _objects(
                [self._selector, *(part for kind in self._kinds for part in (kind.compiled, kind.recall_keys))], form
            ),
        )

    @property
    def name(self) -> str:
        return self._format.name

    @property
    def held(self) -> str:
        return self._minutes.held

    @property
    def lacks(self) -> Mapping[str, Mapping[str, str]]:
        """Why columns are empty, by table and column."""
        return {kind.schema.name: kind.body.lacks for kind in self._kinds if kind.body.lacks}

    @property
    def reads(self) -> frozenset[tuple[str, ...]]:
        """The ways of the fields that rows have been computed of."""
        kinds = [*self._kinds, *(kind for kind in self._every.values() if kind is not None)]
        compiled = [*self._parsers, *(one for kind in kinds for one in (kind.compiled, kind.recall_keys))]
        compiled += [self._selector, self._time]
        ways = {(c.source or "", *c.path) for one in compiled if one is not None for c in one.columns}
        return frozenset(ways | {kind.body.each for kind in kinds if kind.body.each})

    def normalise(self, block: Records) -> Normalised:
        found = _Found(dict(block.faults), np.zeros(len(block), np.bool_))
        found.faults |= self._strictness.faults(block.text, found.faults)
        sound = _without(len(block), found.faults)
        texts = self._parsed(block.text, sound)
        left = self._read_alike(texts, sound, found)
        picked = self._pick(texts, left)
        for reason, _ in self._format.wrong:
            found.faults |= dict.fromkeys(picked.records[picked.truth(f"wrong {reason}")].tolist(), reason)
        self._remember(picked)
        for place, kind in enumerate(self._kinds):
            where = picked.records[picked.truth(f"where{place}")] if kind.body.where is not None else left
            self._read(kind, texts, where, found)
        if self._format.every_table is not None:
            self._read_every(picked, texts, found)
        rest = left[~found.taken[left]]
        if len(rest):
            self._keep_raw(block.text, rest, found)
        return Normalised(_tables(found, self._minutes), found.faults, frozenset(), found.notes)

    def more(self) -> Normalised:
        rows = self._minutes.more()
        return Normalised({} if rows is None else {MINUTES_TABLE: rows})

    def finish(self) -> Normalised:
        rows = self._minutes.rest()
        return Normalised({} if rows is None else {MINUTES_TABLE: rows})

    def remembers(self, block: Records) -> bool:
        """Whether any of these records tells a memory."""
        if not self._memories:
            return False
        picked = self._picked(block)
        return any(bool(picked.truth(f"memory {name}").any()) for name in self._memories)

    def learn(self, block: Records) -> None:
        """Remembers what records tell that were stored before, so that those behind them become the same rows."""
        self._remember(self._picked(block))

    def _picked(self, block: Records) -> Picked:
        faults = self._strictness.faults(block.text, block.faults)
        sound = _without(len(block), {**block.faults, **faults})
        return self._pick(self._parsed(block.text, sound), sound)

    def _parsed(self, texts: pa.LargeStringArray, sound: Places) -> pa.LargeStringArray:
        """The records, the sound ones with what the format parses out of them, step by step."""
        if not self._parsers or not len(sound):
            return texts
        found = texts if len(sound) == len(texts) else texts.take(sound)
        for compiled in self._parsers:
            rows = self._select(compiled, found, np.arange(len(found)))
            values = {name: rows.column(f"v{place}") for place, name in enumerate(compiled.names)}
            found = with_fields(found, {name: v for name, v in values.items() if name not in (NUMBER, FAULT)})
        if len(sound) == len(texts):
            return found
        mask = np.zeros(len(texts), np.bool_)
        mask[sound] = True
        mixed: pa.LargeStringArray = pc.replace_with_mask(texts, pa.array(mask), found)
        return mixed

    # --- which tables tell of which records ---

    def _pick(self, texts: pa.LargeStringArray, sound: Places) -> Picked:
        if self._selector is None or not len(sound):
            return Picked(sound, None, {})
        rows = self._select(self._selector, texts, sound)
        return Picked(sound, rows, {name: f"v{place}" for place, name in enumerate(self._selector.names)})

    def _select(self, compiled: Compiled, texts: pa.LargeStringArray, places: Places) -> pa.Table:
        """The values of these records, in their order."""
        chosen = texts if len(places) == len(texts) else texts.take(places)
        rows = self._reader.select(chosen, compiled.view, compiled.sql_at(self._now()))
        number = rows.column(f"v{compiled.names.index(NUMBER)}").combine_chunks()
        order = pc.sort_indices(number)
        return (
            rows if pc.all(pc.equal(order, pa.array(np.arange(len(order)), pa.uint64()))).as_py() else rows.take(order)
        )

    def _remember(self, picked: Picked) -> None:
        for name, known in self._memories.items():
            matches = picked.truth(f"memory {name}")
            keys = picked.texts(f"key {name}", matches)
            values = picked.texts(f"value {name}", matches)
            if self._format.memories[name].each is not None:
                keys, values = keys_of_elements(keys, values, picked.texts(f"each {name}", matches))
            for key, value in zip(keys, values, strict=True):
                if key and value:
                    known[key] = value
                    known.move_to_end(key)
            while len(known) > _MEMORY_KEYS:
                known.popitem(last=False)

    # --- rows ---

    def _read_alike(self, texts: pa.LargeStringArray, sound: Places, found: _Found) -> Places:
        """Reads the records of an export of every table at once as if all were of the table that the last block began
        with, which most often they are; gives those that are of another."""
        kind = self._last
        if kind is None or not len(sound):
            return sound
        rows = self._select(kind.compiled, texts, sound)
        tables: Any = rows.column(f"v{kind.compiled.names.index(_TABLE)}")
        alike = np.asarray(pc.equal(tables, pa.scalar(kind.schema.name)).to_numpy(), np.bool_)
        if self._learn(kind.schema.name, sound[alike], found):
            return sound
        self._keep_rows(kind, sound[alike], rows if alike.all() else rows.filter(pa.array(alike)), found)
        return sound[~alike]

    def _read(self, kind: _Kind, texts: pa.LargeStringArray, places: Places, found: _Found) -> None:
        """Rows of one kind out of these records; those in which a value is wrong become faults."""
        if kind.body.each or kind.body.recalls:
            texts, places = self._extended(kind, texts, places)
            self._keep_rows(kind, places, self._select(kind.compiled, texts, np.arange(len(texts))), found)
        elif len(places):
            self._keep_rows(kind, places, self._select(kind.compiled, texts, places), found)

    def _keep_rows(self, kind: _Kind, places: Places, rows: pa.Table, found: _Found) -> None:
        """Takes rows of these records; those in which a value is wrong become faults."""
        if not len(places):
            return
        if kind.body.only is not None:
            holds: Any = rows.column(f"v{kind.compiled.names.index(_ONLY)}")
            wanted: Any = pc.fill_null(holds, False)
            rows, places = rows.filter(wanted), places[np.asarray(wanted.to_numpy(), np.bool_)]
        fault, time = (f"v{kind.compiled.names.index(name)}" for name in (FAULT, kind.time))
        said: Any = rows.column(fault)
        faults = said.to_pylist() if pc.any(pc.not_equal(said, pa.scalar(""))).as_py() else []
        wrong = {int(places[i]): fault for i, fault in enumerate(faults) if fault}
        for i, reason in wrong_times(kind.time, rows.column(time), self._now()).items():
            wrong.setdefault(int(places[i]), reason)
        found.faults |= wrong
        found.taken[places] = True
        names = [kind.compiled.names[int(name[1:])] for name in rows.column_names]
        found.rows.append((kind.schema, places, rows.rename_columns(names)))

    def _extended(self, kind: _Kind, texts: pa.LargeStringArray, places: Places) -> tuple[pa.LargeStringArray, Places]:
        """The records with the fields that they lack: an element of their array each, and what is remembered."""
        chosen = texts.take(places)
        if kind.body.each:
            found = self._reader.elements(chosen, kind.body.each)
            where = found.column("place").to_numpy()
            chosen, places = with_fields(chosen.take(where), {_EACH: found.column("element")}), places[where]
        if kind.recall_keys is not None and len(places):
            keys = self._select(kind.recall_keys, chosen, np.arange(len(places)))
            fields: dict[str, Any] = {}
            for name, recall in kind.body.recalls.items():
                known = self._memories[recall.memory]
                wanted: list[Any] = keys.column(f"v{kind.recall_keys.names.index(name)}").to_pylist()
                fields[name] = pa.array([as_json(known.get(key)) for key in wanted], pa.large_string())
            chosen = with_fields(chosen, fields)
        return chosen, places

    def _read_every(self, picked: Picked, texts: pa.LargeStringArray, found: _Found) -> None:
        for table in pc.unique(picked.column("table")).to_pylist() if picked.rows is not None else ():
            where = picked.records[picked.equals("table", table)]
            self._learn(table or "", where, found)
            kind = self._kind_of(table or "")
            if kind is not None:
                self._read(kind, texts, where, found)
                if not self._kinds and not self._memories and not self._format.wrong:
                    self._last = kind

    def _kind_of(self, table: str) -> _Kind | None:
        """A table's own export; None where neither a schema nor its records tell of a table."""
        if table not in self._every:
            every = self._format.every_table
            further = self._further.of(table) if self._further is not None else ()
            self._every[table] = None if every is None else _export(self._format, table, every, further)
        return self._every[table]

    def _learn(self, table: str, places: Places, found: _Found) -> bool:
        """Takes note of the fields that a table's records have beside its schema; whether there are new ones. Records
        of several tables may have the same names, so each shape is looked at for each table."""
        if self._format.every_table is None or self._further is None:
            return False
        new = self._further.unseen(table, self._strictness.shapes[places])
        if not new:
            return False
        under = self._strictness.objects.index(self._format.every_table.under)
        is_new = False
        for names in self._strictness.names([int(places[place]) for place in new]):
            is_new |= self._further.learn(table, names[under] or ())
            if self._further.is_full(table):
                found.notes[f"{table} has more than {MAX_FIELDS} fields of its own: further ones may be left out"] += 1
        if is_new:
            self._every.pop(table, None)
            self._last = None
        return is_new

    def _keep_raw(self, texts: pa.LargeStringArray, places: Places, found: _Found) -> None:
        """Records of which no table tells, in a table of the format's own."""
        faults = {int(place): record_fault(texts[int(place)].as_py()) for place in places}
        found.faults |= {place: reason for place, reason in faults.items() if reason}
        schema = raw_schema(self._format)
        now = self._now()
        received: Any = pa.scalar(now, pa.timestamp("us", "UTC"))
        times: Any = pa.nulls(len(places), received.type)
        if self._time is not None:
            rows = self._select(self._time, texts, places)
            times = rows.column(f"v{self._time.names.index(_TIME)}").combine_chunks().cast(received.type)
        known = pc.is_valid(times).to_pylist()
        wrong = {i: reason for i, reason in wrong_times("TimeGenerated", times, now).items() if known[i]}
        found.faults |= {int(places[i]): reason for i, reason in wrong.items()}
        raw = texts.take(places).cast(pa.string())
        rows = pa.Table.from_arrays([pc.fill_null(times, received), raw], names=["TimeGenerated", RAW])
        kept = sum(place not in found.faults for place in places.tolist())
        found.notes += Counter({f"records of which no table tells, kept in {schema.name}": kept})
        found.rows.append((schema, places, rows))


def raw_schema(form: Format) -> TableSchema:
    """The table of records of which no other tells, named as Sentinel names custom tables."""
    name = "".join(part.capitalize() for part in form.name.replace("-", "_").split("_"))
    return TableSchema(f"{name}_CL", (("TimeGenerated", Type.DATETIME), (RAW, Type.STRING)), "TimeGenerated")


def _without(count: int, faults: Mapping[int, str]) -> Places:
    keep = np.ones(count, np.bool_)
    keep[list(faults)] = False
    return np.flatnonzero(keep)


def _kind(form: Format, body: TableBody, table: Written | None = None) -> _Kind:
    schema = _schema_of(body)
    types = dict(schema.columns)
    wanted = [Wanted(name, written, types.get(name)) for name, written in body.columns]
    if body.until is not None:
        wanted.append(Wanted(_UNTIL, body.until, Type.DATETIME))
    if table is not None:
        wanted.append(Wanted(_TABLE, table, Type.STRING))
    if body.only is not None:
        wanted.append(Wanted(_ONLY, body.only, None))
    keys = [Wanted(name, recall.key, Type.STRING) for name, recall in body.recalls.items()]
    recall_keys = compile_values(keys, form.fields, form.text) if keys else None
    return _Kind(schema, schema.time_column or "", compile_values(wanted, form.fields, form.text), body, recall_keys)


def _compile_parsers(form: Format) -> list[Compiled]:
    """What is parsed, in as few statements as it takes: one reads what the ones before it gave."""
    steps: list[list[Wanted]] = []
    for name, written in form.parsed:
        wanted = Wanted(name, written, Type.DYNAMIC)
        read = {column.source for column in compile_values([wanted], form.fields, form.text).columns}
        if not steps or not read.isdisjoint(other.name for other in steps[-1]):
            steps.append([])
        steps[-1].append(wanted)
    return [compile_values(step, form.fields, form.text) for step in steps]


def _compile_selector(form: Format) -> Compiled | None:
    """The conditions and keys of all tables in one statement; None where every record is of every table."""
    wanted = [
        Wanted(f"where{place}", body.where, None) for place, body in enumerate(form.tables) if body.where is not None
    ]
    wanted += [Wanted(f"wrong {reason}", condition, None) for reason, condition in form.wrong]
    for name, memory in form.memories.items():
        wanted += [
            Wanted(f"memory {name}", memory.where, None),
            Wanted(f"key {name}", memory.key, Type.STRING),
            Wanted(f"value {name}", memory.value, Type.STRING),
        ]
        if memory.each is not None:
            wanted.append(Wanted(f"each {name}", memory.each, Type.DYNAMIC))
    if form.every_table is not None:
        wanted.append(Wanted("table", form.every_table.table, Type.STRING))
    return compile_values(wanted, form.fields, form.text) if wanted else None


def _compile_time(form: Format) -> Compiled | None:
    if form.time is None:
        return None
    return compile_values([Wanted(_TIME, form.time, Type.DATETIME)], form.fields, form.text)


def _objects(compiled: Sequence[Compiled | None], form: Format) -> tuple[tuple[str, ...], ...]:
    """The objects of a record whose fields are read."""
    read = {
        (column.source or "", *column.path)
        for one in compiled
        if one is not None
        for column in one.columns
        if column.source not in (NUMBER, FAULT)
    }
    above = {way[:length] for way in read for length in range(len(way))}
    every = form.every_table
    return tuple(sorted(above | ({every.under} if every is not None else set()) | {()}))


def _tables(found: _Found, minutes: Minutes) -> dict[str, pa.Table]:
    """The rows of sound records, in the columns of their tables."""
    faulty = np.zeros(len(found.taken), np.bool_)
    faulty[list(found.faults)] = True
    parts: dict[str, list[pa.Table]] = {}
    flows: list[tuple[pa.Table, Any]] = []
    for schema, places, rows in found.rows:
        bad = faulty[places]
        sound = rows.filter(pa.array(~bad)) if bad.any() else rows
        if not sound.num_rows:
            continue
        shaped = _shaped(schema, sound)
        if _UNTIL in sound.column_names:
            flows.append((shaped, sound.column(_UNTIL)))
        else:
            parts.setdefault(schema.name, []).append(shaped)
    if flows:
        ends = pa.chunked_array([chunk for _, until in flows for chunk in until.chunks])
        rows = minutes.add(pa.concat_tables([rows for rows, _ in flows]), ends)
        if rows.num_rows:
            parts.setdefault(MINUTES_TABLE, []).append(rows)
    return {name: pa.concat_tables(tables) for name, tables in parts.items()}


def _shaped(schema: TableSchema, rows: pa.Table) -> pa.Table:
    """The rows in all columns of the table, in its order and types; what is not given is null, or "" for strings."""
    target = arrow_schema(schema)
    count = rows.num_rows
    given = set(rows.column_names)
    arrays = [
        rows.column(item.name).cast(item.type)
        if item.name in given
        else pa.repeat(pa.scalar("" if not item.nullable else None, item.type), count)
        for item in target
    ]
    return pa.Table.from_arrays(arrays, schema=target)


def _export(form: Format, table: str, every: EveryTable, further: Sequence[tuple[str, str]]) -> _Kind | None:
    """A table's own export, with further fields; None where neither the pack nor a time among these tell of a table."""
    known = [(stored, every.spelled.get(name, name)) for stored, name in known_export(table, every.pack)]
    columns = (*known, *further)
    schema = known_table(table)
    time = (schema.time_column if schema is not None else None) or _OWN_TIME
    values = [(stored, field_value((*every.under, name), every.table)) for stored, name in columns]
    if schema is None and time not in dict(columns):
        return None
    if time not in dict(columns) and form.time is not None:
        values.append((time, with_names(form.time, form.fields)))
    # A field is itself, also where the document has a name of its own that is the same.
    return _kind(replace(form, fields={}), TableBody(table, _HERE, tuple(values)), with_names(every.table, form.fields))


def _schema_of(body: TableBody) -> TableSchema:
    """The columns of the first pack that has the table, and what the body gives beside them."""
    known = known_table(body.table)
    if known is None:
        return _own_schema(body)
    own = known_export(body.table, "defender") or known_export(body.table, "sentinel")
    given = dict(body.columns)
    columns = [(name, type_) for name, type_ in known.columns if name in {*dict(own), *given, known.time_column}]
    columns += [(name, own_type(name)) for name in given if name not in dict(known.columns)]
    return TableSchema(body.table, tuple(columns), known.time_column)


def _own_schema(body: TableBody) -> TableSchema:
    """A table that no pack knows."""
    columns = tuple((name, own_type(name)) for name, _ in body.columns)
    return TableSchema(body.table, columns, _OWN_TIME)
