"""What comes in: JSON bodies within bounds, and what goes out when something is refused."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from bluetick.server.errors import FAULT, Asked, Failure, RequestRefused, bad_request, failure_of, one_api
from bluetick.server.reading import asked_by

BODY_SECONDS = 60
MOST_BODY = 4 * 1024 * 1024
Handler: TypeAlias = Callable[[Request, Asked], Awaitable[Response]]
Shape: TypeAlias = Callable[[Failure, Asked], dict[str, Any]]


def kusto_error(failure: Failure, asked: Asked) -> dict[str, Any]:
    return {"error": one_api(failure, asked)}


def answered(handler: Handler, shape: Shape = kusto_error) -> Callable[[Request], Awaitable[Response]]:
    """A route whose errors have the shape that its clients read. Ids go back with every answer."""

    async def endpoint(request: Request) -> Response:
        asked = asked_by(request)
        try:
            response = await handler(request, asked)
        except ClientDisconnect:
            raise
        except Exception as error:  # the edge: a client gets words, never a traceback
            response = refusal(failure_of(error), asked, shape)
            if response.status_code == FAULT:
                request.app.state.log(error)
        response.headers["x-ms-client-request-id"] = asked.client_request_id
        response.headers["x-ms-activity-id"] = asked.activity_id
        return response

    return endpoint


def refusal(failure: Failure, asked: Asked, shape: Shape = kusto_error) -> Response:
    response = json_response(shape(failure, asked), failure.status)
    if failure.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if failure.status == 429:
        response.headers["retry-after"] = "1"
    return response


def json_response(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def http_failure(error: HTTPException) -> Failure:
    """Of a path or a method that there is not."""
    kind = "Kusto.Data.Exceptions.KustoServiceException"
    return Failure(error.status_code, "General_BadRequest", error.detail, kind, error.detail)


async def json_body(request: Request) -> dict[str, Any]:
    """An object; refused if it is large, or called anything but JSON: a browser cannot send that across sites."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        detail = f"Content-Type must be application/json, not '{kind[:100]}'"
        raise RequestRefused(
            Failure(
                415,
                "General_BadRequest",
                "Unsupported media type.",
                "Kusto.Data.Exceptions.KustoBadRequestException",
                detail,
            )
        )
    body = await whole_body(request, MOST_BODY)
    try:
        value = orjson.loads(body)
    except ValueError as error:
        raise bad_request("the body is not JSON") from error
    if not isinstance(value, dict):
        raise bad_request("the body must be a JSON object")
    return value


async def whole_body(request: Request, most: int) -> bytes:
    """The body, unpacked where it is compressed, never more than `most` bytes of it, nor waited for long."""
    packed = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                packed += part
                if len(packed) > most:
                    raise _too_large(most)
    except TimeoutError as error:
        detail = f"the body was not here after {BODY_SECONDS} s"
        kind = "Kusto.Data.Exceptions.KustoBadRequestException"
        raise RequestRefused(Failure(408, "General_BadRequest", "Request timed out.", kind, detail)) from error
    match request.headers.get("content-encoding", "identity").strip().lower():
        case "identity" | "":
            return bytes(packed)
        case "gzip" | "deflate":
            return await asyncio.to_thread(_unpacked, bytes(packed), most)
        case other:
            raise bad_request(f"Content-Encoding '{other[:50]}' is not supported")


def _unpacked(packed: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # finds gzip's or zlib's header by itself
    try:
        found = unpacker.decompress(packed, most + 1)
    except zlib.error as error:
        raise bad_request("the body is not what Content-Encoding says") from error
    if len(found) > most:
        raise _too_large(most)
    if not unpacker.eof:
        raise bad_request("the compressed body is cut short")
    return found


def _too_large(most: int) -> RequestRefused:
    detail = f"the body is larger than {most} bytes"
    kind = "Kusto.Data.Exceptions.KustoBadRequestException"
    return RequestRefused(Failure(413, "General_BadRequest", "Request entity too large.", kind, detail))


def text_of(body: dict[str, Any], name: str) -> str:
    """A field that must be text."""
    value = body.get(name)
    if not isinstance(value, str):
        raise bad_request(f"'{name}' must be a text")
    return value
