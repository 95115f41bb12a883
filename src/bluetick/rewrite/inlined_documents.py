"""`extend D = parse_json(x) | where D.a.b == ... | summarize ... by D.c`: where a document is only taken apart, each
path leads out of parse_json(x) itself, and the whole document is never written anew (measured: half the time).

Exact because the same expression stands where its column stood, over the same x. The column itself goes: nothing above
sees it, since between it and the aggregates or the projection that leave it out are filters and projections only, and
no aggregate asks for the order of rows or picks a whole row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, walk
from bluetick.plan.rebuilding import with_expressions
from bluetick.plan.relations import Aggregate, AggregateCall, Filter, Project, Relation, TabularStatement, expressions
from bluetick.rewrite.everywhere import changed_everywhere
from bluetick.rewrite.fresh import FreshColumns, over
from bluetick.types import Type

_Step: TypeAlias = Filter | Project


def with_inlined_documents(statement: TabularStatement, fresh: FreshColumns) -> TabularStatement:
    return changed_everywhere(statement, _inlined)


def has_documents(node: Relation) -> bool:
    return isinstance(node, Project) and any(_source(expr) is not None for _, expr in node.items)


def _inlined(node: Relation) -> Relation:
    if isinstance(node, Aggregate):
        if not all(isinstance(item, AggregateCall) and not item.function.needs_order for item in node.items):
            return node
    elif not isinstance(node, Project):
        return node
    steps = list(_steps(node.input))
    for place, step in enumerate(steps):
        for column, expr in step.items if isinstance(step, Project) else ():
            source = _source(expr)
            if source is not None:
                anew = _without(node, steps[:place], step, column, expr, source)
                if anew is not None:
                    return _inlined(anew)
    return node


def _steps(relation: Relation) -> Iterator[_Step]:
    """Filters and projections below one another, the uppermost first."""
    while isinstance(relation, Filter | Project):
        yield relation
        relation = relation.input


def _source(expr: Expr) -> Column | None:
    """The column of text that is read as JSON, whole."""
    if not isinstance(expr, Call) or expr.function.name != "parse_json":
        return None
    (value,) = expr.args
    return value.column if isinstance(value, ColumnRef) and value.type is Type.STRING else None


def _without(
    top: Aggregate | Project, between: list[_Step], step: _Step, document: Column, parsed: Expr, source: Column
) -> Relation | None:
    """`top` with the parsed text in the place of the document's column; None where the column is more than taken
    apart."""
    if not isinstance(step, Project):
        return None
    columns: dict[int, Expr] = {document.id: parsed}
    rows: Relation = _passing(step, {document.id}, columns={}, source=source)
    is_used = False
    for one in reversed(between):
        if not _takes_apart(_kept(one, columns), columns):
            return None
        is_used = is_used or _reads(_kept(one, columns), columns)
        if isinstance(one, Filter):
            rows = replace(one, input=rows, predicates=tuple(over(part, columns) for part in one.predicates))
            continue
        passed = {column.id for column, expr in one.items if _is_column(expr, columns)}
        rows = _passing(replace(one, input=rows), passed, columns, source)
        columns |= dict.fromkeys(passed, parsed)
    own = expressions(top)
    if not _takes_apart(own, columns) or not (is_used or _reads(own, columns)):
        return None
    anew = replace(top, input=rows)
    return with_expressions(anew, [over(expr, columns) for expr in own])


def _passing(step: Project, gone: set[int], columns: dict[int, Expr], source: Column) -> Project:
    """The projection without the columns that are gone, and with the source."""
    items = tuple((column, over(expr, columns)) for column, expr in step.items if column.id not in gone)
    if all(column != source for column, _ in items):
        items = (*items, (source, ColumnRef(source)))
    return replace(step, items=items)


def _kept(step: _Step, columns: dict[int, Expr]) -> list[Expr]:
    """The expressions that do more than hand the document on."""
    if isinstance(step, Filter):
        return list(step.predicates)
    return [expr for _, expr in step.items if not _is_column(expr, columns)]


def _is_column(expr: Expr, columns: dict[int, Expr]) -> bool:
    return isinstance(expr, ColumnRef) and expr.column.id in columns


def _reads(exprs: Iterable[Expr], columns: dict[int, Expr]) -> bool:
    return any(_is_column(part, columns) for expr in exprs for part in walk(expr))


def _takes_apart(exprs: Iterable[Expr], columns: dict[int, Expr]) -> bool:
    """Whether the document stands nowhere but where a key is asked of it."""
    parts = [part for expr in exprs for part in walk(expr)]
    steps = [part for part in parts if isinstance(part, Call) and part.function.name == "."]
    asked = sum(_is_column(part.args[0], columns) for part in steps)
    return asked == sum(_is_column(part, columns) for part in parts)
