"""Files as columns of Spark: casts that lose nothing. Spark is run without ANSI mode, where a failed cast is a null;
so each cast that may fail is guarded here and raises with the column, the file and the value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.protocol import ScanColumn
from bluetick.sql.dialect import SPARK
from bluetick.types import Type

MARK: Final = "bluetick-value"
SEPARATOR: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class _Rule:
    """`{x}` is the value; `fits` is empty where every value does."""

    template: str
    fits: str = ""


_SMALL, _LONG, _REAL, _DECIMAL, _TEXT, _NESTED = "small", "long", "real", "decimal", "text", "nested"
_INTERVAL: Final = "interval"
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("tinyint", "smallint", "int"), _SMALL),
    **dict.fromkeys(("float", "double"), _REAL),
    "bigint": _LONG,
    "string": _TEXT,
}
_NUMBERS: Final = (_SMALL, _LONG, _REAL, _DECIMAL)
_TIMES: Final = ("date", "timestamp", "timestamp_ntz")
_ISO: Final = SPARK.quote_text(r"^\s*\d{4}-\d{2}-\d{2}([T ].*)?$")
_SPAN_TEXT: Final = r"^\s*-?(?:(\d+)\.)?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?\s*$"
_SPAN: Final = SPARK.quote_text(_SPAN_TEXT)
_WHOLE: Final = SPARK.quote_text(r"^\s*-?\d+\s*$")
_FRACTION_OF_ZEROS: Final = SPARK.quote_text(r"\.0*\s*$")
_STAMP: Final = "CAST({x} AS TIMESTAMP)"
_ISO_FORMAT: Final = SPARK.quote_text("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'0Z'")
_ISO_TEXT: Final = f"date_format({_STAMP}, {_ISO_FORMAT})"


def _span_part(group: int, micros: int) -> str:
    return f"coalesce(try_cast(regexp_extract({{x}}, {_SPAN}, {group}) AS BIGINT), 0L) * {micros}L"


_SPAN_MICROS: Final = (
    f"CASE WHEN {{x}} RLIKE {_WHOLE} THEN try_cast(trim({{x}}) AS BIGINT) ELSE "
    f"(CASE WHEN trim({{x}}) LIKE '-%' THEN -1L ELSE 1L END) * ("
    f"{_span_part(1, 86_400_000_000)} + {_span_part(2, 3_600_000_000)} + {_span_part(3, 60_000_000)} + "
    f"{_span_part(4, 1_000_000)} + CAST(rpad(regexp_extract({{x}}, {_SPAN}, 5), 6, '0') AS BIGINT)) END"
)


def _tried(name: str) -> _Rule:
    return _Rule(f"CAST({{x}} AS {name})", f"try_cast({{x}} AS {name}) IS NOT NULL")


def _whole(name: str) -> dict[str, _Rule]:
    tried = _tried(name)
    text = f"regexp_replace({{x}}, {_FRACTION_OF_ZEROS}, '')"
    return {
        **dict.fromkeys(("boolean", _SMALL, _LONG), tried),
        **dict.fromkeys((_REAL, _DECIMAL), _Rule(tried.template, f"{tried.fits} AND {{x}} = floor({{x}})")),
        _TEXT: _Rule(f"CAST({text} AS {name})", f"try_cast({text} AS {name}) IS NOT NULL"),
    }


# A bag keeps its nulls, and instants as Kusto writes them; JSON's null by itself is the absence of a value.
_DAY_FORMAT: Final = SPARK.quote_text("yyyy-MM-dd'T00:00:00.0000000Z'")
_NESTED_TEXT: Final = (
    f"to_json({{x}}, map('ignoreNullFields', 'false', 'timestampFormat', {_ISO_FORMAT}, 'timestampNTZFormat', "
    f"{_ISO_FORMAT}, 'dateFormat', {_DAY_FORMAT}))"
)
_VARIANT_TEXT: Final = "CASE WHEN NOT is_variant_null({x}) THEN to_json({x}) END"
_RULES: Final[Mapping[Type, Mapping[str, _Rule]]] = {
    Type.BOOL: {
        "boolean": _Rule("{x}"),
        **dict.fromkeys((_SMALL, _LONG), _Rule("CAST({x} AS BOOLEAN)", "{x} IN (0, 1)")),
        _TEXT: _Rule("CAST({x} AS BOOLEAN)", "lower(trim({x})) IN ('true', 'false', '0', '1')"),
    },
    Type.INT: _whole("INT"),
    Type.LONG: _whole("BIGINT"),
    Type.REAL: {
        **dict.fromkeys((_SMALL, _REAL, _DECIMAL), _Rule("CAST({x} AS DOUBLE)")),
        _LONG: _Rule("CAST({x} AS DOUBLE)", "CAST(CAST({x} AS DOUBLE) AS DECIMAL(38,0)) = CAST({x} AS DECIMAL(38,0))"),
        _TEXT: _tried("DOUBLE"),
    },
    Type.DECIMAL: dict.fromkeys((*_NUMBERS, _TEXT), _tried("DECIMAL(38,18)")),
    Type.STRING: {
        **dict.fromkeys(("boolean", *_NUMBERS), _Rule("CAST({x} AS STRING)")),
        **dict.fromkeys(_TIMES, _Rule(_ISO_TEXT)),
        _NESTED: _Rule(_NESTED_TEXT),
        "variant": _Rule(_VARIANT_TEXT),
        _TEXT: _Rule("{x}"),
        "binary": _Rule("CAST({x} AS STRING)", "is_valid_utf8(CAST({x} AS STRING))"),
    },
    Type.DATETIME: {
        **dict.fromkeys(_TIMES, _Rule(_STAMP)),
        _TEXT: _Rule(_STAMP, f"{{x}} RLIKE {_ISO} AND try_cast({{x}} AS TIMESTAMP) IS NOT NULL"),
    },
    Type.TIMESPAN: {
        **dict.fromkeys((_SMALL, _LONG), _Rule("CAST({x} AS BIGINT)")),
        _INTERVAL: _Rule("unix_micros(TIMESTAMP '1970-01-01 00:00:00' + {x})"),
        _TEXT: _Rule(_SPAN_MICROS, f"({{x}} RLIKE {_SPAN} OR {{x}} RLIKE {_WHOLE})"),
    },
    Type.GUID: {
        _TEXT: _Rule(
            "lower(trim({x}))",
            "trim({x}) RLIKE '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'",
        )
    },
    Type.DYNAMIC: {
        **dict.fromkeys(("boolean", *_NUMBERS), _Rule("CAST({x} AS STRING)")),
        **dict.fromkeys(_TIMES, _Rule(f"concat('\"', {_ISO_TEXT}, '\"')")),
        _NESTED: _Rule(_NESTED_TEXT),
        "variant": _Rule(_VARIANT_TEXT),
        _TEXT: _Rule(
            "CASE WHEN try_parse_json({x}) IS NOT NULL THEN {x} ELSE to_json(CAST({x} AS VARIANT)) END",
        ),
    },
}
_EXACT: Final[Mapping[Type, str]] = {
    Type.BOOL: "boolean",
    Type.INT: "int",
    Type.LONG: "bigint",
    Type.REAL: "double",
    Type.DATETIME: "timestamp",
    Type.TIMESPAN: "bigint",
}


def _kind(spark_type: str) -> str:
    if spark_type.startswith(("struct<", "array<", "map<")):
        return _NESTED
    if spark_type.startswith(("interval day", "interval hour", "interval minute", "interval second")):
        return _INTERVAL
    if spark_type.startswith(("char(", "varchar(", "string collate")):
        return _TEXT
    return _DECIMAL if spark_type.startswith("decimal(") else _KINDS.get(spark_type, spark_type)


_NATURAL: Final[Mapping[str, Type]] = {
    "boolean": Type.BOOL,
    _SMALL: Type.INT,
    _LONG: Type.LONG,
    _REAL: Type.REAL,
    _DECIMAL: Type.DECIMAL,
    **dict.fromkeys(_TIMES, Type.DATETIME),
    _INTERVAL: Type.TIMESPAN,
    **dict.fromkeys((_NESTED, "variant"), Type.DYNAMIC),
}


def quote_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def natural_type(spark_type: str) -> Type:
    """The KQL type that holds everything a column of this type may."""
    kind = _kind(spark_type)
    return _NATURAL.get(kind, Type.STRING)


@dataclass(frozen=True, slots=True)
class Given:
    """What a relation of Spark holds: the types of its columns and of the fields below them, by the way to them.

    `place` names it in a message; `native`: this package wrote it; every value of a `safe` column has its type.
    """

    types: Mapping[tuple[str, ...], str]
    place: str
    native: bool = False
    safe: tuple[tuple[str, Type], ...] = ()


def select_items(given: Given, columns: Sequence[ScanColumn]) -> list[str]:
    """The select list that gives these columns of a relation."""
    return [f"{_item(given, column)} AS {quote_name(column.alias)}" for column in columns]


def _item(given: Given, column: ScanColumn) -> str:
    found = _find(given.types, column.source)
    if found is None or given.types[(found,)] == "void":
        return "''" if column.type is Type.STRING else f"CAST(NULL AS {SPARK.types[column.type]})"
    value, spark_type = _field(given, column, found)
    if spark_type == _EXACT.get(column.type) or (given.native and column.type is Type.DYNAMIC):
        return value
    rule = _RULES[column.type].get(_kind(spark_type))
    if rule is None and column.type is Type.STRING:  # what no KQL type holds: an error for those who read it
        told = SEPARATOR.join((MARK, column.place, "string", given.place, f"<{spark_type}>", ""))
        return f"raise_error({SPARK.quote_text(told)})"
    if rule is None:
        raise SourceError(
            f"the column '{column.place}' of '{given.place}' holds {spark_type}, which is no {column.type}",
            file=given.place,
            column=column.place,
        )
    is_text = _kind(spark_type) == _TEXT and column.type is not Type.STRING
    is_safe = (found, column.type) in given.safe
    guarded = rule if not is_safe else replace(rule, fits="")
    return _guarded(guarded, f"nullif(trim({value}), '')" if is_text else value, column)


def _field(given: Given, column: ScanColumn, found: str) -> tuple[str, str]:
    """The value and its type: the column's, or those of the field to which its path leads."""
    value, way = quote_name(found), (found, *column.path)
    if given.types[(found,)] == "variant" and (column.path or column.type is not Type.DYNAMIC):
        place = SPARK.quote_text("$" + "".join(_step(name, column) for name in column.path))
        type_ = "variant" if column.type is Type.DYNAMIC else "string"
        return f"variant_get({value}, {place}, '{type_}')", type_
    if way not in given.types:
        message = f"the column '{found}' of '{given.place}' has no field '{'.'.join(column.path)}'"
        raise SourceError(message, file=given.place, column=column.place)
    return ".".join((value, *(quote_name(name) for name in column.path))), given.types[way]


