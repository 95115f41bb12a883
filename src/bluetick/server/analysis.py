"""What is wrong with a query, for editors: columns and diagnostics; nothing runs."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.diagnostics import Diagnostic, SourceText
from bluetick.server.access import Right
from bluetick.server.errors import Asked, bad_request
from bluetick.server.reading import unless_gone
from bluetick.server.requests import answered, json_body, json_response, text_of
from bluetick.server.service import Service
from bluetick.session import QueryRequest


def analysis_routes(service: Service) -> list[Route]:
    return [Route("/api/analyze", answered(partial(_analyze, service)), methods=["POST"])]


async def _analyze(service: Service, request: Request, asked: Asked) -> Response:
    """Lines and columns count from 1, offsets from 0, all of them Unicode characters."""
    service.caller(request, Right.READ)
    body = await json_body(request)
    text, schemas = text_of(body, "query"), body.get("schemas")
    if schemas not in (None, "sentinel", "defender"):
        raise bad_request("'schemas' must be sentinel or defender")
    found = await unless_gone(request, service.executor.check(QueryRequest(text, schemas=schemas)))
    source = SourceText(text)
    told = sorted((*found.diagnostics, *found.warnings), key=lambda one: (one.span.start, one.span.end))
    return json_response(
        {
            "columns": [{"name": name, "type": type_} for name, type_ in found.columns],
            "diagnostics": [diagnostic_json(one, source) for one in told],
        }
    )


def diagnostic_json(diagnostic: Diagnostic, source: SourceText) -> dict[str, Any]:
    start = min(diagnostic.span.start, len(source.text))
    end = min(diagnostic.span.end, len(source.text))
    line, column = source.position(start)
    end_line, end_column = source.position(end)
    return {
        "severity": diagnostic.severity.value,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "note": diagnostic.note,
        "hint": diagnostic.hint,
        "start": start,
        "end": end,
        "line": line,
        "column": column,
        "endLine": end_line,
        "endColumn": end_column,
    }
