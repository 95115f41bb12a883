"""Tabular expressions: what is a table, where its rows come from, and a pipeline's operators in turn."""

from bluetick.binder.lambdas import bind_tabular_function, gives_table
from bluetick.binder.operators import bind_operator
from bluetick.binder.operators.sources import bind_source_operator
from bluetick.binder.patterns import bind_pattern_call, invoked_pattern
from bluetick.binder.places import PLACES, VIEWS, is_elsewhere, local_name, warn_of
from bluetick.binder.schema import TableFace
from bluetick.binder.scope import Env, FunctionSymbol, GraphSymbol, PatternSymbol, ScalarSymbol, TabularSymbol
from bluetick.binder.watchlists import GET_WATCHLIST, bind_watchlist
from bluetick.diagnostics import Span, codes
from bluetick.functions import refusals
from bluetick.plan.expressions import Invalid, Literal
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Binding, Relation, Scan
from bluetick.syntax import operators as syntax
from bluetick.syntax.expressions import (
    Argument,
    CallExpression,
    Expression,
    Name,
    NamePattern,
    NameReference,
    PathExpression,
    PipelineExpression,
)
from bluetick.types import Type

MAX_PIPELINE = 400  # operators one behind the other: a node's columns are asked of the node below it
_TABLE_FUNCTIONS = frozenset({"table", "materialize", "view"})


def is_tabular(env: Env, node: Expression) -> bool:
    match node:
        case PipelineExpression():
            return True
        case NameReference(name=name):
            return _names_table(env, name)
        case CallExpression(base=None, name=name, arguments=arguments):
            return _call_gives_table(env, name.text, arguments)
        case CallExpression():
            return is_elsewhere(node)
        case PathExpression(base=base):
            return invoked_pattern(env, node) is not None or is_elsewhere(base)
        case _:
            return False


def _names_table(env: Env, name: str) -> bool:
    if env.row is not None and name in env.row.columns:
        return False
    match env.scope.find(name):
        case TabularSymbol() | GraphSymbol():
            return True
        case ScalarSymbol() | PatternSymbol():
            return False
        case FunctionSymbol() as symbol:
            return all(p.default is not None for p in symbol.declaration.parameters) and gives_table(env, symbol)
        case None:
            return env.scope.sees_table(name) and env.state.catalog.find(name) is not None


def _call_gives_table(env: Env, name: str, arguments: tuple[Argument, ...]) -> bool:
    symbol = env.scope.find(name)
    if isinstance(symbol, FunctionSymbol):
        return gives_table(env, symbol)
    if isinstance(symbol, TabularSymbol | GraphSymbol | PatternSymbol):
        return True  # T() of a let-bound table
    if name == "materialize":
        return bool(arguments) and env.is_tabular(arguments[0].value)
    return name in _TABLE_FUNCTIONS or name in PLACES or name in VIEWS or name == GET_WATCHLIST


def bind_tabular(env: Env, node: Expression) -> Relation | None:
    return _relation(env, bind_source_expression(env, node), node.span)


def _relation(env: Env, found: Relation | Graph | None, span: Span) -> Relation | None:
    """A graph is no table."""
    if isinstance(found, Graph):
        env.report(codes.graph_result(span))
        return None
    return found


def bind_source_expression(env: Env, node: Expression) -> Relation | Graph | None:
    """What stands where a table is expected, or a graph."""
    match node:
        case PipelineExpression(pipeline=pipeline):
            return bind_flow(env, pipeline, None)
        case NameReference(name=name, span=span):
            return _bind_table_name(env, name, span)
        case NamePattern(span=span):
            env.report(codes.form_not_supported(span, "a name pattern outside union"))
            return None
        case CallExpression():
            return _bind_table_call(env, node)
        case PathExpression() if (pattern := invoked_pattern(env, node)) is not None:
            return bind_pattern_call(env, pattern, node)
        case PathExpression() if is_elsewhere(node):
            return _bind_elsewhere(env, node)
        case _:
            if not isinstance(env.expression(node), Invalid):
                env.report(codes.tabular_expected(node.span))
            return None


def _bind_elsewhere(env: Env, node: Expression) -> Relation | None:
    """A table of another place, by its name in the catalog."""
    name = local_name(env, node)
    if name is None:
        return None
    if "*" in name:
        env.report(codes.form_not_supported(node.span, "a name pattern outside union"))
        return None
    face = env.state.catalog.find(name) if env.scope.sees_table(name) else None
    if face is None:
        what = "a table of another database, cluster or workspace"
        env.report(codes.outside_reference(node.span, what, f"the catalog here has no table '{name}'"))
        return None
    warn_of(env, node, name)
    found = scan(env, face, node.span)
    env.state.foreign.update(c.id for c in found.columns[:1])
    return found


