"""Which columns tell of addresses, domains, hashes, processes and countries, table by table."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    ADDRESS = "address"
    DOMAIN = "domain"
    HASH = "hash"
    PROCESS = "process"
    COUNTRY = "country"


class Form(StrEnum):
    """How a column holds its values."""

    PLAIN = "plain"
    URL = "url"  # the value is its host
    LIST = "list"  # a JSON list of values


@dataclass(frozen=True, slots=True)
class Feed:
    column: str
    kind: Kind
    form: Form = Form.PLAIN


@dataclass(frozen=True, slots=True)
class Fed:
    """What a table tells, and the column that names the host on which it was seen ("" where a row has none)."""

    host: str
    feeds: tuple[Feed, ...]


def _all(kind: Kind, *columns: str, form: Form = Form.PLAIN) -> tuple[Feed, ...]:
    return tuple(Feed(column, kind, form) for column in columns)


_HASHES: Final = ("SHA256", "SHA1", "MD5")
_ACTOR: Final = (
    *_all(Kind.HASH, *(f"InitiatingProcess{name}" for name in _HASHES)),
    *_all(Kind.PROCESS, "InitiatingProcessFileName"),
)
_FILE: Final = _all(Kind.HASH, *_HASHES)
_REMOTE: Final = (*_all(Kind.ADDRESS, "RemoteIP"), *_all(Kind.DOMAIN, "RemoteUrl", form=Form.URL))

_SOURCE: Final = (*_all(Kind.ADDRESS, "SrcIpAddr"), *_all(Kind.COUNTRY, "SrcGeoCountry"))
_ENDS: Final = (*_SOURCE, *_all(Kind.ADDRESS, "DstIpAddr"), *_all(Kind.COUNTRY, "DstGeoCountry"))
_SIGN_IN: Final = Fed("", (*_all(Kind.ADDRESS, "IPAddress"), *_all(Kind.COUNTRY, "Location")))

# The columns of each table that are fed; one that its rows lack feeds nothing.
FEEDS: Final = {
    "DeviceNetworkEvents": Fed("DeviceName", (*_REMOTE, *_all(Kind.COUNTRY, "RemoteCountry"), *_ACTOR)),
    "DeviceProcessEvents": Fed("DeviceName", (*_FILE, *_all(Kind.PROCESS, "FileName"), *_ACTOR)),
    "DeviceFileEvents": Fed("DeviceName", (*_FILE, *_ACTOR)),
    "DeviceImageLoadEvents": Fed("DeviceName", (*_FILE, *_ACTOR)),
    "DeviceRegistryEvents": Fed("DeviceName", _ACTOR),
    "DeviceEvents": Fed("DeviceName", (*_REMOTE, *_FILE, *_ACTOR)),
    "DeviceLogonEvents": Fed("DeviceName", (*_all(Kind.ADDRESS, "RemoteIP"), *_ACTOR)),
    "VMConnection": Fed(
        "Computer",
        (
            *_all(Kind.ADDRESS, "RemoteIp", "DestinationIp"),
            *_all(Kind.DOMAIN, "RemoteDnsQuestions", form=Form.LIST),
            *_all(Kind.PROCESS, "ProcessName"),
            *_all(Kind.COUNTRY, "RemoteCountry"),
        ),
    ),
    "CommonSecurityLog": Fed(
        "Computer",
        (
            *_all(Kind.ADDRESS, "SourceIP", "DestinationIP"),
            *_all(Kind.DOMAIN, "RequestURL", form=Form.URL),
            *_all(Kind.HASH, "FileHash"),
        ),
    ),
    "DnsEvents": Fed("Computer", _all(Kind.DOMAIN, "Name")),
    "SecurityEvent": Fed("Computer", (*_all(Kind.ADDRESS, "IpAddress"), *_all(Kind.PROCESS, "Process"))),
    "W3CIISLog": Fed("Computer", (*_all(Kind.ADDRESS, "cIP"), *_all(Kind.COUNTRY, "RemoteIPCountry"))),
    "WireData": Fed(
        "Computer",
        (
            *_all(Kind.ADDRESS, "RemoteIP"),
            *_all(Kind.PROCESS, "ProcessName"),
            *_all(Kind.COUNTRY, "RemoteIPCountry"),
        ),
    ),
    "ASimNetworkSessionLogs": Fed("DvcHostname", _ENDS),
    "ASimDnsActivityLogs": Fed("DvcHostname", (*_SOURCE, *_all(Kind.DOMAIN, "DnsQuery"))),
    "ASimWebSessionLogs": Fed(
        "DvcHostname",
        (*_ENDS, *_all(Kind.DOMAIN, "Url", form=Form.URL), *_all(Kind.HASH, *(f"File{name}" for name in _HASHES))),
    ),
    "ASimAuthenticationEventLogs": Fed(
        "DvcHostname", (*_SOURCE, *_all(Kind.ADDRESS, "TargetIpAddr"), *_all(Kind.COUNTRY, "TargetGeoCountry"))
    ),
    "ASimProcessEventLogs": Fed(
        "DvcHostname",
        _all(Kind.HASH, *(f"{who}Process{name}" for who in ("Target", "Acting") for name in _HASHES)),
    ),
    "ASimFileEventLogs": Fed(
        "DvcHostname", _all(Kind.HASH, *(f"{which}File{name}" for which in ("Target", "Src") for name in _HASHES))
    ),
    "SigninLogs": _SIGN_IN,
    "AADNonInteractiveUserSignInLogs": _SIGN_IN,
    "AADServicePrincipalSignInLogs": _SIGN_IN,
    "AADManagedIdentitySignInLogs": _SIGN_IN,
    "ADFSSignInLogs": _SIGN_IN,
    "AADUserRiskEvents": Fed("", _all(Kind.ADDRESS, "IpAddress")),
    "MicrosoftGraphActivityLogs": Fed("", _all(Kind.ADDRESS, "IPAddress")),  # its Location is that of the service
    "OktaSystemLogs": Fed("", _SOURCE),
    "EntraIdSignInEvents": Fed("", (*_all(Kind.ADDRESS, "IPAddress"), *_all(Kind.COUNTRY, "Country"))),
    "IdentityLogonEvents": Fed("DeviceName", _all(Kind.ADDRESS, "IPAddress", "DestinationIPAddress")),
    "CloudAppEvents": Fed("", (*_all(Kind.ADDRESS, "IPAddress"), *_all(Kind.COUNTRY, "CountryCode"))),
    "OfficeActivity": Fed("", _all(Kind.ADDRESS, "ClientIP")),
    "AzureActivity": Fed("", _all(Kind.ADDRESS, "CallerIpAddress")),
    "UrlClickEvents": Fed("", (*_all(Kind.ADDRESS, "IPAddress"), *_all(Kind.DOMAIN, "Url", form=Form.URL))),
    "EmailUrlInfo": Fed("", _all(Kind.DOMAIN, "UrlDomain")),
    "EmailAttachmentInfo": Fed("", _all(Kind.HASH, "SHA256")),
    "AWSCloudTrail": Fed("", _all(Kind.ADDRESS, "SourceIpAddress")),
    "AWSVPCFlow": Fed("", _all(Kind.ADDRESS, "SrcAddr", "DstAddr")),
    "GCPVPCFlow": Fed(
        "",
        (*_all(Kind.ADDRESS, "SrcIp", "DestIp"), *_all(Kind.COUNTRY, "SrcLocationCountry", "DestLocationCountry")),
    ),
}
