"""summarize: groups, aggregates, and the rows that arg_max and its kin pick."""

from bluetick.functions.definition import BoundAggregate
from bluetick.lowering.lowerer import Lowerer
from bluetick.lowering.stage import Stage, column_names, row_order, smallest_row
from bluetick.plan.column_use import columns_in
from bluetick.plan.relations import Aggregate, AggregateCall, Columns, PickRow
from bluetick.sql import tree as sql
from bluetick.types import Type

# Types whose order can be turned round by arithmetic without overflow; others go through a maximum first.
_NEGATABLE = (Type.INT, Type.LONG, Type.TIMESPAN, Type.REAL, Type.DATETIME, Type.BOOL, Type.DECIMAL)


def lower_aggregate(lowerer: Lowerer, relation: Aggregate) -> Stage:
    stage = lowerer.lower(relation.input)
    stage, keys = _with_keys(lowerer, relation, stage)
    stage = _with_extremes(lowerer, relation, stage, tuple(keys.values()))
    aliases: dict[int, str] = dict(keys)
    items: list[tuple[str, sql.Expr]] = [(alias, sql.Column(alias)) for alias in keys.values()]
    if not relation.items:
        select = sql.Select(tuple(items), lowerer.source(stage), distinct=True)
        return lowerer.add(select, aliases)
    picks: list[_Picked] = []
    for place, item in enumerate(relation.items):
        if isinstance(item, AggregateCall):
            aliases[item.column.id] = alias = lowerer.alias(item.column)
            items.append((alias, _call(lowerer, item, stage, relation.input.columns, frozenset(keys.values()))))
        else:
            picked = _Picked(lowerer, item, place, stage, relation.input.columns)
            picks.append(picked)
            items.append((picked.alias, picked.aggregate))
    group_by = tuple(sql.Column(alias) for alias in keys.values())
    grouped = lowerer.add(sql.Select(tuple(items), lowerer.source(stage), group_by=group_by), aliases)
    return _unpack(lowerer, grouped, picks) if picks else grouped


def _with_keys(lowerer: Lowerer, relation: Aggregate, stage: Stage) -> tuple[Stage, dict[int, str]]:
    """Group keys as columns: computed ones in a stage before, since SQL reads a constant there as a position."""
    row = stage.row(relation.input.columns)
    keys: dict[int, str] = {}
    added: list[tuple[str, sql.Expr]] = []
    for column, expr in relation.groups:
        value = lowerer.expressions.lower(expr, row)
        if isinstance(value, sql.Column) and value.name not in keys.values():
            keys[column.id] = value.name
            continue
        keys[column.id] = name = lowerer.fresh_alias(column.name)
        added.append((name, value))
    if not added:
        return stage, keys
    select = sql.Select(tuple(added), lowerer.source(stage), star=stage.relation != "")
    return lowerer.add(select, dict(stage.aliases), stage.order), keys


def _call(lowerer: Lowerer, item: AggregateCall, stage: Stage, columns: Columns, keys: frozenset[str]) -> sql.Expr:
    """In the rows' order where it can be seen; a key of the groups orders nothing within one."""
    row = stage.row(columns)
    args = tuple(lowerer.expressions.argument(arg, row) for arg in item.args)
    order: tuple[sql.Order, ...] = ()
    if item.function.needs_order:
        order = tuple(term for term in row_order(stage, columns) if keys.isdisjoint(column_names(term.value)))
    bound = BoundAggregate(item.function.name, args, item.column.type, order)
    return lowerer.flavour.aggregate(item.function)(bound)


