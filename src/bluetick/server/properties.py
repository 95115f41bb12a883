"""Client request properties: options and query parameters that travel beside a query, or as `set` statements in it.

https://learn.microsoft.com/kusto/api/rest/request-properties
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from bluetick.plan.ranges import Span
from bluetick.server.errors import bad_request
from bluetick.server.limits import ResultLimits
from bluetick.syntax import parse
from bluetick.syntax.expressions import Literal
from bluetick.syntax.literals import parse_datetime, parse_timespan
from bluetick.syntax.statements import SetStatement

QUERY_SECONDS = 240.0
COMMAND_SECONDS = 600.0
MOST_SECONDS = 3600.0

_SET = re.compile(r"\bset\b", re.IGNORECASE)
_REFUSED = {
    "query_cursor_after_default": "cursors are not kept",
    "query_cursor_before_or_at_default": "cursors are not kept",
    "validate_permissions": "permissions are not validated apart from running",
    "validatepermissions": "permissions are not validated apart from running",
}
_OF_TEXT = frozenset(
    {"notruncation", "truncationmaxrecords", "truncationmaxsize", "truncation_max_records", "truncation_max_size",
     "servertimeout", "norequesttimeout"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Properties:
    """What a request asks for beside its text. `scope` is the time of rows that are read of every table that has one;
    `defers` puts errors that come after the first row where old clients look for them."""

    seconds: float
    limits: ResultLimits = field(default_factory=ResultLimits)
    defers: bool = False
    now: datetime | None = None
    scope: Span | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_properties(given: Any, text: str, seconds: float) -> Properties:
    """`given` is an object or the JSON text of one, as clients differ. What cannot be done is refused, never left out;
    an option that is not known has no effect, as in Kusto."""
    document = _document(given)
    options = {str(name).lower(): value for name, value in _mapping(document.get("Options"), "Options").items()}
    for name, why in _REFUSED.items():
        if _is_on(options.get(name)):
            raise bad_request(f"the request property '{name}' is not supported: {why}")
    language = str(options.get("query_language") or "kql").lower()
    if language not in ("kql", "csl", "kusto"):
        raise bad_request(f"the query language '{language}' is not supported: only KQL is understood")
    parameters = {
        str(name): value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in _mapping(document.get("Parameters"), "Parameters").items()
    }
    options = {**options, **_of_text(text)}
    return Properties(
        _seconds(options, seconds),
        _limits(options),
        _is_on(options.get("deferpartialqueryfailures")),
        _instant(options, "query_now"),
        _scope(options),
        parameters,
    )


def _document(given: Any) -> Mapping[str, Any]:
    if isinstance(given, str):
        try:
            given = orjson.loads(given) if given.strip() else None
        except ValueError as error:
            raise bad_request("'properties' is not JSON") from error
    return _mapping(given, "properties")


def _mapping(given: Any, name: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise bad_request(f"'{name}' must be an object")
    return given


def _of_text(text: str) -> dict[str, Any]:
    """The options that `set` statements give and that the server, not the query, heeds."""
    if _SET.search(text) is None:
        return {}
    found: dict[str, Any] = {}
    for statement in parse(text)[0].statements:
        if isinstance(statement, SetStatement) and statement.name.text.lower() in _OF_TEXT:
            value = statement.value
            found[statement.name.text.lower()] = value.value if isinstance(value, Literal) else value is None or None
    return found


def _is_on(value: Any) -> bool:
    return value is True or value == 1 or (isinstance(value, str) and value.lower() in ("true", "1"))


def _seconds(options: Mapping[str, Any], otherwise: float) -> float:
    if _is_on(options.get("norequesttimeout")):
        return MOST_SECONDS
    given = options.get("servertimeout")
    if given is None:
        return otherwise
    micros = given if isinstance(given, int) and not isinstance(given, bool) else _timespan("servertimeout", given)
    if micros <= 0:
        raise bad_request("'servertimeout' must be above zero")
    return min(micros / 1_000_000, MOST_SECONDS)


_PYTHON_DAYS = re.compile(r"(\d+) days?, (\d+:\d\d:\d\d(?:\.\d+)?)")


def _timespan(name: str, given: Any) -> int:
    """Microseconds of 00:04:00, of 4m, or of Python's own `1 day, 0:04:00`."""
    text = str(given).strip()
    python = _PYTHON_DAYS.fullmatch(text)
    try:
        return parse_timespan(f"{python[1]}.{python[2]}" if python else text)
    except ValueError as error:
        raise bad_request(f"'{name}' is not a timespan: {text[:100]}") from error


def _limits(options: Mapping[str, Any]) -> ResultLimits:
    limits = ResultLimits(None, None) if _is_on(options.get("notruncation")) else ResultLimits()
    for spellings, what in (
        (("truncationmaxrecords", "truncation_max_records"), "rows"),
        (("truncationmaxsize", "truncation_max_size"), "bytes"),
    ):
        counts = [_count(name, options[name]) for name in spellings if options.get(name) is not None]
        if counts:
            limits = replace(limits, rows=min(counts)) if what == "rows" else replace(limits, bytes=min(counts))
    take = options.get("query_take_max_records")
    return limits if take is None else replace(limits, take=_count("query_take_max_records", take))


def _count(name: str, given: Any) -> int:
    text = str(given)
    if isinstance(given, bool) or not text.isascii() or not text.isdigit() or len(text) > len("9" * 18):
        raise bad_request(f"'{name}' must be a whole number")
    return int(text)


def _instant(options: Mapping[str, Any], name: str) -> datetime | None:
    given = options.get(name)
    if given is None or given == "":
        return None
    text = str(given).strip()
    inner = re.fullmatch(r"datetime\((.*)\)", text, re.IGNORECASE)
    try:
        return parse_datetime((inner[1] if inner else text).strip("\"' "))
    except (ValueError, OverflowError) as error:
        raise bad_request(f"'{name}' is not a datetime: {text[:100]}") from error


def _scope(options: Mapping[str, Any]) -> Span | None:
    span = Span(_instant(options, "query_datetimescope_from"), _instant(options, "query_datetimescope_to"))
    if span == Span():
        return None
    column = options.get("query_datetimescope_column")
    if column not in (None, "", "Timestamp", "TimeGenerated"):
        raise bad_request(f"a time scope by the column '{str(column)[:100]}' is not supported: it is each table's own")
    return span
