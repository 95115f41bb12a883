"""Requests made up out of the server's own description: whatever comes, no fault of ours."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from starlette.routing import Route

import bluetick
from bluetick.server.app import make_app
from bluetick.server.jobs import Jobs
from bluetick.server.openapi import document
from server.running import Served, served
from server.service_world import make_service_world

SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = [(path, method) for path, item in document()["paths"].items() for method in item]


def test_the_description_is_of_every_route_and_no_other(on: Served) -> None:
    made = [route for route in make_app(on.service).routes if isinstance(route, Route)]
    paths = {route.path: route.path.replace(":path}", "}") for route in made}  # of which a part may have slashes
    routes = {(paths[route.path], method.lower()) for route in made for method in route.methods or ()}
    assert {pair for pair in routes if pair[1] != "head"} == set(OPERATIONS)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("world")
    world = make_service_world(folder)
    with (
        bluetick.connect(lake=world.lake) as session,
        served(session, lake=world.lake, work=world.work, jobs=Jobs(world.commands)) as running,
    ):
        yield running


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_made_up_requests_are_answered_or_refused(lake: Served, path: str, method: str) -> None:
    with requests.Session() as client:

        @given(case=SCHEMA[path][method.upper()].as_strategy())
        @settings(max_examples=40, suppress_health_check=list(HealthCheck))
        def check(case: schemathesis.Case[Any]) -> None:
            answer = case.call(base_url=lake.url, session=client)
            assert answer.status_code < 500, answer.text
            assert answer.status_code == 200 or "error" in answer.json(), answer.text

        check()
    assert lake.faults == []


ODD = ("\0", "\ud800", "print '\ud800'", "." * 10_000, "print " + "(" * 5_000, "a" * 300_000, "\u202e|", ".show \0")


@pytest.mark.parametrize("path", ["/v2/rest/query", "/v1/rest/query", "/v1/rest/mgmt"])
def test_odd_texts_are_answered_or_refused(lake: Served, path: str) -> None:
    with lake.http() as client:
        for text in ODD:
            body = json.dumps({"csl": text})
            answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, (text[:20], answer.text)
    assert lake.faults == []
