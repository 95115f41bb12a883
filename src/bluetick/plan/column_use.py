"""Which columns a plan's nodes read: what each reads in any case, and what it reads for a column of its output."""

from collections.abc import Iterable, Iterator

from bluetick.plan.expressions import Column, ColumnRef, Expr, walk
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Computed,
    Join,
    JoinKind,
    Limit,
    PickRow,
    Project,
    ProviderLookup,
    PythonOperator,
    PythonTable,
    Reference,
    Relation,
    Serialize,
    Union,
    Window,
    expressions,
    inputs,
)


def columns_in(exprs: Iterable[Expr]) -> Iterator[int]:
    """The ids of the columns that expressions read."""
    for expr in exprs:
        if isinstance(expr, ColumnRef):
            yield expr.column.id
            continue
        for part in walk(expr):
            if isinstance(part, ColumnRef):
                yield part.column.id


def read_always(node: Relation) -> Iterator[int]:
    """The columns of its inputs that a node reads whatever is read of it: those that its rows, or their order, hang on.
    Where whole rows are compared, so that one of several or the first of them is told, these are all of a row's."""
    match node:
        case Project() | Union() | Reference() | Computed():
            return
        case Aggregate():
            yield from columns_in(expr for _, expr in node.groups)
        case Serialize() | Limit() | Window() | PythonOperator() | PythonTable():
            for below in inputs(node):
                yield from _ids(below.columns)
        case ProviderLookup(key=key):
            yield key.id
        case Join(kind=JoinKind.INNERUNIQUE):
            yield from _ids(node.left.columns)
            yield from columns_in(expressions(node))
        case _:
            yield from columns_in(expressions(node))


def read_for(node: Relation) -> list[tuple[int, Iterable[int]]]:
    """The columns of a node's output that it fills itself, each with those of its inputs that this takes."""
    match node:
        case Project(items=items):
            return [(column.id, columns_in((expr,))) for column, expr in items]
        case Join():
            return [(column.id, (source.id,)) for column, source in (*node.left_items, *node.right_items)]
        case Union(columns=columns, legs=legs):
            filled = zip(columns, zip(*(exprs for _, exprs in legs), strict=True), strict=True)
            return [(column.id, columns_in(exprs)) for column, exprs in filled]
        case Reference(binding=binding, columns=columns):
            below = zip(columns, binding.relation.columns, strict=True)
            return [(column.id, (inner.id,)) for column, inner in below]
        case Computed(items=computed):
            return _for_all((item.columns, columns_in(item.args)) for item in computed)
        case Aggregate(items=items, input=source):
            return _for_all((item.columns, _of_item(item, source.columns)) for item in items)
        case _:
            return []


def _for_all(filled: Iterable[tuple[Iterable[Column], Iterable[int]]]) -> list[tuple[int, Iterable[int]]]:
    """Columns that take the same, which is worked out once."""
    both = ((columns, tuple(taken)) for columns, taken in filled)
    return [(column.id, taken) for columns, taken in both for column in columns]


def _of_item(item: AggregateCall | PickRow, row: tuple[Column, ...]) -> Iterator[int]:
    """What an aggregate reads of a row; of rows that are compared, those columns that may tell."""
    if isinstance(item, AggregateCall):
        yield from columns_in(item.args)
        if item.function.needs_order:
            yield from _ids(row)
        return
    yield from columns_in(expr for expr in (item.by, item.condition) if expr is not None)
    picked = set(columns_in(expr for _, expr in item.items))
    last = max((place for place, column in enumerate(row) if column.id in picked), default=-1)
    yield from _ids(row[: last + 1])


def _ids(columns: Iterable[Column]) -> Iterator[int]:
    return (column.id for column in columns)
