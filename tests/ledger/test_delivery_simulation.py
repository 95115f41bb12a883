"""Outputs that fail in every way, a process that ends at any commit: nothing is lost, nothing comes out of order."""

import random
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bluetick.detections.ledger.deliveries import next_delivery, refused, register_outputs, resend
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.outbox import Message, Told, owe
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.schedule.delivery import Delivery, Destination, NotTaken

START = datetime(2026, 3, 1, tzinfo=UTC)
OUTPUTS = ("steady", "shaky", "often dead", "picky")
MESSAGES = 60


class Crash(BaseException):
    """The process ends here."""


@dataclass(slots=True)
class Clock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class World:
    """What each output got, and what goes wrong. `crash_every`: a commit of so many ends the process."""

    source: random.Random
    crash_every: int
    clock: Clock = field(default_factory=Clock)
    got: dict[str, list[Message]] = field(default_factory=lambda: {name: [] for name in OUTPUTS})
    dead_until: datetime = START
    is_calm: bool = False

    def at_commit(self, _: str) -> None:
        if self.crash_every and not self.is_calm and self.source.randrange(self.crash_every) == 0:
            raise Crash

    def trouble(self, output: str, message: Message) -> Exception | None:
        if self.is_calm:
            return None
        if output == "often dead":
            if self.clock.at < self.dead_until:
                return OSError("no route")
            if self.source.randrange(10) == 0:
                self.dead_until = self.clock.at + timedelta(seconds=self.source.choice((5, 600, 20_000)))
        if output == "shaky" and self.source.randrange(3) == 0:
            return self.source.choice((NotTaken("busy", seconds=100.0), NotTaken("broken"), KeyError("ours")))
        if output == "picky" and message.subject == "s3":
            return NotTaken("never", is_final=True)
        return None


@dataclass(frozen=True, slots=True)
class Output:
    name: str
    world: World

    def send(self, message: Message) -> None:
        self.world.clock.sleep(self.world.source.choice((0.0, 0.01, 0.4)))
        if (error := self.world.trouble(self.name, message)) is not None:
            raise error
        self.world.got[self.name].append(message)


def live(path: Path, world: World, told: list[Told]) -> None:
    """One process: it tells what is left to tell, and sends."""
    with closing(Ledger(path, world.at_commit)) as ledger:
        ledger.read("PRAGMA synchronous = OFF")  # processes end here, not machines
        with ledger.transaction() as connection:
            register_outputs(connection, dict.fromkeys(OUTPUTS), frozenset())
        deliveries = [
            Delivery(ledger, Destination(name, Output(name, world)), world.clock, lambda _: None) for name in OUTPUTS
        ]
        while told or any(next_delivery(ledger, name) is not None for name in OUTPUTS):
            if told:
                with ledger.transaction() as connection:
                    owe(connection, told[-1], to_micros(world.clock.now()))
                    world.at_commit("inside")
                told.pop()
            for one in deliveries:
                one.round()
            world.clock.sleep(world.source.choice((1, 30, 4_000)))


def run(path: Path, seed: int, crash_every: int) -> tuple[World, int]:
    source = random.Random(seed)  # noqa: S311 - a simulation
    world = World(source, crash_every)
    counts: dict[str, int] = {}
    told = []
    for _ in range(MESSAGES):
        subject = f"s{source.randrange(8)}"
        counts[subject] = counts.get(subject, -1) + 1
        told.append(Told(subject, "raised", counts[subject], f'{{"n": {counts[subject]}}}', is_alert=False))
    told.reverse()
    crashes = 0
    while True:
        try:
            live(path, world, told)
            break
        except Crash:
            crashes += 1
            world.clock.sleep(source.choice((1, 500)))
    return world, crashes


def firsts(messages: list[Message]) -> list[Message]:
    """Each message when it came for the first time."""
    return list({message.name: message for message in messages}.values())


@pytest.mark.parametrize("crash_every", [0, 12, 60])
@pytest.mark.parametrize("seed", range(4))
def test_every_output_gets_every_message_in_order(
    tmp_path: Path, seed: int, crash_every: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger"
    world, crashes = run(path, seed, crash_every)
    assert bool(crashes) == bool(crash_every)
    world.is_calm = True
    with closing(Ledger(path)) as ledger:
        rows = ledger.read("SELECT subject, revision FROM outbox ORDER BY id")
        names = [f"{row['subject']}-{row['revision']}" for row in rows]
        # A crash after a commit tells what was told: the same message may be owed as another one, never less.
        aside = [one.message for one in refused(ledger, 1_000)]
        assert {name.partition("-")[0] for name in aside} == {"s3"}
        got = [message.name for message in world.got["picky"]]
        assert not [name for name in got if name.startswith("s3-")]
        assert resend(ledger, "picky") == len(aside)
        Delivery(ledger, Destination("picky", Output("picky", world)), world.clock, lambda _: None).round()
        assert next_delivery(ledger, "picky") is None
    for name in OUTPUTS:
        came = firsts(world.got[name])
        assert {message.name for message in came} == set(names), name
        for subject in {message.subject for message in came}:
            revisions = [message.revision for message in came if message.subject == subject]
            assert revisions == sorted(revisions), (name, subject)
        if not crash_every:
            assert len(world.got[name]) == len(names) == MESSAGES, "without a crash, nothing comes twice"
