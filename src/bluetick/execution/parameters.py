"""Values that a request gives: query parameters as constants of their types, instants in UTC."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from bluetick.diagnostics import Span, codes
from bluetick.diagnostics.errors import QueryError
from bluetick.plan.expressions import Literal
from bluetick.plan.relations import QueryPlan
from bluetick.syntax import expressions as syntax
from bluetick.syntax.expressions import DynamicLiteral, UnaryExpression
from bluetick.syntax.parser import parse_scalar
from bluetick.types import INTEGER, Type
from bluetick.values import dynamic_text


def program_values(plan: QueryPlan, given: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """Query parameters by their names in the program: what was given as a value or as a text, else the default."""
    values: dict[str, Any] = {}
    for (name, default), parameter in zip(plan.parameters, plan.parameter_types, strict=True):
        if name in given:
            values[f"query_{name}"] = parameter_value(name, given[name], parameter.type)
        elif name in texts:
            values[f"query_{name}"] = text_value(name, texts[name], parameter.type)
        elif isinstance(default, Literal):
            values[f"query_{name}"] = default.value
        else:
            raise QueryError((codes.undeclared_parameter(name),))
    return values


def parameter_value(name: str, value: Any, type_: Type) -> Any:
    """A given value as a constant of the parameter's type; one of another type is refused."""
    if value is None or (type_ is Type.STRING and isinstance(value, str)):
        return "" if value is None and type_ is Type.STRING else value
    if type_ is Type.DYNAMIC:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if type_ is Type.TIMESPAN and isinstance(value, timedelta):
        return value // timedelta(microseconds=1)
    if type_ is Type.DATETIME and isinstance(value, datetime):
        return as_utc(value)
    if type_ is Type.REAL and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, _PYTHON.get(type_, ())) and (type_ is Type.BOOL or not isinstance(value, bool)):
        return value
    raise _wrong(name, type_, type(value).__name__)


def text_value(name: str, text: str, type_: Type) -> Any:
    """A literal of KQL as a constant of the parameter's type. For a string, text that is no literal stands for itself,
    as Kusto takes it; anything else is refused."""
    node, problems = parse_scalar(text)
    sign = 1
    if isinstance(node, UnaryExpression) and isinstance(node.operand, syntax.Literal) and not problems:
        sign, node = -1 if node.operator == "-" else 1, node.operand
    if type_ is Type.STRING:
        is_literal = isinstance(node, syntax.Literal) and node.type is Type.STRING and not problems
        return node.value if is_literal and isinstance(node, syntax.Literal) else text
    if isinstance(node, DynamicLiteral) and not problems and sign == 1:
        return _dynamic_value(name, node, type_)
    if not isinstance(node, syntax.Literal) or problems:
        raise _wrong(name, type_, "other text")
    return _literal_value(name, node, sign, type_)


def _dynamic_value(name: str, node: DynamicLiteral, type_: Type) -> str | None:
    if node.value is None:
        return None
    if type_ is not Type.DYNAMIC:
        raise _wrong(name, type_, str(Type.DYNAMIC))
    return dynamic_text(node.value)


def _literal_value(name: str, node: syntax.Literal, sign: int, type_: Type) -> Any:
    value = node.value
    if value is None:
        return None
    if sign == -1:
        if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
            raise _wrong(name, type_, f"the negative of {node.type}")
        value = -value
    if type_ is node.type:
        return value
    if type_ is Type.INT and node.type is Type.LONG and isinstance(value, int) and -(2**31) <= value < 2**31:
        return value
    if type_ is Type.LONG and node.type is Type.INT:
        return value
    if type_ is Type.REAL and node.type in INTEGER and isinstance(value, int):
        return float(value)
    if type_ is Type.DECIMAL and node.type in (*INTEGER, Type.REAL):
        return Decimal(str(value))
    raise _wrong(name, type_, str(node.type))


def _wrong(name: str, type_: Type, given: str) -> QueryError:
    return QueryError((codes.wrong_type(Span(0, 0), f"query parameter '{name}'", str(type_), given),))


_PYTHON: dict[Type, type | tuple[type, ...]] = {
    Type.BOOL: bool,
    Type.INT: int,
    Type.LONG: int,
    Type.DECIMAL: (Decimal, int),
    Type.GUID: UUID,
}


def as_utc(moment: datetime | None) -> datetime | None:
    """An instant in UTC; one without a zone is taken as UTC."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
