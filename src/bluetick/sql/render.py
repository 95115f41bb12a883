"""Print the SQL tree for a dialect."""

from collections.abc import Mapping
from typing import Final

from bluetick.diagnostics import Span, codes
from bluetick.diagnostics.errors import EngineError, QueryError
from bluetick.sql.dialect import Dialect, LiteralValue
from bluetick.sql.expressions import Printer
from bluetick.sql.tree import (
    Cte,
    Expr,
    FromItem,
    JoinItem,
    Literal,
    Parameter,
    Relation,
    RelationRef,
    Select,
    Statement,
    TableCall,
    UnionAll,
    Values,
)

_NO_PARAMETERS: Final[Mapping[str, LiteralValue]] = {}
_MATERIALIZED: Final = {True: "MATERIALIZED ", False: "NOT MATERIALIZED ", None: ""}
_ROWS: Final = "_rows"  # the alias of an inline table; nothing refers to it


def render_expression(expr: Expr, dialect: Dialect, parameters: Mapping[str, LiteralValue] = _NO_PARAMETERS) -> str:
    """The text of one expression. A parameter without a value is an EngineError."""
    return Printer(dialect, parameters).print(expr)


def render_statement(
    statement: Statement, dialect: Dialect, parameters: Mapping[str, LiteralValue] = _NO_PARAMETERS
) -> str:
    """The text of a statement; every identifier quoted, every constant with its exact type.

    Raises QueryError for one that is too large or nested too deep to be printed.
    """
    try:
        return _statement(statement, Printer(dialect, parameters))
    except RecursionError:
        raise QueryError((codes.plan_too_large(Span(0, 0), "expressions nested too deep for SQL"),)) from None


def _statement(statement: Statement, printer: Printer) -> str:
    ctes = ", ".join(_cte(cte, printer) for cte in statement.ctes)
    body = _relation(statement.body, printer)
    return f"WITH {ctes} {body}" if ctes else body


def _cte(cte: Cte, printer: Printer) -> str:
    kept = _MATERIALIZED[cte.materialized] if printer.dialect.has_materialized else ""
    return f"{printer.quote(cte.name)} AS {kept}({_relation(cte.relation, printer)})"


def _relation(relation: Relation, printer: Printer) -> str:
    match relation:
        case Select():
            return _select(relation, printer)
        case UnionAll(selects):
            return _union(selects, printer)
        case Values(_, _, ()):
            return _no_rows(relation, printer)
        case Values():
            return _rows(relation, printer)


def _select(select: Select, printer: Printer) -> str:
    items = ["*"] if select.star else []
    items += [f"{printer.print(expr)} AS {printer.quote(alias)}" for alias, expr in select.items]
    if not items:
        raise EngineError("a SELECT without a column was planned")
    parts = ["SELECT DISTINCT" if select.distinct else "SELECT", ", ".join(items)]
    if select.source is not None:
        parts.append(f"FROM {_source(select.source, printer)}")
    if select.where is not None:
        parts.append(f"WHERE {printer.print(select.where)}")
    if select.group_by:
        parts.append(f"GROUP BY {printer.print_all(select.group_by)}")
    if select.having is not None:
        parts.append(f"HAVING {printer.print(select.having)}")
    if select.order_by:
        parts.append(printer.order_by(select.order_by))
    if select.limit is not None:
        parts.append(f"LIMIT {_limit(select.limit, printer)}")
    return " ".join(parts)


def _limit(limit: Expr, printer: Printer) -> str:
    """A plain number: Spark takes no BIGINT there."""
    value = printer.parameters.get(limit.name) if isinstance(limit, Parameter) else None
    if isinstance(limit, Literal):
        value = limit.value
    return str(value) if isinstance(value, int) else printer.print(limit)


def _table(ref: RelationRef, printer: Printer) -> str:
    name = printer.quote(ref.name)
    return f"{name} AS {printer.quote(ref.alias)}" if ref.alias else name


def _source(item: FromItem, printer: Printer) -> str:
    joins: list[str] = []
    while isinstance(item, JoinItem):
        joins.append(_join(item, printer))
        item = item.left
    base = _call(item, printer) if isinstance(item, TableCall) else _table(item, printer)
    return " ".join((base, *reversed(joins)))


def _call(item: TableCall, printer: Printer) -> str:
    alias = printer.quote(item.alias)
    return f"{item.name}({printer.print_all(item.args)}) AS {alias}({alias})"


def _join(item: JoinItem, printer: Printer) -> str:
    table = _table(item.right, printer)
    if item.on is not None:
        return f"{item.kind} JOIN {table} ON {printer.print(item.on)}"
    if item.kind not in ("INNER", "CROSS"):
        raise EngineError(f"a {item.kind} join without a condition was planned")
    return f"CROSS JOIN {table}"


def _union(selects: tuple[Select, ...], printer: Printer) -> str:
    if not selects:
        raise EngineError("a union of nothing was planned")
    if len(selects) == 1:
        return _select(selects[0], printer)
    return " UNION ALL ".join(_operand(select, printer) for select in selects)


def _operand(select: Select, printer: Printer) -> str:
    text = _select(select, printer)
    return f"({text})" if select.order_by or select.limit is not None else text


def _no_rows(values: Values, printer: Printer) -> str:
    types = zip(values.names, values.types, strict=True)
    items = [f"{printer.dialect.print_literal(None, type_)} AS {printer.quote(name)}" for name, type_ in types]
    if not items:
        raise EngineError("a relation without a column was planned")
    return f"SELECT {', '.join(items)} WHERE FALSE"


def _rows(values: Values, printer: Printer) -> str:
    rows = printer.dialect.print_rows(", ".join(f"({printer.print_all(row)})" for row in values.rows))
    alias = f"{printer.quote(_ROWS)}({', '.join(map(printer.quote, values.names))})"
    return " ".join(("SELECT * FROM", rows, "AS", alias))
