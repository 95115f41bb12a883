"""Events of the Security log that Defender's tables tell of as well: logons and process creations."""

from collections.abc import Mapping

from bluetick.sources.addresses import classify_ip, normalise_ip
from bluetick.sources.windows.device_actions import Cells, DeviceAction
from bluetick.sources.windows.events import Origin, ProcessCreation
from bluetick.sources.windows.fields import Hashes, ProcessGuid, parse_whole
from bluetick.sources.windows.logged_event import LoggedEvent
from bluetick.sources.windows.security_event import LOGON_TYPES

_NOBODY = ProcessGuid("", "", None, "")
_LOGONS = {4624: "LogonSuccess", 4625: "LogonFailed"}
_CREATED = 4688

# The statuses of a failed logon (NTSTATUS) that mean that name or password is wrong.
_WRONG_CREDENTIALS = {0xC0000064, 0xC000006A, 0xC000006D}
_ELEVATIONS = {
    "%%1936": "TokenElevationTypeDefault",
    "%%1937": "TokenElevationTypeFull",
    "%%1938": "TokenElevationTypeLimited",
}
_INTEGRITIES: Mapping[str, str] = {
    "S-1-16-0": "Untrusted",
    "S-1-16-4096": "Low",
    "S-1-16-8192": "Medium",
    "S-1-16-8448": "Medium",
    "S-1-16-12288": "High",
    "S-1-16-16384": "System",
}


def security_action(event: LoggedEvent) -> DeviceAction | ProcessCreation | None:
    """What Defender's tables would tell of the event; None where they have no row for it.

    Connections (5156) are none: where Sysmon logs them too, each would count twice.
    """
    if event.event_id in _LOGONS:
        return _logon(event)
    if event.event_id == _CREATED and event.text("NewProcessName"):
        return _creation(event)
    return None


def _logon(event: LoggedEvent) -> DeviceAction:
    kind = parse_whole(event.text("LogonType"))
    ip = normalise_ip(event.text("IpAddress"))
    failure = _failure(event) if event.event_id != 4624 else ""
    cells: Cells = (
        ("LogonType", LOGON_TYPES.get(kind, "") if kind is not None else ""),
        ("AccountDomain", event.text("TargetDomainName")),
        ("AccountName", event.text("TargetUserName")),
        ("AccountSid", event.text("TargetUserSid")),
        ("Protocol", event.text("AuthenticationPackageName")),
        ("FailureReason", failure),
        ("LogonId", _hexadecimal(event.text("TargetLogonId"))),
        ("RemoteDeviceName", event.text("WorkstationName")),
        ("RemoteIP", ip),
        ("RemoteIPType", classify_ip(ip) if ip else ""),
        ("RemotePort", _port(event.text("IpPort"))),
    )
    told = tuple((name, event.text(name)) for name in ("Status", "SubStatus", "LogonProcessName"))
    origin = _origin(event, _NOBODY, event.text("ProcessName"), event.text("ProcessId"))
    return DeviceAction(origin, "DeviceLogonEvents", _LOGONS[event.event_id], cells, told)


def _failure(event: LoggedEvent) -> str:
    """Defender's word for the only failures of which it is certain; the statuses themselves are kept beside it."""
    statuses = {_hexadecimal(event.text("SubStatus")), _hexadecimal(event.text("Status"))}
    return "InvalidUserNameOrPassword" if statuses & _WRONG_CREDENTIALS else ""


def _creation(event: LoggedEvent) -> ProcessCreation:
    guid = ProcessGuid("", "", event.time, "")
    origin = _origin(event, guid, event.text("NewProcessName"), event.text("NewProcessId"), _runner(event))
    return ProcessCreation(
        origin=origin,
        command_line=event.text("CommandLine"),
        hashes=Hashes(),
        company="",
        product="",
        description="",
        original_name="",
        integrity=_INTEGRITIES.get(event.text("MandatoryLabel"), ""),
        session=None,
        logon=_hexadecimal(event.text("TargetLogonId")) or _hexadecimal(event.text("SubjectLogonId")),
        parent=_NOBODY,
        parent_id=_hexadecimal(event.text("ProcessId")),
        parent_image=event.text("ParentProcessName"),
        parent_command_line="",
        parent_user=_account(event, "Subject"),
        sid=event.text("TargetUserSid").replace("S-1-0-0", "") or event.text("SubjectUserSid"),
        elevation=_ELEVATIONS.get(event.text("TokenElevationType"), ""),
    )


def _origin(event: LoggedEvent, guid: ProcessGuid, image: str, process: str, user: str | None = None) -> Origin:
    return Origin(
        time=event.time,
        collected=None,
        host=event.host,
        record=event.event.record,
        guid=guid,
        process_id=_hexadecimal(process),
        image=image,
        user=_account(event, "Subject") if user is None else user,
        rule="",
    )


def _runner(event: LoggedEvent) -> str:
    """The account that a process runs as: the target where one is named, else that of its parent."""
    return _account(event, "Target") or _account(event, "Subject")


def _account(event: LoggedEvent, whose: str) -> str:
    domain, name = event.text(f"{whose}DomainName"), event.text(f"{whose}UserName")
    return f"{domain}\\{name}" if domain and name else name


def _hexadecimal(text: str) -> int | None:
    """A number that Windows prints as 0x1f4, and some collectors as 500."""
    return parse_whole(text, 16 if text.lower().startswith("0x") else 10)


def _port(text: str) -> int | None:
    number = parse_whole(text)
    return number if number is not None and 0 <= number < 65536 else None
