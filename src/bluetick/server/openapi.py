"""The server's own description (OpenAPI 3.1), for programs that make requests out of it."""

from importlib.metadata import version
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.server.detections.description import CONSOLE_ROUTES
from bluetick.server.errors import Asked
from bluetick.server.requests import answered, json_response
from bluetick.server.streaming_ingest import FORMATS

_TEXT: Final = {"type": "string"}
_PROPERTIES: Final = {
    "type": "object",
    "properties": {
        "Options": {
            "type": "object",
            "properties": {
                "servertimeout": _TEXT,
                "norequesttimeout": {"type": "boolean"},
                "deferpartialqueryfailures": {"type": "boolean"},
                "notruncation": {"type": "boolean"},
                "truncationmaxrecords": {"type": "integer"},
                "truncationmaxsize": {"type": "integer"},
                "query_take_max_records": {"type": "integer"},
                "query_now": _TEXT,
                "query_datetimescope_from": _TEXT,
                "query_datetimescope_to": _TEXT,
            },
        },
        "Parameters": {"type": "object", "additionalProperties": _TEXT},
    },
}
_KUSTO: Final = {
    "type": "object",
    "required": ["csl"],
    "properties": {
        "db": {"type": ["string", "null"]},
        "csl": _TEXT,
        "properties": {"anyOf": [_PROPERTIES, _TEXT, {"type": "null"}]},
    },
}
_LOGS: Final = {
    "type": "object",
    "required": ["query"],
    "properties": {
        "query": _TEXT,
        "timespan": {"type": ["string", "null"]},
        "workspaces": {"type": ["array", "null"], "items": _TEXT},
    },
}
_BATCH: Final = {
    "type": "object",
    "required": ["requests"],
    "properties": {
        "requests": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": _TEXT,
                    "workspace": _TEXT,
                    "path": _TEXT,
                    "method": _TEXT,
                    "headers": {"type": "object", "additionalProperties": _TEXT},
                    "body": _LOGS,
                },
            },
        }
    },
}
_HUNT: Final = {
    "type": "object",
    "required": ["Query"],
    "properties": {"Query": _TEXT, "Timespan": {"type": ["string", "null"]}},
}
_ANALYZE: Final = {
    "type": "object",
    "required": ["query"],
    "properties": {"query": _TEXT, "schemas": {"enum": ["sentinel", "defender", None]}},
}
_SPAN: Final = {"type": "object", "properties": {"from": _TEXT, "to": _TEXT}}
_EXPORT: Final = {
    "type": "object",
    "required": ["query", "format"],
    "properties": {
        "query": _TEXT,
        "format": {"enum": ["csv", "json", "ndjson", "parquet"]},
        "timespan": {"anyOf": [_SPAN, {"type": "null"}]},
        "guard": {"type": "boolean"},
    },
}
_BODIES: Final = {
    "/v2/rest/query": ("A query, answered in frames", _KUSTO),
    "/v1/rest/query": ("A query, answered in tables", _KUSTO),
    "/v1/rest/mgmt": ("A control command", _KUSTO),
    "/v1/workspaces/{workspace}/query": ("A query of Log Analytics", _LOGS),
    "/v1/$batch": ("Several queries of Log Analytics", _BATCH),
    "/v1.0/security/runHuntingQuery": ("A hunt, as Microsoft Graph has it", _HUNT),
    "/beta/security/runHuntingQuery": ("A hunt, as Microsoft Graph has it", _HUNT),
    "/api/advancedhunting/run": ("A hunt, as Defender has it", _HUNT),
    "/api/advancedqueries/run": ("A hunt, as Defender has it", _HUNT),
    "/api/export": ("The rows of a query as a file", _EXPORT),
    "/api/analyze": ("Columns and problems of a query that is not run", _ANALYZE),
}
_REFUSALS: Final = {
    "400": "What was asked cannot be done, and why",
    "401": "No token that holds",
    "404": "There is no such thing",
    "409": "It is no longer as it was read",
    "403": "A foreign Host or Origin, or a token without the right",
    "408": "The body did not come",
    "413": "The body is too large",
    "415": "The body is not called JSON",
    "429": "Too many queries at once",
    "500": "A fault of the server's",
    "504": "The query took too long",
}
_ERROR: Final = {"type": "object", "required": ["error"], "properties": {"error": {"type": "object"}}}


def openapi_routes() -> list[Route]:
    return [Route("/openapi.json", answered(_document), methods=["GET"])]


async def _document(request: Request, asked: Asked) -> Response:
    return json_response(document())


def document() -> dict[str, Any]:
    paths: dict[str, Any] = {
        path: {"post": _operation(summary, path, {"application/json": {"schema": schema}})}
        for path, (summary, schema) in _BODIES.items()
    }
    for path, summary in (
        ("/v1/rest/auth/metadata", "What clients with a sign-in ask first"),
        ("/", "The console's page"),
        ("/assets/{name}", "A file of the console's page"),
        ("/api/session", "Who asks, and what there is to see"),
        ("/healthz", "Whether the server answers"),
        ("/openapi.json", "This description"),
        ("/api/tables", "The tables, functions and watchlists, with their columns"),
        ("/api/tables/{name}", "A table, and how full each of its columns is"),
    ):
        paths[path] = {"get": _operation(summary, path, None)}
    for (method, path), said in CONSOLE_ROUTES.items():
        body = None if said.body is None else {"application/json": {"schema": said.body}}
        described = _operation(said.summary, path, body)
        described["parameters"] += [{"name": name, "in": "query", "schema": one} for name, one in said.query.items()]
        paths.setdefault(path, {})[method] = described
    octets = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    ingest = _operation("Rows for a table", "/v1/rest/ingest/{database}/{table}", octets)
    ingest["parameters"].append({"name": "streamFormat", "in": "query", "schema": {"enum": list(FORMATS)}})
    paths["/v1/rest/ingest/{database}/{table}"] = {"post": ingest}
    return {
        "openapi": "3.1.0",
        "info": {"title": "bluetick", "version": version("bluetick")},
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _operation(summary: str, path: str, content: dict[str, Any] | None) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    found: dict[str, Any] = {
        "summary": summary,
        "parameters": [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names],
        "responses": {
            "200": {"description": "The answer", "content": {"application/json": {}}},
            **{status: {"description": words, "content": refused} for status, words in _REFUSALS.items()},
        },
    }
    if content is not None:
        found["requestBody"] = {"required": True, "content": content}
    return found
