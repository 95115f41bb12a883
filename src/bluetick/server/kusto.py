"""Kusto's REST: queries and control commands. What a long text takes long is done in threads: others wait for none.

https://learn.microsoft.com/kusto/api/rest/request, https://learn.microsoft.com/kusto/api/rest/authentication
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.plan.ranges import Span
from bluetick.server.access import Right
from bluetick.server.commands import Command, CommandTable, answer_command, check_database, is_command, parse_command
from bluetick.server.errors import Asked, RequestRefused, bad_request
from bluetick.server.frames import frames, tables
from bluetick.server.properties import COMMAND_SECONDS, QUERY_SECONDS, Properties, read_properties
from bluetick.server.reading import Forms, Reading, Streamed
from bluetick.server.requests import answered, json_body, json_response, text_of
from bluetick.server.service import Call, Service
from bluetick.session import QueryRequest

COMMAND_TABLE: Final = "_Command"
Writer = Callable[[Reading], AsyncIterator[bytes]]


def kusto_routes(service: Service) -> list[Route]:
    query = partial(_query, service)
    return [
        Route("/v2/rest/query", answered(partial(query, is_v2=True)), methods=["POST"]),
        Route("/v1/rest/query", answered(partial(query, is_v2=False)), methods=["POST"]),
        Route("/v1/rest/mgmt", answered(partial(_management, service)), methods=["POST"]),
        Route("/v1/rest/auth/metadata", answered(_auth_metadata), methods=["GET"]),
    ]


async def _auth_metadata(request: Request, asked: Asked) -> Response:
    """What clients with a Microsoft sign-in ask first. There is none here: the token they bring is one of ours."""
    return json_response(
        {
            "AzureAD": {
                "LoginEndpoint": "https://login.microsoftonline.com",
                "LoginMfaRequired": False,
                "KustoClientAppId": "db662dc1-0cfe-4e1c-a843-19a68e65be58",
                "KustoClientRedirectUri": "https://microsoft/kustoclient",
                "KustoServiceResourceId": "https://kusto.kusto.windows.net",
                "FirstPartyAuthorityUrl": "",
            },
            "dSTS": {},
        }
    )


async def _query(service: Service, request: Request, asked: Asked, *, is_v2: bool) -> Response:
    """Either version takes commands too: Grafana asks for schemas there."""
    caller = service.caller(request, Right.READ)
    body = await json_body(request)
    call = service.call(request, caller, asked, "Query", text_of(body, "csl"))
    if is_command(call.text):
        return await _command(service, request, replace(call, operation="Command"), body, is_v2=is_v2)
    properties = await _checked(service, call, body, QUERY_SECONDS)
    reading = await service.run(request, call, to_request(call.text, properties), properties.limits, Forms())
    if is_v2:
        return Streamed(reading, frames(reading, defers=properties.defers))
    return Streamed(reading, tables(reading))


async def _management(service: Service, request: Request, asked: Asked) -> Response:
    caller = service.caller(request, Right.READ)
    body = await json_body(request)
    call = service.call(request, caller, asked, "Command", text_of(body, "csl"))
    if not is_command(call.text):
        raise bad_request("Syntax error: a command begins with a dot", kind="SyntaxException")
    return await _command(service, request, call, body, is_v2=False)


async def _command(service: Service, request: Request, call: Call, body: dict[str, Any], *, is_v2: bool) -> Response:
    properties = await _checked(service, call, body, COMMAND_SECONDS)
    try:
        command = await asyncio.to_thread(parse_command, call.text)
        table = await _table(service, call, command)
    except RequestRefused as error:
        service.note(call, error, 0, 0.0)
        raise
    if command.pipe:
        query = replace(
            to_request(f"{COMMAND_TABLE} {command.pipe}", properties), tables={COMMAND_TABLE: table.arrow()}
        )
        reading = await service.run(request, call, query, properties.limits, Forms())
    else:
        reading = await service.answer_table(request, call, table)
    return Streamed(reading, frames(reading) if is_v2 else tables(reading, is_command=True))


async def _table(service: Service, call: Call, command: Command) -> CommandTable:
    if command.words[:2] == ("cancel", "query") and len(command.names) == 1:
        count = await service.cancel(call.caller, command.names[0])
        columns = (("ClientRequestId", "string"), ("ActivityIds", "string"), ("Reason", "string"))
        return CommandTable(columns, [(command.names[0], str(count), "cancelled" if count else "none of this id runs")])
    return answer_command(command, await service.schema())


async def _checked(service: Service, call: Call, body: dict[str, Any], seconds: float) -> Properties:
    """The properties; what is wrong with them, or a database that is not here, is written down."""
    try:
        given = body.get("db")
        if given is not None and not isinstance(given, str):
            raise bad_request("'db' must be a text")
        check_database(service.database, given)
        return await asyncio.to_thread(read_properties, body.get("properties"), call.text, seconds)
    except RequestRefused as error:
        service.note(call, error, 0, 0.0)
        raise


def to_request(text: str, properties: Properties) -> QueryRequest:
    """The request to a session. Kusto's query_now is what now() gives: rows of the future are read nonetheless."""
    whole = Span() if properties.now is not None else None
    return QueryRequest(
        text,
        parameter_texts=properties.parameters,
        now=properties.now,
        scope=properties.scope or whole,
        seconds=properties.seconds,
    )
