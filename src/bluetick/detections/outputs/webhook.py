"""Messages as signed POSTs: the headers and the signature of Standard Webhooks 1.0.0
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), and an Idempotency-Key."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bluetick.detections.ledger.outbox import Message
from bluetick.detections.outputs.fitting import Said, fitted
from bluetick.detections.outputs.lines import compact
from bluetick.detections.outputs.posting import Endpoint

_PREFIX: Final = "whsec_"
_LEAST_KEY: Final = 24
_MOST_KEY: Final = 64


def as_json(said: Said) -> bytes:
    return compact(said).encode()


def signing_key(secret: str) -> bytes:
    """The bytes of a secret in the standard's spelling; ValueError, which does not show it, where it is not."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _LEAST_KEY <= len(key) <= _MOST_KEY:
        raise ValueError(f"a signing secret is '{_PREFIX}' and then {_LEAST_KEY} to {_MOST_KEY} bytes in base64")
    return key


@dataclass(frozen=True, slots=True)
class Webhook:
    """POSTs each message in at most `most` bytes. `form` gives the body."""

    endpoint: Endpoint
    key: bytes | None = field(repr=False)
    most: int
    form: Callable[[Said], bytes] = as_json

    def send(self, message: Message) -> str:
        body = fitted(message.to_json(), self.most, self.form)
        moment = str(int(self.endpoint.web.clock.now().timestamp()))
        headers = {"webhook-id": message.name, "webhook-timestamp": moment, "Idempotency-Key": message.name}
        if self.key is not None:
            signed = f"{message.name}.{moment}.".encode() + body
            signature = base64.b64encode(hmac.new(self.key, signed, hashlib.sha256).digest()).decode()
            headers["webhook-signature"] = f"v1,{signature}"
        return self.endpoint.post(body, headers)
