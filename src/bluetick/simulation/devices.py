"""The machines of the enterprise, who uses them, and when they were started."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from bluetick.simulation.randomness import Ints, digest, generator, identifier
from bluetick.simulation.timeline import DAY, HOUR, MINUTE, Window, is_workday

DOMAIN = "tarnfell"
DNS_SUFFIX = "tarnfell.example"
FEWEST_DEVICES = 10

_GIVEN = "ada bruno chen dara emeka fatima goran hana ines jonas kofi lena mira noor olga petra quinn rosa sven tomas"
_FAMILY = "abara berg costa dahl evans falk grant haas ito jensen kaya lund moreau novak okoye price reyes silva tran"


class Role(Enum):
    """What a machine is for; the value begins its name."""

    WORKSTATION = "wks"
    FILE_SERVER = "fil"
    WEB_SERVER = "web"
    DATABASE_SERVER = "sql"
    APP_SERVER = "app"
    DOMAIN_CONTROLLER = "dc"


SERVERS = (Role.FILE_SERVER, Role.WEB_SERVER, Role.DATABASE_SERVER, Role.APP_SERVER)


class Uptime(Enum):
    """How long a machine stays up: the fewest and most days from one start to the next."""

    ALWAYS_ON = (27.0, 50.0)
    WEEKS = (6.0, 21.0)
    WORKDAYS = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs a process."""

    domain: str
    name: str
    sid: str
    upn: str = ""
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """One machine; `owner` is who sits at it, or who administers it."""

    index: int
    host: str
    role: Role
    uptime: Uptime
    ip: str
    owner: Account
    device_id: str
    agent_id: str

    @property
    def name(self) -> str:
        return f"{self.host}.{DNS_SUFFIX}"


def build_devices(count: int, seed: int) -> tuple[Device, ...]:
    """The machines: domain controllers first, then servers, then workstations."""
    rng = generator("devices", seed)
    controllers = max(1, count // 60)
    servers = max(len(SERVERS), count // 6)
    roles = [Role.DOMAIN_CONTROLLER] * controllers
    roles += [SERVERS[i % len(SERVERS)] for i in range(servers)]
    roles += [Role.WORKSTATION] * (count - len(roles))
    first_workstation = controllers + servers
    return tuple(
        _device(index, role, index - first_workstation, float(rng.random()), seed) for index, role in enumerate(roles)
    )


def _device(index: int, role: Role, desk: int, luck: float, seed: int) -> Device:
    host = f"{role.value}-{index + 1:04d}"
    return Device(
        index=index,
        host=host,
        role=role,
        uptime=_uptime(role, index, desk, luck),
        ip=_address(role, index),
        owner=_owner(desk if role is Role.WORKSTATION else 0, role, seed),
        device_id=digest("sha1", "device", seed, index),
        agent_id=identifier("agent", seed, index),
    )


def _uptime(role: Role, index: int, desk: int, luck: float) -> Uptime:
    # Enough machines always stay up, so that a service can be old on more than five of them at every size.
    if role is not Role.WORKSTATION:
        return Uptime.ALWAYS_ON if index <= len(SERVERS) or luck < 0.7 else Uptime.WEEKS
    if desk % 5 in {0, 2}:
        return Uptime.ALWAYS_ON
    return Uptime.WEEKS if luck < 0.5 else Uptime.WORKDAYS


def _address(role: Role, index: int) -> str:
    network = {Role.WORKSTATION: 20, Role.WEB_SERVER: 30}.get(role, 10)
    return f"10.{network + index // 60_000}.{index // 240 % 250}.{index % 240 + 10}"


def _owner(desk: int, role: Role, seed: int) -> Account:
    given, family = _GIVEN.split(), _FAMILY.split()
    turn = desk // (len(given) * len(family))
    name = f"{given[desk % len(given)]}.{family[desk * 7 // len(given) % len(family)]}{turn or ''}"
    if role is not Role.WORKSTATION:
        name, desk = "svc-admin", -1
    authority = int(digest("md5", "domain", seed)[:8], 16)
    sid = f"S-1-5-21-{authority}-{authority ^ 0x5A5A5A5A}-{authority // 3}-{1105 + desk}"
    return Account(DOMAIN, name, sid, f"{name}@{DNS_SUFFIX}", identifier("account", seed, name))


def build_boots(devices: Sequence[Device], window: Window, seed: int) -> tuple[Ints, ...]:
    """Each machine's starts, in order, from well before the window to its end."""
    return tuple(_boots(device, window, seed) for device in devices)


def _boots(device: Device, window: Window, seed: int) -> Ints:
    rng = generator("boots", seed, device.index)
    earliest = window.start // DAY - 60
    latest = window.end // DAY
    numbers: list[int] = []
    if device.uptime is Uptime.WORKDAYS:
        numbers = [n for n in range(earliest, latest + 1) if is_workday(n)]
    else:
        low, high = device.uptime.value
        position = latest - rng.uniform(low if device.uptime is Uptime.ALWAYS_ON else 0.0, high)
        while position > earliest:
            numbers.append(int(position))
            position -= rng.uniform(low, high)
        numbers.append(earliest)
        numbers.reverse()
    hour = 6 if device.role is Role.WORKSTATION else 2
    minutes = rng.uniform(0, 40, len(numbers))
    boots = np.array(numbers, dtype=np.int64) * DAY + hour * HOUR + (minutes * MINUTE).astype(np.int64)
    return boots[boots < window.end]
