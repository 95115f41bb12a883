"""Where Sigma's log sources stand in Microsoft's tables, and how Sigma's fields are told by their columns.

Sigma's fields of endpoint events are Sysmon's. A field that is a column under another name is renamed; one that the
table tells in another form is computed from its columns in that of Sysmon, so that a rule's values stay as they are.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bluetick.syntax.expression_printer import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table, the rows of it that are meant, and what fields are in it.

    `renamed` leads from a field to a column, `computed` to a KQL expression over columns. A field that is in neither is
    the column of its own name, where `is_loose` without regard to case, dots and underscores; else what `other` makes
    of its name. `hashes` are the algorithms that have a column of their name. `of_sysmon` are fields that Defender does
    not tell: they are filled only in rows that were made of Sysmon's events.
    """

    table: str
    pack: Literal["defender", "sentinel"]
    condition: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    computed: Mapping[str, str] = field(default_factory=dict)
    other: Callable[[str], str] | None = None
    hashes: tuple[str, ...] = ()
    of_sysmon: frozenset[str] = frozenset()
    is_loose: bool = False


IMPORT_HASH = "Imphash"  # a field of some rules; in Sysmon's list of hashes it is IMPHASH

_HASHES = ("MD5", "SHA1", "SHA256")
_HASH_FIELDS = {"md5": "MD5", "sha1": "SHA1", "sha256": "SHA256"}


def _more(name: str) -> str:
    return f"tostring(parse_json(AdditionalFields).{name})"


def _user(prefix: str) -> str:
    domain, name = f"{prefix}AccountDomain", f"{prefix}AccountName"
    return f'iff(isempty({domain}), {name}, strcat({domain}, @"\\", {name}))'


# Who did it, in every table of what processes do.
_ACTOR = {
    "Image": "InitiatingProcessFolderPath",
    "CommandLine": "InitiatingProcessCommandLine",
    "ProcessId": "InitiatingProcessId",
    "ParentProcessId": "InitiatingProcessParentId",
    "ProcessName": "InitiatingProcessFolderPath",
}
_ACTOR_USER = {"User": _user("InitiatingProcess")}

_PROCESS = Source(
    table="DeviceProcessEvents",
    pack="defender",
    condition='ActionType == "ProcessCreated"',
    renamed={
        "Image": "FolderPath",
        "CommandLine": "ProcessCommandLine",
        "ProcessId": "ProcessId",
        "IntegrityLevel": "ProcessIntegrityLevel",
        "LogonId": "LogonId",
        "Description": "ProcessVersionInfoFileDescription",
        "Product": "ProcessVersionInfoProductName",
        "Company": "ProcessVersionInfoCompanyName",
        "OriginalFileName": "ProcessVersionInfoOriginalFileName",
        "ParentImage": "InitiatingProcessFolderPath",
        "ParentCommandLine": "InitiatingProcessCommandLine",
        "ParentProcessId": "InitiatingProcessId",
        **_HASH_FIELDS,
    },
    computed={
        "User": _user(""),
        "ParentUser": _user("InitiatingProcess"),
        "CurrentDirectory": _more("CurrentDirectory"),
        IMPORT_HASH: _more("ImportHash"),
    },
    hashes=_HASHES,
    of_sysmon=frozenset({"CurrentDirectory", IMPORT_HASH}),
)


def _files(condition: str) -> Source:
    return Source(
        table="DeviceFileEvents",
        pack="defender",
        condition=condition,
        renamed={
            **_ACTOR,
            "TargetFilename": "FolderPath",
            "IntegrityLevel": "InitiatingProcessIntegrityLevel",
            **_HASH_FIELDS,
        },
        computed=_ACTOR_USER,
        hashes=_HASHES,
    )


_IMAGES = Source(
    table="DeviceImageLoadEvents",
    pack="defender",
    renamed={**_ACTOR, "ImageLoaded": "FolderPath", **_HASH_FIELDS},
    computed=_ACTOR_USER,
    hashes=_HASHES,
)

# Sysmon writes a key and the name of its value as one path, and the four roots that its manual lists in short.
_KEY = 'iff(ActionType == "RegistryKeyRenamed", PreviousRegistryKey, RegistryKey)'
_PATH = f'iff(isempty(RegistryValueName), {_KEY}, strcat(RegistryKey, @"\\", RegistryValueName))'
_ROOTS = (
    (r"HKEY_LOCAL_MACHINE\\SYSTEM\\(?:Current)?ControlSet(?:\d+)?(\\|$)", r"HKLM\System\CurrentControlSet\1"),
    (r"HKEY_CLASSES_ROOT(\\|$)", r"HKCR\1"),
    (r"HKEY_LOCAL_MACHINE(\\|$)", r"HKLM\1"),
    (r"(?:HKEY_USERS|HKEY_CURRENT_USER)(\\|$)", r"HKU\1"),
)


