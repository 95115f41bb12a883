"""Far ends of connections: the web, makers' services, the enterprise's own servers, clients on the internet."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bluetick.simulation.devices import Device, Role
from bluetick.simulation.randomness import generator

# Country, latitude and longitude of its middle. Every usual country is talked to from the first hours on.
USUAL_COUNTRIES: dict[str, tuple[float, float]] = {
    "United States": (38.0, -97.0),
    "Ireland": (53.0, -8.0),
    "Netherlands": (52.5, 5.75),
    "Germany": (51.0, 9.0),
    "United Kingdom": (54.0, -2.0),
    "France": (46.0, 2.0),
    "Sweden": (62.0, 15.0),
    "Canada": (60.0, -95.0),
    "Japan": (36.0, 138.0),
    "Singapore": (1.37, 103.8),
    "Denmark": (56.0, 10.0),
    "Switzerland": (47.0, 8.0),
}
# Their people visit the web shop, but nothing inside calls out to them.
VISITOR_COUNTRIES: dict[str, tuple[float, float]] = {
    "Austria": (47.3, 13.3),
    "Brazil": (-10.0, -55.0),
    "India": (20.0, 77.0),
    "Kenya": (1.0, 38.0),
    "New Zealand": (-41.0, 174.0),
    "Portugal": (39.5, -8.0),
}
# Each belongs to one story; nothing else in the world touches it.
STORY_COUNTRIES: dict[str, tuple[float, float]] = {
    "Seychelles": (-4.58, 55.67),
    "Panama": (9.0, -80.0),
    "Iceland": (65.0, -18.0),
}
PLACES = {**USUAL_COUNTRIES, **VISITOR_COUNTRIES, **STORY_COUNTRIES}

SERVICE_PORTS: dict[Role, tuple[int, ...]] = {
    Role.DOMAIN_CONTROLLER: (88, 389, 445, 53, 135),
    Role.FILE_SERVER: (445,),
    Role.DATABASE_SERVER: (1433, 445),
    Role.APP_SERVER: (8443,),
    Role.WEB_SERVER: (),
    Role.WORKSTATION: (),
}
LISTENERS = {
    88: "lsass.exe",
    389: "lsass.exe",
    445: "System",
    53: "dns.exe",
    135: "svchost.exe",
    1433: "sqlservr.exe",
    8443: "java.exe",
}

_FIRST_OCTETS = (20, 23, 34, 40, 52, 54, 63, 65, 69, 81, 93, 104, 142, 151, 157, 185, 195, 212)
_SYLLABLES = "al ber cor dan el fi gra hol in jo kar lum mer nor or pel quo ri sol tam ul vex wil yar zen"
_LABELS = ("www", "api", "cdn", "static", "login", "edge", "img", "app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address and the port of the service. `device` is the machine behind a private address."""

    ip: str
    port: int
    url: str = ""
    is_udp: bool = False
    kind: str = "Public"
    country: str = ""
    is_flagged: bool = False
    device: int = -1

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.ip

    @property
    def in_vm_connection(self) -> bool:
        """VMConnection holds TCP over IPv4 only."""
        return not self.is_udp and not self.is_ipv6


@dataclass(slots=True)
class Atlas:
    """The endpoints gathered so far; an endpoint's number is its place in the list."""

    seed: int
    endpoints: list[Endpoint] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)
    _rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._rng = generator("atlas", self.seed)

    def add(self, endpoint: Endpoint) -> int:
        """Number a new endpoint."""
        self.endpoints.append(endpoint)
        return len(self.endpoints) - 1

    def add_host(self, label: str, addresses: int) -> list[int]:
        """A host on the web under an invented name, on one or more addresses of one country."""
        country = list(USUAL_COUNTRIES)[int(self._rng.pareto(0.9)) % len(USUAL_COUNTRIES)]
        url = f"{label}.{self._name()}.example"
        return [self._add_address(url, country) for _ in range(addresses)]

    def _add_address(self, url: str, country: str) -> int:
        luck = self._rng.random()
        ip = self._free_ipv6() if luck < 0.025 else self.free_ip()
        known_url = url if self._rng.random() > 0.2 else ""
        port = 80 if 0.9 < luck < 0.96 else 443
        return self.add(Endpoint(ip=ip, port=port, url=known_url, is_udp=0.84 < luck < 0.9, country=country))

    def add_visitor(self) -> int:
        """A client on the internet that calls the enterprise's web shop."""
        places = [*USUAL_COUNTRIES, *VISITOR_COUNTRIES]
        country = places[int(self._rng.integers(0, len(places)))]
        return self.add(Endpoint(ip=self.free_ip(), port=443, country=country))

    def free_ip(self) -> str:
        """A public IPv4 address that no other endpoint has."""
        while True:
            first = _FIRST_OCTETS[int(self._rng.integers(0, len(_FIRST_OCTETS)))]
            b, c, d = (int(n) for n in self._rng.integers(1, 255, 3))
            ip = f"{first}.{b}.{c}.{d}"
            if ip not in self._taken:
                self._taken.add(ip)
                return ip

    def _free_ipv6(self) -> str:
        return "2a0f:" + ":".join(f"{int(n):x}" for n in self._rng.integers(1, 65_536, 7))

    def _name(self) -> str:
        syllables = _SYLLABLES.split()
        picks = self._rng.integers(0, len(syllables), 3)
        return "".join(syllables[int(n)] for n in picks)


def add_web(atlas: Atlas, hosts: int) -> list[int]:
    """The web at large, most visited first."""
    rng = generator("web", atlas.seed)
    web: list[int] = []
    for n in range(hosts):
        web += atlas.add_host(_LABELS[n % len(_LABELS)], int(rng.integers(1, 4)))
    return web


def add_internal_services(atlas: Atlas, devices: Sequence[Device]) -> dict[int, list[int]]:
    """The services of the enterprise's own servers, by port."""
    services: dict[int, list[int]] = {}
    for device in devices:
        for port in SERVICE_PORTS[device.role]:
            url = device.name if port == 8443 else ""
            number = atlas.add(
                Endpoint(ip=device.ip, port=port, url=url, is_udp=port == 53, kind="Private", device=device.index)
            )
            services.setdefault(port, []).append(number)
    return services


def add_callers(atlas: Atlas, devices: Sequence[Device]) -> dict[int, int]:
    """Each machine as the far end of a connection to a port; gives, for each port, the number for machine 0."""
    first: dict[int, int] = {}
    for port in LISTENERS:
        first[port] = len(atlas.endpoints)
        for device in devices:
            atlas.add(Endpoint(ip=device.ip, port=port, is_udp=port == 53, kind="Private", device=device.index))
    return first
