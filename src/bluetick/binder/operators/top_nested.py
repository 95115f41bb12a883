"""top-nested: the top values of one expression, in each of them the top values of the next, and so on.

https://learn.microsoft.com/kusto/query/top-nested-operator
Each level is an aggregate over all rows by its own expression and those before it, of which the first few are kept in
each group of the level before; the levels are joined on the expressions that they share.

`with others` adds the rows that a level left out: one row for each group of the levels before it. What was left out of
one level takes no part in the choices of the next ones; there it counts among the others too. Where a level has no
others its two columns of such a row are empty, and without others at this level or a later one there is no such row.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bluetick.binder.calls import call_operator
from bluetick.binder.names import Names, default_name
from bluetick.binder.operators.aggregation import group_column
from bluetick.binder.operators.ordering import row_count
from bluetick.binder.operators.sources import as_cell
from bluetick.binder.operators.summarize import Summary, bind_item
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    Reference,
    Relation,
    Sort,
    SortKey,
    Union,
)
from bluetick.syntax.expressions import NamedExpression
from bluetick.syntax.operators import TopNestedClause, TopNestedOperator
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Level:
    """The rows of one level, or of it and all before: the group columns of the levels, and the last one's aggregate."""

    relation: Relation
    groups: tuple[Column, ...]
    value: Column


@dataclass(frozen=True, slots=True)
class Nesting:
    """What every level needs: the rows, the clauses, the names of each one's two columns."""

    env: Env
    rows: Binding
    clauses: tuple[TopNestedClause, ...]
    names: tuple[tuple[str, str], ...]


def bind_top_nested(env: Env, node: TopNestedOperator, rows: Relation) -> Relation | None:
    nesting = Nesting(env, Binding("top_nested", rows), node.clauses, _names(env, node))
    levels: list[Level] = []
    joined: list[Level] = []  # of each level: it and those before
    for depth in range(len(node.clauses)):
        level = _level(nesting, depth)
        if level is None:
            return None
        if any(clause.others is not None for clause in node.clauses):
            level = _shared(env, level)
        levels.append(level)
        result = level if not joined else _joined(env, joined[-1], level)
        joined.append(_shared(env, result) if any(c.others is not None for c in node.clauses) else result)
    others = _others(nesting, levels, joined)
    return None if others is None else _together(env, joined[-1].relation, others)


def _names(env: Env, node: TopNestedOperator) -> tuple[tuple[str, str], ...]:
    names = Names()
    found: list[tuple[str, str]] = []
    for clause in node.clauses:
        given = clause.of.names[0].text if clause.of.names else default_name(clause.of.value)
        own = names.claim(given) if given else names.generate(env.state.unnamed)
        wanted = clause.by.names[0].text if clause.by.names else f"aggregated_{own}"
        found.append((own, names.claim(wanted)))
    return tuple(found)


def _shared(env: Env, level: Level) -> Level:
    """The level as a binding, to be used several times."""
    return _use(
        env, Level(Reference(Binding("level", level.relation), level.relation.columns), level.groups, level.value)
    )


def _use(env: Env, level: Level) -> Level:
    """A use of a shared level with columns of its own."""
    if not isinstance(level.relation, Reference):
        return level
    use = env.refer(level.relation.binding)
    placed = {old.id: new for old, new in zip(level.relation.columns, use.columns, strict=True)}
    return Level(use, tuple(placed[c.id] for c in level.groups), placed[level.value.id])


# --- the levels ------------------------------------------------------------------------------------------------------


