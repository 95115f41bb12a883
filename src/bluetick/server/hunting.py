"""Advanced hunting's APIs: Microsoft Graph's, and Defender's own two.

https://learn.microsoft.com/graph/api/security-security-runhuntingquery,
https://learn.microsoft.com/defender-xdr/api-advanced-hunting
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.plan.ranges import Span
from bluetick.server.access import Right
from bluetick.server.errors import Asked, Failure, bad_request
from bluetick.server.limits import ResultLimits
from bluetick.server.reading import Forms, Reading
from bluetick.server.requests import Shape, answered, json_body
from bluetick.server.service import Service
from bluetick.server.timespans import interval
from bluetick.session import QueryRequest
from bluetick.values import format_datetime7

SECONDS: Final = 600.0
LIMITS: Final = ResultLimits(rows=100_000)
GRAPH_WINDOW: Final = timedelta(days=30)  # what Graph takes where the request says nothing
_WHOLE: Final = Span()
_TYPES: Final = {
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


@dataclass(frozen=True, slots=True)
class Flavour:
    """One of the APIs: what stands before the rows and behind them, by the words that it has for things."""

    operation: str
    opening: Callable[[Reading], bytes]
    closing: bytes
    has_window: bool = False


def hunting_routes(service: Service) -> list[Route]:
    places = (
        ("/v1.0/security/runHuntingQuery", _GRAPH, graph_error),
        ("/beta/security/runHuntingQuery", _GRAPH, graph_error),
        ("/api/advancedhunting/run", _DEFENDER, defender_error),
        ("/api/advancedqueries/run", _DEFENDER, defender_error),
    )
    return [_route(service, path, flavour, shape) for path, flavour, shape in places]


def _route(service: Service, path: str, flavour: Flavour, shape: Shape) -> Route:
    return Route(path, answered(partial(_run, service, flavour), shape), methods=["POST"])


async def _run(service: Service, flavour: Flavour, request: Request, asked: Asked) -> Response:
    """The whole answer, or an error: there is no half of either."""
    caller = service.caller(request, Right.READ)
    body = {name.lower(): value for name, value in (await json_body(request)).items()}
    if not isinstance(body.get("query"), str):
        raise bad_request("'Query' must be a text")
    call = service.call(request, caller, asked, flavour.operation, body["query"])
    scope = interval(body.get("timespan"), asked.at) if flavour.has_window else _WHOLE
    scope = scope or Span(asked.at - GRAPH_WINDOW, asked.at)
    query = QueryRequest(call.text, now=asked.at, scope=scope, schemas="defender", seconds=SECONDS)
    reading = await service.run(request, call, query, LIMITS, Forms(as_objects=True))
    try:
        if len(reading.heads) != 1:
            reading.error = bad_request(f"the query gives {len(reading.heads)} results; advanced hunting takes one")
        text = b"".join([part async for part in _parts(flavour, reading)])
    finally:
        await reading.close()
    if reading.error is not None:
        raise reading.error
    return Response(text, media_type="application/json")


async def _parts(flavour: Flavour, reading: Reading) -> AsyncIterator[bytes]:
    yield flavour.opening(reading)
    is_first = True
    async for _, rows in reading.tables():
        yield rows if is_first else b"," + rows
        is_first = False
    yield flavour.closing


def _graph_opening(reading: Reading) -> bytes:
    columns = [{"name": name, "type": _TYPES[type_]} for name, type_ in reading.heads[0].columns]
    context = "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.security.huntingQueryResults"
    return orjson.dumps({"@odata.context": context, "schema": columns})[:-1] + b',"results":['


def _defender_opening(reading: Reading) -> bytes:
    columns = [{"Name": name, "Type": _TYPES[type_]} for name, type_ in reading.heads[0].columns]
    told = {"Stats": {"ExecutionTime": round(reading.seconds, 6)}, "Schema": columns}
    return orjson.dumps(told)[:-1] + b',"Results":['


_GRAPH: Final = Flavour("GraphHunting", _graph_opening, b"]}", has_window=True)
_DEFENDER: Final = Flavour("DefenderHunting", _defender_opening, b"]}")


def graph_error(failure: Failure, asked: Asked) -> dict[str, Any]:
    inner = {
        "date": format_datetime7(asked.at),
        "request-id": asked.activity_id,
        "client-request-id": asked.client_request_id,
    }
    return {"error": {"code": _code(failure), "message": failure.detail, "innerError": inner}}


def defender_error(failure: Failure, asked: Asked) -> dict[str, Any]:
    return {"error": {"code": _code(failure), "message": failure.detail, "target": asked.activity_id}}


def _code(failure: Failure) -> str:
    return {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 429: "TooManyRequests"}.get(
        failure.status, failure.code
    )
