"""Log Analytics' query API: one query, or several at once.

https://learn.microsoft.com/azure/azure-monitor/logs/api/overview
"""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import Any, Final
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.plan.ranges import Span
from bluetick.server.access import Caller, Right
from bluetick.server.cells import LOG_ANALYTICS
from bluetick.server.errors import Asked, Failure, bad_request, failure_of
from bluetick.server.frames import chart, written
from bluetick.server.properties import QUERY_SECONDS, read_properties
from bluetick.server.reading import Forms, Reading, Streamed
from bluetick.server.requests import answered, json_body, json_response, text_of
from bluetick.server.service import Service
from bluetick.server.timespans import interval
from bluetick.session import QueryRequest

MOST_AT_ONCE: Final = 50
_MOST_WAIT: Final = 600.0
_WAIT = re.compile(r"(?:^|,)\s*wait=(\d{1,6})\s*(?:,|$)")
_FORMS = Forms(LOG_ANALYTICS)
_WHOLE: Final = Span()


def log_analytics_routes(service: Service) -> list[Route]:
    return [
        Route("/v1/workspaces/{workspace}/query", answered(partial(_query, service), error_body), methods=["POST"]),
        Route("/v1/$batch", answered(partial(_batch, service), error_body), methods=["POST"]),
    ]


def error_body(failure: Failure, asked: Asked) -> dict[str, Any]:
    kind = "SyntaxError" if failure.detail.startswith("Syntax error") else "SemanticError"
    inner: dict[str, Any] = {"code": kind if failure.diagnostic else failure.code, "message": failure.detail}
    if failure.diagnostic:
        inner["innererror"] = {"code": failure.diagnostic, "message": failure.detail}
    code = "BadArgumentError" if failure.status == 400 else failure.code
    return {
        "error": {
            "message": "The request had some invalid properties" if failure.status == 400 else failure.message,
            "code": code,
            "correlationId": asked.activity_id,
            "innererror": inner,
        }
    }


async def _query(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.READ)
    body = await json_body(request)
    prefer = request.headers.get("prefer", "")
    reading = await _begin(service, request, caller, asked, body, prefer)
    return Streamed(reading, _tables(reading, prefer))


async def _begin(
    service: Service, request: Request, caller: Caller, asked: Asked, body: dict[str, Any], prefer: str
) -> Reading:
    """Every workspace is the one that there is, whatever its id; further ones are refused."""
    if body.get("workspaces"):
        raise bad_request("there is one workspace here: 'workspaces' cannot add others")
    call = service.call(request, caller, asked, "LogAnalytics", text_of(body, "query"))
    wait = _WAIT.search(prefer)
    seconds = min(float(wait[1]), _MOST_WAIT) if wait else QUERY_SECONDS
    properties = await asyncio.to_thread(read_properties, None, call.text, seconds)
    scope = interval(body.get("timespan"), asked.at)
    query = QueryRequest(call.text, now=asked.at, scope=scope or _WHOLE, schemas="sentinel", seconds=properties.seconds)
    return await service.run(request, call, query, properties.limits, _FORMS)


async def _tables(reading: Reading, prefer: str) -> AsyncIterator[bytes]:
    heads = reading.heads

    def opening(index: int) -> bytes:
        head = heads[index]
        columns = [{"name": name, "type": type_} for name, type_ in head.columns]
        text = orjson.dumps({"name": head.name, "columns": columns, "rows": []})
        return (b"," if index else b"") + text[: -len(b"]}")]

    yield b'{"tables":['
    async for part in written(reading, opening, b"]}", None):
        yield part
    yield b"]"
    if "include-statistics" in prefer:
        rows = [{"tableRowCount": one.rows, "tableSize": one.bytes} for one in reading.rows.tables]
        told = {"query": {"executionTime": round(reading.seconds, 6), "datasetStatistics": rows}}
        yield b',"statistics":' + orjson.dumps(told)
    if "include-render" in prefer:
        charts = [chart(head.visualization) for head in heads if head.visualization]
        shown = {name[0].lower() + name[1:]: value for name, value in charts[0].items()} if charts else {}
        yield b',"render":' + orjson.dumps(shown)
    if reading.error is not None:
        yield b',"error":' + orjson.dumps(_partial(failure_of(reading.error)))
    yield b"}"


def _partial(failure: Failure) -> dict[str, Any]:
    inner = {"code": failure.code, "message": failure.detail, "severity": 2, "severityName": "Error"}
    detail = {"code": "EngineError", "message": failure.message, "innererror": inner}
    words = "There were some errors when processing your query."
    return {"code": "PartialError", "message": words, "details": [detail]}


async def _batch(service: Service, request: Request, asked: Asked) -> Response:
    """One after the other; each has its own status, and one that fails leaves the others alone."""
    caller = service.caller(request, Right.READ)
    asked_for = (await json_body(request)).get("requests")
    if not isinstance(asked_for, list) or not all(isinstance(one, dict) for one in asked_for):
        raise bad_request("'requests' must be a list of objects")
    if len(asked_for) > MOST_AT_ONCE:
        raise bad_request(f"a batch has {MOST_AT_ONCE} requests at most")
    return json_response({"responses": [await _one(service, request, caller, asked, one) for one in asked_for]})


async def _one(
    service: Service, request: Request, caller: Caller, asked: Asked, part: dict[str, Any]
) -> dict[str, Any]:
    own = replace(asked, activity_id=str(uuid4()))
    status, body = 200, b""
    try:
        if str(part.get("path", "/query")) != "/query" or str(part.get("method", "POST")).upper() != "POST":
            raise bad_request("a request of a batch is a POST to /query")
        given, headers = part.get("body"), part.get("headers")
        if not isinstance(given, dict):
            raise bad_request("'body' must be an object")
        names = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        reading = await _begin(service, request, caller, own, given, names.get("prefer", ""))
        try:
            body = b"".join([text async for text in _tables(reading, names.get("prefer", ""))])
        finally:
            await reading.close()
    except Exception as error:  # an answer of its own, as a request by itself would have
        failure = failure_of(error)
        status, body = failure.status, orjson.dumps(error_body(failure, own))
    return {"id": part.get("id"), "status": status, "headers": {}, "body": orjson.Fragment(body)}
