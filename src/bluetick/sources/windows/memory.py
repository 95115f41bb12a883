"""What other events tell of a process: its start, the hashes of its image, and the names of its peers."""

from bisect import bisect_right, insort
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from bluetick.sources.windows.events import DnsQuery, NetworkConnection, Origin, ProcessCreation
from bluetick.sources.windows.fields import Hashes
from bluetick.sources.windows.recent import Recent

Seen = TypeVar("Seen")

# Of one image or address: those of the latest time stay.
_SIGHTINGS = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is remembered at once: at least so many entries used last of each kind, at most twice as many."""

    records: int = 131_072  # among which duplicates are found
    processes: int = 16_384
    images: int = 16_384
    names: int = 65_536
    addresses: int = 65_536
    minutes: int = 65_536  # rows of VMConnection that are held back as they may still grow


@dataclass(frozen=True, slots=True)
class SeenHashes:
    """The hashes of a file at a path, and when a process was started from it."""

    time: int
    hashes: Hashes


class Actor(NamedTuple):
    """Who did what an event tells of: the start of its process where that was seen, else hashes of another's."""

    origin: Origin
    creation: ProcessCreation | None
    inferred: SeenHashes | None


class ProcessMemory:
    """Process creations, found by process GUID, and the hashes of images by host and path."""

    __slots__ = ("_by_guid", "_by_image")

    def __init__(self, limits: Limits = Limits()) -> None:
        self._by_guid: Recent[str, ProcessCreation] = Recent(limits.processes)
        self._by_image: Recent[tuple[str, str], list[tuple[int, Hashes]]] = Recent(limits.images)

    def add(self, creation: ProcessCreation) -> None:
        """Remember a process and its image's hashes."""
        origin = creation.origin
        if origin.guid.key:
            self._by_guid.put(origin.guid.key, creation)
        if creation.hashes != Hashes():
            _add(self._by_image, _image_key(origin.host, origin.image), (origin.time, creation.hashes))

    def process(self, guid: str) -> ProcessCreation | None:
        """The creation of the process of this GUID."""
        return self._by_guid.get(guid)

    def actor(self, origin: Origin) -> Actor:
        """What is known of the process of an event."""
        creation = self._by_guid.get(origin.guid.key)
        inferred = None if creation else self._image_hashes(origin.host, origin.image, origin.time)
        return Actor(origin, creation, inferred)

    def _image_hashes(self, host: str, image: str, time: int) -> SeenHashes | None:
        """The hashes last seen for this path on this host by then; failing that, those seen first after."""
        seen = _nearest(self._by_image.get(_image_key(host, image)), time)
        return SeenHashes(*seen) if seen else None


class NameMemory:
    """Names that processes resolved, found by process GUID and address."""

    __slots__ = ("_by_address",)

    def __init__(self, limits: Limits = Limits()) -> None:
        self._by_address: Recent[tuple[str, str], list[tuple[int, str]]] = Recent(limits.names)

    def add(self, query: DnsQuery) -> None:
        """Remember the addresses of a name; a query of an unknown process tells nothing of any connection."""
        guid = query.origin.guid.key
        if guid:
            for ip in query.addresses:
                _add(self._by_address, (guid, ip), (query.origin.time, query.name))

    def name(self, guid: str, ip: str, time: int) -> str:
        """The name that the process last resolved to this address by then; failing that, first after; else "".

        Sysmon logs a query when it is answered, which may be after the connection that it served.
        """
        seen = _nearest(self._by_address.get((guid, ip)), time)
        return seen[1] if seen else ""


class Hosts:
    """The addresses that hosts were seen to call their own."""

    __slots__ = ("_addresses",)

    def __init__(self, limits: Limits = Limits()) -> None:
        self._addresses: Recent[tuple[str, str], bool] = Recent(limits.addresses)

    def add(self, connection: NetworkConnection) -> None:
        """Learn a host's own addresses from the connections that it opened itself."""
        if connection.initiated:
            self._addresses.put((connection.origin.host.lower(), connection.source.ip), True)

    def is_source_local(self, connection: NetworkConnection) -> bool:
        """Whether Sysmon's source end is the host itself.

        It is where the host opened the connection. Where it accepted one, versions of Sysmon differ: the end that
        is known to be the host's decides, and the destination where neither or both are.
        """
        if connection.initiated is not False:
            return True
        host = connection.origin.host.lower()
        is_source_own = self._addresses.get((host, connection.source.ip))
        return bool(is_source_own) and not self._addresses.get((host, connection.destination.ip))


def _image_key(host: str, image: str) -> tuple[str, str]:
    return host.lower(), image.lower()


def _time(sighting: tuple[int, Seen]) -> int:
    return sighting[0]


def _add(memory: Recent[tuple[str, str], list[tuple[int, Seen]]], key: tuple[str, str], seen: tuple[int, Seen]) -> None:
    sightings = memory.get(key)
    if sightings is None:
        memory.put(key, [seen])
        return
    insort(sightings, seen, key=_time)
    if len(sightings) > _SIGHTINGS:
        del sightings[0]


def _nearest(sightings: list[tuple[int, Seen]] | None, time: int) -> tuple[int, Seen] | None:
    if not sightings:
        return None
    return sightings[max(bisect_right(sightings, time, key=_time) - 1, 0)]
