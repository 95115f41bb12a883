"""What stories are planted in: the machines, their programs, and connections at given instants."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import numpy as np

from bluetick.simulation.devices import Device, Role, Uptime
from bluetick.simulation.endpoints import Atlas
from bluetick.simulation.placements import Placement
from bluetick.simulation.randomness import Ints
from bluetick.simulation.timeline import Window


class Action(IntEnum):
    """What became of a connection; the last two were opened from the far end."""

    SUCCESS = 0
    FAILED = 1
    ACCEPTED = 2
    ATTEMPTED = 3

    @property
    def action_type(self) -> str:
        """The ActionType of DeviceNetworkEvents."""
        return ("ConnectionSuccess", "ConnectionFailed", "InboundConnectionAccepted", "ConnectionAttempt")[self]


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections as columns: when, by which placement, with which endpoint, and what became of each."""

    time: Ints
    placement: Ints
    endpoint: Ints
    action: Ints

    def __len__(self) -> int:
        return len(self.time)

    def pick(self, rows: np.ndarray[tuple[int], np.dtype[np.int64 | np.bool_]]) -> "Connections":
        """The rows named by number or by flag."""
        return Connections(self.time[rows], self.placement[rows], self.endpoint[rows], self.action[rows])


def concatenate(parts: Sequence[Connections]) -> Connections:
    """All rows of all parts."""
    return Connections(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.placement for part in parts]),
        np.concatenate([part.endpoint for part in parts]),
        np.concatenate([part.action for part in parts]),
    )


@dataclass
class Scene:
    """A world under construction."""

    seed: int
    window: Window
    devices: tuple[Device, ...]
    atlas: Atlas
    placements: list[Placement]
    planted: list[Connections] = field(default_factory=list)

    def place(self, placement: Placement) -> int:
        """Number a new placement."""
        self.placements.append(placement)
        return len(self.placements) - 1

    def find_placement(self, device: int, file: str) -> int:
        """The number of the program of this file name on this machine."""
        for number, placement in enumerate(self.placements):
            if placement.device == device and placement.program.file == file:
                return number
        raise LookupError(f"{file} is not placed on device {device}")

    def connect(
        self, times: Ints, placement: int, endpoints: Sequence[int], action: Action = Action.SUCCESS
    ) -> Connections:
        """Plant a connection at each instant inside the window, to the endpoints in turn."""
        turns = np.array(endpoints, dtype=np.int64)[np.arange(len(times)) % len(endpoints)]
        inside = (times >= self.window.start) & (times < self.window.end)
        full = Connections(times, np.full_like(times, placement), turns, np.full_like(times, int(action)))
        rows = full.pick(inside)
        self.planted.append(rows)
        return rows

    @cached_property
    def steady(self) -> tuple[Device, ...]:
        """Machines that were not restarted for 27 days before the end, workstations first."""
        steady = [device for device in self.devices if device.uptime is Uptime.ALWAYS_ON]
        return tuple(sorted(steady, key=lambda device: (device.role is not Role.WORKSTATION, device.index)))

    def first(self, role: Role) -> Device:
        """The first machine of a role."""
        return next(device for device in self.devices if device.role is role)

    def workstation(self, n: int) -> Device:
        """The n-th workstation, counted from the last one and around again."""
        desks = [device for device in self.devices if device.role is Role.WORKSTATION]
        return desks[-1 - n % len(desks)]
