"""Lowering of the plan's nodes, and the one place that tells which is whose."""

from bluetick.functions.definition import BoundWindow
from bluetick.lowering.aggregate import lower_aggregate
from bluetick.lowering.expand import lower_expand
from bluetick.lowering.join import lower_join
from bluetick.lowering.lowerer import Context, Lowerer
from bluetick.lowering.partition import partitioned
from bluetick.lowering.stage import Stage, row_order, sort_terms
from bluetick.lowering.steps import lower_computed, lower_provider, lower_python, lower_python_table
from bluetick.plan.expressions import Column
from bluetick.plan.relations import (
    Aggregate,
    Columns,
    Computed,
    Expand,
    Filter,
    Join,
    Limit,
    Project,
    ProviderLookup,
    PythonOperator,
    PythonTable,
    Range,
    Relation,
    Serialize,
    Sort,
    Union,
    Values,
    Window,
)
from bluetick.sql import tree as sql
from bluetick.types import Type

_ZERO = sql.Literal(0.0, Type.REAL)
_MOST_STEPS = sql.Literal(9e18, Type.REAL)


def new_lowerer(context: Context) -> Lowerer:
    return Lowerer(context, lower_node)


def lower_node(lowerer: Lowerer, relation: Relation) -> Stage:  # noqa: C901, PLR0911, PLR0912 - one match over all nodes
    match relation:
        case Values():
            return _values(lowerer, relation)
        case Range():
            return _range(lowerer, relation)
        case Filter():
            return _filter(lowerer, relation)
        case Project():
            return _project(lowerer, relation)
        case Aggregate():
            return lower_aggregate(lowerer, relation)
        case Join():
            return lower_join(lowerer, relation)
        case Union():
            return _union(lowerer, relation)
        case Sort():
            return _sort(lowerer, relation)
        case Serialize():
            return _serialize(lowerer, relation)
        case Limit():
            return _limit(lowerer, relation)
        case Window():
            return _window(lowerer, relation)
        case Expand():
            return lower_expand(lowerer, relation)
        case ProviderLookup():
            return lower_provider(lowerer, relation)
        case PythonOperator():
            return lower_python(lowerer, relation)
        case Computed():
            return lower_computed(lowerer, relation)
        case PythonTable():
            return lower_python_table(lowerer, relation)
        case _:
            raise AssertionError(f"{type(relation).__name__} is lowered elsewhere")


def _values(lowerer: Lowerer, relation: Values) -> Stage:
    """Rows keep their written order through a hidden number; a single row of nothing is no relation at all."""
    if not relation.columns and len(relation.rows) == 1:
        return Stage("", {})
    aliases = {c.id: lowerer.alias(c) for c in relation.columns}
    number = lowerer.fresh_alias("row_number")
    lowerer.numbers.add(number)
    rows = tuple(
        (*(lowerer.expressions.lower(cell, {}) for cell in row), sql.long(index))
        for index, row in enumerate(relation.rows)
    )
    names = (*aliases.values(), number)
    types = (*(c.type for c in relation.columns), Type.LONG)
    return lowerer.add(sql.Values(names, types, rows), aliases, (sql.Order(sql.Column(number)),))


def _range(lowerer: Lowerer, relation: Range) -> Stage:
    """start + i * step for whole i from 0: exact for every type, with no drift of added reals."""
    lower = lowerer.expressions.lower
    start, stop, step = (lower(e, {}) for e in (relation.start, relation.stop, relation.step))
    number, alias = lowerer.fresh_alias("step"), lowerer.alias(relation.column)
    type_ = relation.column.type
    if type_ is Type.DATETIME:
        start, stop = lowerer.flavour.micros(start), lowerer.flavour.micros(stop)
    distance = sql.Cast(sql.Binary("-", stop, start), Type.REAL)
    quotient = sql.Binary("/", distance, sql.Cast(step, Type.REAL))
    steps = sql.call("floor", quotient)
    # A step of zero or away from the end gives no row, nor does NaN, which engines take for more than all else.
    there = sql.all_of(
        sql.Binary("<>", step, sql.Cast(sql.long(0), relation.step.type)),
        sql.Binary(">=", steps, _ZERO),
        sql.not_(sql.call("isnan", quotient)),
    )
    count = sql.Cast(sql.when(there, sql.call("least", steps, _MOST_STEPS)), Type.LONG)
    numbers = lowerer.add(lowerer.flavour.numbers(number, count), {})
    value: sql.Expr = sql.Binary("+", start, sql.Binary("*", sql.Column(number), step))
    value = lowerer.flavour.from_micros(value) if type_ is Type.DATETIME else sql.Cast(value, type_)
    select = sql.Select(((alias, value), (number, sql.Column(number))), sql.RelationRef(numbers.relation))
    return lowerer.add(select, {relation.column.id: alias}, (sql.Order(sql.Column(number)),))


def _filter(lowerer: Lowerer, relation: Filter) -> Stage:
    stage = lowerer.lower(relation.input)
    row = stage.row(relation.input.columns)
    conditions = [lowerer.expressions.lower(p, row, truth_only=True) for p in relation.predicates]
    where = sql.all_of(*conditions)
    source = lowerer.source(stage)
    if source is None:
        # A row of nothing under a condition: one hidden column, so that there is something to select.
        select = sql.Select(((lowerer.fresh_alias("row"), sql.long(0)),), None, where=where)
        return lowerer.add(select, {})
    select = sql.Select((), source, star=True, where=where)
    return lowerer.add(select, dict(stage.aliases), stage.order)


