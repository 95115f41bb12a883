"""`--param name=value`: the text of a value as the type that the query declares."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import click

from bluetick.plan.relations import QueryPlan
from bluetick.syntax.literals import parse_datetime, parse_long, parse_real, parse_timespan
from bluetick.types import Type


def parameter_values(plan: QueryPlan, given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Values by name; a name that the query does not declare, or a value that does not fit, is wrong usage."""
    types = {name: expr.type for (name, _), expr in zip(plan.parameters, plan.parameter_types, strict=True)}
    values: dict[str, Any] = {}
    for name, text in given:
        if name not in types:
            known = f"; it declares {', '.join(types)}" if types else ": it has no 'declare query_parameters'"
            raise click.UsageError(f"--param {name}: the query declares no such parameter{known}")
        try:
            values[name] = _value(types[name], text)
        except ValueError as error:
            raise click.UsageError(f"--param {name}: '{text}' is not a {types[name]}") from error
    return values


def _value(type_: Type, text: str) -> Any:
    match type_:
        case Type.STRING:
            return text
        case Type.INT | Type.LONG:
            return parse_long(text)
        case Type.REAL:
            return parse_real(text)
        case Type.DATETIME:
            return parse_datetime(text)
        case Type.TIMESPAN:
            return timedelta(microseconds=parse_timespan(text))
        case Type.BOOL if text.lower() in ("true", "false"):
            return text.lower() == "true"
    raise ValueError(f"no value of {type_}")
