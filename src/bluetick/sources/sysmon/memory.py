"""What other events tell of a connection: the start of its process, and the name behind its address."""

from bisect import bisect_right, insort
from collections import defaultdict
from dataclasses import dataclass
from typing import TypeVar

from bluetick.sources.sysmon.events import DnsQuery, ProcessCreation
from bluetick.sources.sysmon.fields import Hashes

Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class SeenHashes:
    """The hashes of a file at a path, and when a process was started from it."""

    time: int
    hashes: Hashes


class ProcessMemory:
    """Process creations, found by process GUID, and the hashes of images by host and path."""

    __slots__ = ("_by_guid", "_by_image")

    def __init__(self) -> None:
        self._by_guid: dict[str, ProcessCreation] = {}
        self._by_image: dict[tuple[str, str], list[tuple[int, Hashes]]] = defaultdict(list)

    def add(self, creation: ProcessCreation) -> None:
        """Remember a process and its image's hashes."""
        origin = creation.origin
        if origin.guid.key:
            self._by_guid[origin.guid.key] = creation
        if creation.hashes != Hashes():
            insort(self._by_image[_image_key(origin.host, origin.image)], (origin.time, creation.hashes), key=_time)

    def process(self, guid: str) -> ProcessCreation | None:
        """The creation of the process of this GUID."""
        return self._by_guid.get(guid)

    def image_hashes(self, host: str, image: str, time: int) -> SeenHashes | None:
        """The hashes last seen for this path on this host by then; failing that, those seen first after."""
        seen = _nearest(self._by_image.get(_image_key(host, image), []), time)
        return SeenHashes(*seen) if seen else None


class NameMemory:
    """Names that processes resolved, found by process GUID and address."""

    __slots__ = ("_by_address",)

    def __init__(self) -> None:
        self._by_address: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)

    def add(self, query: DnsQuery) -> None:
        """Remember the addresses of a name; a query of an unknown process tells nothing of any connection."""
        guid = query.origin.guid.key
        if guid:
            for ip in query.addresses:
                insort(self._by_address[guid, ip], (query.origin.time, query.name), key=_time)

    def name(self, guid: str, ip: str, time: int) -> str:
        """The name that the process last resolved to this address by then; failing that, first after; else "".

        Sysmon logs a query when it is answered, which may be after the connection that it served.
        """
        seen = _nearest(self._by_address.get((guid, ip), []), time)
        return seen[1] if seen else ""


def _image_key(host: str, image: str) -> tuple[str, str]:
    return host.lower(), image.lower()


def _time(sighting: tuple[int, Seen]) -> int:
    return sighting[0]


def _nearest(sightings: list[tuple[int, Seen]], time: int) -> tuple[int, Seen] | None:
    if not sightings:
        return None
    return sightings[max(bisect_right(sightings, time, key=_time) - 1, 0)]