def _bind_table_name(env: Env, name: str, span: Span) -> Relation | Graph | None:
    symbol = env.scope.find(name)
    match symbol:
        case TabularSymbol(binding=binding):
            return env.refer(binding)
        case GraphSymbol(graph=graph):
            return graph
        case FunctionSymbol():
            return bind_tabular_function(env, symbol, CallExpression(span, Name(span, name), ()))
        case PatternSymbol():
            return bind_pattern_call(env, symbol, CallExpression(span, Name(span, name), ()))
        case ScalarSymbol(value=Invalid()):
            return None
        case ScalarSymbol():
            env.report(codes.tabular_expected(span))
            return None
        case None:
            return bind_table(env, name, span)


def bind_table(env: Env, name: str, span: Span) -> Relation | None:
    """A table of the catalog by its exact name."""
    face = env.state.catalog.find(name) if env.scope.sees_table(name) else None
    if face is None:
        candidates = (*env.state.table_names(env.scope), *env.scope.all_names(), *env.state.catalog.function_names())
        env.report(codes.unresolved_table(span, name, candidates, env.state.catalog.hint(name)))
        return None
    return scan(env, face, span)


def scan(env: Env, face: TableFace, span: Span) -> Scan:
    env.state.hidden |= face.hidden
    columns = tuple(env.state.column(name, type_) for name, type_ in face.columns)
    time = next((c for c in columns if c.name == face.time_column), None)
    return Scan(face.name, columns, face.sources, time, env.state.place(span))


def _bind_table_call(env: Env, node: CallExpression) -> Relation | Graph | None:
    name = node.name.text
    symbol = env.scope.find(name) if node.base is None else None
    match symbol:
        case FunctionSymbol():
            return bind_tabular_function(env, symbol, node)
        case TabularSymbol(binding=binding):
            return env.refer(binding)
        case GraphSymbol(graph=graph):
            return graph
        case PatternSymbol():
            return bind_pattern_call(env, symbol, node)
        case _:
            return _bind_known_call(env, node)


def _bind_known_call(env: Env, node: CallExpression) -> Relation | Graph | None:
    """table(), materialize(), a function of another place."""
    name = node.name.text
    if name == "materialize" and node.base is None and node.arguments:
        found = bind_source_expression(env, node.arguments[0].value)
        if found is None or isinstance(found, Graph):
            return found
        return env.refer(Binding("materialize", found, materialized=True))
    if name == "table" and node.base is None and node.arguments:
        return _bind_table_function(env, node)
    if name == GET_WATCHLIST and node.base is None:
        return bind_watchlist(env, node)
    if is_elsewhere(node):
        return _bind_elsewhere(env, node)
    if node.base is not None:
        env.report(codes.outside_reference(node.span, f"'{name}(...)'"))
        return None
    if name in refusals.FUNCTIONS:
        env.report(codes.function_not_supported(node.name.span, name, refusals.FUNCTIONS[name]))
        return None
    candidates = (*env.scope.all_names(), *env.state.catalog.function_names())
    env.report(codes.unknown_function(node.name.span, name, candidates))
    return None


def _bind_table_function(env: Env, node: CallExpression) -> Relation | Graph | None:
    """table('Name'): the name must be a constant, as of a parameter that a constant was given for."""
    name = env.expression(node.arguments[0].value)
    if isinstance(name, Invalid):
        return None
    if not isinstance(name, Literal) or name.type is not Type.STRING:
        env.report(codes.constant_expected(node.arguments[0].span, "the name given to table()"))
        return None
    return _bind_table_name(env, str(name.value), node.arguments[0].span)


def bind_pipeline(env: Env, node: syntax.Pipeline, rows: Relation | None) -> Relation | None:
    return _relation(env, bind_flow(env, node, rows), node.span)


def bind_flow(env: Env, node: syntax.Pipeline, rows: Relation | Graph | None) -> Relation | Graph | None:
    """Operators in turn over the source; an `as` inside is seen by the operators behind it."""
    env = env.inside(env.scope.child())
    if len(node.operators) > MAX_PIPELINE:
        what = f"a pipeline of more than {MAX_PIPELINE} operators"
        env.report(codes.plan_too_large(node.operators[MAX_PIPELINE].span, what))
        return None
    flow = rows if node.source is None else bind_source(env, node.source)
    _spend(env, flow, node.span)
    for operator in node.operators:
        if flow is None or not env.count_operator(operator.span):
            return None
        flow = bind_operator(env, operator, flow)
        _spend(env, flow, operator.span)
    return flow


def _spend(env: Env, flow: Relation | Graph | None, span: Span) -> None:
    """What the columns of a step cost."""
    if isinstance(flow, Graph):
        env.state.spend((len(flow.nodes.relation.columns) + len(flow.edges.relation.columns)) // 2, span)
    elif flow is not None:
        env.state.spend(len(flow.columns) // 2, span)


def bind_source(env: Env, node: syntax.Source) -> Relation | Graph | None:
    if isinstance(node, syntax.ExpressionSource):
        return bind_source_expression(env, node.expression)
    return bind_source_operator(env, node)
