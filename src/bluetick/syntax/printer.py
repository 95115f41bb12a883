"""A syntax tree back to KQL: one way to write each thing, so parse(print_query(tree)) is the tree again."""

from typing import assert_never

from bluetick.syntax.expression_printer import ExpressionPrinter, print_columns, print_name
from bluetick.syntax.expressions import Expression, PipelineExpression
from bluetick.syntax.operator_printer import OperatorPrinter
from bluetick.syntax.operators import (
    DatatableSource,
    EvaluateOperator,
    ExpressionSource,
    ExternaldataSource,
    FindOperator,
    Pipeline,
    PrintSource,
    RangeSource,
    SearchOperator,
    SimpleOperator,
    Source,
    UnionOperator,
)
from bluetick.syntax.statements import (
    AliasStatement,
    FunctionDeclaration,
    FunctionParameter,
    LetStatement,
    PatternMatch,
    PatternStatement,
    Query,
    QueryParametersStatement,
    QueryStatement,
    RestrictStatement,
    SetStatement,
    Statement,
)


def print_query(query: Query) -> str:
    """The whole text, a statement to a line, directives first."""
    lines = [*query.directives, *(f"{_statement(statement)};" for statement in query.statements)]
    return "\n".join(lines)


def print_pipeline(pipeline: Pipeline) -> str:
    parts = [_operators.operator(operator) for operator in pipeline.operators]
    if pipeline.source is not None:
        parts.insert(0, _source(pipeline.source))
    return " | ".join(parts)


_expressions = ExpressionPrinter(print_pipeline)
_operators = OperatorPrinter(_expressions, print_pipeline)


def _source(source: Source) -> str:
    match source:
        case ExpressionSource():
            return _expressions.scalar(source.expression)
        case DatatableSource():
            parameters = _operators.parameters(source.parameters)
            return f"datatable{parameters} {print_columns(source.columns)} [{_expressions.many(source.values)}]"
        case ExternaldataSource():
            uris = _expressions.many(source.uris)
            properties = _operators.properties(source.properties)
            return f"externaldata {print_columns(source.columns)} [{uris}]{properties}"
        case PrintSource():
            return f"print {_operators.items(source.items)}"
        case RangeSource():
            first, last, step = (_expressions.scalar(e) for e in (source.start, source.stop, source.step))
            return f"range {print_name(source.name.text)} from {first} to {last} step {step}"
        case UnionOperator() | SearchOperator() | FindOperator() | EvaluateOperator() | SimpleOperator():
            return _operators.operator(source)
        case _:
            assert_never(source)


# --- statements ----------------------------------------------------------------------------------------------


def _statement(statement: Statement) -> str:
    match statement:
        case LetStatement():
            return f"let {print_name(statement.name.text)} = {_value(statement.value)}"
        case SetStatement():
            value = f" = {_expressions.scalar(statement.value)}" if statement.value else ""
            return f"set {statement.name.text}{value}"
        case QueryParametersStatement():
            return f"declare query_parameters({', '.join(map(_parameter, statement.parameters))})"
        case PatternStatement():
            return _pattern(statement)
        case RestrictStatement():
            return f"restrict access to ({', '.join(map(_expressions.reference, statement.entities))})"
        case AliasStatement():
            return f"alias database {print_name(statement.name.text)} = {_expressions.scalar(statement.value)}"
        case QueryStatement():
            return print_pipeline(statement.pipeline)
        case _:
            assert_never(statement)


def _value(value: FunctionDeclaration | Expression) -> str:
    match value:
        case FunctionDeclaration():
            statements = "".join(f"{_statement(statement)}; " for statement in value.statements)
            parameters = ", ".join(map(_parameter, value.parameters))
            return f"{'view ' if value.is_view else ''}({parameters}) {{ {statements}{_value(value.body)} }}"
        case PipelineExpression():
            return print_pipeline(value.pipeline)
        case _:
            return _expressions.scalar(value)


def _pattern(pattern: PatternStatement) -> str:
    name = print_name(pattern.name.text)
    if not pattern.parameters:
        return f"declare pattern {name}"
    path = f"[{_parameter(pattern.path)}]" if pattern.path else ""
    matches = " ".join(map(_match, pattern.matches))
    return f"declare pattern {name} = ({', '.join(map(_parameter, pattern.parameters))}){path} {{ {matches} }}"


def _match(match: PatternMatch) -> str:
    path = f".[{_expressions.scalar(match.path)}]" if match.path else ""
    statements = "".join(f"{_statement(statement)}; " for statement in match.body.statements)
    return f"({_expressions.many(match.values)}){path} = {{ {statements}{_value(match.body.body)} }};"


def _parameter(parameter: FunctionParameter) -> str:
    name = print_name(parameter.name.text)
    if parameter.columns is not None:
        return f"{name}:{print_columns(parameter.columns, parameter.open_columns)}"
    default = f" = {_expressions.scalar(parameter.default)}" if parameter.default else ""
    return f"{name}:{parameter.type}{default}"
