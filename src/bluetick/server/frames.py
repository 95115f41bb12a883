"""Kusto's answers as text: version 2 (a JSON array of frames) and version 1 (an object of tables).

https://learn.microsoft.com/kusto/api/rest/response-http-v2, https://learn.microsoft.com/kusto/api/rest/response-http
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import orjson

from bluetick.diagnostics.errors import QueryCancelled
from bluetick.server.errors import failure_of, now, one_api
from bluetick.server.reading import Reading
from bluetick.values import format_datetime7

Columns = Sequence[tuple[str, str]]

_DOTNET: Final = {
    "bool": "SByte",
    "int": "Int32",
    "long": "Int64",
    "real": "Double",
    "decimal": "SqlDecimal",
    "string": "String",
    "datetime": "DateTime",
    "timespan": "TimeSpan",
    "guid": "Guid",
    "dynamic": "Object",
}
_PROPERTIES: Columns = (("TableId", "int"), ("Key", "string"), ("Value", "dynamic"))
_COMPLETION: Columns = (
    ("Timestamp", "datetime"),
    ("ClientRequestId", "string"),
    ("ActivityId", "guid"),
    ("SubActivityId", "guid"),
    ("ParentActivityId", "guid"),
    ("Level", "int"),
    ("LevelName", "string"),
    ("StatusCode", "int"),
    ("StatusCodeName", "string"),
    ("EventType", "int"),
    ("EventTypeName", "string"),
    ("Payload", "string"),
)
_STATUS: Columns = (
    ("Timestamp", "datetime"),
    ("Severity", "int"),
    ("SeverityName", "string"),
    ("StatusCode", "int"),
    ("StatusDescription", "string"),
    ("Count", "int"),
    ("RequestId", "guid"),
    ("ActivityId", "guid"),
    ("SubActivityId", "guid"),
    ("ClientActivityId", "string"),
)
_CONTENTS: Columns = (
    ("Ordinal", "long"),
    ("Kind", "string"),
    ("Name", "string"),
    ("Id", "string"),
    ("PrettyName", "string"),
)

_NO_ID: Final = "00000000-0000-0000-0000-000000000000"

# What `render ... with (...)` may say, as clients read it (the names are theirs) and as the language has it.
_CHART: Final[Mapping[str, str]] = {
    "Title": "title",
    "XColumn": "xcolumn",
    "Series": "series",
    "YColumns": "ycolumns",
    "AnomalyColumns": "anomalycolumns",
    "XTitle": "xtitle",
    "YTitle": "ytitle",
    "XAxis": "xaxis",
    "YAxis": "yaxis",
    "Legend": "legend",
    "YSplit": "ysplit",
}


def chart(visualization: Mapping[str, Any]) -> dict[str, Any]:
    """What `render` asked for, with every key that clients look for."""
    said = {name.lower(): value for name, value in visualization.items()}
    return {
        "Visualization": visualization.get("Visualization"),
        **{name: said.get(key) for name, key in _CHART.items()},
        "Accumulate": str(said.get("accumulate", "")).lower() == "true",
        "IsQuerySorted": False,
        "Kind": said.get("kind"),
        "Ymin": said.get("ymin", "NaN"),
        "Ymax": said.get("ymax", "NaN"),
    }


def dump(value: Any) -> bytes:
    return orjson.dumps(value)


async def written(
    reading: Reading, opening: Callable[[int], bytes], closing: bytes, failing: Callable[[Exception], bytes] | None
) -> AsyncIterator[bytes]:
    """All tables in turn. After an error the rows end in what `failing` makes of it, and no further table follows."""
    current, is_first = -1, True
    async for index, text in reading.tables():
        while current < index:
            yield (closing if current >= 0 else b"") + opening(current + 1)
            current, is_first = current + 1, True
        yield text if is_first else b"," + text
        is_first = False
    last = len(reading.heads) - 1 if reading.error is None else max(current, 0)
    while current < last:
        yield (closing if current >= 0 else b"") + opening(current + 1)
        current, is_first = current + 1, True
    if reading.error is not None and failing is not None:
        yield (b"" if is_first else b",") + failing(reading.error)
    if current >= 0:
        yield closing


def _error(reading: Reading, error: Exception) -> dict[str, Any]:
    return {"error": one_api(failure_of(error), reading.asked)}


# --- version 2 -------------------------------------------------------------------------------------------------------


async def frames(reading: Reading, *, defers: bool = False) -> AsyncIterator[bytes]:
    """Frames; in each the FrameType comes first and the columns before the rows, for those who read it as it comes.

    An error among the rows stands there as an object, and again in the last frame; with `defers` it is only told of in
    the completion information.
    """
    heads = reading.heads
    yield b"[" + dump({"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"})
    charts = [[i + 1, "Visualization", dump(chart(head.visualization)).decode()] for i, head in enumerate(heads)]
    yield b"," + _frame(0, "QueryProperties", "@ExtendedProperties", _PROPERTIES, charts)

    def opening(index: int) -> bytes:
        return b"," + _opened(index + 1, "PrimaryResult", heads[index].name, heads[index].columns)

    def failing(error: Exception) -> bytes:
        return dump({"OneApiErrors": [_error(reading, error)]})

    async for part in written(reading, opening, b"]}", None if defers else failing):
        yield part
    rows = _completion(reading)
    yield b"," + _frame(len(heads) + 1, "QueryCompletionInformation", "QueryCompletionInformation", _COMPLETION, rows)
    end: dict[str, Any] = {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False}
    if reading.error is not None:
        end |= {"HasErrors": True, "Cancelled": isinstance(reading.error, QueryCancelled)}
        if not defers:
            end["OneApiErrors"] = [_error(reading, reading.error)]
    yield b"," + dump(end) + b"]"


def _opened(table: int, kind: str, name: str, columns: Columns) -> bytes:
    head = {
        "FrameType": "DataTable",
        "TableId": table,
        "TableKind": kind,
        "TableName": name,
        "Columns": [{"ColumnName": name, "ColumnType": type_} for name, type_ in columns],
        "Rows": [],
    }
    return dump(head)[: -len(b"]}")]


def _frame(table: int, kind: str, name: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> bytes:
    return _opened(table, kind, name, columns) + dump(rows)[1:-1] + b"]}"


def _completion(reading: Reading) -> list[list[Any]]:
    asked, at = reading.asked, format_datetime7(now())
    ids = [asked.client_request_id, asked.activity_id, asked.activity_id, asked.activity_id]
    consumed = {
        "ExecutionTime": round(reading.seconds, 6),
        "resource_usage": {},
        "dataset_statistics": [{"table_row_count": one.rows, "table_size": one.bytes} for one in reading.rows.tables],
    }
    if reading.error is None:
        told = {"Count": 1, "Text": "Query completed successfully"}
        first = [at, *ids, 4, "Info", 0, "S_OK (0)", 4, "QueryInfo", dump(told).decode()]
    else:
        told = {"Count": 1, "Text": failure_of(reading.error).detail}
        first = [at, *ids, 2, "Error", -1, "E_FAIL (-1)", 4, "QueryInfo", dump(told).decode()]
    last = [at, *ids, 6, "Stats", 0, "S_OK (0)", 0, "QueryResourceConsumption", dump(consumed).decode()]
    return [first, last]


# --- version 1 -------------------------------------------------------------------------------------------------------


async def tables(reading: Reading, *, is_command: bool = False) -> AsyncIterator[bytes]:
    """Version 1: the results, then the chart, the status and the table of contents; of a command its table alone."""
    heads = reading.heads

    def opening(index: int) -> bytes:
        return (b"," if index else b"") + _opened_v1(index, heads[index].columns)

    def failing(error: Exception) -> bytes:
        return dump({"OneApiErrors": [_error(reading, error)], "Exceptions": [failure_of(error).detail]})

    yield b'{"Tables":['
    async for part in written(reading, opening, b"]}", failing):
        yield part
    if not is_command:
        for part in _trailing_tables(reading):
            yield b"," + part
    yield b"]"
    if reading.error is not None:
        yield b',"Exceptions":' + dump([failure_of(reading.error).detail])
    yield b"}"


def _opened_v1(index: int, columns: Columns) -> bytes:
    described = [{"ColumnName": name, "DataType": _DOTNET[type_], "ColumnType": type_} for name, type_ in columns]
    return dump({"TableName": f"Table_{index}", "Columns": described, "Rows": []})[: -len(b"]}")]


def _trailing_tables(reading: Reading) -> list[bytes]:
    heads, asked = reading.heads, reading.asked
    count = len(heads)
    charts = [[dump(chart(head.visualization)).decode()] for head in heads]
    ids = [asked.activity_id, asked.activity_id, asked.activity_id, asked.client_request_id]
    if reading.error is None:
        state = [4, "Info", 0, "Query completed successfully"]
    else:
        state = [2, "Error", -1, failure_of(reading.error).detail]
    status = [[format_datetime7(now()), *state, 1, *ids]]
    contents = [[i, "QueryResult", head.name, str(uuid4()), ""] for i, head in enumerate(heads)]
    contents.append([count, "QueryProperties", "@ExtendedProperties", str(uuid4()), ""])
    contents.append([count + 1, "QueryStatus", "QueryStatus", _NO_ID, ""])
    named: list[tuple[Columns, list[list[Any]]]] = [
        ((("Value", "string"),), charts),
        (_STATUS, status),
        (_CONTENTS, contents),
    ]
    return [_opened_v1(count + i, columns) + dump(rows)[1:-1] + b"]}" for i, (columns, rows) in enumerate(named)]
