"""_GetWatchlist: the rows of a watchlist, which the session reads from a file.

https://learn.microsoft.com/azure/sentinel/watchlists-queries
"""

from functools import cache

from bluetick.binder.calls import count_words
from bluetick.binder.lambdas import bind_tabular_function
from bluetick.binder.schema import WATCHLIST_COLUMNS
from bluetick.binder.scope import Env, FunctionSymbol, Scope
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Invalid, Literal
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Relation, Scan, Values
from bluetick.syntax import parse
from bluetick.syntax.expressions import CallExpression
from bluetick.syntax.statements import FunctionDeclaration, LetStatement
from bluetick.types import Type

GET_WATCHLIST = "_GetWatchlist"


def bind_watchlist(env: Env, node: CallExpression) -> Relation | Graph | None:
    """_GetWatchlist('alias'), or with keys those rows whose SearchKey is one of them. A check of a watchlist that is
    not here goes on with the columns that each has."""
    if not 1 <= len(node.arguments) <= 2:
        env.report(codes.wrong_argument_count(node.span, GET_WATCHLIST, count_words(1, 2), len(node.arguments)))
        return None
    alias = env.without_row().expression(node.arguments[0].value)
    if isinstance(alias, Invalid):
        return None
    if not isinstance(alias, Literal) or alias.type is not Type.STRING:
        env.report(codes.constant_expected(node.arguments[0].span, f"the alias given to {GET_WATCHLIST}"))
        return None
    rows = _rows(env, node, str(alias.value))
    if rows is None or len(node.arguments) == 1:
        return rows
    symbol = FunctionSymbol(GET_WATCHLIST, _with_keys(), Scope())
    call = CallExpression(node.span, node.name, node.arguments[1:])
    return bind_tabular_function(env, symbol, call, rows)


def _rows(env: Env, node: CallExpression, alias: str) -> Relation | None:
    face = env.state.catalog.watchlist(alias)
    if face is not None:
        return Scan(face.name, tuple(env.state.column(n, t) for n, t in face.columns), face.sources, None)
    if env.state.observer is not None:
        hint = env.state.catalog.watchlist_hint(alias)
        env.report(codes.unknown_watchlist(node.arguments[0].span, alias, hint))
        return None
    env.state.is_open = True
    env.state.report_once(codes.open_watchlist(node.span, alias))
    return Values(tuple(env.state.column(n, t) for n, t in WATCHLIST_COLUMNS), ())


@cache
def _with_keys() -> FunctionDeclaration:
    text = "let f = (T:(SearchKey:string), keys:dynamic) { T | where array_length(keys) == 0 or SearchKey in (keys) }"
    (statement,) = parse(text)[0].statements
    if not isinstance(statement, LetStatement) or not isinstance(statement.value, FunctionDeclaration):
        raise AssertionError(text)
    return statement.value
