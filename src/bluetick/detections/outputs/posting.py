"""One POST to a web service, and what its answer means for the message."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from bluetick.detections.outputs.addresses import Resolver, Target, reachable, system_addresses
from bluetick.detections.schedule.delivery import NotTaken
from bluetick.detections.schedule.parts import Clock
from bluetick.enrichment.http_exchange import ExchangeError, Request, Response, retry_after, send

# These are of the endpoint or of the moment, not of the message: another try is worth it.
_MAY_PASS: Final = frozenset({401, 403, 404, 407, 408, 409, 410, 421, 423, 425, 429})
_MOST_PATIENCE: Final = 86_400.0
_SHOWN: Final = 200
_SHORTEST_SECRET: Final = 4
_UNSHOWN: Final = re.compile(r"[^ -~]+")


class Exchange(Protocol):
    """Sends a request to one of these addresses."""

    def __call__(self, request: Request, seconds: float, addresses: Sequence[str]) -> Response: ...


@dataclass(frozen=True, slots=True)
class Web:
    """The network, as outputs see it."""

    clock: Clock
    resolve: Resolver = system_addresses
    exchange: Exchange = send


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A web service that takes messages. Of its target nothing is shown but the host; `secrets` are headers."""

    target: Target = field(repr=False)
    web: Web
    seconds: float
    allows_private: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    hidden: Sequence[str] = field(default=(), repr=False)

    def post(self, body: bytes, headers: Mapping[str, str]) -> str:
        """What the service said when it took it; NotTaken where it did not."""
        addresses = reachable(self.target, self.web.resolve, allows_private=self.allows_private)
        all_headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "bluetick", **headers}
        request = Request("POST", self.target.url, all_headers, body, self.secrets)
        try:
            response = self.web.exchange(request, self.seconds, addresses)
        except ExchangeError as error:
            raise NotTaken(str(error)) from None
        return self._judged(response)

    def _judged(self, response: Response) -> str:
        status = response.status
        if 200 <= status < 300:
            return self._words(response)
        if 300 <= status < 400:
            raise NotTaken(f"it answers with a redirect (status {status}), which is not followed")
        if 400 <= status < 500 and status not in _MAY_PASS:
            raise NotTaken(f"it answers with {self._words(response)}", is_final=True)
        patience = retry_after(response, self.web.clock.now().timestamp()) or 0.0
        raise NotTaken(f"it answers with {self._words(response)}", seconds=min(patience, _MOST_PATIENCE))

    def _words(self, response: Response) -> str:
        """The status and the beginning of the body, without any secret that it may repeat."""
        text = response.body[:4_096].decode("utf-8", "replace")
        for secret in (self.target.url, *self.secrets.values(), *self.hidden):
            text = text.replace(secret, "***") if len(secret) >= _SHORTEST_SECRET else text
        shown = _UNSHOWN.sub(" ", text).strip()[:_SHOWN]
        return f"status {response.status}" + (f": {shown}" if shown else "")
