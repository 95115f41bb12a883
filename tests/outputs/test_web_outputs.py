"""Webhooks, OCSF, Slack and Teams against servers on the loopback: what they get, and what their answers mean."""

import base64
import hashlib
import hmac
import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from output_messages import NOW, Clock, Names, message
from profile_services import LocalService, Reply, serving

from bluetick.detections.outputs.addresses import read_target
from bluetick.detections.outputs.posting import Endpoint, Web
from bluetick.detections.outputs.slack import MOST_HEADER, MOST_SECTION, Slack, slack_message
from bluetick.detections.outputs.teams import Teams, teams_body, teams_message
from bluetick.detections.outputs.webhook import Webhook, signing_key
from bluetick.detections.schedule.delivery import NotTaken

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
TOKEN = "t0ken-that-must-not-be-seen"  # noqa: S105 - a canary


@pytest.fixture
def service() -> Iterator[LocalService]:
    with serving() as found:
        found.always(Reply(200, b"ok"))
        yield found


def endpoint(service: LocalService, seconds: float = 10.0) -> Endpoint:
    target = read_target(f"{service.address}/hook/s3cret-path", allows_private=True)
    names = Names({"127.0.0.1": [["127.0.0.1"]]})
    secrets = {"Authorization": f"Bearer {TOKEN}"}
    return Endpoint(target, Web(Clock(), names), seconds, allows_private=True, secrets=secrets, hidden=[TOKEN])


def failure(send: Callable[[], object]) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        send()
    assert TOKEN not in str(caught.value)
    assert "s3cret" not in str(caught.value)
    return caught.value


def test_a_webhook_is_signed_as_the_standard_says(service: LocalService) -> None:
    told = message()
    assert Webhook(endpoint(service), signing_key(SECRET), 10_000).send(told) == "status 200: ok"
    (asked,) = service.asked
    assert (asked.method, asked.path) == ("POST", "/hook/s3cret-path")
    assert json.loads(asked.body) == told.to_json()
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["webhook-id"] == headers["idempotency-key"] == "ab12-0"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    signed = b"ab12-0." + headers["webhook-timestamp"].encode() + b"." + asked.body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_the_example_of_the_standard() -> None:
    """The reference libraries' test vector: secret, id, timestamp, payload and signature."""
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    made = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert made == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "plain-text", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%%", SECRET[6:]])
def test_what_is_no_signing_secret_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="a signing secret is") as caught:
        signing_key(secret)
    assert len(secret) < 7 or secret not in str(caught.value)


@pytest.mark.parametrize("status", [400, 405, 413, 415, 422])
def test_what_the_service_would_never_take(service: LocalService, status: int) -> None:
    service.always(Reply(status, f"no {TOKEN} at /hook/s3cret-path".encode()))
    one = Endpoint(
        endpoint(service).target,
        endpoint(service).web,
        10.0,
        allows_private=True,
        secrets={"Authorization": f"Bearer {TOKEN}"},
        hidden=[TOKEN, "/hook/s3cret-path"],
    )
    error = failure(lambda: Webhook(one, None, 10_000).send(message()))
    assert error.is_final
    assert str(error) == f"it answers with status {status}: no *** at ***"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404, 408, 425, 429, 500, 502, 503, 504])
def test_what_another_try_may_mend(service: LocalService, status: int) -> None:
    with serving() as elsewhere:
        service.always(Reply(status, b"", {"Location": f"{elsewhere.address}/y"}))
        error = failure(lambda: Webhook(endpoint(service), None, 10_000).send(message()))
        assert not error.is_final
        assert ("redirect" in str(error)) == (300 <= status < 400)
        assert elsewhere.asked == [], "a redirect is not followed"