def _level(nesting: Nesting, depth: int) -> Level | None:
    """All groups of a level, or the first few in each group of the level before."""
    env, last = nesting.env, nesting.clauses[depth]
    rows = env.refer(nesting.rows)
    groups = _groups(nesting, env.over(rows), depth)
    if groups is None:
        return None
    aggregated = _aggregated(env.over(rows), rows, groups, (last,), (nesting.names[depth][1],))
    count = None if last.count is None else row_count(env, last.count, "top-nested")
    if aggregated is None or (last.count is not None and count is None):
        return None
    relation, (value,) = aggregated
    columns = tuple(column for column, _ in groups)
    if count is not None:
        is_descending = last.direction != "asc"
        key = SortKey(ColumnRef(value), is_descending, not is_descending)
        relation = Limit(Sort(relation, (key,)), count, columns[:-1])
    return Level(relation, columns, value)


def _groups(nesting: Nesting, here: Env, depth: int) -> list[tuple[Column, Expr]] | None:
    """The expressions of a level and those before it."""
    groups: list[tuple[Column, Expr]] = []
    for clause, (name, _) in zip(nesting.clauses[: depth + 1], nesting.names, strict=False):
        group = group_column(here, here.expression(clause.of.value), name, clause.of.value)
        if group is None:
            return None
        groups.append(group)
    return groups


def _aggregated(
    here: Env,
    rows: Relation,
    groups: list[tuple[Column, Expr]],
    clauses: tuple[TopNestedClause, ...],
    names: tuple[str, ...],
) -> tuple[Relation, tuple[Column, ...]] | None:
    """The groups with the aggregate of each clause; None once reported."""
    before = len(here.state.diagnostics)
    summary = Summary(here, rows, Names(), groups)
    for clause in clauses:
        known = len(summary.items)
        bind_item(summary, NamedExpression(clause.by.span, clause.by.value))
        if any(d.is_error for d in here.state.diagnostics[before:]):
            return None
        if len(summary.items) != known + 1:
            here.report(codes.form_not_supported(clause.by.span, "top-nested by an aggregate of several columns"))
            return None
    aggregate = Aggregate(rows, tuple(groups), tuple(summary.aggregates))
    values = [(here.state.column(n, value.type), value) for n, (_, value) in zip(names, summary.items, strict=True)]
    kept = tuple((c, ColumnRef(c)) for c, _ in groups)
    return Project(aggregate, (*kept, *values)), tuple(c for c, _ in values)


def _joined(env: Env, outer: Level, inner: Level) -> Level:
    """Every row of the levels so far with the rows of the next one in its group."""
    outer, inner = _use(env, outer), _use(env, inner)
    keys = tuple((ColumnRef(a), ColumnRef(b)) for a, b in zip(outer.groups, inner.groups[:-1], strict=True))
    fresh = env.state.column
    left = tuple((fresh(c.name, c.type), c) for c in outer.relation.columns)
    right = tuple((fresh(c.name, c.type), c) for c in (inner.groups[-1], inner.value))
    node = Join(JoinKind.INNER, outer.relation, inner.relation, keys, left, right)
    placed = {source.id: column for column, source in (*left, *right)}
    groups = (*(placed[c.id] for c in outer.groups), placed[inner.groups[-1].id])
    return Level(node, groups, placed[inner.value.id])


# --- what the levels left out ----------------------------------------------------------------------------------------


def _others(nesting: Nesting, levels: list[Level], joined: list[Level]) -> list[Relation] | None:
    """Of each level that leaves rows out, and that has others or a level with others behind it, those rows."""
    found: list[Relation] = []
    for depth in range(len(levels)):
        if all(clause.others is None for clause in nesting.clauses[depth:]):
            break
        rows = _left_out(nesting, depth, levels[depth], joined[depth - 1] if depth else None)
        if rows is None:
            return None
        found.append(rows)
    return found


