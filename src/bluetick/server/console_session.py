"""What the console asks first: who it speaks for, and what this server has to show."""

from functools import partial
from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.server.access import Right
from bluetick.server.errors import Asked
from bluetick.server.requests import answered, json_response
from bluetick.server.service import Service


def session_routes(service: Service) -> list[Route]:
    return [Route("/api/session", answered(partial(_session, service)), methods=["GET"])]


async def _session(service: Service, request: Request, asked: Asked) -> Response:
    """`ledger`, `rules` and `hunts` say whether there is one: the routes that need one that is not there are empty."""
    caller = service.caller(request, Right.READ)
    work = service.work
    return json_response(
        {
            "version": version("bluetick"),
            "database": service.database,
            "caller": {"name": caller.name, "right": caller.right.word},
            "needsToken": service.needs_token,
            "lake": service.lake is not None,
            "ledger": work.has_ledger,
            "rules": work.rules is not None,
            "hunts": work.hunts is not None,
            "now": asked.at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        }
    )
