"""Scalar expressions: from the syntax tree to typed plan expressions."""

from dataclasses import replace

from bluetick.binder.calls import bind_builtin, call_operator, promote
from bluetick.binder.nested_fields import bind_field
from bluetick.binder.scope import Env, FunctionSymbol, GraphSymbol, PatternSymbol, ScalarSymbol, TabularSymbol
from bluetick.diagnostics import Span, codes
from bluetick.diagnostics.nearest import nearest
from bluetick.functions.registry import find_aggregate, find_scalar
from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable, Invalid, Literal, ScalarQuery
from bluetick.plan.relations import Aggregate, AggregateCall, Relation
from bluetick.plan.traversal import foreign_column
from bluetick.syntax import expressions as syntax
from bluetick.types import Type

MAX_CHAIN = 100  # operands of one chain of + or such, each of which nests in SQL; and/or are not limited by this


def bind_expression(env: Env, node: syntax.Expression) -> Expr:  # noqa: C901, PLR0911, PLR0912 - one match over all nodes
    """A typed expression; Invalid (with a diagnostic reported) where it cannot be bound."""
    env.state.spend(1, node.span)
    match node:
        case syntax.Literal(type=type_, value=value):
            return Literal(value, type_)
        case syntax.DynamicLiteral(value=value):
            return Literal(value, Type.DYNAMIC)
        case syntax.TypeLiteral(type=type_):
            return Literal(str(type_) if type_ else None, Type.STRING)
        case syntax.NameReference():
            return _bind_name(env, node)
        case syntax.PathExpression():
            return _bind_path(env, node)
        case syntax.ElementExpression(base=base, index=index):
            if (found := bind_field(env, node)) is not None:
                return found
            return _bind_element(env, bind_expression(env, base), bind_expression(env, index), node.span)
        case syntax.CallExpression():
            return env.call(node)
        case syntax.UnaryExpression():
            return _bind_unary(env, node)
        case syntax.BinaryExpression():
            return _bind_binary(env, node)
        case syntax.ListExpression():
            return _bind_list(env, node)
        case syntax.BetweenExpression(operator=operator, value=value, low=low, high=high):
            args = [bind_expression(env, part) for part in (value, low, high)]
            if args[0].type is Type.DATETIME and args[2].type is Type.TIMESPAN:
                # between (t .. 1h): the far end may be given as a distance from the near one
                args[2] = call_operator(env, "+", args[1:], node.span)
            return call_operator(env, operator, args, node.span)
        case syntax.PipelineExpression() | syntax.NamePattern() | syntax.Star():
            env.report(codes.scalar_expected(node.span))
            return Invalid()
        case syntax.MissingExpression():
            return Invalid()


def _bind_name(env: Env, node: syntax.NameReference) -> Expr:
    """A column wins over a let of the same name."""
    if env.row is not None and node.name in env.row.columns:
        return ColumnRef(env.row.columns[node.name])
    symbol = env.scope.find(node.name)
    match symbol:
        case ScalarSymbol(value=value, work=work):
            env.state.spend(work, node.span)
            return value
        case TabularSymbol() | GraphSymbol() | PatternSymbol():
            env.report(codes.scalar_expected(node.span))
            return Invalid()
        case FunctionSymbol():
            return env.call(syntax.CallExpression(node.span, syntax.Name(node.span, node.name), ()))
        case None:
            return _unresolved(env, node)


def _unresolved(env: Env, node: syntax.NameReference) -> Expr:
    if env.hidden is not None and node.name in env.hidden.columns:
        env.report(codes.row_context(node.span, node.name))
    elif env.ungrouped is not None and node.name in env.ungrouped.columns:
        env.report(codes.not_grouped(node.span, node.name))
    elif env.is_tabular(node) and not env.state.is_open:  # with open columns it may be one of them
        env.report(codes.scalar_expected(node.span))
    else:
        columns = tuple(env.row.columns) if env.row is not None else ()
        names = (*columns, *env.scope.all_names())
        is_function = find_scalar(node.name) is not None and not nearest(node.name, names)
        hint = f"'{node.name}' is a function: write {node.name}(...)" if is_function else ""
        env.report(codes.unresolved_column(node.span, node.name, names, hint=hint))
    return Invalid()


def _bind_path(env: Env, node: syntax.PathExpression) -> Expr:
    if isinstance(node.base, syntax.NameReference) and env.row is not None:
        side = env.row.qualified.get(node.base.name)
        if side is not None:
            return _bind_side(env, node, side)
    if (found := bind_field(env, node)) is not None:
        return found
    base = bind_expression(env, node.base)
    if isinstance(base, Invalid):
        return base
    if base.type is not Type.DYNAMIC:
        env.report(codes.wrong_type(node.base.span, "the value before '.'", "dynamic", str(base.type)))
        return Invalid()
    return call_operator(env, ".", (base, Literal(node.name.text, Type.STRING)), node.span)


