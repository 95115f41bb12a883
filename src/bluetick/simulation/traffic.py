"""One day's connections, drawn from the world's habits."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from bluetick.simulation.randomness import Floats, Ints, generator
from bluetick.simulation.scene import Action, Connections, concatenate
from bluetick.simulation.software import Rhythm
from bluetick.simulation.timeline import HOUR, Day, is_workday
from bluetick.simulation.world import World

# The weight of each hour of the day, UTC.
_OFFICE = (1, 1, 1, 1, 2, 4, 15, 60, 95, 100, 98, 85, 60, 88, 96, 92, 75, 45, 20, 10, 7, 5, 3, 2)
_WEEKEND = (1, 1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 7, 7, 7, 6, 6, 5, 5, 5, 4, 3, 2, 1)
_FLAT = (1,) * 24
_NIGHT = (40, 80, 100, 90, 30, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 10, 20)
_WEEKEND_SHARE = 0.08
_EDGES = np.arange(25, dtype=np.float64) * HOUR


@cache
def _curve(rhythm: Rhythm, workday: bool) -> Floats:
    """The share of a day's connections made by each full hour."""
    match rhythm:
        case Rhythm.WORK:
            weights = _OFFICE if workday else _WEEKEND
        case Rhythm.FLAT:
            weights = _FLAT
        case Rhythm.NIGHT:
            weights = _NIGHT
    total = np.concatenate([[0.0], np.cumsum(np.array(weights, dtype=np.float64))])
    curve: Floats = total / total[-1]
    return curve


def _span(rhythm: Rhythm, day: Day) -> tuple[float, float]:
    """The shares of the day's connections made by the low and high end of the part in the window."""
    ends = np.interp([day.low - day.midnight, day.high - day.midnight], _EDGES, _curve(rhythm, is_workday(day.number)))
    return float(ends[0]), float(ends[1])


def expected_counts(world: World, day: Day) -> Floats:
    """How many connections each placement would open on the day at its natural rate."""
    counts = world.habits.rate.copy()
    for code, rhythm in enumerate(Rhythm):
        low, high = _span(rhythm, day)
        quiet = _WEEKEND_SHARE if rhythm is Rhythm.WORK and not is_workday(day.number) else 1.0
        counts[world.habits.rhythm == code] *= (high - low) * quiet
    return counts


@dataclass(frozen=True, slots=True)
class Traffic:
    """One day's connections in order of time, each with the ephemeral port of whoever opened it."""

    day: Day
    connections: Connections
    ephemeral: npt.NDArray[np.int32]


def draw_traffic(world: World, day: Day, scale: float) -> Traffic:
    """Draw the day's connections: everyday ones at `scale` times their natural rate, and the planted ones."""
    rng = generator("traffic", world.seed, day.number)
    opened = _open(world, day, rng.multinomial(*_shares(world, day, scale)), rng)
    ports = rng.integers(49_152, 65_536, len(opened), dtype=np.int32)
    accepted, accepted_rows = _accept(world, opened)
    planted = world.planted.pick((world.planted.time >= day.low) & (world.planted.time < day.high))
    everything = concatenate([opened, accepted, planted])
    planted_ports = rng.integers(49_152, 65_536, len(planted), dtype=np.int32)
    order = np.argsort(everything.time, kind="stable")
    ephemeral = np.concatenate([ports, ports[accepted_rows], planted_ports])
    return Traffic(day, everything.pick(order), ephemeral[order])


def _shares(world: World, day: Day, scale: float) -> tuple[int, Floats]:
    counts = expected_counts(world, day)
    total = float(counts.sum())
    return round(total * scale), counts / total


def _open(world: World, day: Day, counts: Ints, rng: np.random.Generator) -> Connections:
    placements: list[Ints] = []
    times: list[Ints] = []
    for code, rhythm in enumerate(Rhythm):
        members = np.flatnonzero(world.habits.rhythm == code)
        placement = np.repeat(members, counts[members])
        placements.append(placement)
        chance = rng.uniform(*_span(rhythm, day), size=len(placement))
        clock = np.interp(chance, _curve(rhythm, is_workday(day.number)), _EDGES).astype(np.int64)
        times.append(np.clip(day.midnight + clock, day.low, day.high - 1))
    placement = np.concatenate(placements)
    endpoint = _choose(world, placement, rng)
    failed = rng.random(len(placement), dtype=np.float32) < world.habits.failing[placement]
    action = np.where(failed, int(Action.FAILED), int(Action.SUCCESS))
    action = np.where(world.habits.is_answering[placement], int(Action.ACCEPTED), action)
    return Connections(np.concatenate(times), placement, endpoint, action)


def _choose(world: World, placement: Ints, rng: np.random.Generator) -> Ints:
    """An endpoint of each placement's pool; the n-th favourite about 1/n as often as the first."""
    habits = world.habits
    size = habits.pool_size[placement]
    spread = np.log1p(habits.pool_size.astype(np.float32))[placement]
    rank = np.expm1(rng.random(len(placement), dtype=np.float32) * spread).astype(np.int64)
    choice: Ints = habits.pool[habits.pool_start[placement] + np.minimum(rank, size - 1)]
    return choice


def _accept(world: World, opened: Connections) -> tuple[Connections, Ints]:
    """The other end's account of the successful connections to the enterprise's own servers."""
    wires = world.wires
    reached = (wires.listener[opened.endpoint] >= 0) & (opened.action == int(Action.SUCCESS))
    rows = np.flatnonzero(reached)
    near = opened.pick(rows)
    far = Connections(
        near.time,
        wires.listener[near.endpoint],
        wires.caller[near.endpoint] + world.device_of[near.placement],
        np.full(len(near), int(Action.ACCEPTED), dtype=np.int64),
    )
    return far, rows


def natural_rows(world: World, days: tuple[Day, ...]) -> float:
    """How many rows of everyday connections the whole window holds at the natural rate, both ends counted."""
    return float(sum((expected_counts(world, day) * (1.0 + world.habits.mirrored)).sum() for day in days))