def _step(name: str, column: ScanColumn) -> str:
    quote = next((mark for mark in ("'", '"') if mark not in name and "\\" not in name), None)
    if quote is None:
        raise SourceError(f"the field '{column.place}' has a name that Spark cannot find in JSON", column=column.place)
    return f"[{quote}{name}{quote}]"


def _guarded(rule: _Rule, value: str, column: ScanColumn) -> str:
    strict = rule.template.replace("{x}", value)
    if column.type is Type.STRING:
        strict = f"coalesce({strict}, '')"
    if not rule.fits:
        return strict
    mark = SPARK.quote_text(SEPARATOR.join((MARK, column.place, str(column.type), "")))
    shown = f"concat({mark}, input_file_name(), '{SEPARATOR}', substr(CAST({value} AS STRING), 1, 200), '{SEPARATOR}')"
    fits = rule.fits.replace("{x}", value)
    return f"CASE WHEN {value} IS NULL OR ({fits}) THEN {strict} ELSE raise_error({shown}) END"


def _find(types: Mapping[tuple[str, ...], str], source: str | None) -> str | None:
    """The column of this very name, else the one that differs in case only."""
    if source is None or (source,) in types:
        return source
    return next((way[0] for way in types if len(way) == 1 and way[0].casefold() == source.casefold()), None)
