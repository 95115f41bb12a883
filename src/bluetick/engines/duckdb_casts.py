"""How a value that DuckDB reads from a file becomes a KQL type without loss.

A conversion is an SQL expression and, where some value may not fit, the condition that tells such a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from bluetick.functions.scalar.time_values import CLOCK_AND_ZONE
from bluetick.sql.dialect import DUCKDB
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Conversion:
    """`offends` is true of a value that does not fit; empty where every value does. `plain` has no guard: it is for
    values of which it is known that they fit. `or_null` is null for a value that does not fit."""

    expression: str
    offends: str = ""
    plain: str = ""
    or_null: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """`{x}` is the value and `{cast}` CAST or TRY_CAST. `fits` guards what a cast would round or guess."""

    template: str
    fits: str = ""
    total: bool = False


# Kinds of DuckDB types that convert alike.
_SMALL, _LONG, _HUGE, _REAL, _DECIMAL = "small integer", "long", "huge integer", "real", "decimal"
_BOOL, _TEXT, _BLOB, _UUID, _JSON, _NESTED = "bool", "text", "blob", "uuid", "json", "nested"
_DATE, _STAMP, _NANOS, _ZONED, _INTERVAL, _TIME, _NULL = (
    *("date", "timestamp", "nanoseconds", "zoned timestamp"),
    *("interval", "time", "null"),
)
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"), _SMALL),
    **dict.fromkeys(("BIGINT", "UINTEGER"), _LONG),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT"), _HUGE),
    **dict.fromkeys(("FLOAT", "DOUBLE"), _REAL),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"), _STAMP),
    **dict.fromkeys(("TIME", "TIME WITH TIME ZONE", "TIME_NS", "BIT"), _TIME),
    "BOOLEAN": _BOOL,
    "VARCHAR": _TEXT,
    "BLOB": _BLOB,
    "UUID": _UUID,
    "JSON": _JSON,
    "DATE": _DATE,
    "TIMESTAMP_NS": _NANOS,
    "TIMESTAMP WITH TIME ZONE": _ZONED,
    "INTERVAL": _INTERVAL,
    '"NULL"': _NULL,
}

_SPAN: Final = r"^\s*-?(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?\s*$"


def _span_part(group: int, micros: int) -> str:
    return f"coalesce(TRY_CAST(regexp_extract({{x}}, '{_SPAN}', {group}) AS BIGINT), 0) * {micros}"


# Timespan text. A bare whole number is microseconds, as in the physical type.
_SPAN_MICROS: Final = (
    f"CASE WHEN regexp_full_match({{x}}, '\\s*-?\\d+\\s*') THEN {{cast}}({{x}} AS BIGINT) ELSE "
    f"(CASE WHEN starts_with(trim({{x}}), '-') THEN -1 ELSE 1 END) * ("
    f"{_span_part(1, 86_400_000_000)} + {_span_part(2, 3_600_000_000)} + {_span_part(3, 60_000_000)}"
    f" + {_span_part(4, 1_000_000)} + CAST(rpad(regexp_extract({{x}}, '{_SPAN}', 5), 6, '0') AS BIGINT)) END"
)
_ISO: Final = rf"\s*\d{{4}}-\d{{2}}-\d{{2}}([T ]{CLOCK_AND_ZONE}\s*)?"
_FORMAT: Final = "'%Y-%m-%dT%H:%M:%S.%f0Z'"

# epoch_us keeps the pruning of row groups, and is 7 times as fast as a cast that consults the time zone.
_FROM_ZONED: Final = "make_timestamp(epoch_us({x}))"
_FROM_NANOS: Final = "make_timestamp(epoch_ns({x}) // 1000)"  # a cast would round up into the next microsecond

_DATETIMES: Final[Mapping[str, str]] = {
    _STAMP: "CAST({x} AS TIMESTAMP)",
    _NANOS: _FROM_NANOS,
    _ZONED: _FROM_ZONED,
    _DATE: "CAST({x} AS TIMESTAMP)",
}
_AS_TEXT: Final[Mapping[str, str]] = {
    **dict.fromkeys((_SMALL, _LONG, _HUGE, _REAL, _DECIMAL, _BOOL, _UUID, _JSON, _TIME), "CAST({x} AS VARCHAR)"),
    **{kind: f"strftime({form}, {_FORMAT})" for kind, form in _DATETIMES.items()},
    _TEXT: "{x}",
    _NESTED: "CAST(to_json({x}) AS VARCHAR)",
    _INTERVAL: "CAST({x} AS VARCHAR)",
}


def _whole(name: str) -> dict[str, _Rule]:
    cast = f"{{cast}}({{x}} AS {name})"
    whole = "{x} = trunc({x})"
    return {
        **dict.fromkeys((_BOOL, _SMALL, _LONG, _HUGE), _Rule(cast)),
        **dict.fromkeys((_REAL, _DECIMAL), _Rule(cast, whole)),
        _TEXT: _Rule(cast, r"regexp_full_match({x}, '\s*[-+]?\d+(\.0*)?\s*')"),
    }


_DYNAMIC: Final[dict[str, _Rule]] = {
    **dict.fromkeys((_BOOL, _SMALL, _LONG, _HUGE, _REAL, _DECIMAL), _Rule("CAST({x} AS VARCHAR)", total=True)),
    **dict.fromkeys((_JSON, _NESTED), _Rule("CAST(to_json({x}) AS VARCHAR)", total=True)),
    _TEXT: _Rule("CASE WHEN json_valid({x}) THEN {x} ELSE CAST(to_json({x}) AS VARCHAR) END", total=True),
    **{
        kind: _Rule(f"CAST(to_json({_AS_TEXT[kind]}) AS VARCHAR)", total=True)
        for kind in (_UUID, _DATE, _STAMP, _NANOS, _ZONED, _TIME, _INTERVAL)
    },
}
_RULES: Final[Mapping[Type, Mapping[str, _Rule]]] = {
    Type.BOOL: {
        **dict.fromkeys((_SMALL, _LONG, _HUGE), _Rule("{cast}({x} AS BOOLEAN)", "{x} IN (0, 1)")),
        _TEXT: _Rule("{cast}({x} AS BOOLEAN)", "lower(trim({x})) IN ('true', 'false', '0', '1')"),
    },
    Type.INT: _whole("INTEGER"),
    Type.LONG: _whole("BIGINT"),
    Type.REAL: {
        **dict.fromkeys((_SMALL, _DECIMAL, _REAL), _Rule("{cast}({x} AS DOUBLE)")),
        **dict.fromkeys(
            (_LONG, _HUGE), _Rule("{cast}({x} AS DOUBLE)", "TRY_CAST(CAST({x} AS DOUBLE) AS HUGEINT) = {x}")
        ),
        _TEXT: _Rule("{cast}({x} AS DOUBLE)"),
    },
    Type.DECIMAL: dict.fromkeys((_SMALL, _LONG, _HUGE, _REAL, _DECIMAL, _TEXT), _Rule("{cast}({x} AS DECIMAL(38,18))")),
    Type.STRING: {
        **{kind: _Rule(form, total=True) for kind, form in _AS_TEXT.items()},
        _BLOB: _Rule("decode({x})", "try(decode({x})) IS NOT NULL"),
    },
    Type.DATETIME: {
        **{kind: _Rule(form, total=True) for kind, form in _DATETIMES.items()},
        _TEXT: _Rule("make_timestamp(epoch_us({cast}({x} AS TIMESTAMPTZ)))", f"regexp_full_match({{x}}, '{_ISO}')"),
    },
    Type.TIMESPAN: {
        **dict.fromkeys((_SMALL, _LONG, _HUGE), _Rule("{cast}({x} AS BIGINT)")),
        _INTERVAL: _Rule("epoch_us({x})", total=True),
        _TEXT: _Rule(_SPAN_MICROS, rf"(regexp_matches({{x}}, '{_SPAN}') OR regexp_full_match({{x}}, '\s*-?\d+\s*'))"),
    },
    Type.GUID: {_UUID: _Rule("{x}", total=True), _TEXT: _Rule("{cast}({x} AS UUID)")},
    Type.DYNAMIC: _DYNAMIC,
}


def kind_of(duckdb_type: str) -> str:
    if duckdb_type.endswith("]") or duckdb_type.startswith(("STRUCT(", "MAP(", "UNION(")):
        return _NESTED
    if duckdb_type.startswith("DECIMAL("):
        return _DECIMAL
    if duckdb_type.startswith("ENUM("):
        return _TEXT
    return _KINDS.get(duckdb_type, duckdb_type)


_KQL_OF_KIND: Final[Mapping[str, Type]] = {
    _SMALL: Type.INT,
    _LONG: Type.LONG,
    _HUGE: Type.DECIMAL,
    _REAL: Type.REAL,
    _DECIMAL: Type.DECIMAL,
    _BOOL: Type.BOOL,
    _UUID: Type.GUID,
    _JSON: Type.DYNAMIC,
    _NESTED: Type.DYNAMIC,
    **dict.fromkeys(_DATETIMES, Type.DATETIME),
    _INTERVAL: Type.TIMESPAN,
}


def natural_type(duckdb_type: str) -> Type:
    """The KQL type that holds everything a file's column may."""
    return _KQL_OF_KIND.get(kind_of(duckdb_type), Type.STRING)


