"""Requests, heads and errors as JSON and back. Pickle would let a worker run code in the server."""

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from bluetick.diagnostics import Diagnostic, SourceText, Span
from bluetick.diagnostics.errors import (
    BluetickError,
    EngineError,
    Limit,
    LimitError,
    QueryCancelled,
    QueryError,
    SourceError,
)
from bluetick.diagnostics.model import Severity
from bluetick.engines.duckdb_errors import NO_MEMORY
from bluetick.execution.request import QueryRequest
from bluetick.plan.ranges import Span as TimeSpan
from bluetick.session import Check
from bluetick.types import Type
from bluetick.values import MICROSECOND

Json = Any
_SIZE: Final = struct.Struct("!I")
_SECONDS: Final = struct.Struct("!d")


class Busy(BluetickError):
    """All places are taken and so are those to wait in: ask again later."""


@dataclass(frozen=True, slots=True)
class TableHead:
    """A table of an answer: its name, its columns as (name, KQL type name), what `render` asked for, and which version
    of each table is read (None where it has none)."""

    name: str
    columns: tuple[tuple[str, str], ...]
    visualization: Mapping[str, Any]
    versions: Mapping[str, int | None] = field(default_factory=dict)


# --- values -----------------------------------------------------------------------------------------------------------


def to_plain(value: Any) -> Json:
    """A value of a parameter: what JSON has itself as it is, all else as a pair of its kind and its text or parts."""
    match value:
        case None | bool() | str() | int() | float():
            return value
        case datetime():
            return ["datetime", value.isoformat()]
        case timedelta():
            return ["timedelta", str(value // MICROSECOND)]
        case Decimal():
            return ["decimal", str(value)]
        case UUID():
            return ["guid", str(value)]
        case Mapping():
            return ["bag", [[str(key), to_plain(item)] for key, item in value.items()]]
        case list() | tuple():
            return ["array", [to_plain(item) for item in value]]
        case _:
            raise TypeError(f"a value of a request cannot be a {type(value).__name__}")


def from_plain(plain: Json) -> Any:
    """What `to_plain` was given."""
    if not isinstance(plain, list):
        return plain
    kind, rest = plain
    match kind:
        case "bag":
            return {key: from_plain(item) for key, item in rest}
        case "array":
            return [from_plain(item) for item in rest]
        case _:
            return _READ[kind](rest)


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "datetime": datetime.fromisoformat,
    "timedelta": lambda text: int(text) * MICROSECOND,
    "decimal": Decimal,
    "guid": UUID,
}


# --- requests ---------------------------------------------------------------------------------------------------------


def pack_request(request: QueryRequest) -> bytes:
    """A request without its `seconds` (see `with_seconds`): JSON behind its size, then its tables as Arrow IPC.

    Exclusions are syntax trees of a rule's own file, which no client sends: a ValueError.
    """
    if request.exclusions:
        raise ValueError("a request with exclusions runs where its rule is read")
    values = {
        "text": request.text,
        "parameters": to_plain(request.parameters),
        "now": to_plain(request.now),
        "lookback": to_plain(request.lookback),
        "schemas": request.schemas,
        "is_sentinel_rule": request.is_sentinel_rule,
        "name": request.name,
        "without_rewrites": sorted(request.without_rewrites),
        "parameter_texts": dict(request.parameter_texts),
        "scope": None if request.scope is None else to_plain([request.scope.low, request.scope.high]),
    }
    streams = [_pack_table(table) for table in request.tables.values()]
    tables = list(zip(request.tables, map(len, streams), strict=True))
    head = _dumps({"values": values, "tables": tables})
    return b"".join((_SIZE.pack(len(head)), head, *streams))


def with_seconds(packed: bytes, seconds: float | None) -> bytes:
    """A packed request and how much time it has, which is known when it is sent."""
    return _SECONDS.pack(math.nan if seconds is None else seconds) + packed


def unpack_request(data: bytes) -> QueryRequest:
    """The request that was packed, with its seconds."""
    (seconds,) = _SECONDS.unpack_from(data)
    data = data[_SECONDS.size :]
    at = _SIZE.size + _SIZE.unpack_from(data)[0]
    head = json.loads(data[_SIZE.size : at])
    values = head["values"]
    for name in ("parameters", "now", "lookback", "scope"):
        values[name] = from_plain(values[name])
    values["scope"] = None if values["scope"] is None else TimeSpan(*values["scope"])
    values["without_rewrites"] = frozenset(values["without_rewrites"])
    tables: dict[str, pa.Table] = {}
    for name, size in head["tables"]:
        tables[name] = _unpack_table(data[at : at + size])
        at += size
    return QueryRequest(**values, tables=tables, seconds=None if math.isnan(seconds) else seconds)


def _pack_table(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _dumps(value: Json) -> bytes:
    """In ASCII: a text may hold half of a surrogate pair, which comes back as it was."""
    return json.dumps(value).encode("ascii")


def _unpack_table(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


# --- heads and errors -------------------------------------------------------------------------------------------------


@contextmanager
def _as_told() -> Iterator[None]:
    """Who took over a worker may send anything: what has not the form is an EngineError."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError("a worker process sent what is no answer") from error


def pack_heads(heads: Sequence[TableHead]) -> bytes:
    return _dumps([asdict(head) for head in heads])


def unpack_heads(data: bytes) -> tuple[TableHead, ...]:
    found = []
    with _as_told():
        for head in json.loads(data):
            columns = tuple((str(name), str(Type(type_))) for name, type_ in head["columns"])
            versions = {str(table): None if one is None else int(one) for table, one in head["versions"].items()}
            found.append(TableHead(str(head["name"]), columns, dict(head["visualization"]), versions))
    return tuple(found)


def pack_check(check: Check) -> bytes:
    errors, warnings = ([_diagnostic_to_plain(one) for one in given] for given in (check.diagnostics, check.warnings))
    return _dumps({"columns": check.columns, "diagnostics": errors, "warnings": warnings})


def unpack_check(data: bytes) -> Check:
    with _as_told():
        values = json.loads(data)
        columns = tuple((str(name), str(type_)) for name, type_ in values["columns"])
        diagnostics, warnings = (tuple(map(_diagnostic, values[name])) for name in ("diagnostics", "warnings"))
    return Check(columns, diagnostics, warnings)


def pack_error(error: BaseException) -> bytes:
    """An error as JSON; what is none of the package's own becomes an EngineError that tells its kind alone."""
    match error:
        case QueryError():
            source = None if error.source is None else _source_to_plain(error.source)
            found = [_diagnostic_to_plain(one) for one in error.diagnostics]
            return _dumps({"kind": "query", "diagnostics": found, "source": source})
        case LimitError():
            return _dumps({"kind": "limit", "message": str(error), "limit": error.limit.value})
        case SourceError():
            parts = {"file": error.file, "column": error.column, "value": error.value}
            return _dumps({"kind": "source", "message": str(error), **parts})
        case EngineError():
            return _dumps({"kind": "engine", "message": str(error), "retryable": error.retryable})
        case QueryCancelled():
            return _dumps({"kind": "cancelled", "message": str(error)})
        case MemoryError():
            return pack_error(LimitError(NO_MEMORY, Limit.MEMORY))
        case _:
            return pack_error(EngineError(f"the query failed by a fault of the program ({type(error).__name__})"))


def unpack_error(data: bytes) -> BluetickError:
    """The error that was packed."""
    with _as_told():
        return _error(json.loads(data))


def _error(values: dict[str, Any]) -> BluetickError:
    match values.pop("kind"):
        case "query":
            source = None if values["source"] is None else SourceText(**values["source"])
            return QueryError([_diagnostic(one) for one in values["diagnostics"]], source)
        case "limit":
            return LimitError(values["message"], Limit(values["limit"]))
        case "source":
            return SourceError(**values)
        case "engine":
            return EngineError(**values)
        case _:
            return QueryCancelled(values["message"])


def _source_to_plain(source: SourceText) -> Json:
    return {"text": source.text, "name": source.name, "first_line": source.first_line}


def _diagnostic_to_plain(found: Diagnostic) -> Json:
    words = {"code": found.code, "message": found.message, "note": found.note, "hint": found.hint}
    return {**words, "span": [found.span.start, found.span.end], "severity": found.severity.value}


def _diagnostic(plain: Json) -> Diagnostic:
    words = {name: str(plain[name]) for name in ("code", "message", "note", "hint")}
    start, end = plain["span"]
    return Diagnostic(**words, span=Span(int(start), int(end)), severity=Severity(plain["severity"]))
