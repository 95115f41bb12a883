"""The user's functions: inlined where they are called, in the scope in which they were declared."""

from dataclasses import replace

from bluetick.binder.calls import count_words, promote
from bluetick.binder.scope import Env, FunctionSymbol, GraphSymbol, ScalarSymbol, Scope, Symbol, TabularSymbol
from bluetick.binder.stored_functions import inside
from bluetick.diagnostics import Span, codes
from bluetick.functions.registry import find_scalar
from bluetick.plan.expressions import Call, Expr, Invalid, Literal, Promote
from bluetick.plan.graph import Graph
from bluetick.plan.relations import Binding, Relation, Values
from bluetick.syntax.expressions import Argument, CallExpression, Expression
from bluetick.syntax.statements import FunctionDeclaration, FunctionParameter, LetStatement
from bluetick.types import NUMBER, Type


def declare_let(env: Env, statement: LetStatement) -> None:
    """Adds a let to the scope; a scalar or tabular value is bound here and now, a function where it is called."""
    name, value = statement.name.text, statement.value
    scope = env.scope
    if isinstance(value, FunctionDeclaration):
        # It sees what was declared before it, so it cannot call itself: the language has no recursion.
        scope.names[name] = FunctionSymbol(name, value, Scope(scope.parent, dict(scope.names)))
        return
    if env.is_tabular(value):
        found = env.flow(value)
        if isinstance(found, Graph):
            scope.names[name] = GraphSymbol(found)
        elif found is not None:
            scope.names[name] = TabularSymbol(Binding(name, found, is_materialized(value)))
        else:
            scope.names[name] = ScalarSymbol(Invalid())
        return
    before = env.state.work
    scope.names[name] = ScalarSymbol(env.expression(value), env.state.work - before)


def is_materialized(value: Expression) -> bool:
    return isinstance(value, CallExpression) and value.name.text == "materialize"


def bind_scalar_function(env: Env, symbol: FunctionSymbol, node: CallExpression) -> Expr:
    scope = Scope(symbol.scope)
    defaults = _bind_arguments(env, symbol, node, None, scope)
    if defaults is None:
        return Invalid()
    body = symbol.declaration.body
    with inside(env, symbol, node.span) as may_bind:
        inner = _enter(env, symbol, scope, defaults) if may_bind else None
        if inner is None:
            return Invalid()
        if not inner.is_tabular(body):
            return inner.expression(body)
    env.report(codes.scalar_expected(node.span))
    return Invalid()


def bind_tabular_function(
    env: Env, symbol: FunctionSymbol, node: CallExpression, piped: Relation | None = None
) -> Relation | Graph | None:
    """The relation (or graph) that a call of a tabular function gives; `piped` is invoke's first argument."""
    scope = Scope(symbol.scope)
    defaults = _bind_arguments(env, symbol, node, piped, scope)
    if defaults is None:
        return None
    with inside(env, symbol, node.span) as may_bind:
        inner = _enter(env, symbol, scope, defaults) if may_bind else None
        return None if inner is None else inner.flow(symbol.declaration.body)


def gives_table(env: Env, symbol: FunctionSymbol) -> bool:
    """Whether the body is a table, judged without binding arguments. A stored function that cannot be used counts as
    one: it is reported where its rows are asked for, as well as where its value is."""
    if symbol.stored is None:
        return _body_is_table(env, symbol)
    if symbol.stored.problem:
        return True
    known = env.state.tabular_functions
    if symbol.name not in known:
        known[symbol.name] = False  # what calls itself has no end, which is reported when it is bound
        known[symbol.name] = _body_is_table(env, symbol)
    return known[symbol.name]


def _body_is_table(env: Env, symbol: FunctionSymbol) -> bool:
    scope = Scope(symbol.scope)
    for parameter in symbol.declaration.parameters:
        scope.names[parameter.name.text] = _stand_in(parameter)
    for statement in symbol.declaration.statements:
        if isinstance(statement, LetStatement):
            scope.names[statement.name.text] = _let_stand_in(env.inside(scope), statement)
    return env.inside(scope).is_tabular(symbol.declaration.body)


def _stand_in(parameter: FunctionParameter) -> Symbol:
    if parameter.columns is None and not parameter.open_columns:
        return ScalarSymbol(Invalid())
    return TabularSymbol(_NOTHING)


def _let_stand_in(env: Env, statement: LetStatement) -> Symbol:
    if isinstance(statement.value, FunctionDeclaration):
        return FunctionSymbol(statement.name.text, statement.value, env.scope)
    return TabularSymbol(_NOTHING) if env.is_tabular(statement.value) else ScalarSymbol(Invalid())


def _enter(env: Env, symbol: FunctionSymbol, scope: Scope, defaults: list[FunctionParameter]) -> Env | None:
    """The place inside the function: its parameters bound to the arguments or to these defaults, its own lets
    declared."""
    # A column of the caller's row is seen only through an argument.
    inner = replace(env, scope=scope, row=None, windows=None)
    outer = inner.inside(symbol.scope) if symbol.stored is not None else env.without_row()
    if not all([_bind_default(outer, parameter, scope) for parameter in defaults]):
        return None
    for statement in symbol.declaration.statements:
        if isinstance(statement, LetStatement):
            declare_let(inner, statement)
    return inner


