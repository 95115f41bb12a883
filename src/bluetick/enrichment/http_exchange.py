"""One HTTP exchange that cannot hang, follow, grow or tell: bounded time and size, no redirects, TLS verified."""

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

MAX_BODY: Final = 8 * 1024 * 1024
_BROKEN: Final = "the connection broke, or the answer is not HTTP"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `secrets` are headers too, but never shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ExchangeError(Exception):
    """There is no answer; the message is in our own words and names no header. `may_pass`: another try is worth it."""

    def __init__(self, message: str, *, may_pass: bool = True) -> None:
        super().__init__(message)
        self.may_pass = may_pass


def send(request: Request, seconds: float, addresses: Sequence[str] = ()) -> Response:
    """One exchange. A redirect is an answer like any other, so that no header reaches another host.

    All of it ends within `seconds`, but for the resolution of the name and the connection, which the system bounds.
    With `addresses` of the host, no name is resolved and no proxy asked: the first of them that answers is used.
    """
    parts = urlsplit(request.url)
    connection = _pinned(parts, seconds, addresses) if addresses else _connection(parts, seconds)
    try:
        with _translated():
            connection.connect()
        with _watched(connection, seconds), _translated():
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            headers = {"Accept-Encoding": "identity", **request.headers, **request.secrets}
            connection.request(request.method, target or "/", request.body, headers)
            return _read(connection.getresponse())
    finally:
        connection.close()


def retry_after(response: Response | None, now: float) -> float | None:
    """The seconds of a Retry-After, which may also be a date."""
    text = "" if response is None else response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _read(response: HTTPResponse) -> Response:
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = response.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise ExchangeError(f"the answer is larger than {MAX_BODY // 1024 // 1024} MB", may_pass=False)
    if response.length:  # read(n) takes the end of a connection for the end of a body
        raise ExchangeError(_BROKEN)
    return Response(response.status, headers, body)


class _Pinned(HTTPConnection):
    """To one of these addresses, whatever the host's name resolves to."""

    def __init__(self, host: str, port: int | None, seconds: float, addresses: Sequence[str]) -> None:
        super().__init__(host, port, timeout=seconds)
        self._addresses = addresses

    def connect(self) -> None:
        for left, address in reversed(list(enumerate(reversed(self._addresses)))):
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
            except OSError:
                if not left:
                    raise
            else:
                return


class _PinnedTls(_Pinned):
    """The same over TLS; the certificate must be of the host's name."""

    default_port = HTTPSConnection.default_port

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _pinned(parts: SplitResult, seconds: float, addresses: Sequence[str]) -> HTTPConnection:
    kind = _PinnedTls if parts.scheme == "https" else _Pinned
    return kind(parts.hostname or "", parts.port, seconds, addresses)


def _connection(parts: SplitResult, seconds: float) -> HTTPConnection:
    """To the host, or through the proxy that the system names for https."""
    host = parts.hostname or ""
    if parts.scheme != "https":
        return HTTPConnection(host, parts.port, timeout=seconds)
    context = ssl.create_default_context()
    proxy = urlsplit(getproxies().get("https", ""))
    if proxy.hostname is None or host in _LOOPBACK or proxy_bypass(host):
        return HTTPSConnection(host, parts.port, timeout=seconds, context=context)
    connection = HTTPSConnection(proxy.hostname, proxy.port or 8080, timeout=seconds, context=context)
    connection.set_tunnel(host, parts.port or 443, _proxy_headers(proxy))
    return connection


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(pair.encode()).decode()}


@contextmanager
def _watched(connection: HTTPConnection, seconds: float) -> Iterator[None]:
    """Ends the exchange when its time is over: a socket's own limit begins anew with each byte of a slow answer."""
    over = threading.Event()

    def end() -> None:
        over.set()
        if isinstance(connection.sock, socket.socket):
            # The plain socket's method: an SSLSocket's would drop the session that the reader is using.
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except ExchangeError as error:
        raise (_too_slow() if over.is_set() and error.may_pass else error) from None
    finally:
        timer.cancel()
    if over.is_set():
        raise _too_slow()


def _too_slow() -> ExchangeError:
    return ExchangeError("the answer did not come in time")


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the network in our own words: theirs may hold addresses of proxies, headers and paths."""
    try:
        yield
    except ssl.SSLCertVerificationError:
        raise ExchangeError("its certificate cannot be verified", may_pass=False) from None
    except TimeoutError:
        raise _too_slow() from None
    except socket.gaierror:
        raise ExchangeError("its name cannot be resolved") from None
    except ConnectionRefusedError:
        raise ExchangeError("the connection is refused") from None
    except (HTTPException, OSError, ValueError):
        raise ExchangeError(_BROKEN) from None
