"""The rows of tables at the end of a trace, table by table."""

from collections.abc import Sequence
from typing import Final

from bluetick.detections.explaining.conditions import all_of, any_of, renamed
from bluetick.detections.explaining.model import SourceRows
from bluetick.detections.explaining.reading import Reader
from bluetick.detections.explaining.tracing import Spot
from bluetick.plan.deciding import used_ids
from bluetick.plan.expressions import ColumnRef, Expr
from bluetick.plan.relations import Filter, Relation, Scan, Sort, SortKey
from bluetick.plan.traversal import relations_in

_NOTES: Final = 6


def source_rows(reader: Reader, root: Relation, spots: Sequence[Spot], most: int) -> tuple[SourceRows, ...]:
    """Of each table the rows that any of the spots tells, each row once however many lets read it. A table of which no
    row met is not there."""
    tables: dict[str, list[tuple[Scan, Spot]]] = {}
    for spot in spots:
        if isinstance(spot.node, Scan):
            tables.setdefault(spot.node.table, []).append((spot.node, spot))
    used = used_ids(list(relations_in(root, scalars=True)), [column.id for column in root.columns])
    found = [_of_table(reader, scans, used, most) for scans in tables.values()]
    return tuple(one for one in found if one.count)


def _of_table(reader: Reader, scans: Sequence[tuple[Scan, Spot]], used: set[int], most: int) -> SourceRows:
    widest = max((scan for scan, _ in scans), key=lambda scan: len(scan.columns))
    conditions: list[Expr] = []
    for scan, spot in scans:
        if (one := _condition(widest, scan, spot)) not in conditions:
            conditions.append(one)
    rows: Relation = Filter(widest, (any_of(conditions),))
    if widest.time_column is not None:
        key = SortKey(ColumnRef(widest.time_column), descending=False, nulls_first=False)
        shown: Relation = Sort(rows, (key,))
    else:
        shown = rows
    names = {source for scan, _ in scans for source in _used(scan, used)}
    return SourceRows(
        widest.table,
        tuple(dict.fromkeys(spot.place for _, spot in scans if spot.place)),
        reader.count(rows),
        all(spot.pins.is_exact for _, spot in scans),
        tuple(dict.fromkeys(note for _, spot in scans for note in spot.pins.notes))[:_NOTES],
        reader.grid(shown, most),
        tuple(c.name for c, source in zip(widest.columns, widest.sources, strict=True) if source in names),
    )


def _condition(widest: Scan, scan: Scan, spot: Spot) -> Expr:
    """What a spot tells of its scan, as of another scan of the same table."""
    theirs = dict(zip(widest.sources, widest.columns, strict=True))
    names = {c.id: ColumnRef(theirs[source]) for c, source in zip(scan.columns, scan.sources, strict=True)}
    return renamed(all_of(spot.pins.conditions), names)


def _used(scan: Scan, used: set[int]) -> list[str]:
    return [source for column, source in zip(scan.columns, scan.sources, strict=True) if column.id in used]
