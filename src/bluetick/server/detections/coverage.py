"""How well techniques are covered, for the console: what `bluetick coverage` finds, as it was last looked at."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bluetick.detections.coverage.levels import Level
from bluetick.detections.documents.attack import TACTICS
from bluetick.detections.linting.attack_facts import tactics_of_techniques
from bluetick.server.access import Right
from bluetick.server.detections.jobs import Wanted, begin, line_of
from bluetick.server.detections.shelf import Shelf
from bluetick.server.errors import Asked, bad_request
from bluetick.server.jobs import Job, JobState
from bluetick.server.requests import answered, json_body, json_response
from bluetick.server.service import Call, Service
from bluetick.workers.commands import Command

_LEVELS: Final = [level.name.lower() for level in Level]
_OTHER: Final = "Other"  # techniques of which it is not known what they serve, and whose rules name no tactic


@dataclass(slots=True, eq=False)
class _Coverage:
    """The last result, and the job that looks anew. Rules run for it, so it is not looked at with each request."""

    service: Service
    shelf: Shelf
    found: bytes = b""
    as_of: datetime | None = None
    job: Job | None = None
    _tactics: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def look(self, call: Call) -> Job:
        """The job that looks: the one that does it already, or a new one."""
        if self.job is not None and self.job.state is JobState.RUNNING:
            return self.job
        folder = self.shelf.folder
        if folder is None:
            raise bad_request("the server was given no folder of rules: bluetick serve --rules DIR")
        rules = folder.resolve()

        def prepare(_: Path) -> Command:
            named = self.shelf.rules(())
            self._tactics = {one.id: one.detection.tactics for one in named if one.detection is not None}
            return Command(("coverage", str(rules), "--format", "json"), (rules,))

        self.job = begin(self.service, call, Wanted("coverage", prepare, self._finish, is_shared=True))
        return self.job

    def _finish(self, output: bytes) -> bytes | None:
        line = line_of(output)
        if line is None:
            return None
        self.found, self.as_of = orjson.dumps(_by_tactic(orjson.loads(line), self._tactics)), datetime.now(UTC)
        return self.found


def coverage_routes(service: Service, shelf: Shelf) -> list[Route]:
    coverage = _Coverage(service, shelf)
    return [
        Route("/api/coverage", answered(partial(_show, coverage)), methods=["GET"]),
        Route("/api/coverage", answered(partial(_look, coverage)), methods=["POST"]),
    ]


async def _show(coverage: _Coverage, request: Request, asked: Asked) -> Response:
    """The last result with the time of it (`asOf`); where there is none yet, a job that looks (`job`)."""
    service = coverage.service
    caller = service.caller(request, Right.READ)
    if coverage.shelf.folder is None:
        return json_response({"tactics": [], "levels": _LEVELS, "asOf": None, "job": None})
    job = coverage.job
    if job is None:
        job = coverage.look(service.call(request, caller, asked, "Coverage", ""))
    found = orjson.loads(coverage.found) if coverage.found else {"tactics": [], "levels": _LEVELS}
    running = job.id if job.state is JobState.RUNNING else None
    as_of = None if coverage.as_of is None else coverage.as_of.isoformat().replace("+00:00", "Z")
    error = None if job.error is None else job.error.detail
    return json_response({**found, "asOf": as_of, "job": running, "error": error})


async def _look(coverage: _Coverage, request: Request, asked: Asked) -> Response:
    service = coverage.service
    caller = service.caller(request, Right.RULES)
    await json_body(request)
    return json_response({"job": coverage.look(service.call(request, caller, asked, "Coverage", "")).id})


def _by_tactic(said: dict[str, Any], tactics: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Each technique under the tactics that it serves, in ATT&CK's order; of those that its rules name, where it is not
    known what it serves."""
    facts = tactics_of_techniques()
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in (*TACTICS.values(), _OTHER)}
    for one in said["techniques"]:
        named = {name for rule in one["rules"] for name in tactics.get(rule, ())}
        served = facts.get(one["technique"]) or named or {_OTHER}
        told = {
            "id": one["technique"],
            "name": one["technique"],
            **{name: one[name] for name in ("level", "score", "covered", "rules")},
        }
        for name in served:
            found[name].append(told)
    numbers = {name: number for number, name in TACTICS.items()}
    return {
        "tactics": [
            {"id": numbers.get(name, ""), "name": name, "techniques": techniques} for name, techniques in found.items()
        ],
        **{name: said[name] for name in ("covered", "rules")},
        "levels": [level["name"] for level in said["levels"]],
        "words": {level["name"]: level["words"] for level in said["levels"]},
        "notLookedAt": said["not_looked_at"],
    }
