"""`/metrics` and `/healthz` over HTTP, for programs on this machine.

A page in a browser can be made to ask this server, by a name that comes to point here: so a request must name it by an
address, or by this machine's own name.
"""

import ipaddress
import json
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import TCPServer
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bluetick.diagnostics.errors import BluetickError, SourceError

# A client that says nothing is left so soon; the next one waits.
_SECONDS: Final = 5.0
_LONGEST_NAME: Final = 253
_LOG: Final = logging.getLogger(__name__)

Alive = Callable[[], bool]


class MetricsServer:
    """Answers in a thread of its own, one request at a time, from when it is made until it is closed."""

    def __init__(self, host: str, port: int, collector: Collector, is_alive: Alive) -> None:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(collector)
        names = frozenset({"localhost", socket.gethostname().lower(), host.lower()})

        handler = partial(_Handler, _Answering(registry, is_alive, names))
        try:
            self._server = (_Server6 if ":" in host else _Server)((host, port), handler)
        except OSError as error:
            raise SourceError(f"metrics cannot be served at {host}:{port}: {error.strerror or error}") from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="metrics", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The one that was asked for, or, of 0, the one that the system gave."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(HTTPServer):
    def server_bind(self) -> None:
        """Without asking a name service what this machine is called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves in the middle is no fault of ours."""
        _LOG.debug("a request for metrics failed", exc_info=True)


class _Server6(_Server):
    address_family = socket.AF_INET6


@dataclass(frozen=True, slots=True)
class _Answering:
    """What requests are answered with; `names` are those that they may call this server."""

    registry: CollectorRegistry
    is_alive: Alive
    names: frozenset[str]


class _Handler(BaseHTTPRequestHandler):
    timeout = _SECONDS
    protocol_version = "HTTP/1.0"
    server_version = "bluetick"
    sys_version = ""

    def __init__(self, answering: _Answering, *others: Any) -> None:
        self._answering = answering
        super().__init__(*others)

    def do_GET(self) -> None:
        if not _is_own(self.headers.get("Host"), self._answering.names):
            self._answer(403, "text/plain; charset=utf-8", b"this server is asked by its address only\n")
            return
        match self.path.partition("?")[0]:
            case "/metrics":
                self._metrics()
            case "/healthz":
                self._health()
            case _:
                self._answer(404, "text/plain; charset=utf-8", b"there are /metrics and /healthz\n")

    def log_message(self, format: str, *args: Any) -> None:
        """A scrape is not worth a line."""

    def _metrics(self) -> None:
        encode, form = choose_encoder(self.headers.get("Accept", ""))
        try:
            body = encode(self._answering.registry)
        except BluetickError as error:
            self._answer(503, "text/plain; charset=utf-8", f"{error}\n".encode())
            return
        self._answer(200, form, body)

    def _health(self) -> None:
        alive = self._answering.is_alive()
        body = json.dumps({"alive": alive}).encode() + b"\n"
        self._answer(200 if alive else 503, "application/json", body)

    def _answer(self, status: int, form: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", form)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)


def _is_own(host: str | None, names: frozenset[str]) -> bool:
    """Whether the Host header is an address, or one of the names; without one (HTTP/1.0) nobody was led here."""
    if host is None:
        return True
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    if len(name) > _LONGEST_NAME:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.lower() in names
    return True
