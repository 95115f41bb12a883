"""The application: routes behind the checks that every request must pass."""

import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bluetick.server.access import Names
from bluetick.server.analysis import analysis_routes
from bluetick.server.console_page import console_routes
from bluetick.server.console_session import session_routes
from bluetick.server.detections.alerts import alert_routes
from bluetick.server.detections.coverage import coverage_routes
from bluetick.server.detections.health import health_routes
from bluetick.server.detections.incidents import incident_routes
from bluetick.server.detections.jobs import job_routes
from bluetick.server.detections.rules import rule_routes
from bluetick.server.detections.shelf import Shelf
from bluetick.server.errors import Failure
from bluetick.server.export import export_routes
from bluetick.server.hunting import hunting_routes
from bluetick.server.hunts import hunt_routes
from bluetick.server.kusto import kusto_routes
from bluetick.server.log_analytics import log_analytics_routes
from bluetick.server.openapi import openapi_routes
from bluetick.server.reading import asked_by
from bluetick.server.requests import http_failure, json_response, refusal
from bluetick.server.service import Service
from bluetick.server.streaming_ingest import ingest_routes
from bluetick.server.tables import table_routes

# What a page may do: load what comes from here, and no script that stands inside a page.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# A browser's window goes there: no frame, no script of another page.
_OPENED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
_SAME_SITE = frozenset({"", "none", "same-origin"})
_KIND = "Kusto.Data.Exceptions.KustoRequestDeniedException"


class Guard:
    """In front of every route: the Host and the Origin must be the server's own. There is no CORS: a preflight is
    refused as any other foreign request. Every answer has the headers that keep a browser from more."""

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refused(Headers(scope=scope), is_page=scope["method"] == "GET" and scope["path"] == "/")
        if refused is None:
            await self._app(scope, receive, with_headers)
            return
        failure = Failure(403, "Forbidden", "Caller is not authorized to perform this action.", _KIND, refused)
        await refusal(failure, asked_by(Request(scope)))(scope, receive, with_headers)

    def _refused(self, headers: Headers, *, is_page: bool) -> str | None:
        """Why a request is refused. The page, which holds no data, may be opened by a link that stands elsewhere."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._names.allows_host(hosts[0]):
            return "the Host is not one of this server's names (bluetick serve --host-name adds one)"
        if any(not self._names.allows_origin(origin, hosts[0]) for origin in origins):
            return "the Origin is not this server's"
        is_opened = is_page and all(headers.get(name) == value for name, value in _OPENED.items())
        if headers.get("sec-fetch-site", "") not in _SAME_SITE and not is_opened:
            return "the request comes from another site"
        return None


async def _health(request: Request) -> Response:
    return json_response({"status": "ok"})


async def _not_there(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    response = refusal(http_failure(error), asked_by(request))
    response.headers.update(error.headers or {})
    return response


def all_routes(service: Service) -> list[Route]:
    shelf = Shelf(service.work.rules, service.session)
    return [
        *kusto_routes(service),
        *ingest_routes(service),
        *log_analytics_routes(service),
        *hunting_routes(service),
        *analysis_routes(service),
        *session_routes(service),
        *console_routes(),
        *alert_routes(service),
        *incident_routes(service),
        *health_routes(service),
        *rule_routes(service, shelf),
        *job_routes(service, shelf),
        *coverage_routes(service, shelf),
        *table_routes(service),
        *export_routes(service),
        *hunt_routes(service, shelf),
        *openapi_routes(),
    ]


def make_app(service: Service, log: Callable[[Exception], None] | None = None) -> Starlette:
    """The application. `log` is told of errors that are no caller's fault."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await service.jobs.close()
        await service.executor.close()

    app = Starlette(
        routes=[Route("/healthz", _health, methods=["GET"]), *all_routes(service)],
        middleware=[Middleware(Guard, names=service.names)],
        exception_handlers={HTTPException: _not_there},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.log = log or _log
    return app


def _log(error: Exception) -> None:
    logging.getLogger("bluetick.server").error("%s", "".join(traceback.format_exception(error)))