def _bind_side(env: Env, node: syntax.PathExpression, side: dict[str, Column]) -> Expr:
    column = side.get(node.name.text)
    if column is None:
        env.report(codes.unresolved_column(node.name.span, node.name.text, side))
        return Invalid()
    return ColumnRef(column)


def _bind_element(env: Env, base: Expr, index: Expr, span: Span) -> Expr:
    if isinstance(base, Invalid) or isinstance(index, Invalid):
        return Invalid()
    if base.type is not Type.DYNAMIC:
        env.report(codes.wrong_type(span, "the value before '['", "dynamic", str(base.type)))
        return Invalid()
    return call_operator(env, "[]", (base, index), span)


_LEAST_LONG = -(2**63)


def _bind_unary(env: Env, node: syntax.UnaryExpression) -> Expr:
    operand = bind_expression(env, node.operand)
    if isinstance(operand, Literal) and operand.type in (Type.INT, Type.LONG, Type.REAL, Type.DECIMAL, Type.TIMESPAN):
        if node.operator == "+" or operand.value is None or operand.value == _LEAST_LONG:  # it has no counterpart
            return operand
        return replace(operand, value=-operand.value)
    return call_operator(env, f"unary{node.operator}", (operand,), node.span)


def _bind_binary(env: Env, node: syntax.BinaryExpression) -> Expr:
    """Chains lean left and may be thousands long (generated `or`s): the spine is walked, not recursed into."""
    spine: list[syntax.BinaryExpression] = []
    left: syntax.Expression = node
    while isinstance(left, syntax.BinaryExpression):
        spine.append(left)
        left = left.left
    if sum(1 for link in spine if link.operator not in ("and", "or")) > MAX_CHAIN:
        env.report(codes.too_deep(node.span, MAX_CHAIN))
        return Invalid()
    bound = bind_expression(env, left)
    for link in reversed(spine):
        right = bind_expression(env, link.right)
        bound = call_operator(env, link.operator, (bound, right), link.span)
    return bound


def _bind_list(env: Env, node: syntax.ListExpression) -> Expr:
    value = bind_expression(env, node.left)
    if len(node.items) == 1 and env.is_tabular(node.items[0]):
        return _bind_in_table(env, node, value)
    items = [bind_expression(env, item) for item in node.items]
    return call_operator(env, node.operator, (value, *items), node.span)


def _bind_in_table(env: Env, node: syntax.ListExpression, value: Expr) -> Expr:
    """value in (table): the table's first column. Arrays there count by their elements; has_any and has_all take the
    column's distinct values as their list."""
    relation = env.without_row().tabular(node.items[0])
    if relation is None or isinstance(value, Invalid):
        return Invalid()
    foreign = foreign_column(relation, env.state.closed)
    if foreign is not None:
        env.report(codes.row_context(node.span, foreign.name))
        return Invalid()
    column = relation.columns[0]
    if node.operator in ("has_any", "has_all") or column.type is Type.DYNAMIC:
        return call_operator(env, node.operator, (value, _distinct_values(env, relation)), node.span)
    negated, fold = node.operator.startswith("!"), node.operator.endswith("~")
    if value.type is Type.DYNAMIC:
        value = call_operator(env, f"to{column.type}", (value,), node.left.span)
    if fold and value.type is not Type.STRING:
        env.report(codes.wrong_type(node.left.span, f"the value of '{node.operator}'", "string", str(value.type)))
        return Invalid()
    if value.type is not column.type:
        types = {value.type, column.type}
        if not types <= {Type.INT, Type.LONG, Type.REAL}:
            env.report(codes.wrong_type(node.span, "the table's column", str(value.type), str(column.type)))
            return Invalid()
        value = promote(value, column.type)
    return InTable(value, relation, negated, fold)


def _distinct_values(env: Env, relation: Relation) -> Expr:
    """toscalar(relation | summarize make_set(its first column)): elements of arrays count one by one."""
    function = find_aggregate("make_set")
    if function is None:
        return Invalid()
    column = env.state.column("set", Type.DYNAMIC)
    call = AggregateCall(column, function, (ColumnRef(relation.columns[0]),))
    return ScalarQuery(Aggregate(relation, (), (call,)), Type.DYNAMIC)


def bind_predicate(env: Env, node: syntax.Expression, what: str) -> Expr:
    """An expression that must be bool; dynamic is read as bool, as Kusto does."""
    bound = bind_expression(env, node)
    if isinstance(bound, Invalid) or bound.type is Type.BOOL:
        return bound
    if bound.type in (Type.DYNAMIC, Type.INT, Type.LONG):
        function = find_scalar("tobool")
        if function is not None:
            return bind_builtin(env, function, (bound,), node.span)
    env.report(codes.wrong_type(node.span, what, "bool", str(bound.type)))
    return Invalid(Type.BOOL)
