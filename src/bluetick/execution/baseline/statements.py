"""The statements of a part: what is kept of files, and what the same rows of other files give."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from bluetick.functions.registry import CATALOGUE
from bluetick.lowering.flavour import Flavour
from bluetick.lowering.lowerer import Context, ScanUse
from bluetick.lowering.nodes import new_lowerer
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Parameter
from bluetick.plan.relations import Aggregate, AggregateCall, Filter, Project, Relation, Scan
from bluetick.plan.traversal import relations_in
from bluetick.rewrite.kept_parts import KeptPart, hour_of
from bluetick.sql import tree as sql
from bluetick.sql.dialect import Dialect
from bluetick.sql.render import render_statement
from bluetick.types import Type

FORMAT: Final = "3"  # of what is kept: another number makes all of it anew
FILE: Final = "file"  # the column with the number of a row's file
HOUR: Final = "hour"

# Numbers for columns that no plan has: a binder's count from 0 up, a rewrite's from 0 down.
_FAR: Final = -(1 << 40)


@dataclass(frozen=True, slots=True)
class Made:
    """A statement, the aliases of its columns, and the table that it reads, under a name of its own."""

    name: str
    statement: sql.Statement
    aliases: tuple[str, ...]
    use: ScanUse


@dataclass(frozen=True, slots=True)
class PartStatements:
    """`made` gives what is kept: the file's number, the hour where rows are of one, then the part's columns. `others`
    gives the part's columns for rows of other files; `cut` for those of the hours that a run cuts, whose ends are the
    parameters `low_name` and `high_name`."""

    part: KeptPart
    fingerprint: str
    made: Made
    others: Made
    cut: Made | None

    @property
    def low_name(self) -> str:
        return f"{self.part.name} low"

    @property
    def high_name(self) -> str:
        return f"{self.part.name} high"


def statements_for(
    part: KeptPart, flavour: Flavour, dialect: Dialect, bounds: tuple[bool, bool], versions: str
) -> PartStatements:
    """`versions` are those of what computes; `bounds`: whether the run has a time scope. EngineError where what should
    be the same in each run is not."""
    made = _lowered(part, _made(part), flavour, (False, False), "made")
    text = render_statement(made.statement, dialect)  # without parameters: an instant of a run would be one
    known = repr((FORMAT, versions, part.scan.table, part.is_hours, text, made.use.columns))
    own = bounds if part.is_hours else (False, False)  # rows are cut to the scope above, as those of a table are
    others = _lowered(part, _filtered(part, part.window if part.is_hours else ()), flavour, own, "others")
    found = PartStatements(part, hashlib.sha256(known.encode()).hexdigest()[:40], made, others, None)
    if not part.is_hours:
        return found
    cut = _filtered(part, (*part.window, _outside(found)))
    return replace(found, cut=_lowered(part, cut, flavour, bounds, "cut"))


def _made(part: KeptPart) -> Relation:
    file = Column(_FAR, FILE, Type.LONG)
    scan = replace(part.scan, columns=(*part.scan.columns, file), sources=(*part.scan.sources, FILE))
    below = part.rows.input
    source: Relation = replace(below, input=scan) if isinstance(below, Filter) else scan
    time = part.scan.time_column
    items: list[tuple[Column, Expr]] = [(Column(_FAR - 1, FILE, Type.LONG), ColumnRef(file))]
    if part.is_hours and time is not None:
        items.append((Column(_FAR - 2, HOUR, Type.DATETIME), hour_of(time)))
    rows = Project(source, (*items, *part.rows.items))
    if not part.is_hours:
        return rows
    values = [column for column, _ in part.rows.items]
    groups = [*(column for column, _ in items), *values[: len(part.keys)]]
    named = tuple(
        (Column(_FAR - 10 - n, column.name, column.type), ColumnRef(column)) for n, column in enumerate(groups)
    )
    merged = tuple(
        AggregateCall(Column(_FAR - 1_000_000 - n, value.name, value.type), call.function, (ColumnRef(value),))
        for n, (call, value) in enumerate(zip(part.merges, values[len(part.keys) :], strict=True))
    )
    return Aggregate(rows, named, merged)


def _filtered(part: KeptPart, further: tuple[Expr, ...]) -> Relation:
    return replace(part.rows, input=Filter(part.rows.input, further)) if further else part.rows


def _outside(found: PartStatements) -> Expr:
    """Whether the time lies before the first whole hour or after the last."""
    time = found.part.scan.time_column
    if time is None:
        raise AssertionError("hours are of a time")
    ends = (("<", found.low_name), (">=", found.high_name))
    sides = [
        Call(CATALOGUE.scalars[name], (ColumnRef(time), Parameter(end, Type.DATETIME)), Type.BOOL) for name, end in ends
    ]
    return Call(CATALOGUE.scalars["or"], tuple(sides), Type.BOOL)


def _lowered(part: KeptPart, relation: Relation, flavour: Flavour, bounds: tuple[bool, bool], kind: str) -> Made:
    (scan,) = (node for node in relations_in(relation) if isinstance(node, Scan))
    columns = tuple(
        (f"c{n}", source, c.type) for n, (c, source) in enumerate(zip(scan.columns, scan.sources, strict=True))
    )
    sources = {column.id: source for column, source in zip(scan.columns, scan.sources, strict=True)}
    time = None if scan.time_column is None else sources[scan.time_column.id]
    name = f"{part.name.replace(':', '_')}_{kind}"
    use = ScanUse(f"{name}_rows", scan.table, columns, time, scope=bounds if time is not None else (False, False))
    lowered = new_lowerer(Context(flavour, *bounds, scans={scan.table: use})).statement(relation, ordered=False)
    return Made(name, lowered.statement, lowered.aliases, use)
