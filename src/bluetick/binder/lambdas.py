"""The user's functions: inlined where they are called, in the scope in which they were declared."""

from dataclasses import replace

from bluetick.binder.calls import count_words, promote
from bluetick.binder.scope import Env, FunctionSymbol, ScalarSymbol, Scope, Symbol, TabularSymbol
from bluetick.diagnostics import Span, codes
from bluetick.functions.registry import find_scalar
from bluetick.plan.expressions import Call, Expr, Invalid, Literal, Promote
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
        relation = env.tabular(value)
        if relation is not None:
            scope.names[name] = TabularSymbol(Binding(name, relation, is_materialized(value)))
        else:
            scope.names[name] = ScalarSymbol(Invalid())
        return
    scope.names[name] = ScalarSymbol(env.expression(value))


def is_materialized(value: Expression) -> bool:
    return isinstance(value, CallExpression) and value.name.text == "materialize"


def bind_scalar_function(env: Env, symbol: FunctionSymbol, node: CallExpression) -> Expr:
    inner = _enter(env, symbol, node, None)
    if inner is None:
        return Invalid()
    body = symbol.declaration.body
    if inner.is_tabular(body):
        env.report(codes.scalar_expected(node.span))
        return Invalid()
    return inner.expression(body)


def bind_tabular_function(
    env: Env, symbol: FunctionSymbol, node: CallExpression, piped: Relation | None = None
) -> Relation | None:
    """The relation that a call of a tabular function gives; `piped` is invoke's first argument."""
    inner = _enter(env, symbol, node, piped)
    if inner is None:
        return None
    return inner.tabular(symbol.declaration.body)


def gives_table(env: Env, symbol: FunctionSymbol) -> bool:
    """Whether the body is a table, judged without binding arguments."""
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


def _enter(env: Env, symbol: FunctionSymbol, node: CallExpression, piped: Relation | None) -> Env | None:
    """The place inside the function: its parameters bound to the arguments, its own lets declared."""
    scope = Scope(symbol.scope)
    if not _bind_arguments(env, symbol, node, piped, scope):
        return None
    # A column of the caller's row is seen only through an argument.
    inner = replace(env, scope=scope, row=None, windows=None)
    for statement in symbol.declaration.statements:
        if isinstance(statement, LetStatement):
            declare_let(inner, statement)
    return inner


def _bind_arguments(
    env: Env, symbol: FunctionSymbol, node: CallExpression, piped: Relation | None, scope: Scope
) -> bool:
    parameters = list(symbol.declaration.parameters)
    if piped is not None:
        if not parameters or not _is_tabular_parameter(parameters[0]):
            env.report(codes.wrong_type(node.span, f"the first parameter of '{symbol.name}'", "a table", "a scalar"))
            return False
        scope.names[parameters[0].name.text] = TabularSymbol(Binding(parameters[0].name.text, piped))
        parameters = parameters[1:]
    given = _pair(env, symbol.name, parameters, node)
    if given is None:
        return False
    return all([_bind_argument(env, parameter, argument, scope, node.span) for parameter, argument in given])


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


def _bind_argument(env: Env, parameter: FunctionParameter, argument: Argument | None, scope: Scope, span: Span) -> bool:
    name = parameter.name.text
    if _is_tabular_parameter(parameter):
        return _bind_table_argument(env, parameter, argument, scope, span)
    if argument is not None:
        value = env.expression(argument.value)
    elif parameter.default is not None:
        value = env.without_row().expression(parameter.default)
    else:
        return False
    converted = convert_argument(value, parameter.type)
    if converted is None:
        env.report(codes.wrong_type(span, f"argument '{name}'", str(parameter.type), str(value.type)))
        return False
    scope.names[name] = ScalarSymbol(converted)
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


def _bind_table_argument(
    env: Env, parameter: FunctionParameter, argument: Argument | None, scope: Scope, span: Span
) -> bool:
    name = parameter.name.text
    if argument is None or not env.is_tabular(argument.value):
        env.report(codes.tabular_expected(span if argument is None else argument.span))
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


_NOTHING = Binding("", Values((), ()))  # only asked whether it is a table, never read