def absent(type_: Type) -> str:
    """What a column is whose file lacks it."""
    return "''" if type_ is Type.STRING else f"CAST(NULL AS {DUCKDB.types[type_]})"


def conversion(
    column: str, duckdb_type: str, type_: Type, *, native: bool = False, trimmed: bool = False
) -> Conversion | None:
    """From a quoted column of a DuckDB type to a KQL type; None where there is no way. A `trimmed` text has no space
    around it, and is null where there is none."""
    kind = kind_of(duckdb_type)
    if kind == _NULL:
        return Conversion(absent(type_), plain=absent(type_))
    if duckdb_type == DUCKDB.types[type_] and (type_ is not Type.DYNAMIC or native):
        as_is = f"coalesce({column}, '')" if type_ is Type.STRING else column
        return Conversion(as_is, plain=as_is)
    rule = _RULES[type_].get(kind)
    if rule is None:
        return None
    if kind == _NESTED:
        column = with_iso_times(column, duckdb_type)
    # An empty text is the absence of a number, a time or a bag, as in Kusto's ingestion.
    is_raw = kind == _TEXT and type_ is not Type.STRING and not trimmed
    value = f"NULLIF(trim({column}), '')" if is_raw else column
    return _apply(rule, value, type_)


def with_iso_times(value: str, duckdb_type: str, depth: int = 0) -> str:
    """A nested value in which every instant is text as Kusto writes one; DuckDB's JSON has a form of its own."""
    if "TIMESTAMP" not in duckdb_type and "DATE" not in duckdb_type:
        return value
    if duckdb_type.endswith("]"):
        item = f"item{depth}"
        inner = with_iso_times(item, str(duckdb.dtype(duckdb_type).children[0][1]), depth + 1)
        return f"list_transform({value}, lambda {item}: {inner})"
    if duckdb_type.startswith("STRUCT("):
        fields = (
            f"{_quoted(name)} := {with_iso_times(_field(value, name), str(type_), depth)}"
            for name, type_ in duckdb.dtype(duckdb_type).children
        )
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(fields)}) END"
    kind = kind_of(duckdb_type)
    return _AS_TEXT[kind].replace("{x}", value) if kind in _DATETIMES else value


def _field(value: str, name: str) -> str:
    return f"struct_extract({value}, {DUCKDB.quote_text(name)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _apply(rule: _Rule, value: str, type_: Type) -> Conversion:
    strict = rule.template.replace("{x}", value).replace("{cast}", "CAST")
    tried = rule.template.replace("{x}", value).replace("{cast}", "TRY_CAST")
    fits = rule.fits.replace("{x}", value)
    if type_ is Type.STRING:
        strict = f"coalesce({strict}, '')"
    if rule.total:
        return Conversion(strict, plain=strict)
    if not fits:
        return Conversion(strict, f"{value} IS NOT NULL AND {tried} IS NULL", tried, tried)
    guarded = f"CASE WHEN {value} IS NULL OR {fits} THEN {strict} ELSE error('a value does not fit') END"
    offends = f"{value} IS NOT NULL AND (NOT ({fits}) OR {tried} IS NULL)"
    return Conversion(guarded, offends, tried, f"CASE WHEN {fits} THEN {tried} END")