def _left_out(nesting: Nesting, depth: int, level: Level, outer: Level | None) -> Relation | None:
    """A row for each group of the levels before, with the aggregates of what this level left out of it."""
    env = nesting.env
    rows = env.refer(nesting.rows)
    groups = _groups(nesting, env.over(rows), depth)
    if groups is None:
        return None
    keyed = Project(rows, (*((c, ColumnRef(c)) for c in rows.columns), *groups))
    level = _use(env, level)
    keys = tuple((ColumnRef(c), ColumnRef(k)) for (c, _), k in zip(groups, level.groups, strict=True))
    left = tuple((c, c) for c in keyed.columns)
    rest: Relation = Join(JoinKind.LEFTANTI, keyed, level.relation, keys, left, ())
    prefix: tuple[Column, ...] = ()
    if outer is not None:
        outer = _use(env, outer)
        keys = tuple((ColumnRef(c), ColumnRef(k)) for (c, _), k in zip(groups, outer.groups, strict=False))
        fresh = tuple((env.state.column(c.name, c.type), c) for c in outer.relation.columns)
        rest = Join(JoinKind.INNER, rest, outer.relation, keys, left, fresh)
        prefix = tuple(c for c, _ in fresh)
    return _summed(nesting, depth, rest, rows, prefix)


def _summed(
    nesting: Nesting, depth: int, rest: Relation, rows: Relation, prefix: tuple[Column, ...]
) -> Relation | None:
    """The prefix's columns, then for each level from `depth` on its constant and aggregate, or nothing."""
    env, some = nesting.env, find_aggregate("count")
    if some is None:
        raise AssertionError("the catalogue has count")
    clauses = tuple(c for c in nesting.clauses[depth:] if c.others is not None)
    here = env.over(rows)
    before = len(env.state.diagnostics)
    number = AggregateCall(env.state.column("rows", Type.LONG), some, ())
    summary = Summary(here, rest, Names(), [(env.state.column(c.name, c.type), ColumnRef(c)) for c in prefix])
    summary.aggregates.append(number)
    for clause in clauses:
        bind_item(summary, NamedExpression(clause.by.span, clause.by.value))
    if any(d.is_error for d in env.state.diagnostics[before:]):
        return None
    aggregate = Aggregate(rest, tuple(summary.groups), tuple(summary.aggregates))
    there = call_operator(env, ">", (ColumnRef(number.column), Literal(0, Type.LONG)), nesting.clauses[depth].span)
    values = iter(value for _, value in summary.items)
    items = [(c, ColumnRef(c)) for c, _ in summary.groups]
    cells: list[tuple[Column, Expr]] = list(items)
    for clause in nesting.clauses[depth:]:
        pair = _cells(nesting, rows, clause, values)
        if pair is None:
            return None
        cells.extend((env.state.column("cell", cell.type), cell) for cell in pair)
    return Project(Filter(aggregate, (there,)), tuple(cells))


def _cells(
    nesting: Nesting, rows: Relation, clause: TopNestedClause, values: Iterator[Expr]
) -> tuple[Expr, Expr] | None:
    """The constant of a level's others with their aggregate; nulls of their types where it has no others."""
    here = nesting.env.over(rows)
    type_ = here.expression(clause.of.value).type
    if clause.others is None:
        aggregated = _aggregated(here, rows, [], (clause,), ("",))
        value_type = Type.LONG if aggregated is None else aggregated[1][0].type
        return _null(type_), _null(value_type)
    written = nesting.env.without_row().expression(clause.others)
    if isinstance(written, Invalid):
        return None
    constant = as_cell(written, type_)
    if not isinstance(written, Literal) or constant is None:
        what = "the constant of 'with others'"
        nesting.env.report(codes.wrong_type(clause.others.span, what, str(type_), str(written.type)))
        return None
    return constant, next(values)


def _null(type_: Type) -> Literal:
    return Literal("" if type_ is Type.STRING else None, type_)


def _together(env: Env, tops: Relation, others: list[Relation]) -> Relation:
    if not others:
        return tops
    columns = tuple(env.state.column(c.name, c.type) for c in tops.columns)
    legs = ((leg, tuple(ColumnRef(c) for c in leg.columns)) for leg in (tops, *others))
    return Union(columns, tuple(legs))
