"""The three Sysmon events that are read, typed: process creation (1), network connection (3), DNS query (22)."""

import re
from dataclasses import dataclass

from bluetick.sources.addresses import normalise_ip
from bluetick.sources.sysmon.fields import (
    Hashes,
    ProcessGuid,
    file_name,
    image_path,
    parse_hashes,
    parse_process_guid,
    parse_time,
    parse_whole,
    parse_zoned_time,
)
from bluetick.sources.sysmon.layouts import Event, UnreadableError

_INITIATED = {"true": True, "false": False}
_ANSWER_TYPE = re.compile(r"^type: +\d+ ")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where and when an event was seen."""

    time: int
    collected: int | None
    host: str
    record: int | None
    guid: ProcessGuid
    process_id: int | None
    image: str
    user: str
    rule: str


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

    @property
    def parent_name(self) -> str:
        """The file name of the parent."""
        return file_name(self.parent_image)


@dataclass(frozen=True, slots=True)
class End:
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
    addresses: tuple[str, ...]


SysmonEvent = ProcessCreation | NetworkConnection | DnsQuery


def read_event(event: Event) -> SysmonEvent | None:
    """The event typed; None for one of another number; UnreadableError says what a row of it would lack."""
    match event.event_id:
        case 1:
            return _process_creation(event)
        case 3:
            return _network_connection(event)
        case 22:
            return _dns_query(event)
    return None


def _origin(event: Event) -> Origin:
    time = parse_time(event.text("UtcTime"))
    if time is None:
        raise UnreadableError("UtcTime is missing or not a time")
    return Origin(
        time=time,
        collected=parse_zoned_time(event.collected),
        host=event.host,
        record=event.record,
        guid=parse_process_guid(event.text("ProcessGuid")),
        process_id=parse_whole(event.text("ProcessId")),
        image=image_path(event.text("Image")),
        user=event.text("User"),
        rule=event.text("RuleName"),
    )


def _process_creation(event: Event) -> ProcessCreation:
    return ProcessCreation(
        origin=_origin(event),
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
    )


def _network_connection(event: Event) -> NetworkConnection:
    return NetworkConnection(
        origin=_origin(event),
        protocol=event.text("Protocol").lower(),
        initiated=_INITIATED.get(event.text("Initiated").lower()),
        source=_end(event, "Source"),
        destination=_end(event, "Destination"),
    )


def _end(event: Event, side: str) -> End:
    ip = normalise_ip(event.text(f"{side}Ip"))
    if not ip:
        raise UnreadableError(f"{side}Ip is missing or not an address")
    port = parse_whole(event.text(f"{side}Port"))
    if port is not None and not 0 <= port < 65536:
        raise UnreadableError(f"{side}Port is not a port")
    return End(ip, port)


def _dns_query(event: Event) -> DnsQuery:
    name = event.text("QueryName")
    if not name:
        raise UnreadableError("QueryName is missing")
    return DnsQuery(origin=_origin(event), name=name, addresses=_addresses(event.text("QueryResults")))


def _addresses(results: str) -> tuple[str, ...]:
    """The addresses among the answers, which stand as `type:  5 name;::ffff:192.0.2.1;`."""
    answers = (_ANSWER_TYPE.sub("", part.strip()) for part in results.split(";"))
    spelled = (normalise_ip(answer) for answer in answers)
    return tuple(ip.removeprefix("::ffff:") if "." in ip else ip for ip in spelled if ip)
