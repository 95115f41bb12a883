"""Who is let in: tokens, Hosts, Origins, content types."""

import json
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.kusto.data import KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoServiceError
from starlette.routing import Route

import bluetick
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import SourceError
from bluetick.server import requests
from bluetick.server.access import TOKENS, Names, host_name, kept
from bluetick.server.app import make_app
from bluetick.server.serving import Serving
from server.running import DATABASE, Served, served

ASKED = {"db": DATABASE, "csl": "print 1"}


def routes(on: Served) -> list[tuple[str, str]]:
    found = []
    for route in make_app(on.service).routes:
        assert isinstance(route, Route)
        path = route.path.replace("{", "").replace("}", "")
        found += [(method, path) for method in route.methods or ()]
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost:80@evil.example"},
        {"Host": ""},
        {"Host": "169.254.169.254"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "file://"},
        {"Origin": "http://localhost:5173"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "ftp://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_foreign_hosts_and_origins_are_refused_on_every_route(on: Served, headers: dict[str, str]) -> None:
    known = routes(on)
    assert len(known) >= 5
    with on.http() as client:
        for method, path in [*known, ("OPTIONS", "/v2/rest/query"), ("GET", "/nowhere")]:
            answer = client.request(method, path, json=ASKED, headers=headers)
            assert answer.status_code == 403, (method, path)
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8442", "http://127.0.0.1:8442"),
        ("localhost", "http://localhost:80"),
        ("localhost:443", "https://localhost"),
        ("LOCALHOST:1", "http://localhost:1"),
        ("[::1]:1", "http://[::1]:1"),
        ("[::1]:1", None),
    ],
)
def test_the_servers_own_names_are_let_in(on: Served, host: str, origin: str | None) -> None:
    headers = {"Host": host, **({} if origin is None else {"Origin": origin})}
    assert on.post("/v2/rest/query", ASKED, **headers).status_code == 200


