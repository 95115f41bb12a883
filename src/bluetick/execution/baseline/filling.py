"""Makes what is kept of files: one statement over some of them, its rows sorted and written as a segment."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pyarrow as pa

from bluetick.diagnostics.errors import BluetickError
from bluetick.engines.protocol import FileSource, Run, ScanColumn
from bluetick.execution.baseline.files import TableFile, with_files
from bluetick.execution.baseline.footers import Footer
from bluetick.execution.baseline.policy import Policy
from bluetick.execution.baseline.statements import FILE, HOUR, PartStatements
from bluetick.execution.baseline.store import KeptFile, Note, PartStore, Segment
from bluetick.execution.binding import Times, bind_rows
from bluetick.execution.catalog import Table
from bluetick.sql import tree as sql
from bluetick.types import Type

MOST_FILES: Final = 32  # of one segment, when it is made
MOST_SEGMENTS: Final = 8  # of one part: then the small ones are made one
_ROW_GROUP: Final = 122_880  # as DuckDB has them
_PAGE: Final = 16 << 20  # bytes after which a page ends all the same
_FEW_FALLS: Final = 0.02  # of the rows


@dataclass(frozen=True, slots=True)
class Filling:
    """Work for one part of one table, whose files now have these `footers` (by key)."""

    store: PartStore
    policy: Policy
    statements: PartStatements
    table: Table
    render: Callable[[sql.Statement], str]
    footers: Mapping[str, Footer]

    @property
    def columns(self) -> tuple[tuple[str, Type], ...]:
        """Of a segment: the file's number, the hour where rows are of one, the part's own."""
        part = self.statements.part
        hour = ((HOUR, Type.DATETIME),) if part.is_hours else ()
        own = zip(part.place.sources, (column.type for column in part.place.columns), strict=True)
        return ((FILE, Type.LONG), *hour, *own)

    def fill(self, run: Run, note: Note, files: Sequence[TableFile]) -> Note:
        """The note with these files kept too. What hardly reduces is refused."""
        wanted = list(files)
        if not note.segments:  # one file tells whether it is worth while
            first = max(wanted, key=lambda file: file.bytes)
            note = self._added(run, note, [first])
            reason = self._hardly_reduces(note, first, self.footers[first.key])
            if reason:
                self.store.forget(note.segments)
                return replace(note, refused=reason, segments=(), files={}, order=())
            wanted.remove(first)
        for start in range(0, len(wanted), MOST_FILES):
            note = self._added(run, note, wanted[start : start + MOST_FILES])
        return self._merged(run, note) if len(note.segments) > MOST_SEGMENTS else note

    def _hardly_reduces(self, note: Note, file: TableFile, footer: Footer) -> str:
        (segment,) = note.segments
        most = self.policy.most_hours if self.statements.part.is_hours else self.policy.most_rows
        if segment.rows > footer.rows * most:
            return f"{segment.rows} of {footer.rows} rows are left"
        if segment.bytes > file.bytes * self.policy.most_bytes:
            return f"{segment.bytes} of {file.bytes} bytes are left"
        return ""

    def _added(self, run: Run, note: Note, files: Sequence[TableFile]) -> Note:
        begun = perf_counter()
        first = max((file.number for file in note.files.values()), default=0) + 1
        made = self.statements.made
        bound = [self._bind_file(run, file, number) for number, file in enumerate(files, first)]
        run.bind_view(made.use.relation, self.render(sql.Statement((), sql.UnionAll(tuple(bound)))))
        run.create(made.name, self.render(made.statement))
        order = note.order or self._order(run)
        segment = self._write(run, order, made.name, dict(zip(self._names, made.aliases, strict=True)))
        for relation in (
            made.name,
            made.use.relation,
            *(f"{made.use.relation}_{n}" for n, _ in enumerate(files, first)),
        ):
            run.forget(relation)
        kept = {file.key: KeptFile(number, segment.name) for number, file in enumerate(files, first)}
        return replace(
            note,
            order=order,
            segments=(*note.segments, segment),
            files={**note.files, **kept},
            seconds=note.seconds + perf_counter() - begun,
        )

    @property
    def _names(self) -> list[str]:
        return [name for name, _ in self.columns]

    def _bind_file(self, run: Run, file: TableFile, number: int) -> sql.Select:
        """Binds one file; gives the rows of it with its number."""
        use = self.statements.made.use
        relation = f"{use.relation}_{number}"
        columns = use.columns[:-1]  # the last is the file's number
        rows = replace(use, relation=relation, columns=columns)
        bind_rows(run, with_files(self.table, [file.path]), rows, Times(), self.render)
        items: list[tuple[str, sql.Expr]] = [(alias, sql.Column(alias)) for alias, _, _ in columns]
        return sql.Select((*items, (use.columns[-1][0], sql.long(number))), sql.RelationRef(relation))

    def _order(self, run: Run) -> tuple[str, ...]:
        """The keys, that with the fewest values first, so that the rows of one value lie together; then the time."""
        part = self.statements.part
        aliases = dict(zip(self._names, self.statements.made.aliases, strict=True))
        keys = [part.place.sources[number] for number in part.keys]
        counts: dict[str, int] = {}
        if keys:
            items = tuple((key, sql.call("approx_count_distinct", sql.Column(aliases[key]))) for key in keys)
            select = sql.Select(items, sql.RelationRef(self.statements.made.name))
            counts = run.stream(self.render(sql.Statement((), select))).read_all().to_pylist()[0]
        times = (HOUR,) if part.is_hours else self._times
        return (*sorted(keys, key=lambda key: (counts[key], key)), *(one for one in times if one not in keys))

    @property
    def _times(self) -> tuple[str, ...]:
        """The column of the rows' own times, where there is one."""
        place = self.statements.part.place
        return () if place.time_column is None else (place.sources[place.columns.index(place.time_column)],)

    def _write(self, run: Run, order: tuple[str, ...], relation: str, aliases: dict[str, str]) -> Segment:
        """The rows of a relation as a segment; its columns have these aliases there."""
        from pyarrow import parquet  # noqa: PLC0415 - only filling needs it

        items = tuple((name, _native(sql.Column(aliases[name]), type_)) for name, type_ in self.columns)
        ordered = tuple(sql.Order(sql.Column(aliases[name])) for name in order)
        select = sql.Select(items, sql.RelationRef(relation), order_by=ordered)
        stream = run.stream(self.render(sql.Statement((), select)))
        path = self.store.new_path("segment")
        batches = iter(stream)
        first = next(batches, None)
        rows = 0
        try:
            with parquet.ParquetWriter(path, stream.schema, **_form(first, self._names, self._times)) as writer:
                for batch in () if first is None else chain((first,), batches):
                    writer.write_batch(batch, row_group_size=_ROW_GROUP)
                    rows += batch.num_rows
            return self.store.add_segment(self.statements.fingerprint, path, rows)
        finally:
            path.unlink(missing_ok=True)

    def _merged(self, run: Run, note: Note) -> Note:
        """The small segments as one, with the rows of those of their files only that are still there."""
        names = self._small(note)
        small = [segment for segment in note.segments if segment.name in names]
        paths = [path for segment in small if (path := self.store.sound(segment)) is not None]
        if len(paths) < len(small):
            return replace(note, segments=(), files={})  # made anew the next time
        begun = perf_counter()
        others = {key: file for key, file in note.files.items() if file.segment not in names}
        files = {key: file for key, file in note.files.items() if file.segment in names and key in self.footers}
        segments = [segment for segment in note.segments if segment.name not in names]
        if files:
            one = self._one(run, note.order, paths, sorted(file.number for file in files.values()))
            segments.append(one)
            others |= {key: replace(file, segment=one.name) for key, file in files.items()}
        self.store.forget(tuple(small))
        return replace(note, segments=tuple(segments), files=others, seconds=note.seconds + perf_counter() - begun)

    def _small(self, note: Note) -> set[str]:
        """Those to be made one. A segment stays that has twice the bytes of all smaller ones, so that few rows are
        written again and again; not one of whose files most are gone."""
        rest = sorted(note.segments, key=lambda segment: segment.bytes)
        while len(rest) > MOST_SEGMENTS // 2 and rest[-1].bytes >= 2 * sum(segment.bytes for segment in rest[:-1]):
            rest.pop()
        there = Counter(file.segment for key, file in note.files.items() if key in self.footers)
        gone = Counter(file.segment for key, file in note.files.items() if key not in self.footers)
        return {*(segment.name for segment in rest), *(name for name in gone if gone[name] > there[name])}

    def _one(self, run: Run, order: tuple[str, ...], paths: Sequence[Path], files: Sequence[int]) -> Segment:
        """A segment with the rows of these files that others have."""
        relation = f"{self.statements.made.name}_segments"
        columns = [ScanColumn(name, name, type_) for name, type_ in self.columns]
        source = FileSource(tuple(str(path) for path in paths), "parquet", uniform=True, native=True)
        run.bind_files(relation, source, columns)
        numbers = tuple(sql.long(number) for number in files)
        rest = f"{relation}_left"
        select = sql.Select((), sql.RelationRef(relation), star=True, where=sql.In(sql.Column(FILE), numbers))
        run.bind_view(rest, self.render(sql.Statement((), select)))
        one = self._write(run, order, rest, {name: name for name in self._names})
        run.forget(rest)
        run.forget(relation)
        return one


