"""Programs placed on machines: who runs what where, and how it reaches out."""

from dataclasses import dataclass, field

import numpy as np

from bluetick.simulation.catalogue import CATALOGUE
from bluetick.simulation.devices import Device
from bluetick.simulation.endpoints import Atlas
from bluetick.simulation.randomness import digest, generator
from bluetick.simulation.software import Program, Reach

_WEB_TASTE = 240
_VISITORS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One program on one machine. `pool` holds endpoints, the favourite first; `created` is for FIXED lifetimes."""

    device: int
    program: Program
    version: str
    has_sha256: bool = True
    rate: float = 0.0
    pool: tuple[int, ...] = ()
    created: int = 0

    def file_hash(self, algorithm: str) -> str:
        """The digest of the file; the same program and version is the same file everywhere."""
        if self.program.is_kernel or (algorithm == "sha256" and not self.has_sha256):
            return ""
        return file_hash(self.program, self.version, algorithm)


def file_hash(program: Program, version: str, algorithm: str) -> str:
    """The invented digest of a file; it does not depend on the seed, so a rule can name it."""
    return digest(algorithm, "file", program.file, version)


def file_size(program: Program, version: str) -> int:
    """The invented size of a file in bytes."""
    return 40_000 + int(file_hash(program, version, "md5")[:6], 16)


@dataclass(slots=True)
class Surroundings:
    """The endpoints that placements choose from."""

    atlas: Atlas
    web: list[int]
    services: dict[int, list[int]]
    _vendors: dict[str, list[int]] = field(default_factory=dict)
    _visitors: list[int] = field(default_factory=list)

    def vendor(self, program: Program) -> list[int]:
        """The maker's hosts, made on first use."""
        if program.file not in self._vendors:
            hosts = [self.atlas.add_host(f"svc{n + 1}", 2) for n in range(program.hosts)]
            self._vendors[program.file] = [number for host in hosts for number in host]
        return self._vendors[program.file]

    def visitors(self) -> list[int]:
        """Clients on the internet, made on first use."""
        if not self._visitors:
            self._visitors = [self.atlas.add_visitor() for _ in range(_VISITORS)]
        return self._visitors


def place_catalogue(devices: tuple[Device, ...], around: Surroundings, seed: int) -> list[Placement]:
    """The everyday programs on every machine that has them."""
    popularity = 1.0 / np.arange(1, len(around.web) + 1)
    popularity /= popularity.sum()
    placements: list[Placement] = []
    for program in CATALOGUE:
        rng = generator("place", seed, program.file)
        homes = [device for device in devices if device.role in program.roles]
        # A share of a small office would often be nobody: the first machine always has the program.
        owners = [device for n, device in enumerate(homes) if rng.random() < program.share or n == 0]
        placements += [_place(program, device, around, popularity, rng) for device in owners]
    return placements


def _place(
    program: Program,
    device: Device,
    around: Surroundings,
    popularity: np.ndarray[tuple[int], np.dtype[np.float64]],
    rng: np.random.Generator,
) -> Placement:
    # The square of a uniform number keeps most machines on the newest version.
    version = program.versions[int(len(program.versions) * rng.random() ** 2)]
    return Placement(
        device=device.index,
        program=program,
        version=version,
        has_sha256=bool(rng.random() >= program.hashless),
        rate=program.rate * float(rng.lognormal(0.0, 0.7)),
        pool=_pool(program, device, around, popularity, rng),
    )


def _pool(
    program: Program,
    device: Device,
    around: Surroundings,
    popularity: np.ndarray[tuple[int], np.dtype[np.float64]],
    rng: np.random.Generator,
) -> tuple[int, ...]:
    pool: list[int] = []
    for reach in program.reach:
        match reach:
            case Reach.WEB:
                taste = rng.choice(len(around.web), size=_WEB_TASTE, replace=False, p=popularity)
                pool += [around.web[int(n)] for n in taste]
            case Reach.VENDOR:
                pool += around.vendor(program)
            case Reach.CLIENTS:
                pool += around.visitors()
            case Reach.INTERNAL:
                pool += _internal(program, device, around)
    return tuple(pool)


def _internal(program: Program, device: Device, around: Surroundings) -> list[int]:
    numbers = [number for port in program.ports for number in around.services.get(port, [])]
    return [number for number in numbers if around.atlas.endpoints[number].device != device.index]
