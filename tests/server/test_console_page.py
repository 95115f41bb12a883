"""The console's page: its files and no others, under a policy that lets it do little, reachable by links."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import bluetick
from bluetick.server import console_page
from bluetick.server.access import kept
from server.running import DATABASE, Served, served

FILES = {
    "index.html": "<!doctype html><title>built</title>",
    "assets/index-1a2B_3c.js": "export {}",
    "assets/index-1.css": "body{}",
    "assets/icon-1.svg": "<svg/>",
    "assets/codicon-1.ttf": "font",
    "assets/.hidden.js": "hidden",
    "secret.js": "secret",
}
OPENED = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def built(on: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(console_page, "FOLDER", tmp_path)
    with on.http() as client:
        yield client


def test_the_page_and_its_files_are_served_with_their_types(built: httpx.Client) -> None:
    page = built.get("/")
    assert (page.status_code, page.text) == (200, FILES["index.html"])
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    kinds = {"index-1a2B_3c.js": "text/javascript", "index-1.css": "text/css", "icon-1.svg": "image/svg+xml"}
    for name, kind in (kinds | {"codicon-1.ttf": "font/ttf"}).items():
        answer = built.get(f"/assets/{name}")
        assert (answer.status_code, answer.text) == (200, FILES[f"assets/{name}"])
        assert answer.headers["content-type"].partition(";")[0] == kind
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_scripts_are_files_from_here_and_nothing_stands_in_the_page(built: httpx.Client) -> None:
    for path in ("/", "/assets/index-1a2B_3c.js"):
        told = built.get(path).headers["content-security-policy"].split("; ")
        policy = dict(one.split(" ", 1) for one in told)
        assert policy["default-src"] == "'none'"
        for name in ("script-src", "worker-src", "connect-src", "font-src"):
            assert policy[name] == "'self'"
        assert policy["style-src"] == "'self' 'unsafe-inline'"
        assert policy["img-src"] == "'self' data:"
        for name in ("frame-ancestors", "base-uri", "form-action"):
            assert policy[name] == "'none'"


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        ".hidden.js",
        "..%2fsecret.js",
        "%2e%2e/secret.js",
        "..%5csecret.js",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "index-1.css%00",
        "%00",
        "",
        "a" * 5_000,
    ],
)
def test_no_other_file_can_be_had(built: httpx.Client, name: str) -> None:
    answer = built.get(f"/assets/{name}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_without_a_built_page_the_server_says_how_to_get_it(
    on: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_page, "FOLDER", tmp_path)
    with on.http() as client:
        answer = client.get("/")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "Node 18" in answer.text
        assert "make console" in answer.text
        for word in ("<script", "<style", "style="):
            assert word not in answer.text
        assert client.get("/assets/index.js").status_code == 404
        (tmp_path / "index.html").write_text("built meanwhile")
        assert client.get("/").text == "built meanwhile"


def test_a_link_elsewhere_may_open_the_page_and_nothing_else(on: Served) -> None:
    with on.http() as client:
        assert client.get("/", headers=OPENED).status_code == 200
        assert client.get("/?query=x", headers=OPENED).status_code == 200
        for changed in (
            {"Sec-Fetch-Dest": "iframe"},
            {"Sec-Fetch-Dest": "script"},
            {"Sec-Fetch-Mode": "cors"},
            {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
            {"Host": "evil.example"},
            {"Origin": "http://evil.example"},
        ):
            assert client.get("/", headers=OPENED | changed).status_code == 403, changed
        for path in ("/api/session", "/assets/index.js", "/healthz", "/openapi.json"):
            assert client.get(path, headers=OPENED).status_code == 403, path
        assert client.post("/", headers=OPENED).status_code == 403


def test_the_page_needs_no_token_and_the_session_does() -> None:
    with bluetick.connect() as session, served(session, tokens=(kept("ana", "a" * 43, "read"),)) as on:
        with on.http() as client:
            assert client.get("/").status_code == 200
            assert client.get("/api/session").status_code == 401
        with on.http("a" * 43) as client:
            told = client.get("/api/session").json()
    assert told["caller"] == {"name": "ana", "right": "read"}
    assert told["needsToken"] is True


def test_the_session_says_what_there_is(on: Served) -> None:
    with on.http() as client:
        told = client.get("/api/session").json()
    assert told.pop("now").endswith("Z")
    assert told.pop("version")
    assert told == {
        "database": DATABASE,
        "caller": {"name": "anybody", "right": "admin"},
        "needsToken": False,
        "lake": False,
        "ledger": False,
        "rules": False,
        "hunts": False,
    }
