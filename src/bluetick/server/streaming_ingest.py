"""Kusto's streaming ingestion: a body of rows for a known table, into the lake.

https://learn.microsoft.com/kusto/api/rest/streaming-ingest
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.ingest.batches import Tally
from bluetick.ingest.plain_rows import packs_of
from bluetick.ingest.running import Options, ingest_paths
from bluetick.schema.packs import load_pack
from bluetick.server.access import Right
from bluetick.server.commands import check_database
from bluetick.server.errors import Asked, RequestRefused, bad_request
from bluetick.server.requests import answered, json_response, whole_body
from bluetick.server.service import Service

MOST_BYTES: Final = 64 * 1024 * 1024
_SEPARATORS: Final = {"csv": ",", "tsv": "\t", "psv": "|", "scsv": ";"}
_OBJECTS: Final = ("json", "singlejson", "multijson")
FORMATS: Final = (*_SEPARATORS, *_OBJECTS)


def ingest_routes(service: Service) -> list[Route]:
    handler = answered(partial(_ingest, service))
    return [Route("/v1/rest/ingest/{database}/{table}", handler, methods=["POST"])]


async def _ingest(service: Service, request: Request, asked: Asked) -> Response:
    """Rows that cannot be ones of the table are kept in quarantine, and then the answer is an error that counts them.
    A body that came before adds nothing, so that it may be sent again after a failure."""
    caller = service.caller(request, Right.RULES)
    table = request.path_params["table"]
    call = service.call(request, caller, asked, "Ingest", table)
    began = monotonic()
    try:
        told = await _stored(service, request, table)
    except Exception as error:
        service.note(call, error, 0, monotonic() - began)
        raise
    refused = _refusal(told)
    service.note(call, refused, told.stored, monotonic() - began)
    if refused is not None:
        raise refused
    return json_response(_consumed(told.stored + told.duplicates))


async def _stored(service: Service, request: Request, table: str) -> Tally:
    if service.lake is None:
        raise bad_request("there is no lake to store rows in: start the server with --lake")
    check_database(service.database, request.path_params["database"])
    if not packs_of(table):
        raise bad_request(
            f"no known table is called '{table[:200]}'", "BadRequest_EntityNotFound", "EntityNotFoundException"
        )
    for name in ("mappingName", "sourceKind"):
        if request.query_params.get(name):
            raise bad_request(f"'{name}' is not supported: columns go by name in JSON and by order in text")
    lines = _reader(request.query_params.get("streamFormat", "csv").lower(), table)
    body = await whole_body(request, MOST_BYTES)
    return await asyncio.to_thread(_store, service.lake, table, lines, body)


def _store(lake: Path, table: str, lines: Callable[[bytes], bytes], body: bytes) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows"
        file.write_bytes(lines(body))
        return ingest_paths([file], lake, Options(table=table, threads=1)).tally


def _reader(form: str, table: str) -> Callable[[bytes], bytes]:
    if form in _SEPARATORS:
        return partial(_with_header, _SEPARATORS[form], table)
    if form in _OBJECTS:
        return _lines_of_json
    raise bad_request(f"the format '{form[:50]}' is not supported: {', '.join(FORMATS)}")


def _with_header(separator: str, table: str, body: bytes) -> bytes:
    """The body as CSV under the table's columns in their order; a row may have fewer."""
    columns = [name for name, _ in load_pack(packs_of(table)[0])[table].columns]
    try:
        text = body.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise bad_request("the body is not the text that streamFormat says") from error
    wide = next((i for i, row in enumerate(rows, 1) if len(row) > len(columns)), None)
    if wide is not None:
        raise bad_request(f"row {wide} has more fields than '{table}' has columns ({len(columns)})")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([*row, *[""] * (len(columns) - len(row))] for row in rows if row)
    return out.getvalue().encode()


def _lines_of_json(body: bytes) -> bytes:
    """Objects one after the other, on a line or over several, or in arrays: an object a line."""
    try:
        whole = orjson.loads(body)
        objects = whole if isinstance(whole, list) else [whole]
    except ValueError:
        return body  # lines; what is wrong with one of them is for the reader of records to say
    return b"".join(orjson.dumps(one) + b"\n" for one in objects)


def _refusal(told: Tally) -> RequestRefused | None:
    if not told.quarantined:
        return None
    why = ", ".join(reason for reason, _ in told.reasons.most_common(3))
    detail = f"{told.quarantined} of {told.input} records are no rows of the table ({why}); they are kept in quarantine"
    return bad_request(f"{detail}, the others are stored", "BadRequest_InvalidRecords")


def _consumed(count: int) -> dict[str, object]:
    columns = (
        ("ConsumedRecordsCount", "Int64", "long"),
        ("UpdatePolicyStatus", "String", "string"),
        ("UpdatePolicyFailureCode", "String", "string"),
        ("UpdatePolicyFailureReason", "String", "string"),
    )
    described = [{"ColumnName": name, "DataType": net, "ColumnType": type_} for name, net, type_ in columns]
    return {"Tables": [{"TableName": "Table_0", "Columns": described, "Rows": [[count, "Inactive", "Unknown", None]]}]}
