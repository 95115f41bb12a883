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
from bluetick.types import Type


def program_values(plan: QueryPlan, given: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters by their names in the program: what was given, else the default."""
    values: dict[str, Any] = {}
    for (name, default), parameter in zip(plan.parameters, plan.parameter_types, strict=True):
        if name in given:
            values[f"query_{name}"] = parameter_value(name, given[name], parameter.type)
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
    raise QueryError((codes.wrong_type(Span(0, 0), f"query parameter '{name}'", str(type_), type(value).__name__),))


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
