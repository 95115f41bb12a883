"""Print the SQL tree for a dialect."""

from collections.abc import Mapping
from typing import Final

from sqlglot import ErrorLevel, exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from sqlglot.errors import UnsupportedError

from bluetick.diagnostics import Span, codes
from bluetick.diagnostics.errors import EngineError, QueryError
from bluetick.sql.dialect import Dialect, LiteralValue
from bluetick.sql.to_sqlglot import Converter, quoted, raw
from bluetick.sql.tree import (
    Expr,
    FromItem,
    JoinItem,
    Literal,
    Parameter,
    Relation,
    RelationRef,
    Select,
    Statement,
    UnionAll,
    Values,
)

_NO_PARAMETERS: Final[Mapping[str, LiteralValue]] = {}
_SIDES: Final = {"LEFT": "LEFT", "RIGHT": "RIGHT", "FULL": "FULL"}
_KINDS: Final = {"INNER": "INNER", "SEMI": "SEMI", "ANTI": "ANTI", "CROSS": "CROSS"}
_ROWS: Final = "_rows"  # the alias of an inline table; nothing refers to it


def render_expression(expr: Expr, dialect: Dialect, parameters: Mapping[str, LiteralValue] = _NO_PARAMETERS) -> str:
    """The text of one expression. A parameter without a value is an EngineError."""
    return _print(Converter(dialect, parameters).convert(expr), dialect)


def render_statement(
    statement: Statement, dialect: Dialect, parameters: Mapping[str, LiteralValue] = _NO_PARAMETERS
) -> str:
    """The text of a statement; every identifier quoted, every constant with its exact type.

    Raises QueryError for one that is too large or nested too deep to be printed.
    """
    try:
        return _statement(statement, Converter(dialect, parameters), dialect)
    except RecursionError:
        raise QueryError((codes.plan_too_large(Span(0, 0), "expressions nested too deep for SQL"),)) from None


def _statement(statement: Statement, converter: Converter, dialect: Dialect) -> str:
    body = _relation(statement.body, converter)
    if statement.ctes:
        ctes = [
            exp.CTE(
                this=_relation(cte.relation, converter),
                alias=exp.TableAlias(this=quoted(cte.name)),
                materialized=cte.materialized if dialect.has_materialized else None,
            )
            for cte in statement.ctes
        ]
        body.set("with_", exp.With(expressions=ctes))
    return _print(body, dialect)


def _print(node: exp.Expr, dialect: Dialect) -> str:
    generator = SqlglotDialect.get_or_raise(dialect.sqlglot).generator(
        identify=True, normalize_functions=False, unsupported_level=ErrorLevel.RAISE, comments=False
    )
    try:
        return generator.generate(node, copy=False)
    except UnsupportedError as error:
        raise EngineError(f"a form that {dialect.name} does not have was planned: {error}") from error


def _relation(relation: Relation, converter: Converter) -> exp.Query:
    match relation:
        case Select():
            return _select(relation, converter)
        case UnionAll(selects):
            return _union(selects, converter)
        case Values(_, _, ()):
            return _no_rows(relation, converter)
        case Values():
            return _rows(relation, converter)


def _select(select: Select, converter: Converter) -> exp.Select:
    items: list[exp.Expr] = [exp.Star()] if select.star else []
    items.extend(exp.Alias(this=converter.convert(expr), alias=quoted(alias)) for alias, expr in select.items)
    if not items:
        raise EngineError("a SELECT without a column was planned")
    node = exp.Select(expressions=items, distinct=exp.Distinct() if select.distinct else None)
    if select.source is not None:
        base, joins = _source(select.source, converter)
        node.set("from_", exp.From(this=base))
        node.set("joins", joins)
    if select.where is not None:
        node.set("where", exp.Where(this=converter.convert(select.where)))
    if select.group_by:
        node.set("group", exp.Group(expressions=[converter.convert(key) for key in select.group_by]))
    if select.having is not None:
        node.set("having", exp.Having(this=converter.convert(select.having)))
    if select.order_by:
        node.set("order", exp.Order(expressions=[converter.order(item) for item in select.order_by]))
    if select.limit is not None:
        node.set("limit", exp.Limit(expression=_limit(select.limit, converter)))
    return node


def _limit(limit: Expr, converter: Converter) -> exp.Expr:
    """A plain number: Spark takes no BIGINT there."""
    value = converter.parameters.get(limit.name) if isinstance(limit, Parameter) else None
    if isinstance(limit, Literal):
        value = limit.value
    return raw(str(value)) if isinstance(value, int) else converter.convert(limit)


def _table(ref: RelationRef) -> exp.Table:
    alias = exp.TableAlias(this=quoted(ref.alias)) if ref.alias else None
    return exp.Table(this=quoted(ref.name), alias=alias)


def _source(item: FromItem, converter: Converter) -> tuple[exp.Table, list[exp.Join]]:
    joins: list[exp.Join] = []
    while isinstance(item, JoinItem):
        joins.append(_join(item, converter))
        item = item.left
    return _table(item), joins[::-1]


def _join(item: JoinItem, converter: Converter) -> exp.Join:
    if item.on is None and item.kind not in ("INNER", "CROSS"):
        raise EngineError(f"a {item.kind} join without a condition was planned")
    kind = "CROSS" if item.on is None else item.kind
    return exp.Join(
        this=_table(item.right),
        side=_SIDES.get(kind),
        kind=_KINDS.get(kind),
        on=None if item.on is None else converter.convert(item.on),
    )


def _union(selects: tuple[Select, ...], converter: Converter) -> exp.Query:
    if not selects:
        raise EngineError("a union of nothing was planned")
    result: exp.Query = _operand(selects[0], converter) if len(selects) > 1 else _select(selects[0], converter)
    for select in selects[1:]:
        result = exp.Union(this=result, expression=_operand(select, converter), distinct=False)
    return result


def _operand(select: Select, converter: Converter) -> exp.Query:
    node = _select(select, converter)
    return exp.Subquery(this=node) if select.order_by or select.limit is not None else node


def _no_rows(values: Values, converter: Converter) -> exp.Select:
    types = zip(values.names, values.types, strict=True)
    items = [
        exp.Alias(this=raw(converter.dialect.print_literal(None, type_)), alias=quoted(name)) for name, type_ in types
    ]
    if not items:
        raise EngineError("a relation without a column was planned")
    return exp.Select(expressions=items, where=exp.Where(this=raw("FALSE")))


def _rows(values: Values, converter: Converter) -> exp.Select:
    rows = [exp.Tuple(expressions=[converter.convert(cell) for cell in row]) for row in values.rows]
    alias = exp.TableAlias(this=quoted(_ROWS), columns=[quoted(name) for name in values.names])
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=exp.Values(expressions=rows, alias=alias)))