def _in_short(path: str) -> str:
    for pattern, name in _ROOTS:
        written = name.replace("\\", "\\\\").replace("\\\\1", "\\1")
        path = f'replace_regex({path}, @"(?i)^{pattern}", @"{written}")'
    return path


_DETAILS = (
    'case(RegistryValueType =~ "Dword", strcat("DWORD (0x", tohex(tolong(RegistryValueData), 8), ")"), '
    'RegistryValueType =~ "Qword", strcat("QWORD (0x", substring(tohex(tolong(RegistryValueData), 16), 0, 8), "-0x", '
    'substring(tohex(tolong(RegistryValueData), 16), 8), ")"), '
    'RegistryValueType =~ "Binary", "Binary Data", RegistryValueData)'
)
_EVENT_TYPE = (
    'case(ActionType == "RegistryKeyCreated", "CreateKey", ActionType == "RegistryKeyDeleted", "DeleteKey", '
    'ActionType == "RegistryKeyRenamed", "RenameKey", ActionType == "RegistryValueSet", "SetValue", '
    'ActionType == "RegistryValueDeleted", "DeleteValue", ActionType)'
)


def _registry(condition: str = "") -> Source:
    return Source(
        table="DeviceRegistryEvents",
        pack="defender",
        condition=condition,
        renamed={**_ACTOR, "IntegrityLevel": "InitiatingProcessIntegrityLevel"},
        computed={
            **_ACTOR_USER,
            "TargetObject": _in_short(_PATH),
            "Details": _DETAILS,
            "EventType": _EVENT_TYPE,
            "NewName": _in_short('iff(ActionType == "RegistryKeyRenamed", RegistryKey, "")'),
        },
    )


# Sysmon's source is the end that began; Defender's local end is that of the device.
_INBOUND = 'ActionType == "InboundConnectionAccepted"'
_NETWORK = Source(
    table="DeviceNetworkEvents",
    pack="defender",
    condition='ActionType in ("ConnectionSuccess", "InboundConnectionAccepted")',
    renamed={**_ACTOR, "Protocol": "Protocol", "IntegrityLevel": "InitiatingProcessIntegrityLevel"},
    computed={
        **_ACTOR_USER,
        "Initiated": f'iff({_INBOUND}, "false", "true")',
        "SourceIp": f"iff({_INBOUND}, RemoteIP, LocalIP)",
        "SourcePort": f"iff({_INBOUND}, RemotePort, LocalPort)",
        "DestinationIp": f"iff({_INBOUND}, LocalIP, RemoteIP)",
        "DestinationPort": f"iff({_INBOUND}, LocalPort, RemotePort)",
        "SourceHostname": f"iff({_INBOUND}, RemoteUrl, DeviceName)",
        "DestinationHostname": f"iff({_INBOUND}, DeviceName, RemoteUrl)",
        "SourceIsIpv6": f'iff(iff({_INBOUND}, RemoteIP, LocalIP) contains ":", "true", "false")',
        "DestinationIsIpv6": f'iff(iff({_INBOUND}, LocalIP, RemoteIP) contains ":", "true", "false")',
    },
)


def _acts(
    action: str,
    renamed: Mapping[str, str],
    computed: Mapping[str, str],
    hashes: tuple[str, ...] = (),
    of_sysmon: tuple[str, ...] = (),
) -> Source:
    return Source(
        table="DeviceEvents",
        pack="defender",
        condition=f'ActionType == "{action}"',
        renamed=renamed,
        computed=computed,
        hashes=hashes,
        of_sysmon=frozenset(of_sysmon),
    )


NUMERIC = frozenset({"SourcePort", "DestinationPort"})  # of what is computed; the rest is text

_BY_SOURCE = {"SourceImage": "InitiatingProcessFolderPath", "SourceProcessId": "InitiatingProcessId"}
_ON_TARGET = {"TargetImage": "FolderPath", "TargetProcessId": "ProcessId"}
_SOURCE_USERS = {"SourceUser": _user("InitiatingProcess"), "TargetUser": _user("")}

