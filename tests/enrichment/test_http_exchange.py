"""One exchange with a server that behaves badly: it ends in time, and in words that tell nothing they should not."""

import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from profile_services import KEY, LocalService, Reply, serving

from bluetick.enrichment.http_exchange import MAX_BODY, ExchangeError, Request, send


@pytest.fixture
def service() -> Iterator[LocalService]:
    with serving() as found:
        yield found


def get(service: LocalService, seconds: float = 10.0) -> str:
    """The reason for which there is no answer."""
    with pytest.raises(ExchangeError) as caught:
        send(Request("GET", f"{service.address}/x", secrets={"x-apikey": KEY}), seconds)
    assert KEY not in str(caught.value)
    return str(caught.value)


def test_an_answer_is_given_as_it_is(service: LocalService) -> None:
    service.always(Reply(404, b"none", {"Retry-After": "5"}))
    answer = send(Request("POST", f"{service.address}/a/b?c=d", {"X-A": "1"}, b"body", {"x-apikey": KEY}), 10.0)
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (404, b"none", "5")
    (asked,) = service.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/a/b?c=d", b"body")
    assert (asked.headers["X-A"], asked.headers["x-apikey"]) == ("1", KEY)


def test_a_redirect_is_not_followed(service: LocalService) -> None:
    with serving() as elsewhere:
        service.always(Reply(302, b"", {"Location": f"{elsewhere.address}/y"}))
        assert send(Request("GET", f"{service.address}/x", secrets={"x-apikey": KEY}), 10.0).status == 302
        assert elsewhere.asked == []


def test_a_server_that_says_nothing(service: LocalService) -> None:
    service.always(Reply(silence=60.0))
    start = time.monotonic()
    assert get(service, 0.2) == "the answer did not come in time"
    assert time.monotonic() - start < 10.0


def test_a_server_that_sends_byte_after_byte(service: LocalService) -> None:
    """Each byte comes within the socket's own limit; all of them would take 50 seconds."""
    service.always(Reply(body=b"x" * 1000, is_drip=True))
    start = time.monotonic()
    assert get(service, 0.4) == "the answer did not come in time"
    assert time.monotonic() - start < 10.0


def test_a_body_that_is_cut(service: LocalService) -> None:
    service.always(Reply(body=b"x" * 1000, is_cut=True))
    assert get(service) == "the connection broke, or the answer is not HTTP"


def test_a_body_without_end(service: LocalService) -> None:
    service.always(Reply(body=b"x" * (MAX_BODY + 1)))
    assert get(service) == "the answer is larger than 8 MB"


def test_nobody_there(service: LocalService) -> None:
    with serving() as gone:
        pass
    assert get(gone) == "the connection is refused"


def test_a_secret_is_not_shown() -> None:
    assert KEY not in repr(Request("GET", "https://x/", secrets={"x-apikey": KEY}))


def test_a_header_that_cannot_be_sent_is_not_shown(service: LocalService) -> None:
    with pytest.raises(ExchangeError) as caught:
        send(Request("GET", service.address, secrets={"x-apikey": f"{KEY}\nX: y"}), 10.0)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert service.asked == []


def test_a_proxy_is_asked_for_a_tunnel_and_told_nothing_more(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", service.address.replace("http://", "http://me:p%40ss@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    service.always(Reply(403, b"no"))
    with pytest.raises(ExchangeError) as caught:
        send(Request("GET", "https://service.invalid/x", secrets={"x-apikey": KEY}), 10.0)
    assert str(caught.value) == "the connection broke, or the answer is not HTTP"
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("CONNECT", "service.invalid:443")
    assert asked.headers["Proxy-Authorization"] == "Basic bWU6cEBzcw=="  # me:p@ss
    assert KEY not in str(asked)


def test_a_certificate_of_ones_own_making_is_refused(tmp_path: Path) -> None:
    pem = tmp_path / "self.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*made, "-keyout", pem, "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "cert.pem").read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """The client refuses the handshake: that is the test."""

    server = Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with pytest.raises(ExchangeError, match="certificate cannot be verified") as caught:
            send(Request("GET", f"https://127.0.0.1:{server.server_address[1]}/"), 10.0)
        assert not caught.value.may_pass
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
