"""Rows in the form in which a file of samples holds them."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bluetick.types import Type
from bluetick.values import MICROSECOND, format_timespan, json_cell

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_@./ -]*[A-Za-z0-9_]|[A-Za-z_]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "now"})


def flow_row(columns: Sequence[tuple[str, str]], row: Sequence[Any]) -> str:
    """{Column: value, ...}, which reads back as the same row. Columns that have no value are left out."""
    cells = [
        f"{_text(name)}: {flow_value(value, Type(type_))}"
        for (name, type_), value in zip(columns, row, strict=True)
        if value is not None and value != ""
    ]
    return f"{{{', '.join(cells)}}}"


def flow_value(value: Any, type_: Type) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case datetime():
            naive = value.astimezone(UTC).replace(tzinfo=None)
            return f"{naive.isoformat()}Z"
        case timedelta():
            return json.dumps(format_timespan(value // MICROSECOND))
        case str():
            return _text(value) if type_ is not Type.DYNAMIC else json.dumps(value, ensure_ascii=False)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(json_cell(value, type_))


def _text(value: str) -> str:
    """Bare where YAML takes it for the same text, else quoted."""
    is_plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _WORDS
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def shown_value(value: Any) -> str:
    """A value whose type is not known, for people."""
    return flow_value(value, Type.REAL if isinstance(value, float) else Type.STRING)
