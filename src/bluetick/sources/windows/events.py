"""Sysmon's events that others are joined with, typed: process creation (1), network connection (3), DNS query (22)."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from bluetick.sources.addresses import normalise_ip
from bluetick.sources.windows.event import Event, UnreadableError
from bluetick.sources.windows.fields import (
    Hashes,
    ProcessGuid,
    image_path,
    parse_hashes,
    parse_import_hash,
    parse_process_guid,
    parse_time,
    parse_whole,
    parse_zoned_time,
)

# Beyond this, the time in the event and the time of its collection tell different stories.
MAX_CLOCK_GAP = 5 * 60 * 1_000_000

_NO_PORT = ("", "-")
_INITIATED = {"true": True, "false": False}
_ANSWER_TYPE = re.compile(r"^type: +\d+ ")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when an event was seen. Collectors may differ in the time of collection and the record's number."""

    time: int
    collected: int | None = field(compare=False)
    host: str
    record: int | None = field(compare=False)
    guid: ProcessGuid
    process_id: int | None
    image: str
    user: str
    rule: str

    @property
    def device_id(self) -> str:
        """The host's name in lower case, else the machine id in its process GUID.

        The machine id is the poorer one: cloned hosts share it, and it is missing where the process is unknown.
        """
        return self.host.lower() or self.guid.machine

    @property
    def clock_gap(self) -> int | None:
        """The time of collection, where it is far from the event's own."""
        collected = self.collected
        if collected is None or -MAX_CLOCK_GAP <= collected - self.time <= MAX_CLOCK_GAP:
            return None
        return collected


@dataclass(frozen=True, slots=True)
class ProcessCreation:
    """A process at its start."""

    origin: Origin
    command_line: str
    hashes: Hashes
    company: str
    product: str
    description: str
    original_name: str
    integrity: str
    session: int | None
    logon: int | None
    parent: ProcessGuid
    parent_id: int | None
    parent_image: str
    parent_command_line: str
    parent_user: str
    sid: str = ""
    elevation: str = ""
    directory: str = ""
    import_hash: str = ""


class End(NamedTuple):
    """One end of a connection."""

    ip: str
    port: int | None


@dataclass(frozen=True, slots=True)
class NetworkConnection:
    """A connection as Sysmon wrote it; `initiated` is None where it does not say."""

    origin: Origin
    protocol: str
    initiated: bool | None
    source: End
    destination: End


@dataclass(frozen=True, slots=True)
class DnsQuery:
    """A name, the addresses it resolved to, and the process that asked."""

    origin: Origin
    name: str
    status: str
    answers: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActorFields:
    """The names of the fields that say which process did what an event tells of."""

    guid: str = "ProcessGuid"
    process_id: str = "ProcessId"
    image: str = "Image"
    user: str = "User"


_PROCESS = ActorFields()


def read_origin(event: Event, actor: ActorFields = _PROCESS) -> Origin:
    """Where and when a Sysmon event was seen, and of which process; UnreadableError where it has no time."""
    time = parse_time(event.text("UtcTime"))
    if time is None:
        raise UnreadableError("UtcTime is missing or not a time")
    return Origin(
        time=time,
        collected=parse_zoned_time(event.part_text("collected")),
        host=event.host,
        record=event.record,
        guid=parse_process_guid(event.text(actor.guid)),
        process_id=parse_whole(event.text(actor.process_id)),
        image=image_path(event.text(actor.image)),
        user=event.text(actor.user),
        rule=event.text("RuleName"),
    )


def read_process_creation(event: Event) -> ProcessCreation:
    """Sysmon event 1."""
    return ProcessCreation(
        origin=read_origin(event),
        command_line=event.text("CommandLine"),
        hashes=parse_hashes(event.text("Hashes")),
        company=event.text("Company"),
        product=event.text("Product"),
        description=event.text("Description"),
        original_name=event.text("OriginalFileName"),
        integrity=event.text("IntegrityLevel"),
        session=parse_whole(event.text("TerminalSessionId")),
        logon=parse_whole(event.text("LogonId"), 16),
        parent=parse_process_guid(event.text("ParentProcessGuid")),
        parent_id=parse_whole(event.text("ParentProcessId")),
        parent_image=image_path(event.text("ParentImage")),
        parent_command_line=event.text("ParentCommandLine"),
        parent_user=event.text("ParentUser"),
        directory=event.text("CurrentDirectory"),
        import_hash=parse_import_hash(event.text("Hashes")),
    )


def read_network_connection(event: Event) -> NetworkConnection:
    """Sysmon event 3; UnreadableError where an end is no address."""
    return NetworkConnection(
        origin=read_origin(event),
        protocol=event.text("Protocol").lower(),
        initiated=_INITIATED.get(event.text("Initiated").lower()),
        source=_end(event, "Source"),
        destination=_end(event, "Destination"),
    )


def _end(event: Event, side: str) -> End:
    ip = normalise_ip(event.text(f"{side}Ip"))
    if not ip:
        raise UnreadableError(f"{side}Ip is missing or not an address")
    written = event.text(f"{side}Port")
    port = parse_whole(written)
    if (port is None and written not in _NO_PORT) or (port is not None and not 0 <= port < 65536):
        raise UnreadableError(f"{side}Port is not a port")
    return End(ip, port)


def read_dns_query(event: Event) -> DnsQuery:
    """Sysmon event 22; UnreadableError where no name was asked for."""
    name = event.text("QueryName")
    if not name:
        raise UnreadableError("QueryName is missing")
    answers = event.text("QueryResults")
    return DnsQuery(
        origin=read_origin(event),
        name=name,
        status=event.text("QueryStatus"),
        answers=answers,
        addresses=_addresses(answers),
    )


@lru_cache(maxsize=16384)
def _addresses(results: str) -> tuple[str, ...]:
    """The addresses among the answers, which stand as `type:  5 name;::ffff:192.0.2.1;`."""
    answers = (_ANSWER_TYPE.sub("", part.strip()) for part in results.split(";"))
    spelled = (normalise_ip(answer) for answer in answers)
    return tuple(ip.removeprefix("::ffff:") if "." in ip else ip for ip in spelled if ip)
