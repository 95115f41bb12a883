"""Whether the service and its data are well, for the console: what `bluetick health` says."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.detections.health.assessing import assess
from bluetick.detections.health.conditions import KINDS, Condition
from bluetick.detections.health.gathering import Gathering, Places
from bluetick.detections.ledger.opening import Ledger
from bluetick.server.access import Right
from bluetick.server.detections.ledger import of_ledger
from bluetick.server.errors import Asked, without_folders
from bluetick.server.requests import answered, json_response
from bluetick.server.service import Service

_ALIVE_WITHIN: Final = timedelta(minutes=3)
_MOST_COMMITS: Final = 5_000
_HOLDS_SECONDS: Final = 10.0


@dataclass(slots=True, eq=False)
class _Assessments:
    """One at a time, and for some seconds the same for all who ask: it reads the lake's logs."""

    service: Service
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _made: float = -_HOLDS_SECONDS
    _found: list[Condition] = field(default_factory=list)

    async def newest(self) -> list[Condition]:
        async with self._turn:
            if monotonic() - self._made >= _HOLDS_SECONDS:
                self._found = await of_ledger(self.service, self._assess)
                self._made = monotonic()
            return self._found

    def _assess(self, ledger: Ledger) -> list[Condition]:
        lake = self.service.lake
        if lake is None:
            return []
        now = datetime.now(UTC)
        gathering = Gathering(ledger, lambda: self.service.session, Places(lake, ledger.path), at_once=_MOST_COMMITS)
        return assess(gathering.facts(now, _ALIVE_WITHIN), now)


def health_routes(service: Service) -> list[Route]:
    return [Route("/api/health", answered(partial(_health, _Assessments(service))), methods=["GET"])]


async def _health(assessments: _Assessments, request: Request, asked: Asked) -> Response:
    """`known` is false where there is no lake or no ledger, and so nothing to assess. What does not hold stands there
    too, so that one sees what was looked at."""
    service = assessments.service
    service.caller(request, Right.READ)
    if service.lake is None or not service.work.has_ledger:
        return json_response({"ok": False, "known": False, "conditions": []})
    found = await assessments.newest()
    folders = service.folders
    codes = {condition.code for condition in found}
    fine = [
        {"name": kind.title, "code": code.value, "state": "ok", "text": "", "since": None}
        for code, kind in KINDS.items()
        if code not in codes
    ]
    told = [_condition_json(condition, folders) for condition in found]
    return json_response({"ok": not found, "known": True, "conditions": [*told, *fine]})


def _condition_json(condition: Condition, folders: Sequence[str]) -> dict[str, Any]:
    said = condition.to_json()
    names = ("code", "severity", "since", "rules", "advice")
    return {
        "name": without_folders(condition.content()["name"], folders),
        "state": "failing",
        "text": without_folders(condition.what, folders),
        "subject": without_folders(condition.subject, folders),
        **{name: said[name] for name in names},
    }
