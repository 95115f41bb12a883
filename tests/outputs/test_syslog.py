"""RFC 5424 messages over UDP, TCP and TLS, against collectors on the loopback."""

import json
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from output_messages import message

from bluetick.detections.outputs.syslog import Syslog, Transport, syslog_line
from bluetick.detections.schedule.delivery import NotTaken

# RFC 5424 section 6: PRI VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA SP MSG
LINE = re.compile(
    rb"<(?P<pri>\d{1,3})>1 (?P<time>\S+) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<proc>[!-~]{1,128})"
    rb" (?P<id>[!-~]{1,32}) (?P<data>\[(?:[^\]\\]|\\.)*\]) (?P<text>.*)",
    re.DOTALL,
)
PARAMETER = re.compile(rb' ([!-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"')


@contextmanager
def collector(context: ssl.SSLContext | None = None, *, resets: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A stream collector on the loopback: its port, and what each connection sent."""
    got: list[bytes] = []
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    plain, _ = listening.accept()
                except TimeoutError:
                    continue
                plain.settimeout(10)
                try:
                    with context.wrap_socket(plain, server_side=True) if context else plain as one:
                        if resets:
                            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                            continue
                        parts = []
                        while part := one.recv(4_096):
                            parts.append(part)
                        got.append(b"".join(parts))
                except OSError:
                    plain.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1], got
        finally:
            over.set()
            thread.join()


def read(line: bytes) -> re.Match[bytes]:
    found = LINE.fullmatch(line)
    assert found is not None, line
    return found


def test_a_message_has_rfc_5424s_form() -> None:
    found = read(syslog_line(message().to_json(), "sensor.example"))
    assert found["pri"] == b"81", "facility 10, severity 1 (alert)"
    assert (found["host"], found["app"], found["proc"], found["id"]) == (
        b"sensor.example",
        b"bluetick",
        b"-",
        b"raised",
    )
    assert found["time"] == b"2026-03-01T12:00:00Z"
    pairs = dict(PARAMETER.findall(found["data"]))
    assert pairs[b"message"] == b"ab12-0"
    assert pairs[b"severity"] == b"High"
    assert json.loads(found["text"]) == message().to_json()


@pytest.mark.parametrize(
    ("severity", "priority"), [("High", 81), ("Medium", 84), ("Low", 85), ("Informational", 86), ("strange", 83)]
)
def test_priorities(severity: str, priority: int) -> None:
    assert read(syslog_line(message(severity=severity).to_json(), "h"))["pri"] == str(priority).encode()


def test_what_a_log_says_breaks_no_line() -> None:
    nasty = 'a"] [x@1 y="z"] \\ \n<1>1 - - - - - - injected\x00 é'
    line = syslog_line(message(rule=nasty, name=nasty).to_json(), "bad host\n")
    found = read(line)
    assert found["host"] == b"badhost"
    assert b"\n" not in line
    assert b"\x00" not in line
    assert len(PARAMETER.findall(found["data"])) == 6
    assert found["data"].endswith(b'"]')
    assert json.loads(found["text"])["rule"] == nasty


def send(port: int, transport: Transport, most: int = 8_192, context: ssl.SSLContext | None = None) -> str:
    made = {} if context is None else {"context": lambda: context}
    return Syslog(("127.0.0.1", port), transport, "h", most, 5.0, **made).send(message())


def test_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        send(listening.getsockname()[1], Transport.UDP)
        read(listening.recv(65_536))


def test_a_stream_counts_octets() -> None:
    with collector() as (port, got):
        for _ in range(2):
            send(port, Transport.TCP)
    assert len(got) == 2
    count, _, line = got[0].partition(b" ")
    assert int(count) == len(line)
    read(line)


def test_a_collector_that_is_not_there_or_resets() -> None:
    with collector() as (port, _):
        pass
    with pytest.raises(OSError):
        send(port, Transport.TCP)
    with collector(resets=True) as (port, _), pytest.raises(OSError):
        send(port, Transport.TCP)
    with pytest.raises(NotTaken, match="resolved"):
        Syslog(("no.such.name.invalid", 514), Transport.TCP, "h", 8_192, 5.0).send(message())


def test_tls_with_a_certificate_that_is_trusted_and_with_one_that_is_not(tmp_path: Path) -> None:
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)]
    subprocess.run([*made, *named], check=True, capture_output=True)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem, key)
    trusting = ssl.create_default_context(cafile=str(pem))
    with collector(serving) as (port, got):
        send(port, Transport.TLS, context=trusting)
        with pytest.raises(NotTaken, match="certificate cannot be verified"):
            send(port, Transport.TLS)
    assert len(got) == 1
    read(got[0].partition(b" ")[2])


def test_a_message_is_made_to_fit() -> None:
    with collector() as (port, got):
        Syslog(("127.0.0.1", port), Transport.TCP, "h", 2_048, 5.0).send(message(rows=[["x" * 100, 1]] * 500))
    line = got[0].partition(b" ")[2]
    assert len(line) <= 2_048
    assert json.loads(read(line)["text"])["rows_left_out"] > 480
