"""Sources that are no table: datatable, print, range, union, search, find, and what is refused by name."""

from typing import TypeVar

from bluetick.binder.calls import call_operator, promote
from bluetick.binder.names import Names
from bluetick.binder.operators.project import computed
from bluetick.binder.operators.tuples import Items, spread_tuples
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, Expr, Invalid, Literal, Promote
from bluetick.plan.relations import Project, Range, Relation, Values
from bluetick.syntax import operators as syntax
from bluetick.syntax.expressions import ColumnDeclaration
from bluetick.types import NUMBER, Type, widest

Node = TypeVar("Node")

_REFUSED: dict[type, str] = {
    syntax.EvaluateOperator: "evaluate",
}


def bind_source_operator(env: Env, node: syntax.Source) -> Relation | None:  # noqa: PLR0911 - one match over the sources
    match node:
        case syntax.DatatableSource():
            return bind_datatable(env, node)
        case syntax.PrintSource():
            return bind_print(env, node)
        case syntax.RangeSource():
            return bind_range(env, node)
        case syntax.UnionOperator():
            from bluetick.binder.operators.union import bind_union  # noqa: PLC0415 - loaded when met

            return bind_union(env, node, None)
        case syntax.SearchOperator():
            from bluetick.binder.operators.search import bind_search  # noqa: PLC0415 - loaded when met

            return bind_search(env, node, None)
        case syntax.FindOperator():
            from bluetick.binder.operators.find import bind_find  # noqa: PLC0415 - loaded when met

            return bind_find(env, node, None)
        case syntax.ExternaldataSource():
            from bluetick.binder.operators.externaldata import bind_externaldata  # noqa: PLC0415 - loaded when met

            columns = declared_columns(env, node.columns)
            return None if columns is None else bind_externaldata(env, node, columns)
        case syntax.SimpleOperator():
            from bluetick.binder.operators.naming import bind_simple  # noqa: PLC0415 - loaded when met

            return bind_simple(env, node, Values((), ()))
        case _:
            env.report(codes.operator_not_supported(node.span, _REFUSED.get(type(node), "this source")))
            return None


def declared_columns(env: Env, declarations: tuple[ColumnDeclaration, ...]) -> tuple[Column, ...] | None:
    """The columns of a schema as written; None once an unknown type or a name given twice is reported."""
    columns: list[Column] = []
    for declaration in declarations:
        if declaration.type is None:
            env.report(codes.unknown_type(declaration.span, declaration.type_text))
            return None
        if any(c.name == declaration.name.text for c in columns):
            env.report(codes.duplicate_column(declaration.span, declaration.name.text))
            return None
        columns.append(env.state.column(declaration.name.text, declaration.type))
    return tuple(columns)


def bind_datatable(env: Env, node: syntax.DatatableSource) -> Relation | None:
    columns = declared_columns(env, node.columns)
    if columns is None:
        return None
    if not columns or len(node.values) % len(columns):
        env.report(codes.data_rows(node.span, len(columns), len(node.values)))
        return None
    cells: list[Expr] = []
    for index, value in enumerate(node.values):
        column = columns[index % len(columns)]
        bound = env.expression(value)
        cell = as_cell(bound, column.type)
        if cell is None and column.type is Type.STRING:  # text without its quotes
            cell = call_operator(env, "tostring", (bound,), value.span)
        if cell is None:
            env.report(
                codes.wrong_type(value.span, f"the value of column '{column.name}'", str(column.type), str(bound.type))
            )
            return None
        cells.append(cell)
    if any(isinstance(cell, Invalid) for cell in cells):
        return None
    width = len(columns)
    return Values(columns, tuple(tuple(cells[i : i + width]) for i in range(0, len(cells), width)))


def as_cell(value: Expr, wanted: Type) -> Expr | None:
    """A constant as the column's type: numbers convert, a null fits anywhere, anything fits dynamic."""
    if isinstance(value, Invalid) or value.type is wanted:
        return value
    if isinstance(value, Literal) and value.value is None:
        return Literal("" if wanted is Type.STRING else None, wanted)
    if wanted is Type.DYNAMIC:
        return Promote(value, wanted)
    if value.type in NUMBER and wanted in NUMBER:
        if isinstance(value, Literal) and wanted in (Type.INT, Type.LONG) and float(value.value).is_integer():
            return Literal(int(value.value), wanted)
        return promote(value, wanted)
    return None


def bind_print(env: Env, node: syntax.PrintSource) -> Relation | None:
    """One row; unnamed columns are print_0, print_1 by their place. Of several results only those with a name, if one
    has a name."""
    names = Names()
    done: Items = []
    failed = False
    for place, item in enumerate(node.items):
        spread = spread_tuples(env, [item], only_named=True)
        unnamed = f"print_{place}" if len(spread) == 1 else ""
        for part in spread:
            made = computed(env, part, names, unnamed, only_named=True)
            failed |= made is None
            done += made or ()
    return None if failed else Project(Values((), ((),)), tuple(done))


def bind_range(env: Env, node: syntax.RangeSource) -> Relation | None:
    """From start by steps while not past stop; the type is the widest of the three, or of start for times."""
    bounds = [env.expression(e) for e in (node.start, node.stop, node.step)]
    if any(isinstance(b, Invalid) for b in bounds):
        return None
    types = tuple(b.type for b in bounds)
    if set(types) <= set(NUMBER):
        type_ = widest(types)
        start, stop, step = (promote(b, type_) for b in bounds)
        return Range(env.state.column(node.name.text, type_), start, stop, step)
    if types in ((Type.DATETIME, Type.DATETIME, Type.TIMESPAN), (Type.TIMESPAN,) * 3):
        return Range(env.state.column(node.name.text, types[0]), *bounds)
    env.report(codes.wrong_argument_types(node.span, "range", ", ".join(str(t) for t in types)))
    return None