def test_retry_after_in_seconds_as_a_date_and_beyond_reason(service: LocalService) -> None:
    date = (NOW + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    for text, seconds in (("120", 120.0), (date, 90.0), ("999999999", 86_400.0), ("soon", 0.0)):
        service.always(Reply(429, b"", {"Retry-After": text}))
        assert failure(lambda: Webhook(endpoint(service), None, 10_000).send(message())).seconds == seconds


def test_silence_and_nobody(service: LocalService) -> None:
    service.always(Reply(silence=60.0))
    assert "in time" in str(failure(lambda: Webhook(endpoint(service, 0.2), None, 10_000).send(message())))
    with serving() as gone:
        pass
    assert "refused" in str(failure(lambda: Webhook(endpoint(gone), None, 10_000).send(message())))


def test_a_proxy_of_the_environment_is_not_asked(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy:
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        Webhook(endpoint(service), None, 10_000).send(message())
        tls = Endpoint(
            read_target("https://somewhere.example/", allows_private=False),
            Web(Clock(), Names({"somewhere.example": [["127.0.0.1"]]})),
            1.0,
        )
        failure(lambda: tls.post(b"", {}))
        assert proxy.asked == []
    assert len(service.asked) == 1


@contextmanager
def tls_service(folder: Path, name: str) -> Iterator[tuple[int, Path]]:
    """A service over TLS on the loopback with a certificate of this name: its port, and who vouches for it."""
    pem, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    named = ["-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(pem)]
    subprocess.run([*made, *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.headers["Host"].encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that refuses the certificate is what the test is about."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], pem
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_the_certificate_is_of_the_host_not_of_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names({"alerts.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    with tls_service(tmp_path, "alerts.example") as (port, pem):

        def post(host: str) -> str:
            target = read_target(f"https://{host}:{port}/", allows_private=True)
            return Endpoint(target, Web(Clock(), names), 10.0, allows_private=True).post(b"{}", {})

        assert "certificate cannot be verified" in str(failure(lambda: post("alerts.example")))
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert post("alerts.example") == f"status 200: alerts.example:{port}"
        assert "certificate cannot be verified" in str(failure(lambda: post("other.example")))


def test_the_next_address_is_tried_where_one_refuses(service: LocalService) -> None:
    target = read_target(f"http://two.example:{service.address.rpartition(':')[2]}/", allows_private=True)
    names = Names({"two.example": [["127.0.0.2", "127.0.0.1"]]})
    assert Endpoint(target, Web(Clock(), names), 10.0, allows_private=True).post(b"{}", {}) == "status 200: ok"


def test_a_large_message_keeps_as_many_rows_as_fit(service: LocalService) -> None:
    rows = [[f"pc{number}", number] for number in range(5_000)]
    Webhook(endpoint(service), None, 4_000).send(message(rows=rows, row_count=5_000))
    body = service.asked[0].body
    said = json.loads(body)
    assert len(body) <= 4_000
    assert said["rows"] == rows[: len(said["rows"])]
    assert len(said["rows"]) + said["rows_left_out"] == said["row_count"] == 5_000
    assert len(body) > 3_960, "one row more would not fit"


def test_a_message_that_is_too_large_without_rows_keeps_what_it_is_about(service: LocalService) -> None:
    Webhook(endpoint(service), None, 2_048).send(message(description="x" * 5_000, custom_details={"a": ["y" * 3_000]}))
    said = json.loads(service.asked[0].body)
    assert said["left_out"] == ["custom_details", "columns", "entities", "techniques", "tactics", "description"]
    assert (said["id"], said["severity"], said["rows_left_out"]) == ("ab12", "High", 2)


# --- chats ------------------------------------------------------------------------------------------------------------

NASTY = '<!channel> <https://evil.example|click> & *b* [x](http://evil.example) <at>all</at> "q"'


def nasty() -> dict[str, Any]:
    return message(
        name=NASTY,
        description=NASTY * 80,
        entities=[{"kind": "Host", "HostName": NASTY}] * 40,
        columns=[NASTY] * 40,
        rows=[[NASTY] * 40] * 500,
        row_count=500,
    ).to_json()


def test_a_slack_message_keeps_slacks_limits_and_escapes_what_a_log_says(service: LocalService) -> None:
    service.always(Reply(200, b"ok"))
    Slack(endpoint(service)).send(message())
    said = json.loads(service.asked[0].body)
    assert said["blocks"][0]["text"]["text"] == "RAISED: Rows of an hour"
    assert "*Severity:* High" in said["blocks"][2]["text"]["text"]
    assert "• Host: pc1, Count: 7" in said["blocks"][3]["text"]["text"]
    found = slack_message(nasty())
    assert len(found["blocks"]) <= 50
    for block in found["blocks"]:
        text = block["text"]["text"]
        assert len(text) <= (MOST_HEADER if block["type"] == "header" else MOST_SECTION)
        if block["text"]["type"] == "mrkdwn":
            assert "<" not in text
            assert ">" not in text
            assert block["text"]["verbatim"] is True
    assert "<" not in found["text"]
    assert "495 more rows: bluetick alerts show ab12" in found["blocks"][-1]["text"]["text"]


def test_a_teams_card_is_small_and_has_no_markdown(service: LocalService) -> None:
    service.always(Reply(202))
    Teams(endpoint(service)).send(message())
    body = json.loads(service.asked[0].body)
    (attachment,) = body["attachments"]
    assert body["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    texts = ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]
    assert texts[:3] == ["RAISED: Rows of an hour", "Too many rows.", "Severity: High"]
    assert "Host: pc2, Count: 9" in texts
    large = teams_message(nasty())
    kinds = {block["type"] for block in large["attachments"][0]["content"]["body"]}
    assert kinds == {"RichTextBlock"}, "text runs read no Markdown"
    assert len(teams_body(nasty()).decode().encode("utf-16-le")) <= 28 * 1024
