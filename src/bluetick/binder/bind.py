"""A whole query: its statements in turn, into a plan."""

from collections.abc import Callable
from dataclasses import replace

from bluetick.binder.advice import advise
from bluetick.binder.expressions import bind_expression
from bluetick.binder.functions import BUILT_IN, bind_call
from bluetick.binder.lambdas import convert_argument, declare_let
from bluetick.binder.patterns import declare_pattern
from bluetick.binder.places import is_elsewhere
from bluetick.binder.results import bind_results
from bluetick.binder.schema import CatalogSchema
from bluetick.binder.scope import Env, Observer, ScalarSymbol, Scope, State, TooLargeError
from bluetick.binder.settings import bind_restrict, bind_set
from bluetick.binder.stored_functions import StoredScope
from bluetick.binder.tabular import bind_flow, bind_pipeline, bind_source_expression, bind_tabular, is_tabular
from bluetick.diagnostics import Diagnostic, Span, codes
from bluetick.functions.definition import Lowering, ScalarFunction
from bluetick.plan.expressions import ColumnRef, Expr, Parameter
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Project, QueryPlan, Relation, TabularStatement
from bluetick.syntax import operators as syntax
from bluetick.syntax.expressions import CallExpression, Expression
from bluetick.syntax.statements import (
    AliasStatement,
    FunctionParameter,
    LetStatement,
    PatternStatement,
    Query,
    QueryParametersStatement,
    QueryStatement,
    RestrictStatement,
    SetStatement,
    Statement,
)
from bluetick.types import Type


class _Parts:
    """Joins the mutually recursive parts of the binder (scope.Recursion)."""

    def expression(self, env: Env, node: Expression) -> Expr:
        return bind_expression(env, node)

    def call(self, env: Env, node: CallExpression) -> Expr:
        return bind_call(env, node)

    def is_tabular(self, env: Env, node: Expression) -> bool:
        return is_tabular(env, node)

    def tabular(self, env: Env, node: Expression) -> Relation | None:
        return bind_tabular(env, node)

    def pipeline(self, env: Env, node: syntax.Pipeline, rows: Relation | None) -> Relation | None:
        return bind_pipeline(env, node, rows)

    def flow(
        self, env: Env, node: syntax.Pipeline | Expression, rows: Relation | Graph | None
    ) -> Relation | Graph | None:
        if isinstance(node, syntax.Pipeline):
            return bind_flow(env, node, rows)
        return bind_source_expression(env, node)


def new_env(catalog: CatalogSchema, observer: Observer | None = None) -> Env:
    """Where a text is bound, before any name of its own."""
    return Env(State(catalog, _Parts(), observer), Scope(StoredScope(catalog, BUILT_IN).scope))


def bind(
    query: Query,
    catalog: CatalogSchema,
    observer: Observer | None = None,
    lowering: Callable[[ScalarFunction], Lowering] | None = None,
) -> tuple[QueryPlan, tuple[Diagnostic, ...]]:
    """The plan of a parsed query against a catalog, and what is wrong with it. Never raises for a bad query.

    With an `observer`, plugins whose columns depend on the rows may read them; without one nothing runs. With the
    `lowering` of an engine, calls that it cannot run exactly are refused.
    """
    env = new_env(catalog, observer)
    state = env.state
    state.lowering = lowering
    statements: list[TabularStatement] = []
    _refuse_repeated_lets(env, query)
    try:
        for statement in query.statements:
            if isinstance(statement, QueryStatement):
                statements.extend(bind_results(env, statement.pipeline))
            else:
                _declare(env, statement)
    except RecursionError:
        env.report(codes.plan_too_large(Span(0, 0), "expressions or functions nested too deep"))
    except TooLargeError as error:
        env.report(codes.plan_too_large(error.span, "too many expressions and columns"))
    if not statements and not state.diagnostics and not state.is_open:
        env.report(codes.no_query(Span(0, query.span.end)))
    plan = QueryPlan(
        tuple(_without_hidden(state, s) for s in statements),
        tuple(state.parameters),
        tuple(state.parameter_types),
        state.is_observed,
        state.is_open,
    )
    return plan, advise(query, sorted(state.diagnostics, key=lambda d: d.span.start))


def _without_hidden(state: State, statement: TabularStatement) -> TabularStatement:
    """The statement without the columns that a table has for functions alone."""
    shown = [column for column in statement.relation.columns if column.name not in state.hidden]
    if len(shown) == len(statement.relation.columns):
        return statement
    return replace(statement, relation=Project(statement.relation, tuple((c, ColumnRef(c)) for c in shown)))


def _refuse_repeated_lets(env: Env, query: Query) -> None:
    """One name, one let: Kusto neither shadows nor overwrites (https://learn.microsoft.com/kusto/query/let-statement)."""
    declared: set[str] = set()
    for statement in query.statements:
        if isinstance(statement, LetStatement):
            if statement.name.text in declared:
                env.report(codes.let_declared_twice(statement.name.span, statement.name.text))
            declared.add(statement.name.text)


def _declare(env: Env, statement: Statement) -> None:
    """A statement that gives no rows itself: what it says holds for those behind it."""
    match statement:
        case LetStatement():
            declare_let(env, statement)
        case QueryParametersStatement(parameters=declared):
            for parameter in declared:
                name, default, symbol = _declare_parameter(env, parameter)
                env.state.parameters.append((name, default))
                env.state.parameter_types.append(symbol)
        case SetStatement():
            bind_set(env, statement)
        case PatternStatement():
            declare_pattern(env, statement)
        case RestrictStatement():
            bind_restrict(env, statement)
        case AliasStatement() if not is_elsewhere(statement.value):
            env.report(codes.form_not_supported(statement.span, "an alias of anything but a database"))


def _declare_parameter(env: Env, node: FunctionParameter) -> tuple[str, Expr | None, Expr]:
    """declare query_parameters: the value arrives with the request; the default is a constant."""
    name = node.name.text
    if node.type is None:
        env.report(codes.unknown_type(node.span, name))
    symbol = Parameter(f"query_{name}", node.type or Type.STRING)
    env.scope.names[name] = ScalarSymbol(symbol)
    if node.default is None:
        return name, None, symbol
    given = env.expression(node.default)
    default = convert_argument(given, symbol.type)
    if default is None:
        env.report(codes.wrong_type(node.span, f"the default of '{name}'", str(symbol.type), str(given.type)))
    return name, default, symbol