def _bind_arguments(
    env: Env, symbol: FunctionSymbol, node: CallExpression, piped: Relation | None, scope: Scope
) -> list[FunctionParameter] | None:
    """Puts the arguments into the scope. Gives the parameters whose defaults must serve; None once reported."""
    env.state.spend(_CALL_WORK, node.span)
    if symbol.stored is not None and symbol.stored.problem:
        env.report(codes.broken_function(node.span, symbol.name, symbol.stored.problem))
        return None
    parameters = list(symbol.declaration.parameters)
    if piped is not None:
        if not parameters or not _is_tabular_parameter(parameters[0]):
            env.report(codes.wrong_type(node.span, f"the first parameter of '{symbol.name}'", "a table", "a scalar"))
            return None
        scope.names[parameters[0].name.text] = TabularSymbol(Binding(parameters[0].name.text, piped))
        parameters = parameters[1:]
    given = _pair(env, symbol.name, parameters, node)
    if given is None:
        return None
    bound = [_bind_argument(env, p, argument, scope, node.span) for p, argument in given if argument is not None]
    return [p for p, argument in given if argument is None] if all(bound) else None


def _pair(
    env: Env, name: str, parameters: list[FunctionParameter], node: CallExpression
) -> list[tuple[FunctionParameter, Argument | None]] | None:
    """Each parameter with its argument, by place or by name; None where a default must serve."""
    by_name = {p.name.text: p for p in parameters}
    chosen: dict[str, Argument] = {}
    for index, argument in enumerate(node.arguments):
        if argument.name is not None and argument.name.text in by_name:
            chosen[argument.name.text] = argument
        elif index < len(parameters):
            chosen[parameters[index].name.text] = argument
    least = sum(1 for p in parameters if p.default is None)
    if len(node.arguments) > len(parameters) or any(
        p.default is None and p.name.text not in chosen for p in parameters
    ):
        words = count_words(least, len(parameters))
        env.report(codes.wrong_argument_count(node.span, name, words, len(node.arguments)))
        return None
    return [(p, chosen.get(p.name.text)) for p in parameters]


def _is_tabular_parameter(parameter: FunctionParameter) -> bool:
    return parameter.columns is not None or parameter.open_columns


def _bind_argument(env: Env, parameter: FunctionParameter, argument: Argument, scope: Scope, span: Span) -> bool:
    if _is_tabular_parameter(parameter):
        return _bind_table_argument(env, parameter, argument, scope)
    return _bind_value(env, parameter, argument.value, scope, span)


def _bind_default(env: Env, parameter: FunctionParameter, scope: Scope) -> bool:
    default = parameter.default
    return default is not None and _bind_value(env, parameter, default, scope, default.span)


def _bind_value(env: Env, parameter: FunctionParameter, node: Expression, scope: Scope, span: Span) -> bool:
    name = parameter.name.text
    before = env.state.work
    value = env.expression(node)
    converted = convert_argument(value, parameter.type)
    if converted is None:
        env.report(codes.wrong_type(span, f"argument '{name}'", str(parameter.type), str(value.type)))
        return False
    scope.names[name] = ScalarSymbol(converted, env.state.work - before)
    return True


def convert_argument(value: Expr, wanted: Type | None) -> Expr | None:
    """The argument as the parameter's type, or None where that is no safe conversion.

    A long goes to an int parameter as toint takes it.
    """
    if wanted is None or value.type is wanted or isinstance(value, Invalid):
        return value
    if wanted is Type.DYNAMIC:
        return Promote(value, wanted)
    if value.type in NUMBER and wanted in NUMBER:
        if isinstance(value, Literal) and value.type is Type.LONG and wanted is Type.INT:
            return Literal(value.value, Type.INT)
        if (value.type, wanted) in _SAFE:
            return promote(value, wanted)
        function = find_scalar("toint")
        if (value.type, wanted) == (Type.LONG, Type.INT) and function is not None:
            return Call(function, (value,), Type.INT)
    return None


_SAFE = {
    (Type.INT, Type.LONG), (Type.INT, Type.REAL), (Type.LONG, Type.REAL), (Type.INT, Type.DECIMAL),
    (Type.LONG, Type.DECIMAL), (Type.REAL, Type.DECIMAL),
}  # fmt: skip


def _bind_table_argument(env: Env, parameter: FunctionParameter, argument: Argument, scope: Scope) -> bool:
    name = parameter.name.text
    if not env.is_tabular(argument.value):
        env.report(codes.tabular_expected(argument.span))
        return False
    relation = env.tabular(argument.value)
    if relation is None:
        return False
    have = {c.name: c.type for c in relation.columns}
    for column in parameter.columns or ():
        if have.get(column.name.text) is not column.type:
            env.report(codes.unresolved_column(argument.span, column.name.text, have, f"'{name}' must have it"))
            return False
    scope.names[name] = TabularSymbol(Binding(name, relation))
    return True


_CALL_WORK = 50  # what a call of a user's function costs beside its body
_NOTHING = Binding("", Values((), ()))  # only asked whether it is a table, never read
