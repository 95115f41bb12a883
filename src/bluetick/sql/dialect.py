"""What the two dialects spell differently: types, literals, operators. A difference is a second value, never an if."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from bluetick.diagnostics.errors import EngineError
from bluetick.types import Type

LiteralValue: TypeAlias = bool | int | float | Decimal | str | datetime | UUID | None

DECIMAL_DIGITS = 38
DECIMAL_SCALE = 18


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """One engine's spelling. Compared by identity: there are exactly DUCKDB and SPARK."""

    name: str
    types: Mapping[Type, str]
    quote_name: Callable[[str], str]
    quote_text: Callable[[str], str]
    print_int: Callable[[int], str]
    print_long: Callable[[int], str]
    print_real: Callable[[float], str]
    print_guid: Callable[[UUID], str]
    print_lambda: Callable[[Sequence[str], str], str]
    print_rows: Callable[[str], str]
    operators: Mapping[str, str]
    ascending_nulls_first: bool
    has_materialized: bool

    def type_name(self, type_: Type) -> str:
        """The physical type of a KQL type."""
        return self.types[type_]

    def print_literal(self, value: LiteralValue, type_: Type) -> str:
        """A constant with its exact type; user text reaches SQL here and nowhere else."""
        if value is None:
            return f"CAST(NULL AS {self.types[type_]})"
        match type_:
            case Type.STRING | Type.DYNAMIC:
                return self.quote_text(_as_text(value))
            case Type.LONG | Type.TIMESPAN:
                return self.print_long(_as_integer(value, 64))
            case Type.REAL:
                return self.print_real(_as_real(value))
            case Type.DATETIME:
                return _print_datetime(value)
            case _:
                return self._print_rare(value, type_)

    def _print_rare(self, value: LiteralValue, type_: Type) -> str:
        if type_ is Type.BOOL and isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if type_ is Type.INT:
            return self.print_int(_as_integer(value, 32))
        if type_ is Type.GUID and isinstance(value, UUID | str):
            return self.print_guid(UUID(str(value)))
        if type_ is Type.DECIMAL and isinstance(value, Decimal | int):
            return _print_decimal(Decimal(value))
        raise _mismatch(value, type_)


def _mismatch(value: LiteralValue, type_: Type) -> EngineError:
    return EngineError(f"a {type(value).__name__} was given where a {type_} is needed")


def _as_text(value: LiteralValue) -> str:
    if not isinstance(value, str):
        raise _mismatch(value, Type.STRING)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise EngineError("a text holds half of a surrogate pair, which no engine can store") from None
    return value


def _as_integer(value: LiteralValue, bits: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _mismatch(value, Type.LONG)
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise EngineError(f"{value} does not fit {bits} bits")
    return value


def _as_real(value: LiteralValue) -> float:
    if isinstance(value, bool) or not isinstance(value, float | int):
        raise _mismatch(value, Type.REAL)
    return float(value)


def _print_datetime(value: LiteralValue) -> str:
    if not isinstance(value, datetime):
        raise _mismatch(value, Type.DATETIME)
    naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return f"TIMESTAMP '{naive.isoformat(' ', 'microseconds')}'"


def _print_decimal(value: Decimal) -> str:
    """DECIMAL(38, 18) as columns are, since DuckDB gives a choice between two scales the lesser one; with the scale of
    the literal itself only where that has more digits."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or max(len(digits), -exponent) + max(exponent, 0) > DECIMAL_DIGITS:
        raise EngineError(f"the decimal {value} does not fit {DECIMAL_DIGITS} digits")
    places, whole = max(0, -exponent), len(digits) + exponent
    fits = places <= DECIMAL_SCALE and whole <= DECIMAL_DIGITS - DECIMAL_SCALE
    return f"CAST('{value:f}' AS DECIMAL({DECIMAL_DIGITS},{DECIMAL_SCALE if fits else places}))"


def _print_real(finite: str, value: float) -> str:
    if math.isfinite(value):
        return finite
    name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return f"CAST('{name}' AS DOUBLE)"


def _duckdb_real(value: float) -> str:
    digits = repr(value)
    return _print_real(digits if "e" in digits else f"{digits}e0", value)


def _spark_real(value: float) -> str:
    return _print_real(f"{value!r}D", value)


def _duckdb_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _duckdb_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _duckdb_lambda(names: Sequence[str], body: str) -> str:
    return f"LAMBDA {', '.join(names)} : {body}"


_SPARK_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\0": "\\0", "\r": "\\r", "\n": "\\n", "$": "\\u0024"})


def _spark_text(value: str) -> str:
    # '$' is escaped because Spark replaces ${name} in the text of a statement before it parses it.
    return f"'{value.translate(_SPARK_ESCAPES)}'"


def _spark_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _spark_lambda(names: Sequence[str], body: str) -> str:
    return f"{names[0] if len(names) == 1 else '(' + ', '.join(names) + ')'} -> {body}"


_ARITHMETIC = ("+", "-", "*", "/", "//", "%", "||")
_COMPARISON = ("=", "<>", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IS NOT DISTINCT FROM")
_OPERATORS = {name: name for name in (*_ARITHMETIC, *_COMPARISON, "AND", "OR")}
_DECIMAL = f"DECIMAL({DECIMAL_DIGITS},{DECIMAL_SCALE})"

DUCKDB = Dialect(
    name="duckdb",
    types={
        Type.BOOL: "BOOLEAN",
        Type.INT: "INTEGER",
        Type.LONG: "BIGINT",
        Type.REAL: "DOUBLE",
        Type.DECIMAL: _DECIMAL,
        Type.STRING: "VARCHAR",
        Type.DATETIME: "TIMESTAMP",
        Type.TIMESPAN: "BIGINT",
        Type.GUID: "UUID",
        Type.DYNAMIC: "VARCHAR",
    },
    quote_name=_duckdb_name,
    quote_text=_duckdb_text,
    print_int=lambda value: f"CAST({value} AS INTEGER)",
    print_long=lambda value: f"CAST({value} AS BIGINT)",
    print_real=_duckdb_real,
    print_guid=lambda value: f"CAST('{value}' AS UUID)",
    print_lambda=_duckdb_lambda,
    print_rows=lambda rows: f"(VALUES {rows})",
    operators={**_OPERATORS, "->": "->", "->>": "->>"},
    ascending_nulls_first=False,
    has_materialized=True,
)

SPARK = Dialect(
    name="spark",
    types={
        Type.BOOL: "BOOLEAN",
        Type.INT: "INT",
        Type.LONG: "BIGINT",
        Type.REAL: "DOUBLE",
        Type.DECIMAL: _DECIMAL,
        Type.STRING: "STRING",
        Type.DATETIME: "TIMESTAMP",
        Type.TIMESPAN: "BIGINT",
        Type.GUID: "STRING",
        Type.DYNAMIC: "STRING",
    },
    quote_name=_spark_name,
    quote_text=_spark_text,
    print_int=str,
    print_long=lambda value: f"{value}L",
    print_real=_spark_real,
    print_guid=lambda value: f"'{value}'",
    print_lambda=_spark_lambda,
    print_rows=lambda rows: f"VALUES {rows}",
    operators={**_OPERATORS, "//": "DIV"},
    ascending_nulls_first=True,
    has_materialized=False,
)