def _project(lowerer: Lowerer, relation: Project) -> Stage:
    stage = lowerer.lower(relation.input)
    row = stage.row(relation.input.columns)
    items: dict[str, sql.Expr] = {}
    aliases: dict[int, str] = {}
    kept = set(stage.aliases.values())
    for column, expr in relation.items:
        value = lowerer.expressions.lower(expr, row)
        alias = _item_alias(lowerer, stage, column, value, kept)
        items[alias] = value
        aliases[column.id] = alias
    for name, value in lowerer.carried(stage):
        items.setdefault(name, value)
    if not items:
        items[lowerer.fresh_alias("row")] = sql.long(0)
    select = sql.Select(tuple(items.items()), lowerer.source(stage))
    return lowerer.add(select, aliases, stage.order)


def _item_alias(lowerer: Lowerer, stage: Stage, column: Column, value: sql.Expr, kept: set[str]) -> str:
    """A column that passes through keeps its alias, so that a hidden order still finds it."""
    if column.id in stage.aliases and value == sql.Column(stage.aliases[column.id]):
        return stage.aliases[column.id]
    alias = lowerer.alias(column)
    return lowerer.fresh_alias(column.name) if alias in kept else alias


def _union(lowerer: Lowerer, relation: Union) -> Stage:
    aliases = {c.id: lowerer.alias(c) for c in relation.columns}
    selects = []
    for leg, exprs in relation.legs:
        stage = lowerer.lower(leg)
        row = stage.row(leg.columns)
        items = tuple(
            (aliases[column.id], lowerer.expressions.lower(expr, row))
            for column, expr in zip(relation.columns, exprs, strict=True)
        )
        selects.append(sql.Select(items, lowerer.source(stage)))
    return lowerer.add(sql.UnionAll(tuple(selects)), aliases)


def _sort(lowerer: Lowerer, relation: Sort) -> Stage:
    """The order is a property of the stage: its keys stay as columns, hidden where they are no plan column."""
    stage = lowerer.lower(relation.input)
    row = stage.row(relation.input.columns)
    added: list[tuple[str, sql.Expr]] = []
    order: list[sql.Order] = []
    for key in relation.keys:
        value = lowerer.expressions.lower(key.value, row)
        if not isinstance(value, sql.Column):
            name = lowerer.fresh_alias("sort_key")
            added.append((name, value))
            value = sql.Column(name)
        order += sort_terms(value, key.value.type, descending=key.descending, nulls_first=key.nulls_first)
    order += stage.order
    source = lowerer.source(stage)
    if source is None or not added:
        return Stage(stage.relation, stage.aliases, tuple(order))
    return lowerer.add(sql.Select(tuple(added), source, star=True), dict(stage.aliases), tuple(order))


def _serialize(lowerer: Lowerer, relation: Serialize) -> Stage:
    """Numbers the rows, so that the order outlives every column."""
    stage = lowerer.lower(relation.input)
    source = lowerer.source(stage)
    if stage.order or source is None:
        return stage
    return _numbered(lowerer, stage, relation.columns)


def _numbered(lowerer: Lowerer, stage: Stage, columns: Columns) -> Stage:
    """The rows under numbers that are their order from here on, with no two rows in one place."""
    source = lowerer.source(stage)
    if source is None or (len(stage.order) == 1 and stage.hidden[0] in lowerer.numbers):
        return stage
    name = lowerer.fresh_alias("row_number")
    lowerer.numbers.add(name)
    number = sql.Window(sql.Call("row_number"), (), row_order(stage, columns))
    select = sql.Select(((name, number),), source, star=True)
    return lowerer.add(select, dict(stage.aliases), (sql.Order(sql.Column(name)),))


def _limit(lowerer: Lowerer, relation: Limit) -> Stage:
    stage = lowerer.lower(relation.input)
    source = lowerer.source(stage)
    count = lowerer.expressions.lower(relation.count, {})
    if source is None:
        return stage
    if relation.partition:
        return _limit_each(lowerer, relation, stage, count)
    select = sql.Select((), source, star=True, order_by=row_order(stage, relation.columns), limit=count)
    return lowerer.add(select, dict(stage.aliases), stage.order)


def _limit_each(lowerer: Lowerer, relation: Limit, stage: Stage, count: sql.Expr) -> Stage:
    """The first rows of each partition: numbered, then cut."""
    name = lowerer.fresh_alias("row_number")
    keys = tuple(stage.column(c) for c in relation.partition)
    number = sql.Window(sql.Call("row_number"), keys, row_order(stage, relation.columns))
    select = sql.Select(((name, number),), lowerer.source(stage), star=True)
    numbered = lowerer.add(select, dict(stage.aliases), stage.order)
    where = sql.Binary("<=", sql.Column(name), count)
    return lowerer.add(
        sql.Select((), lowerer.source(numbered), star=True, where=where), dict(stage.aliases), stage.order
    )


def _window(lowerer: Lowerer, relation: Window) -> Stage:
    """Rows that are alike are numbered first, so that every window, here and later, sees them in the same places."""
    stage = lowerer.lower(relation.input)
    if not relation.ties_are_alike:
        stage = _numbered(lowerer, stage, relation.input.columns)
    row = stage.row(relation.input.columns)
    order = stage.order  # under numbers there are no ties
    if relation.ties_are_alike or not order:
        order = row_order(stage, relation.input.columns)
    items: list[tuple[str, sql.Expr]] = []
    aliases = dict(stage.aliases)
    for column, window in relation.items:
        args = tuple(lowerer.expressions.argument(arg, row) for arg in window.args)
        bound = BoundWindow(window.function.name, args, window.type, order)
        aliases[column.id] = lowerer.alias(column)
        value = lowerer.flavour.window(window.function)(bound)
        items.append((aliases[column.id], partitioned(value, tuple(stage.column(c) for c in relation.partition))))
    select = sql.Select(tuple(items), lowerer.source(stage), star=True)
    return lowerer.add(select, aliases, () if relation.ties_are_alike else stage.order)
