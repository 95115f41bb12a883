"""Messages for a log collector: RFC 5424, over UDP (RFC 5426), TCP with octet counting (RFC 6587) or TLS (RFC 5425)."""

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bluetick.detections.ledger.outbox import Message
from bluetick.detections.outputs.fitting import Said, fitted
from bluetick.detections.schedule.delivery import NotTaken

# Facility 10 of RFC 5424, security and authorization messages.
_FACILITY: Final = 10
_SEVERITIES: Final = {"High": 1, "Medium": 4, "Low": 5, "Informational": 6}  # alert, warning, notice, informational
_ERROR: Final = 3
# 32473 is the number that RFC 5612 keeps for examples; the name is ours alone.
_ELEMENT: Final = "bluetick@32473"
_NOTHING: Final = "-"
_MOST_VALUE: Final = 200
_WAIT_SECONDS: Final = 2.0


class Transport(Enum):
    """How a message travels."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


def syslog_line(said: Said, host: str) -> bytes:
    """A message in RFC 5424's form. What it says is JSON in ASCII; the structured data is for those who sort."""
    priority = _FACILITY * 8 + _SEVERITIES.get(str(said.get("severity")), _ERROR)
    facts = {
        "message": said["message"],
        "id": said["id"],
        "event": said["event"],
        "revision": said["revision"],
        "rule": said.get("rule", ""),
        "severity": said.get("severity", ""),
    }
    pairs = " ".join(f'{name}="{_escaped(str(value))}"' for name, value in facts.items())
    head = f"<{priority}>1 {said['time']} {_word(host, 255)} bluetick - {_word(str(said['event']), 32)}"
    text = json.dumps(said, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return f"{head} [{_ELEMENT} {pairs}] {text}".encode()


def _escaped(text: str) -> str:
    """The value of a parameter: RFC 5424 6.3.3 escapes three characters; what ends a line is none of a value's."""
    flat = "".join(character if character.isprintable() else " " for character in text[:_MOST_VALUE])
    return flat.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _word(text: str, most: int) -> str:
    return "".join(character for character in text if "!" <= character <= "~")[:most] or _NOTHING


@dataclass(frozen=True, slots=True)
class Syslog:
    """Sends to a collector, each message over a connection of its own. A datagram counts as taken when it has left;
    a stream, when the other side has closed it without complaint, or has been silent for two seconds."""

    address: tuple[str, int]
    transport: Transport
    host: str
    most: int
    seconds: float
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def send(self, message: Message) -> str:
        data = fitted(message.to_json(), self.most, lambda said: syslog_line(said, self.host))
        try:
            if self.transport is Transport.UDP:
                self._send_datagram(data)
            else:
                self._send_stream(f"{len(data)} ".encode() + data)
        except ssl.SSLCertVerificationError:
            raise NotTaken("its certificate cannot be verified") from None
        except TimeoutError:
            raise NotTaken("the collector did not answer in time") from None
        except socket.gaierror:
            raise NotTaken("its name cannot be resolved") from None
        return f"{len(data)} bytes over {self.transport.value}"

    def _send_datagram(self, data: bytes) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(*self.address, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as sending:
            sending.settimeout(self.seconds)
            sending.connect(address)
            sending.send(data)

    def _send_stream(self, data: bytes) -> None:
        with socket.create_connection(self.address, self.seconds) as plain:
            if self.transport is Transport.TCP:
                plain.sendall(data)
                plain.shutdown(socket.SHUT_WR)
                _await_end(plain)
                return
            with self.context().wrap_socket(plain, server_hostname=self.address[0]) as secure:
                secure.sendall(data)
                _end_tls(secure)


def _end_tls(connection: ssl.SSLSocket) -> None:
    """Say that ours is all. Many collectors answer by closing, without the words that TLS has for it."""
    connection.settimeout(_WAIT_SECONDS)
    try:
        connection.unwrap()
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError, TimeoutError):
        return


def _await_end(connection: socket.socket) -> None:
    """The other side's end of the stream: it has read ours. A connection that is reset is an error."""
    connection.settimeout(_WAIT_SECONDS)
    try:
        while connection.recv(4_096):
            pass
    except TimeoutError:
        return
