"""Nodes made anew with other inputs or expressions, in the order in which `inputs` and `expressions` give them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, InTable, PartOf, Promote, WindowCall, children
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Computed,
    Expand,
    External,
    Filter,
    Join,
    Limit,
    PickRow,
    Project,
    PythonTable,
    Range,
    Reference,
    Relation,
    Scan,
    Sort,
    Union,
    Values,
    Window,
    expressions,
    inputs,
)


def with_inputs(relation: Relation, new: Sequence[Relation]) -> Relation:
    """The node over other inputs, whose columns are those of the old ones."""
    match relation:
        case Join():
            return replace(relation, left=new[0], right=new[1])
        case Union(legs=legs):
            return replace(relation, legs=tuple((one, exprs) for one, (_, exprs) in zip(new, legs, strict=True)))
        case PythonTable():
            return replace(relation, sources=tuple(new))
        case Scan() | Values() | Range() | External() | Reference():
            return relation
        case _:
            return replace(relation, input=new[0])


def with_expressions(relation: Relation, new: Sequence[Expr]) -> Relation:  # noqa: C901, PLR0911, PLR0912 - all nodes
    """The node with other expressions."""
    take = iter(new)
    match relation:
        case Values(rows=rows):
            return replace(relation, rows=tuple(tuple(next(take) for _ in row) for row in rows))
        case Range():
            return replace(relation, start=next(take), stop=next(take), step=next(take))
        case Filter():
            return replace(relation, predicates=tuple(take))
        case Project(items=items):
            return replace(relation, items=_renewed(items, take))
        case Window(items=calls):
            windows = tuple((column, _window(next(take))) for column, _ in calls)
            return replace(relation, items=windows, partition=_columns(take))
        case Aggregate():
            return _aggregate(relation, take)
        case Join(keys=keys):
            return replace(relation, keys=tuple((next(take), next(take)) for _ in keys))
        case Union(legs=legs):
            renewed = tuple((leg, tuple(next(take) for _ in exprs)) for leg, exprs in legs)
            return replace(relation, legs=renewed)
        case Sort(keys=sort_keys):
            return replace(relation, keys=tuple(replace(key, value=next(take)) for key in sort_keys))
        case Limit():
            return replace(relation, count=next(take), partition=_columns(take))
        case Expand(items=expanded, limit=limit):
            renewed_items = tuple(replace(item, value=next(take)) for item in expanded)
            return replace(relation, items=renewed_items, limit=None if limit is None else next(take))
        case Computed(items=computed):
            return replace(relation, items=tuple(replace(c, args=tuple(next(take) for _ in c.args)) for c in computed))
        case _:
            return relation


def expression_inputs(relation: Relation) -> tuple[int | None, ...]:
    """For each expression of the node the input whose row it sees; None where it sees none."""
    match relation:
        case Values(rows=rows):
            return tuple(None for row in rows for _ in row)
        case Range():
            return (None, None, None)
        case Join(keys=keys):
            return (0, 1) * len(keys)
        case Union(legs=legs):
            return tuple(number for number, (_, exprs) in enumerate(legs) for _ in exprs)
        case Limit(partition=partition):
            return (None, *(0 for _ in partition))
        case Expand(items=items, limit=limit):
            return tuple(0 for _ in items) + (() if limit is None else (None,))
        case _:
            return (0,) * len(expressions(relation))


def with_children(expr: Expr, new: Sequence[Expr]) -> Expr:
    """The expression with other parts directly inside."""
    match expr:
        case Call() | WindowCall():
            return replace(expr, args=tuple(new))
        case Promote():
            return replace(expr, value=new[0])
        case InTable():
            return InTable(new[0], expr.relation, expr.negated, expr.fold)
        case PartOf():
            call = new[0]
            return replace(expr, call=call) if isinstance(call, Call) else expr
        case _:
            return expr


def _renewed(items: tuple[tuple[Column, Expr], ...], take: Iterator[Expr]) -> tuple[tuple[Column, Expr], ...]:
    return tuple((column, next(take)) for column, _ in items)


def _columns(take: Iterator[Expr]) -> tuple[Column, ...]:
    return tuple(expr.column for expr in take if isinstance(expr, ColumnRef))


def _window(expr: Expr) -> WindowCall:
    if not isinstance(expr, WindowCall):
        raise AssertionError("a window call stays one")
    return expr


def _aggregate(relation: Aggregate, take: Iterator[Expr]) -> Aggregate:
    groups = _renewed(relation.groups, take)
    items: list[AggregateCall | PickRow] = []
    for item in relation.items:
        if isinstance(item, AggregateCall):
            items.append(replace(item, args=tuple(next(take) for _ in item.args)))
            continue
        picked = _renewed(item.items, take)
        by = None if item.by is None else next(take)
        items.append(PickRow(by, item.descending, picked, None if item.condition is None else next(take)))
    return replace(relation, groups=groups, items=tuple(items))


def rebuilt_relation(
    root: Relation, bindings: Mapping[int, Binding], anew: Callable[[Relation, list[Relation]], Relation]
) -> Relation:
    """A relation made anew, inputs first: `anew` gives a node over its new inputs. Of a binding that is among
    `bindings` already (by the identity of the old one; `anew` adds to them) the input is what the new one names. Long
    pipelines are walked."""
    done: dict[int, Relation] = {}
    pending: list[tuple[Relation, bool]] = [(root, False)]
    while pending:
        node, is_ready = pending.pop()
        if id(node) in done:
            continue
        below = inputs(node)
        if isinstance(node, Reference) and id(node.binding) in bindings:
            done[id(node)] = anew(node, [bindings[id(node.binding)].relation])
        elif is_ready:
            done[id(node)] = anew(node, [done[id(one)] for one in below])
        else:
            pending.append((node, True))
            pending.extend((one, False) for one in below)
    return done[id(root)]


def rebuilt_expression(root: Expr, anew: Callable[[Expr, list[Expr]], Expr]) -> Expr:
    """An expression made anew, parts first: `anew` gives a part with its new parts. Chains of `and` are thousands long,
    so the walk keeps a list."""
    done: dict[int, Expr] = {}
    pending: list[tuple[Expr, bool]] = [(root, False)]
    while pending:
        part, is_ready = pending.pop()
        if id(part) in done:
            continue
        inner = children(part)
        if is_ready:
            done[id(part)] = anew(part, [done[id(one)] for one in inner])
        else:
            pending.append((part, True))
            pending.extend((one, False) for one in inner)
    return done[id(root)]