def test_there_is_no_cors_and_pages_may_do_little(on: Served) -> None:
    with on.http() as client:
        answer = client.options("/v2/rest/query", headers={"Access-Control-Request-Method": "POST"})
        assert answer.status_code == 405
        answer = client.get("/healthz")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_bodies_must_be_json_by_name_and_by_content(on: Served) -> None:
    with on.http() as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = client.post("/v2/rest/query", content=json.dumps(ASKED), headers={"Content-Type": kind})
            assert answer.status_code == 415
            assert "application/json" in answer.json()["error"]["@message"]
        for body in (
            "",
            "[]",
            "{",
            '{"csl":1}',
            "{}",
            "null",
            '{"csl":"print 1","db":5}',
            "\ud800".encode("utf-8", "surrogatepass"),
        ):
            answer = client.post("/v2/rest/query", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, body
        answer = client.post("/v2/rest/query", content=b" " * 5_000_000, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413


def client_with(on: Served, token: str) -> KustoClient:
    return KustoClient(KustoConnectionStringBuilder.with_aad_user_token_authentication(on.url, token))


def test_tokens_are_asked_for_once_there_is_one() -> None:
    tokens = (kept("reader", "r" * 43, "read"), kept("boss", "b" * 43, "admin"))
    with bluetick.connect() as session, served(session, tokens=tokens) as on:
        assert on.post("/v2/rest/query", ASKED).status_code == 401
        assert on.post("/v2/rest/query", ASKED, Authorization="Bearer wrong").status_code == 401
        assert on.post("/v2/rest/query", ASKED, Authorization="Basic " + "r" * 43).status_code == 401
        with client_with(on, "wrong") as client, pytest.raises(KustoServiceError, match="401"):
            client.execute(DATABASE, "print 1")
        with client_with(on, "r" * 43) as client:
            assert client.execute(DATABASE, "print 1").primary_results[0][0][0] == 1
            with pytest.raises(KustoServiceError, match="BluetickAudit"):
                client.execute(DATABASE, "BluetickAudit")
        with client_with(on, "b" * 43) as client:
            text = """BluetickAudit | sort by TimeGenerated asc
                | project Caller, Text, Outcome, Rows, Database, Operation"""
            found = [list(row) for row in client.execute(DATABASE, text).primary_results[0]]
    # Requests end in the order in which they were made: each was over before the next began.
    assert found == [
        ["reader", "print 1", "Completed", 1, DATABASE, "Query"],
        ["reader", "BluetickAudit", "General_BadRequest", 0, DATABASE, "Query"],
    ]


def test_tokens_of_a_lake_are_hashes_for_their_owner_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["token", "add", "ana", "--lake", str(tmp_path), "--scope", "admin"]) == 0
    secret = capsys.readouterr().out.strip()
    file = tmp_path / "_settings" / TOKENS
    assert len(secret) == 43
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run_command(["token", "add", "ana", "--lake", str(tmp_path)]) == 1
    assert run_command(["token", "list", "--lake", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("ana\tadmin\t")
    with bluetick.connect(lake=tmp_path) as session, served(session, lake=tmp_path) as on:
        assert session.catalog.names() == ()
        mine = {"Authorization": f"Bearer {secret}"}
        assert on.post("/v2/rest/query", ASKED, **mine).status_code == 200
        assert on.post("/v2/rest/query", ASKED).status_code == 401
        assert run_command(["token", "remove", "ana", "--lake", str(tmp_path)]) == 0
        assert on.post("/v2/rest/query", ASKED, **mine).status_code == 401
    assert run_command(["token", "remove", "ana", "--lake", str(tmp_path)]) == 1
    log = (tmp_path / "_settings" / "audit.ndjson").read_text()
    assert "print 1" in log
    assert secret not in log


def test_a_broken_list_of_tokens_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "_settings").mkdir()
    (tmp_path / "_settings" / TOKENS).write_text('[{"name": "x"}]')
    with pytest.raises(SourceError, match="no list of tokens"):
        Serving("127.0.0.1", (), None, tmp_path, "d").tokens().all()


def test_other_addresses_need_tokens() -> None:
    with pytest.raises(SourceError, match="make tokens first"):
        Serving("0.0.0.0", (), None, None, "d").check()  # noqa: S104 - it is refused
    Serving("0.0.0.0", (), "secret", None, "d").check()  # noqa: S104 - with a token
    Serving("::1", (), None, None, "d").check()
    with pytest.raises(SourceError, match="an empty token"):
        Serving("127.0.0.1", (), "", None, "d").check()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a", "a"),
        ("A:80", "a"),
        ("[::1]", "[::1]"),
        ("[::1]:80", "[::1]"),
        ("a:b", ""),
        ("", ""),
        (":80", ":80"),
        ("a:٣", ""),
    ],
)
def test_host_names(given: str, name: str) -> None:
    assert host_name(given) == name
    assert not Names(frozenset({"b"})).allows_host(given)


def test_two_hosts_are_no_host(on: Served) -> None:
    with socket.create_connection(("127.0.0.1", on.port)) as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert wire.recv(100).split(b" ")[1] in (b"400", b"403")


def test_a_body_that_does_not_come_is_not_waited_for(on: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.05)
    with socket.create_connection(("127.0.0.1", on.port)) as wire:
        wire.sendall(
            b"POST /v2/rest/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b'Content-Length: 100\r\n\r\n{"csl":'
        )
        assert wire.recv(100).split(b" ")[1] == b"408"


def test_queries_are_cancelled_by_their_own_callers_and_by_admins() -> None:
    tokens = tuple(
        kept(name, name * 20, right) for name, right in (("one", "read"), ("two", "read"), ("boss", "admin"))
    )
    text = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"

    def mine(name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {name * 20}", "x-ms-client-request-id": "endless"}

    def stopped(on: Served, name: str) -> str:
        answer = on.post("/v1/rest/mgmt", {"csl": '.cancel query "endless"'}, **mine(name))
        found: str = answer.json()["Tables"][0]["Rows"][0][1]
        return found

    with bluetick.connect() as session, served(session, tokens=tokens) as on, ThreadPoolExecutor(1) as threads:
        for name in ("one", "boss"):
            endless = threads.submit(on.post, "/v2/rest/query", {"csl": text}, **mine("one"))
            while not on.service.executor._turns:  # type: ignore[attr-defined]
                assert not endless.done()
            assert stopped(on, "two") == "0"
            assert stopped(on, name) == "1"
            assert endless.result().json()["error"]["code"] == "Request_Cancelled"
