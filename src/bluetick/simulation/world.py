"""The finished world: everything that does not change from one day to the next, as arrays to draw from."""

from dataclasses import dataclass

import numpy as np

from bluetick.simulation.devices import Device, build_boots, build_devices
from bluetick.simulation.endpoints import (
    LISTENERS,
    Atlas,
    Endpoint,
    add_callers,
    add_internal_services,
    add_web,
)
from bluetick.simulation.placements import Placement, Surroundings, place_catalogue
from bluetick.simulation.randomness import Flags, Floats, Ints
from bluetick.simulation.scene import Connections, Scene, concatenate
from bluetick.simulation.software import Reach, Rhythm
from bluetick.simulation.stories import Telling, plant_stories
from bluetick.simulation.timeline import Window


@dataclass(frozen=True, slots=True)
class Habits:
    """How each placement talks: one entry a placement."""

    rate: Floats
    rhythm: Ints
    is_answering: Flags
    failing: Floats
    pool_start: Ints
    pool_size: Ints
    pool: Ints
    mirrored: Floats


@dataclass(frozen=True, slots=True)
class Wires:
    """What lies at the far end: one entry an endpoint. `listener` and `caller` are -1 outside the enterprise."""

    port: Ints
    is_udp: Flags
    in_vm_connection: Flags
    listener: Ints
    caller: Ints


@dataclass(frozen=True, slots=True)
class World:
    """One enterprise over one window."""

    seed: int
    window: Window
    devices: tuple[Device, ...]
    boots: tuple[Ints, ...]
    placements: tuple[Placement, ...]
    endpoints: tuple[Endpoint, ...]
    device_of: Ints
    habits: Habits
    wires: Wires
    planted: Connections
    tellings: tuple[Telling, ...]


def build_world(window: Window, device_count: int, seed: int) -> World:
    """Build the enterprise, its software, the internet around it, and the stories."""
    devices = build_devices(device_count, seed)
    atlas = Atlas(seed)
    around = Surroundings(atlas, add_web(atlas, 900), add_internal_services(atlas, devices))
    callers = add_callers(atlas, devices)
    scene = Scene(seed, window, devices, atlas, place_catalogue(devices, around, seed))
    tellings = plant_stories(scene)
    wires = _wire(atlas.endpoints, scene.placements, callers)
    return World(
        seed=seed,
        window=window,
        devices=devices,
        boots=build_boots(devices, window, seed),
        placements=tuple(scene.placements),
        endpoints=tuple(atlas.endpoints),
        device_of=np.array([placement.device for placement in scene.placements], dtype=np.int64),
        habits=_habits(scene.placements, wires),
        wires=wires,
        planted=concatenate(scene.planted),
        tellings=tellings,
    )


def _wire(endpoints: list[Endpoint], placements: list[Placement], callers: dict[int, int]) -> Wires:
    homes = {(placement.device, placement.program.file): n for n, placement in enumerate(placements)}
    listener = np.full(len(endpoints), -1, dtype=np.int64)
    caller = np.full(len(endpoints), -1, dtype=np.int64)
    first_caller = min(callers.values())
    for n, endpoint in enumerate(endpoints[:first_caller]):
        if endpoint.device >= 0:
            listener[n] = homes[endpoint.device, LISTENERS[endpoint.port]]
            caller[n] = callers[endpoint.port]
    return Wires(
        port=np.array([endpoint.port for endpoint in endpoints], dtype=np.int64),
        is_udp=np.array([endpoint.is_udp for endpoint in endpoints], dtype=np.bool_),
        in_vm_connection=np.array([endpoint.in_vm_connection for endpoint in endpoints], dtype=np.bool_),
        listener=listener,
        caller=caller,
    )


def _habits(placements: list[Placement], wires: Wires) -> Habits:
    sizes = np.array([len(placement.pool) for placement in placements], dtype=np.int64)
    return Habits(
        rate=np.array([placement.rate if placement.pool else 0.0 for placement in placements]),
        rhythm=np.array([list(Rhythm).index(placement.program.rhythm) for placement in placements], dtype=np.int64),
        is_answering=np.array([Reach.CLIENTS in placement.program.reach for placement in placements], dtype=np.bool_),
        failing=np.array([placement.program.failing for placement in placements]),
        pool_start=np.cumsum(sizes) - sizes,
        pool_size=np.maximum(sizes, 1),
        pool=np.array([number for placement in placements for number in placement.pool], dtype=np.int64),
        mirrored=np.array([_mirrored_share(placement, wires) for placement in placements]),
    )


def _mirrored_share(placement: Placement, wires: Wires) -> float:
    """The part of the placement's connections that some other machine of the enterprise accepts."""
    size = len(placement.pool)
    if size == 0:
        return 0.0
    ranks = np.arange(size + 1, dtype=np.float64)
    odds = np.diff(np.log1p(ranks)) / np.log1p(float(size))
    answered = wires.listener[np.array(placement.pool, dtype=np.int64)] >= 0
    return float(odds[answered].sum()) * (1.0 - placement.program.failing)
