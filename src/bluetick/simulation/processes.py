"""The processes of one day: which instance of a program is running when, and what it is called."""

from dataclasses import dataclass

import numpy as np

from bluetick.simulation.randomness import Ints, Words, generator, scramble
from bluetick.simulation.software import Lifetime, Runs
from bluetick.simulation.timeline import DAY, HOUR, MINUTE, NEVER, SECOND, Day, is_workday, last_workday_before
from bluetick.simulation.world import World

SLOTS = 4
_KERNEL_PID = 4
_SYSTEM_LOGON = 999


@dataclass(frozen=True, slots=True)
class Processes:
    """Up to SLOTS instances a placement; instance = placement * SLOTS + slot, flat in every array but `starts`."""

    starts: Ints
    created: Ints
    parent_created: Ints
    pid: Ints
    parent_pid: Ints
    logon_id: Ints
    unique_id: Words

    def running(self, placement: Ints, time: Ints) -> Ints:
        """The instance that each placement ran at each instant."""
        slot = np.zeros(len(time), dtype=np.int64)
        for later in range(1, SLOTS):
            slot += time >= self.starts[placement, later]
        return placement * SLOTS + slot


@dataclass(frozen=True, slots=True)
class _Beginnings:
    """When each machine was started and each user logged on: before the day, and in it (or NEVER)."""

    boot: Ints
    boot_today: Ints
    logon: Ints
    logon_today: Ints


def processes_of(world: World, day: Day) -> Processes:
    """The instances that exist at some time of the day."""
    begun = _beginnings(world, day)
    starts = np.full((len(world.placements), SLOTS), NEVER, dtype=np.int64)
    parents = np.full_like(starts, NEVER)
    delay = _delays(world)
    for lifetime in Lifetime:
        chosen = np.flatnonzero([placement.program.lifetime is lifetime for placement in world.placements])
        device = world.device_of[chosen]
        match lifetime:
            case Lifetime.SERVICE:
                for slot, moment in enumerate((begun.boot, begun.boot_today)):
                    parents[chosen, slot] = moment[device]
                    starts[chosen, slot] = moment[device] + delay[chosen]
            case Lifetime.SESSION:
                for slot, moment in enumerate((begun.logon, begun.logon_today)):
                    parents[chosen, slot] = moment[device]
                    starts[chosen, slot] = moment[device] + delay[chosen] * 8
            case Lifetime.TASK:
                starts[chosen] = _task_starts(world, day, len(chosen))
                parents[chosen] = starts[chosen] - 3 * SECOND
            case Lifetime.FIXED:
                starts[chosen, 0] = [world.placements[n].created for n in chosen]
                parents[chosen, 0] = np.minimum(begun.boot[device], starts[chosen, 0] - SECOND)
    return _named(world, starts, parents)


def _beginnings(world: World, day: Day) -> _Beginnings:
    before = [int(boots[np.searchsorted(boots, day.midnight) - 1]) for boots in world.boots]
    today = [
        int(boots[np.searchsorted(boots, day.midnight)]) if boots[-1] >= day.midnight else NEVER
        for boots in world.boots
    ]
    boot, boot_today = np.array(before, dtype=np.int64), np.array(today, dtype=np.int64)
    boot_today[boot_today >= day.midnight + DAY] = NEVER
    count = len(world.devices)
    previous = last_workday_before(day.number)
    logon_today = _logons(world.seed, day.number, count) if is_workday(day.number) else np.full(count, NEVER)
    return _Beginnings(boot, boot_today, _logons(world.seed, previous, count), logon_today)


def _logons(seed: int, day_number: int, count: int) -> Ints:
    """People log on between 06:50 and 08:40; everyone has a time of their own each day."""
    minutes = generator("logons", seed, day_number).uniform(0, 110, count)
    return day_number * DAY + 6 * HOUR + 50 * MINUTE + (minutes * MINUTE).astype(np.int64)


def _delays(world: World) -> Ints:
    """How long after the boot or logon each placement starts: 15 seconds to 3 minutes, its own constant."""
    chance = scramble(np.arange(len(world.placements)), world.seed & 0xFFFF) % np.uint64(165 * SECOND)
    kernel = np.array([placement.program.is_kernel for placement in world.placements])
    return np.where(kernel, 0, 15 * SECOND + chance.astype(np.int64))


def _task_starts(world: World, day: Day, count: int) -> Ints:
    rng = generator("tasks", world.seed, day.number)
    today = np.sort(rng.uniform(5 * HOUR, 20 * HOUR, (count, SLOTS - 1)).astype(np.int64), axis=1)
    yesterday = -rng.uniform(HOUR, 6 * HOUR, (count, 1)).astype(np.int64)
    return day.midnight + np.concatenate([yesterday, today], axis=1)


def _named(world: World, starts: Ints, parents: Ints) -> Processes:
    """Numbers that depend on the placement and its start only, so an instance keeps them from day to day."""
    placement = np.repeat(np.arange(len(world.placements)), SLOTS)
    created, parent_created = starts.reshape(-1), parents.reshape(-1)
    programs = [world.placements[n].program for n in placement]
    kernel = np.array([program.is_kernel for program in programs])
    person = np.array([program.runs is Runs.USER for program in programs])
    mark = scramble(placement, created)
    family = scramble(world.device_of[placement], parent_created)
    pid = (mark % np.uint64(7000)).astype(np.int64) * 4 + 1200
    parent_pid = (family % np.uint64(180)).astype(np.int64) * 4 + 480
    logon = (family % np.uint64(1 << 31)).astype(np.int64)
    return Processes(
        starts=starts,
        created=created,
        parent_created=parent_created,
        pid=np.where(kernel, _KERNEL_PID, pid),
        parent_pid=np.where(kernel, 0, parent_pid),
        logon_id=np.where(person, logon, _SYSTEM_LOGON),
        unique_id=mark >> np.uint64(8),
    )
