"""Services of file profiles on this machine that behave like the real ones, and a clock that nobody waits for."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bluetick.enrichment.http_exchange import Request, Response, send
from bluetick.enrichment.outside import Outside

KEY = "k3y-of-a-test-that-must-not-be-seen"
NOW = 1_780_000_000.0  # 2026-05-28T20:26:40Z
SHA1, SHA256, MD5 = "a1" * 20, "b2" * 32, "c3" * 16
OTHER_SHA1, OTHER_SHA256 = "d4" * 20, "e5" * 32


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does: an answer, after a silence, piece by piece, or cut off."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    silence: float = 0.0
    is_cut: bool = False
    is_drip: bool = False


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), {name.replace("_", "-"): value for name, value in headers.items()})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it reached the server."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class LocalService:
    """A server on the loopback; `answer` decides, and `asked` remembers."""

    def __init__(self, address: str, over: threading.Event) -> None:
        self.address = address
        self.over = over
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Reply] = lambda asked: Reply(500)

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def always(self, given: Reply) -> None:
        self.answer = lambda asked: given

    def in_turn(self, *given: Reply) -> None:
        """One after the other, then the last again and again."""
        replies = list(given)
        self.answer = lambda asked: replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def serving() -> Iterator[LocalService]:
    """A service until the block ends."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            asked = Asked(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
            service.asked.append(asked)
            self.give(service.answer(asked))

        do_POST = do_GET
        do_CONNECT = do_GET

        def give(self, given: Reply) -> None:
            self.close_connection = True
            over.wait(given.silence)
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.flush()
            if given.is_drip:
                for byte in given.body:
                    self.wfile.write(bytes([byte]))
                    if over.wait(0.05):
                        return
                return
            self.wfile.write(given.body[: len(given.body) // 2] if given.is_cut else given.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    service = LocalService(f"http://127.0.0.1:{server.server_address[1]}", over)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


class Clock:
    """Time that passes only where something sleeps."""

    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def outside(self, **environment: str) -> Outside:
        return Outside(lambda: NOW + self.at, lambda: self.at, self.sleep, lambda: 0.5, environment, send)


def impatient(outside: Outside, seconds: float) -> Outside:
    """The same, with so much real time for an exchange."""

    def soon(request: Request, most: float) -> Response:
        return send(request, min(most, seconds))

    return replace(outside, send=soon)


def virustotal_file(**changed: Any) -> dict[str, Any]:
    """An answer of /files/{id}: the fields that its documentation lists, in their nesting."""
    attributes = {
        "sha1": SHA1,
        "sha256": SHA256,
        "md5": MD5,
        "size": 12_345,
        "type_tag": "peexe",
        "pe_info": {"entry_point": 4096},
        "first_submission_date": 1_500_000_000,
        "last_submission_date": 1_600_000_000,
        "times_submitted": 40,
        "unique_sources": 9,
        "signature_info": {
            "verified": "Signed",
            "product": "Contoso Sync",
            "signers": "Contoso Ltd; Contoso Code CA; Contoso Root",
            "signers details": [
                {"name": "Contoso Ltd", "cert issuer": "Contoso Code CA", "status": "Valid", "thumbprint": "AB" * 20},
                {"name": "Contoso Code CA", "cert issuer": "Contoso Root", "status": "Valid", "thumbprint": "CD" * 20},
            ],
        },
        "exiftool": {"CompanyName": "Contoso", "ProductName": "Sync"},
        "last_analysis_results": {
            "Microsoft": {"category": "undetected", "result": None},
            "Other": {"category": "malicious", "result": "Some.Name"},
        },
        **changed,
    }
    return {"data": {"type": "file", "id": attributes["sha256"], "attributes": attributes}}


VIRUSTOTAL_UNKNOWN = reply({"error": {"code": "NotFoundError", "message": "File not found"}}, 404)
VIRUSTOTAL_QUOTA = {"error": {"code": "QuotaExceededError", "message": "Quota exceeded"}}


def hashlookup_record(**changed: Any) -> dict[str, Any]:
    """A record as the server stores it: every value a text, hashes in upper case."""
    return {
        "FileName": "sync.exe",
        "FileSize": "2520",
        "MD5": MD5.upper(),
        "SHA-1": SHA1.upper(),
        "SHA-256": SHA256.upper(),
        "ProductCode": {"ProductName": "An update that held the file", "ProductCode": "190742"},
        "hashlookup:trust": 55,
        **changed,
    }