_DNS = _acts(
    "DnsQueryResponse",
    _ACTOR,
    {**_ACTOR_USER, "QueryName": _more("DnsQueryString"), "QueryResults": _more("DnsQueryResult")},
)
_PIPE = _acts(
    "NamedPipeEvent",
    _ACTOR,
    {**_ACTOR_USER, "PipeName": f'replace_regex({_more("PipeName")}, @"(?i)^\\\\Device\\\\NamedPipe", "")'},
)
_START = ("StartModule", "StartFunction", "StartAddress")
_SIGNING = ("Signed", "Signature", "SignatureStatus")
_THREAD = _acts(
    "CreateRemoteThreadApiCall",
    {**_BY_SOURCE, **_ON_TARGET, "SourceCommandLine": "InitiatingProcessCommandLine"},
    {**_SOURCE_USERS, **{name: _more(name) for name in _START}},
    of_sysmon=_START,
)
_ACCESS = _acts(
    "OpenProcessApiCall",
    {**_BY_SOURCE, **_ON_TARGET, "SourceCommandLine": "InitiatingProcessCommandLine"},
    {
        **_SOURCE_USERS,
        "GrantedAccess": f'strcat("0x", tohex(tolong({_more("DesiredAccess")})))',
        "CallTrace": _more("CallTrace"),
    },
    of_sysmon=("CallTrace",),
)
_DRIVER = _acts(
    "DriverLoad",
    {"ImageLoaded": "FolderPath", **_HASH_FIELDS},
    {name: _more(name) for name in _SIGNING},
    _HASHES,
    _SIGNING,
)

# By category; the product may be any that Defender has these tables for.
ENDPOINT: Mapping[str, Source] = {
    "process_creation": _PROCESS,
    "image_load": _IMAGES,
    "file_event": _files('ActionType == "FileCreated"'),
    "file_delete": _files('ActionType == "FileDeleted"'),
    "file_rename": _files('ActionType == "FileRenamed"'),
    "registry_event": _registry(),
    "registry_set": _registry('ActionType == "RegistryValueSet"'),
    "registry_add": _registry('ActionType == "RegistryKeyCreated"'),
    "registry_delete": _registry('ActionType in ("RegistryKeyDeleted", "RegistryValueDeleted")'),
    "registry_rename": _registry('ActionType == "RegistryKeyRenamed"'),
    "network_connection": _NETWORK,
    "dns_query": _DNS,
    "pipe_created": _PIPE,
    "create_remote_thread": _THREAD,
    "process_access": _ACCESS,
    "driver_load": _DRIVER,
}
ENDPOINT_PRODUCTS = frozenset({"", "windows", "linux", "macos"})

_POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")

# Categories of Windows that are events of a log: its channels, and the events' numbers.
LOG_CATEGORIES: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "ps_script": (_POWERSHELL, (4104,)),
    "ps_module": (_POWERSHELL, (4103,)),
    "ps_classic_start": (("Windows PowerShell",), (400,)),
    "ps_classic_provider_start": (("Windows PowerShell",), (600,)),
}

_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))


def _element(name: str) -> str:
    """A field of the XML in which SecurityEvent has what it has no column for."""
    pattern = f'(?i)<Data Name="{re.escape(name)}">([^<]*)</Data>'
    told = f"extract({quote(pattern)}, 1, EventData)"
    for entity, character in _ENTITIES:
        told = f"replace_string({told}, {quote(entity)}, {quote(character)})"
    return told


SECURITY = Source(
    table="SecurityEvent",
    pack="sentinel",
    renamed={"Provider_Name": "EventSourceName"},
    other=_element,
    is_loose=True,
)

_LIST_OR_TEXT = 'iff(gettype(EventData.Data) == "array", strcat_array(EventData.Data, "\\n"), tostring(EventData.Data))'
_WORD = re.compile(r"_|(?<=[a-z])(?=[A-Z])")
_SPACED = frozenset({"Microsoft-Windows-Windows Defender/Operational"})


def _property(name: str) -> str:
    return f"tostring(EventData[{quote(name)}])"


def _spaced_property(name: str) -> str:
    """As `_property`, in a log that writes `Threat Name` where Sigma writes ThreatName."""
    return _property(_WORD.sub(" ", name))


def windows_log(channels: tuple[str, ...], numbers: tuple[int, ...] = ()) -> Source:
    """The events of a Windows log, with the fields that each has of its own."""
    condition = f"Channel in~ ({', '.join(map(quote, channels))})"
    if numbers:
        condition += f" and EventID in ({', '.join(map(str, numbers))})"
    return Source(
        table="WindowsEvent",
        pack="sentinel",
        condition=condition,
        renamed={"Provider_Name": "Provider", "Level": "EventLevel"},
        computed={"Data": _LIST_OR_TEXT},
        other=_spaced_property if _SPACED & set(channels) else _property,
    )


# By product and service. Their fields are columns whose names differ in case, dots and underscores at most.
CLOUD: Mapping[tuple[str, str], Source] = {
    ("aws", "cloudtrail"): Source(table="AWSCloudTrail", pack="sentinel", is_loose=True),
    ("azure", "auditlogs"): Source(table="AuditLogs", pack="sentinel", is_loose=True),
    ("azure", "signinlogs"): Source(table="SigninLogs", pack="sentinel", is_loose=True),
    ("azure", "activitylogs"): Source(
        table="AzureActivity",
        pack="sentinel",
        renamed={"operationName": "OperationNameValue", "OperationName": "OperationNameValue"},
        is_loose=True,
    ),
}
