"""A part as one run reads it: what is kept, and beside it the rows of files and of hours that are not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bluetick.engines.protocol import FileSource, Run, ScanColumn
from bluetick.execution.baseline.files import with_files
from bluetick.execution.baseline.statements import FILE, HOUR, Made, PartStatements
from bluetick.execution.binding import Times, bind_rows
from bluetick.execution.catalog import Table
from bluetick.lowering.lowerer import ScanUse
from bluetick.sql import tree as sql
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class BoundPart:
    """`numbers` are those of the files whose rows count, None where all of the segments' do. `hours` are whole ones of
    the run's window, None of a part that is not cut by any. `others` are files that are not kept; of those of `cut`,
    which are, the run's window has rows outside of the whole hours."""

    statements: PartStatements
    table: Table
    segments: tuple[Path, ...]
    numbers: tuple[int, ...] | None
    hours: tuple[datetime, datetime] | None
    others: tuple[str, ...]
    cut: tuple[str, ...]

    @property
    def ends(self) -> Mapping[str, datetime]:
        """Parameters of the statements."""
        if self.hours is None:
            return {}
        return {self.statements.low_name: self.hours[0], self.statements.high_name: self.hours[1]}

    def bind(self, run: Run, use: ScanUse, render: Callable[[sql.Statement], str]) -> None:
        """Makes the part readable as the relation of `use`."""
        legs = [self._kept(run, use)]
        if self.others:
            legs.append(self._raw(run, use, self.statements.others, self.others, render))
        if self.cut and self.statements.cut is not None:
            legs.append(self._raw(run, use, self.statements.cut, self.cut, render))
        run.bind_view(use.relation, render(sql.Statement((), sql.UnionAll(tuple(legs)))))

    def _kept(self, run: Run, use: ScanUse) -> sql.Select:
        relation = f"{self.statements.made.name}_segments"
        columns = [ScanColumn(source, source, type_) for _, source, type_ in use.columns]
        conditions: list[sql.Expr] = []
        if self.numbers is not None:
            columns.append(ScanColumn(FILE, FILE, Type.LONG))
            conditions.append(sql.In(sql.Column(FILE), tuple(sql.long(number) for number in self.numbers)))
        if self.hours is not None:
            columns.append(ScanColumn(HOUR, HOUR, Type.DATETIME))
            for operator, end in zip((">=", "<"), self.hours, strict=True):
                conditions.append(sql.Binary(operator, sql.Column(HOUR), sql.Literal(end, Type.DATETIME)))
        source = FileSource(tuple(str(path) for path in self.segments), "parquet", uniform=True, native=True)
        run.bind_files(relation, source, columns)
        items = tuple((alias, sql.Column(source)) for alias, source, _ in use.columns)
        where = sql.all_of(*conditions) if conditions else None
        return sql.Select(items or (("nothing", sql.long(0)),), sql.RelationRef(relation), where=where)

    def _raw(
        self, run: Run, use: ScanUse, made: Made, files: tuple[str, ...], render: Callable[[sql.Statement], str]
    ) -> sql.Select:
        """The same columns of the rows of files."""
        bind_rows(run, with_files(self.table, files), made.use, Times(), render)
        run.bind_view(made.name, render(made.statement))
        aliases = dict(zip(self.statements.part.place.sources, made.aliases, strict=True))
        items = tuple((alias, sql.Column(aliases[source])) for alias, source, _ in use.columns)
        return sql.Select(items or (("nothing", sql.long(0)),), sql.RelationRef(made.name))
