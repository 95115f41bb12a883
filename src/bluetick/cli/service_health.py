"""What `bluetick schedule` does for its own health: assesses, gives signs of life, serves metrics."""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from bluetick.cli.failures import say
from bluetick.detections.health.gathering import Gathering, Places
from bluetick.detections.health.watching import Pulse, Ticking, Watch
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.windows import Claim, Failure, Outcome
from bluetick.detections.schedule.parts import Clock
from bluetick.detections.schedule.scheduler import Surroundings
from bluetick.session import Session

Address = tuple[str, int]

_BEAT_SECONDS: Final = 30.0
# A service that does nothing for longer than a window may take, and this, hangs.
_GRACE_SECONDS: Final = 300.0
# So many older commits of a table are read in an assessment, until all of two weeks are known.
_COMMITS_AT_ONCE: Final = 100


class AddressType(click.ParamType[Address]):
    """HOST:PORT with the address of an interface; a port alone is of this machine only."""

    name = "[HOST:]PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, tuple):
            return value
        host, _, port = str(value).rpartition(":")
        host = host.strip("[]") or "127.0.0.1"
        try:
            ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
            number = int(port)
        except ValueError:
            self.fail(f"'{value}' is not of the form 127.0.0.1:9464 or 9464", param, ctx)
        if not 0 <= number < 1 << 16:
            self.fail(f"{number} is no port", param, ctx)
        return host, number


@dataclass(frozen=True, slots=True)
class HealthOptions:
    """What the command line says. `session` gives the one over the lake; `timeout` is the most that a window may take,
    in seconds."""

    lake: Path
    session: Callable[[], Session]
    timeout: float
    heartbeat: Path | None = None
    metrics: Address | None = None


@dataclass(frozen=True, slots=True)
class Vigil:
    """What the service calls as it works: `moved` for each thing done, `between` after each round."""

    moved: Callable[[], None]
    between: Callable[[], None]

    def over(self, around: Surroundings) -> Surroundings:
        """The same, with each window's end as a sign that the work moves on."""

        def report(claimed: Claim, said: Outcome | Failure) -> None:
            self.moved()
            around.report(claimed, said)

        return replace(around, report=report)


@contextmanager
def watching(kept: Ledger, clock: Clock, options: HealthOptions, *, once: bool) -> Iterator[Vigil]:
    """The service is watched in the block. A single pass assesses nothing, since it has no next minute; it gives one
    sign of life, at its end."""
    with ExitStack() as stack:
        own = Ledger(kept.path)  # of the threads
        stack.callback(own.close)
        hangs_after = options.timeout + _GRACE_SECONDS
        pulse = Pulse(own, clock, options.heartbeat, hangs_after=hangs_after)
        if once:
            yield Vigil(pulse.move, pulse.move)
            pulse.beat()
            return
        places = Places(options.lake, kept.path)
        gathering = Gathering(kept, options.session, places, at_once=_COMMITS_AT_ONCE)
        watch = Watch(kept, gathering, clock)
        beating = Ticking("heartbeat", _BEAT_SECONDS, pulse.beat)
        beating.start()
        stack.callback(beating.end)
        if options.metrics is not None:
            stack.callback(_serve(own, watch, pulse, clock, options.metrics))

        def between() -> None:
            pulse.move()
            watch.turn()

        yield Vigil(pulse.move, between)


def _serve(ledger: Ledger, watch: Watch, pulse: Pulse, clock: Clock, address: Address) -> Callable[[], None]:
    """Serve metrics; what ends it."""
    from bluetick.detections.health.metrics import LedgerMetrics  # noqa: PLC0415 - loaded when asked for
    from bluetick.detections.health.serving import MetricsServer  # noqa: PLC0415 - the same

    metrics = LedgerMetrics(ledger, lambda: watch.latest, clock.now)
    server = MetricsServer(*address, metrics, lambda: pulse.is_alive)
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    say(f"metrics at http://{host}:{server.port}/metrics")
    return server.close
