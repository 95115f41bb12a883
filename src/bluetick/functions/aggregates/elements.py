"""A typed value as the JSON text that it has inside a dynamic array."""

from bluetick.sql.tree import EMPTY, Bare, Binary, Call, Case, Cast, Expr, Literal, call, long, text, when
from bluetick.types import Type

_QUOTE = text('"')
_NUMBERS_NOT_IN_JSON = ((float("nan"), '"NaN"'), (float("inf"), '"Infinity"'), (float("-inf"), '"-Infinity"'))
_DAY = 86_400_000_000
_HOUR = 3_600_000_000
_MINUTE = 60_000_000
_SECOND = 1_000_000


def element_duckdb(value: Expr, type_: Type) -> Expr:
    """The JSON text of a value that is not null."""
    match type_:
        case Type.DYNAMIC:
            return value
        case Type.STRING:
            return Cast(call("to_json", value), Type.STRING)
        case Type.DATETIME:
            return _quoted(call("strftime", value, text("%Y-%m-%dT%H:%M:%S.%f0Z")))
        case Type.TIMESPAN:
            return _quoted(timespan_text(value))
        case Type.GUID | Type.DECIMAL:
            return _quoted(Cast(value, Type.STRING))
        case Type.REAL:
            return _real(value)
        case _:
            return Cast(value, Type.STRING)


def element_spark(value: Expr, type_: Type) -> Expr:
    """The JSON text of a value that is not null."""
    match type_:
        case Type.DYNAMIC:
            return value
        case Type.STRING:
            as_array = call("to_json", call("array", value))
            return call("substring", as_array, Bare(2), Binary("-", call("length", as_array), Bare(2)))
        case Type.DATETIME:
            return _quoted(call("date_format", value, text("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'0Z'")))
        case Type.TIMESPAN:
            return _quoted(timespan_text(value))
        case Type.GUID | Type.DECIMAL:
            return _quoted(Cast(value, Type.STRING))
        case Type.REAL:
            return _real(value)
        case _:
            return Cast(value, Type.STRING)


def _quoted(value: Expr) -> Call:
    return call("concat", _QUOTE, value, _QUOTE)


def _real(value: Expr) -> Case:
    special = tuple(
        (Binary("=", value, Literal(number, Type.REAL)), text(written)) for number, written in _NUMBERS_NOT_IN_JSON
    )
    return Case(special, Cast(value, Type.STRING))


def timespan_text(value: Expr) -> Expr:
    """Microseconds as KQL writes a timespan: [-][days.]hh:mm:ss[.fraction of seven digits]; for both engines."""
    size = call("abs", value)
    days = Binary("//", size, long(_DAY))
    fraction = Binary("%", size, long(_SECOND))
    return call(
        "concat",
        when(Binary("<", value, long(0)), text("-"), EMPTY),
        when(Binary(">", days, long(0)), call("concat", Cast(days, Type.STRING), text(".")), EMPTY),
        _digits(Binary("%", Binary("//", size, long(_HOUR)), long(24)), 2),
        text(":"),
        _digits(Binary("%", Binary("//", size, long(_MINUTE)), long(60)), 2),
        text(":"),
        _digits(Binary("%", Binary("//", size, long(_SECOND)), long(60)), 2),
        when(Binary(">", fraction, long(0)), call("concat", text("."), _digits(fraction, 6), text("0")), EMPTY),
    )


def _digits(number: Expr, width: int) -> Call:
    return call("lpad", Cast(number, Type.STRING), Bare(width), text("0"))
