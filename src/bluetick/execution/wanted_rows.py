"""Which rows of its tables a statement wants, whatever the instant of its run: the others need not be kept for it.

A row is wanted by a reading of its table if the filters straight above that hold for it, those that are the same for
every run; and it is wanted if one of the readings wants it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bluetick.lowering.flavour import Flavour
from bluetick.lowering.lowerer import Context, ScanUse
from bluetick.lowering.nodes import new_lowerer
from bluetick.plan.column_use import columns_in
from bluetick.plan.expressions import Expr
from bluetick.plan.relations import Filter, Relation, Scan, TabularStatement, inputs
from bluetick.rewrite.inlined_lets import nodes_of
from bluetick.rewrite.kept_parts import conjuncts, is_lasting
from bluetick.sql import tree as sql


def wanted_rows(statement: TabularStatement, flavour: Flavour, uses: Iterable[ScanUse]) -> Mapping[str, sql.Expr]:
    """By table the condition for its rows, over the aliases of its use; a table of which all rows are wanted has
    none."""
    readings = _Readings()
    for node in nodes_of(statement):
        readings.add(node)
    found: dict[str, sql.Expr] = {}
    for use in uses:
        asked = [_condition(scan, own, use, flavour) for scan, own in readings.of(use.table)]
        told = [one for one in asked if one is not None]
        if told and len(told) == len(asked):
            found[use.table] = sql.any_of(*dict.fromkeys(told))
    return found


@dataclass(slots=True)
class _Readings:
    """Who reads what a node gives."""

    users: dict[int, dict[int, Relation]] = field(default_factory=dict)
    scans: dict[int, Scan] = field(default_factory=dict)

    def add(self, node: Relation) -> None:
        if isinstance(node, Scan):
            self.scans[id(node)] = node
        for below in inputs(node):
            self.users.setdefault(id(below), {})[id(node)] = node

    def of(self, table: str) -> list[tuple[Scan, list[Expr]]]:
        """Every reading of a table with the lasting conditions that its rows must meet."""
        scans = [scan for scan in self.scans.values() if scan.table == table]
        return [(scan, asked) for scan in scans for asked in self._asked(scan)]

    def _asked(self, scan: Scan) -> list[list[Expr]]:
        users: list[Relation | None] = list(self.users.get(id(scan), {}).values())
        found = []
        for user in users or [None]:
            own: list[Expr] = []
            node = user
            while isinstance(node, Filter):
                own += [one for one in conjuncts(node.predicates) if is_lasting(one)]
                above = list(self.users.get(id(node), {}).values())
                node = above[0] if len(above) == 1 else None
            found.append(own)
        return found


def _condition(scan: Scan, asked: list[Expr], use: ScanUse, flavour: Flavour) -> sql.Expr | None:
    """None where nothing is asked, or something of columns that the use lacks."""
    aliases = {source: sql.Column(alias) for alias, source, _ in use.columns}
    pairs = zip(scan.columns, scan.sources, strict=True)
    row = {column.id: aliases[source] for column, source in pairs if source in aliases}
    if not asked or not set(columns_in(asked)) <= set(row):
        return None
    expressions = new_lowerer(Context(flavour)).expressions
    return sql.all_of(*(expressions.lower(one, row, truth_only=True) for one in asked))