class _Picked:
    """One picked row of each group, as the least struct of its columns.

    The struct begins with the maximised value turned round, so that the least struct is the row with the largest
    value and, of several such, the smallest row. It ends with the last column that is wanted: columns behind it
    could only tell rows apart that look the same.
    """

    def __init__(self, lowerer: Lowerer, item: PickRow, place: int, stage: Stage, columns: Columns) -> None:
        self.item = item
        self.alias = lowerer.fresh_alias("picked")
        self.fields: dict[int, str] = {}
        row = stage.row(columns)
        head: list[tuple[str, sql.Expr]] = []
        condition: sql.Expr | None = None
        if item.condition is not None:
            condition = lowerer.expressions.lower(item.condition, row, truth_only=True)
        if item.by is not None:
            value = lowerer.expressions.lower(item.by, row)
            if turned := _turned(lowerer, value, item.by.type, descending=item.descending):
                head = [("by_null", sql.is_null(value)), *_by_fields(turned, item.by.type)]
            else:
                largest = sql.Column(f"{_EXTREME}{place}")
                head = [("by_other", sql.Unary("NOT", sql.Binary("IS NOT DISTINCT FROM", value, largest)))]
        elif len(item.items) == 1:
            head = [("by_empty", _is_empty(lowerer.expressions.lower(item.items[0][1], row), item.columns[0].type))]
        wanted = _wanted(item, columns)
        for index, column in enumerate(wanted):
            self.fields[column.id] = f"f{index}"
        tail = smallest_row((self.fields[c.id], row[c.id], c.type) for c in wanted)
        fields = (*head, *tail) or (("none", sql.TRUE),)
        self.aggregate = sql.Aggregate("min", (lowerer.flavour.struct(fields),), filter=condition)


_EXTREME = "extreme_"


def _is_empty(value: sql.Expr, type_: Type) -> sql.Expr:
    """take_any of one column gives a value that is not null or empty, where there is one.

    https://learn.microsoft.com/kusto/query/take-any-aggregation-function
    """
    return sql.Binary("=", value, sql.EMPTY) if type_ is Type.STRING else sql.is_null(value)


def _by_fields(value: sql.Expr, type_: Type) -> list[tuple[str, sql.Expr]]:
    """Of reals, NaN counts as no value: it wins only where nothing else is there."""
    if type_ is Type.REAL:
        return [("by_nan", sql.coalesce(sql.call("isnan", value), sql.FALSE)), ("by", value)]
    return [("by", value)]


def _turned(lowerer: Lowerer, value: sql.Expr, type_: Type, *, descending: bool) -> sql.Expr | None:
    """The value so that the wanted one is the least; None for types that cannot be turned round."""
    if not descending:
        return value
    match type_:
        case Type.INT | Type.LONG | Type.TIMESPAN:
            return sql.Binary("-", sql.long(-1), sql.Cast(value, Type.LONG))
        case Type.DATETIME:
            return sql.Binary("-", sql.long(-1), lowerer.flavour.micros(value))
        case Type.REAL | Type.DECIMAL:
            return sql.Unary("-", value)
        case Type.BOOL:
            return sql.not_(value)
        case _:
            return None


def _with_extremes(lowerer: Lowerer, relation: Aggregate, stage: Stage, keys: tuple[str, ...]) -> Stage:
    """For arg_max over text and the like: the group's maximum beside each row."""
    added: list[tuple[str, sql.Expr]] = []
    row = stage.row(relation.input.columns)
    for place, item in enumerate(relation.items):
        if isinstance(item, PickRow) and item.by is not None and item.descending and item.by.type not in _NEGATABLE:
            value = lowerer.expressions.lower(item.by, row)
            over = sql.Window(sql.Aggregate("max", (value,)), tuple(sql.Column(k) for k in keys))
            added.append((f"{_EXTREME}{place}", over))
    if not added:
        return stage
    return lowerer.add(sql.Select(tuple(added), lowerer.source(stage), star=True), dict(stage.aliases), stage.order)


def _wanted(item: PickRow, columns: Columns) -> Columns:
    """The columns up to the last one that the picked expressions read."""
    read = set(columns_in(expr for _, expr in item.items))
    last = max((index for index, column in enumerate(columns) if column.id in read), default=-1)
    return columns[: last + 1]


def _unpack(lowerer: Lowerer, grouped: Stage, picks: list[_Picked]) -> Stage:
    """The picked rows' expressions, read out of their structs. A group without a row (none given) has typed nulls."""
    aliases = dict(grouped.aliases)
    items: list[tuple[str, sql.Expr]] = [(alias, sql.Column(alias)) for alias in aliases.values()]
    for picked in picks:
        row: dict[int, sql.Expr] = {
            column: sql.Field(sql.Column(picked.alias), field) for column, field in picked.fields.items()
        }
        for column, expr in picked.item.items:
            value = lowerer.expressions.lower(expr, row)
            if column.type is Type.STRING:
                value = sql.coalesce(value, sql.EMPTY)
            aliases[column.id] = lowerer.alias(column)
            items.append((aliases[column.id], value))
    return lowerer.add(sql.Select(tuple(items), lowerer.source(grouped)), aliases)
