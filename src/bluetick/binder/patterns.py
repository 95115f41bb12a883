"""declare pattern: constants mapped to tabular expressions.

https://learn.microsoft.com/kusto/query/pattern-statement
"""

from bluetick.binder.lambdas import bind_tabular_function
from bluetick.binder.scope import Env, FunctionSymbol, PatternSymbol, Scope
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Expr, Invalid, Literal
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Relation
from bluetick.syntax.expressions import CallExpression, Expression, Name, PathExpression
from bluetick.syntax.statements import PatternMatch, PatternStatement
from bluetick.types import Type


def declare_pattern(env: Env, node: PatternStatement) -> None:
    """Adds the pattern's name to the scope; its bodies see what was declared before it."""
    for parameter in (*node.parameters, *(() if node.path is None else (node.path,))):
        if parameter.type is not Type.STRING:
            env.report(codes.wrong_type(parameter.span, "a pattern's parameter", "string", str(parameter.type)))
            return
    scope = env.scope
    scope.names[node.name.text] = PatternSymbol(node, Scope(scope.parent, dict(scope.names), scope.tables))


def invoked_pattern(env: Env, node: PathExpression) -> PatternSymbol | None:
    """The pattern of P('a').path."""
    if not isinstance(node.base, CallExpression) or node.base.base is not None:
        return None
    symbol = env.scope.find(node.base.name.text)
    return symbol if isinstance(symbol, PatternSymbol) else None


def bind_pattern_call(env: Env, pattern: PatternSymbol, node: Expression) -> Relation | Graph | None:
    """The expression that the pattern has for these constants; None once reported."""
    call = node.base if isinstance(node, PathExpression) else node
    if not isinstance(call, CallExpression):
        return None
    path = node.name.text if isinstance(node, PathExpression) else None
    given = [_constant(env, argument.value) for argument in call.arguments]
    values = [value for value in given if value is not None]
    if len(values) < len(given):
        return None
    found = next((m for m in pattern.declaration.matches if _fits(env, m, values, path)), None)
    if found is None:
        wanted = ", ".join(values) + ("" if path is None else f"; {path}")
        env.report(codes.unmatched_pattern(node.span, pattern.declaration.name.text, wanted))
        return None
    name = pattern.declaration.name
    body = FunctionSymbol(name.text, found.body, pattern.scope)
    return bind_tabular_function(env, body, CallExpression(node.span, Name(node.span, name.text), ()))


def _constant(env: Env, node: Expression) -> str | None:
    value: Expr = env.expression(node)
    if isinstance(value, Literal) and value.type is Type.STRING:
        return str(value.value)
    if not isinstance(value, Invalid):
        env.report(codes.constant_expected(node.span, "what a pattern is asked for, of type string,"))
    return None


def _fits(env: Env, match: PatternMatch, values: list[str], path: str | None) -> bool:
    own = [_constant(env, value) for value in match.values]
    own_path = None if match.path is None else _constant(env, match.path)
    return own == values and own_path == path
