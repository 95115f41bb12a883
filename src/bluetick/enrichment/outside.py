"""What providers that ask over a network need of the world, as values: tests give others."""

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bluetick.enrichment.http_exchange import Request, Response


@dataclass(frozen=True, slots=True)
class Outside:
    """Clocks, chance, the environment and the network.

    `now` is the time of day in seconds since 1970, for what outlives the process; `ticks` only ever grows, for limits.
    `jitter` gives a number in [0, 1). `send` makes one exchange within so many seconds.
    """

    now: Callable[[], float]
    ticks: Callable[[], float]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    environment: Mapping[str, str]
    send: "Callable[[Request, float], Response]"


def _send(request: "Request", seconds: float) -> "Response":
    from bluetick.enrichment.http_exchange import send  # noqa: PLC0415 - a client of HTTP costs start-up time

    return send(request, seconds)


def real_outside() -> Outside:
    """The clocks, the environment and the network of this machine."""
    return Outside(time.time, time.monotonic, time.sleep, random.random, os.environ, _send)
