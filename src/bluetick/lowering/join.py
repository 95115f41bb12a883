"""join and lookup."""

from bluetick.lowering.lowerer import Lowerer
from bluetick.lowering.stage import Stage, smallest_row
from bluetick.plan.expressions import Column, ColumnRef, Expr
from bluetick.plan.relations import Join, JoinKind, Relation
from bluetick.sql import tree as sql
from bluetick.types import Type

_LEFT, _RIGHT = "l", "r"

_SQL_KINDS = {
    JoinKind.INNERUNIQUE: "INNER",
    JoinKind.INNER: "INNER",
    JoinKind.LEFTOUTER: "LEFT",
    JoinKind.RIGHTOUTER: "RIGHT",
    JoinKind.FULLOUTER: "FULL",
    JoinKind.LEFTSEMI: "SEMI",
    JoinKind.LEFTANTI: "ANTI",
    JoinKind.RIGHTSEMI: "SEMI",
    JoinKind.RIGHTANTI: "ANTI",
}


def lower_join(lowerer: Lowerer, relation: Join) -> Stage:
    left, right = lowerer.lower(relation.left), lowerer.lower(relation.right)
    if relation.kind is JoinKind.INNERUNIQUE:
        left = _one_per_key(lowerer, relation.left, left, tuple(key for key, _ in relation.keys))
    if relation.kind in (JoinKind.RIGHTSEMI, JoinKind.RIGHTANTI):
        return _one_sided(lowerer, relation, right, left, swapped=True)
    if relation.kind in (JoinKind.LEFTSEMI, JoinKind.LEFTANTI):
        return _one_sided(lowerer, relation, left, right, swapped=False)
    kind = _SQL_KINDS[relation.kind]
    on = _condition(lowerer, relation, left, right, _LEFT, _RIGHT)
    aliases: dict[int, str] = {}
    items: list[tuple[str, sql.Expr]] = []
    sides = (
        (relation.left_items, left, _LEFT, ("RIGHT", "FULL")),
        (relation.right_items, right, _RIGHT, ("LEFT", "FULL")),
    )
    for pairs, stage, table, filled in sides:
        for column, source in pairs:
            value: sql.Expr = stage.column(source, table)
            if column.type is Type.STRING and kind in filled:
                value = sql.coalesce(value, sql.EMPTY)  # an unmatched side's strings are empty, not null
            aliases[column.id] = lowerer.alias(column)
            items.append((aliases[column.id], value))
    join = sql.JoinItem(sql.RelationRef(left.relation, _LEFT), sql.RelationRef(right.relation, _RIGHT), kind, on)
    return lowerer.add(sql.Select(tuple(items), join), aliases)


def _one_sided(lowerer: Lowerer, relation: Join, kept: Stage, other: Stage, *, swapped: bool) -> Stage:
    """Semi and anti joins keep the rows of one side, and that side's order."""
    left_table, right_table = (_RIGHT, _LEFT) if swapped else (_LEFT, _RIGHT)
    left, right = (other, kept) if swapped else (kept, other)
    on = _condition(lowerer, relation, left, right, left_table, right_table)
    pairs = relation.right_items if swapped else relation.left_items
    aliases = {column.id: kept.aliases[source.id] for column, source in pairs}
    names = dict.fromkeys((*aliases.values(), *kept.hidden))
    join = sql.JoinItem(
        sql.RelationRef(kept.relation, _LEFT), sql.RelationRef(other.relation, _RIGHT), _SQL_KINDS[relation.kind], on
    )
    select = sql.Select(tuple((name, sql.Column(name, _LEFT)) for name in names), join)
    return lowerer.add(select, aliases, kept.order)


def _condition(
    lowerer: Lowerer, relation: Join, left: Stage, right: Stage, left_table: str, right_table: str
) -> sql.Expr:
    """Null keys match each other; strings are never null, so a plain equality does."""
    left_row = left.row(relation.left.columns, left_table)
    right_row = right.row(relation.right.columns, right_table)
    parts = []
    for one, other in relation.keys:
        operator = "=" if one.type is Type.STRING else "IS NOT DISTINCT FROM"
        a, b = lowerer.expressions.lower(one, left_row), lowerer.expressions.lower(other, right_row)
        parts.append(sql.Binary(operator, a, b))
    return sql.all_of(*parts)


def _one_per_key(lowerer: Lowerer, relation: Relation, stage: Stage, keys: tuple[Expr, ...]) -> Stage:
    """innerunique: of the left rows with equal keys the smallest one (DESIGN, invariant 5)."""
    row = stage.row(relation.columns)
    key_ids = {key.column.id for key in keys if isinstance(key, ColumnRef)}
    others = [c for c in relation.columns if c.id not in key_ids]
    group = tuple(lowerer.expressions.lower(key, row) for key in keys)
    plain: tuple[tuple[str, sql.Expr], ...] = tuple(
        (stage.aliases[c.id], stage.column(c)) for c in relation.columns if c.id in key_ids
    )
    if not others and len(key_ids) == len(keys):
        return lowerer.add(sql.Select(plain, lowerer.source(stage), distinct=True), dict(stage.aliases))
    fields = {c.id: f"f{index}" for index, c in enumerate(others)}
    struct = lowerer.flavour.struct(smallest_row((fields[c.id], row[c.id], c.type) for c in others))
    picked = lowerer.fresh_alias("picked")
    items: tuple[tuple[str, sql.Expr], ...] = (*plain, (picked, sql.Aggregate("min", (struct,))))
    grouped = lowerer.add(sql.Select(items, lowerer.source(stage), group_by=group), {})
    unpacked: tuple[tuple[str, sql.Expr], ...] = tuple(
        (stage.aliases[c.id], sql.Column(stage.aliases[c.id]) if c.id in key_ids else _field(picked, fields, c))
        for c in relation.columns
    )
    return lowerer.add(sql.Select(unpacked, sql.RelationRef(grouped.relation)), dict(stage.aliases))


def _field(struct: str, fields: dict[int, str], column: Column) -> sql.Expr:
    return sql.Field(sql.Column(struct), fields[column.id])