def _form(first: pa.RecordBatch | None, names: Sequence[str], times: Sequence[str]) -> dict[str, Any]:
    """How a segment is written whose first rows are these. Times that lie in order have small distances, which take a
    third of the bytes of a dictionary and half the time to read (measured); others are better off with that. The values
    of a column in a row group are one page."""
    ordered = [name for name in times if first is not None and _is_ordered(first.column(name))]
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [name for name in names if name not in ordered],
        "column_encoding": dict.fromkeys(ordered, "DELTA_BINARY_PACKED"),
        "max_rows_per_page": _ROW_GROUP,
        "data_page_size": _PAGE,
    }


def _is_ordered(times: "pa.Array[Any]") -> bool:
    """Whether a value seldom comes before the one above it."""
    from pyarrow import compute  # noqa: PLC0415 - only filling needs it

    falls = compute.less(times.slice(1), times.slice(0, max(len(times) - 1, 0))).true_count
    return falls < len(times) * _FEW_FALLS


def _native(value: sql.Expr, type_: Type) -> sql.Expr:
    """As a segment has it: of the very type, and no string is null."""
    return sql.call("coalesce", value, sql.EMPTY) if type_ is Type.STRING else sql.Cast(value, type_)


FAILURES: Final = (BluetickError, OSError, pa.ArrowException, MemoryError)
