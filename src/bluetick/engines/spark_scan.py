"""Files as columns of Spark: casts that lose nothing. Spark is run without ANSI mode, where a failed cast is a null;
so each cast that may fail is guarded here and raises with the column, the file and the value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        **dict.fromkeys((_NESTED, "variant"), _Rule("to_json({x})")),
        _TEXT: _Rule("{x}"),
        "binary": _Rule("CAST({x} AS STRING)", "is_valid_utf8(CAST({x} AS STRING))"),
    },
    Type.DATETIME: {
        **dict.fromkeys(_TIMES, _Rule(_STAMP)),
        _TEXT: _Rule(_STAMP, f"{{x}} RLIKE {_ISO} AND try_cast({{x}} AS TIMESTAMP) IS NOT NULL"),
    },
    Type.TIMESPAN: {
        **dict.fromkeys((_SMALL, _LONG), _Rule("CAST({x} AS BIGINT)")),
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
        **dict.fromkeys((_NESTED, "variant"), _Rule("to_json({x})")),
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
    return _DECIMAL if spark_type.startswith("decimal(") else _KINDS.get(spark_type, spark_type)


def quote_name(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def select_items(types: Mapping[str, str], columns: Sequence[ScanColumn], place: str, *, native: bool) -> list[str]:
    """The select list over a relation with these Spark types; `place` names it in a message."""
    return [f"{_item(types, column, place, native)} AS {quote_name(column.alias)}" for column in columns]


def _item(types: Mapping[str, str], column: ScanColumn, place: str, native: bool) -> str:
    found = _find(types, column.source)
    if found is None or types[found] == "void":
        return "''" if column.type is Type.STRING else f"CAST(NULL AS {SPARK.types[column.type]})"
    quoted = quote_name(found)
    if types[found] == _EXACT.get(column.type) or (native and column.type is Type.DYNAMIC):
        return quoted
    rule = _RULES[column.type].get(_kind(types[found]))
    if rule is None:
        raise SourceError(
            f"the column '{found}' of '{place}' holds {types[found]}, which is no {column.type}",
            file=place,
            column=found,
        )
    is_text = _kind(types[found]) == _TEXT and column.type is not Type.STRING
    return _guarded(rule, f"nullif(trim({quoted}), '')" if is_text else quoted, found, column.type)


def _guarded(rule: _Rule, value: str, name: str, type_: Type) -> str:
    strict = rule.template.replace("{x}", value)
    if type_ is Type.STRING:
        strict = f"coalesce({strict}, '')"
    if not rule.fits:
        return strict
    mark = SPARK.quote_text(SEPARATOR.join((MARK, name, str(type_), "")))
    shown = f"concat({mark}, input_file_name(), '{SEPARATOR}', substr(CAST({value} AS STRING), 1, 200), '{SEPARATOR}')"
    fits = rule.fits.replace("{x}", value)
    return f"CASE WHEN {value} IS NULL OR ({fits}) THEN {strict} ELSE raise_error({shown}) END"


def _find(types: Mapping[str, str], source: str | None) -> str | None:
    if source is None or source in types:
        return source
    return next((name for name in types if name.casefold() == source.casefold()), None)
