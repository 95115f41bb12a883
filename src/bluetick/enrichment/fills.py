"""Which columns of the known tables are told from an address, and in which form. Data, not code per table.

A table stands here when its documentation says which address a column is about and how its values are spelt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bluetick.enrichment.indicators import Known


class Fact(Enum):
    """What an address tells."""

    KIND = "address kinds"
    COUNTRY = "country"  # its English name, as Azure spells it
    CODE = "country code"  # ISO 3166-1 alpha-2
    SYSTEM = "autonomous system"  # its number


@dataclass(frozen=True, slots=True)
class Fill:
    """A column that takes a fact of the address in another column, where it is empty."""

    address: str
    column: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class IndicatorFill:
    """The columns that an indicator of one of these addresses fills; the first address with one wins.

    `malicious` takes the address itself. Where it has a value already, the source has looked, and nothing is filled.
    """

    addresses: tuple[str, ...]
    malicious: str
    columns: Mapping[str, Known]


def _of(address: str, **columns: Fact) -> tuple[Fill, ...]:
    return tuple(Fill(address, column, fact) for column, fact in columns.items())


_LOCAL = _of("LocalIP", LocalIPType=Fact.KIND)
_REMOTE = _of("RemoteIP", RemoteIPType=Fact.KIND)
_CLIENT = _of("ClientIP", ClientCountryOrRegion=Fact.COUNTRY)
# ASIM asks for ISO codes: https://learn.microsoft.com/azure/sentinel/normalization-about-schemas#logical-types
_SOURCE = _of("SrcIpAddr", SrcGeoCountry=Fact.CODE)
_DESTINATION = _of("DstIpAddr", DstGeoCountry=Fact.CODE)
_TARGET = _of("TargetIpAddr", TargetGeoCountry=Fact.CODE)
_SIGN_IN = _of("IPAddress", Location=Fact.CODE, AutonomousSystemNumber=Fact.SYSTEM)
_ENTRA = _of("IPAddress", Country=Fact.CODE)

FILLS: Mapping[str, tuple[Fill, ...]] = {
    "VMConnection": _of("RemoteIp", RemoteCountry=Fact.COUNTRY),
    "DeviceNetworkEvents": (*_LOCAL, *_REMOTE),
    "DeviceCustomNetworkEvents": (*_LOCAL, *_REMOTE),
    "DeviceLogonEvents": _REMOTE,
    "WireData": _of("RemoteIP", RemoteIPCountry=Fact.COUNTRY),
    "W3CIISLog": _of("cIP", RemoteIPCountry=Fact.COUNTRY),
    "Heartbeat": _of("ComputerIP", RemoteIPCountry=Fact.COUNTRY),
    "CommonSecurityLog": _of("MaliciousIP", MaliciousIPCountry=Fact.COUNTRY),
    "WindowsFirewall": _of("MaliciousIP", MaliciousIPCountry=Fact.COUNTRY),
    "SigninLogs": _SIGN_IN,
    "AADNonInteractiveUserSignInLogs": _SIGN_IN,
    "AADServicePrincipalSignInLogs": _SIGN_IN,
    "AADManagedIdentitySignInLogs": _of("IPAddress", Location=Fact.CODE),
    "ADFSSignInLogs": _of("IPAddress", Location=Fact.CODE),
    "EntraIdSignInEvents": _ENTRA,
    "EntraIdSpnSignInEvents": _ENTRA,
    "CloudAppEvents": _of("IPAddress", CountryCode=Fact.CODE),
    "CloudAuditEvents": _of("IPAddress", CountryCode=Fact.CODE),
    "NetworkAccessConnectionEvents": _of("SourceIp", SourceIpCountryCode=Fact.CODE),
    "AWSWAF": _of("ClientIp", Country=Fact.CODE),
    "GCPVPCFlow": (*_of("SrcIp", SrcLocationAsn=Fact.SYSTEM), *_of("DestIp", DestLocationAsn=Fact.SYSTEM)),
    "ATCExpressRouteCircuitIpfix": (*_of("SourceIp", SrcAsn=Fact.SYSTEM), *_of("DestinationIp", DstAsn=Fact.SYSTEM)),
    "ASimAuditEventLogs": (*_SOURCE, *_TARGET),
    "ASimAuthenticationEventLogs": (*_SOURCE, *_TARGET),
    "ASimDhcpEventLogs": _SOURCE,
    "ASimDnsActivityLogs": (*_SOURCE, *_DESTINATION),
    "ASimFileEventLogs": _SOURCE,
    "ASimNetworkSessionLogs": (*_SOURCE, *_DESTINATION),
    "ASimUserManagementActivityLogs": _SOURCE,
    "ASimWebSessionLogs": (*_SOURCE, *_DESTINATION),
    "AppAvailabilityResults": _CLIENT,
    "AppBrowserTimings": _CLIENT,
    "AppDependencies": _CLIENT,
    "AppEvents": _CLIENT,
    "AppExceptions": _CLIENT,
    "AppPageViews": _CLIENT,
    "AppRequests": _CLIENT,
    "AppTraces": _CLIENT,
}

# https://learn.microsoft.com/azure/azure-monitor/vm/vminsights-log-query#malicious-ip (Severity: "default value is 3")
_MONITOR: Mapping[str, Known] = {
    "IndicatorThreatType": Known.THREAT_TYPE,
    "Description": Known.DESCRIPTION,
    "TLPLevel": Known.TLP,
    "Confidence": Known.CONFIDENCE,
    "Severity": Known.SEVERITY_OR_DEFAULT,
    "FirstReportedDateTime": Known.CREATED,
    "LastReportedDateTime": Known.MODIFIED,
    "IsActive": Known.ACTIVE,
}

# https://learn.microsoft.com/azure/sentinel/cef-name-mapping#threat-intelligence-fields
_CEF: Mapping[str, Known] = {
    "IndicatorThreatType": Known.THREAT_TYPE,
    "ThreatDescription": Known.DESCRIPTION,
    "ThreatConfidence": Known.CONFIDENCE,
    "ThreatSeverity": Known.SEVERITY,
}

INDICATOR_FILLS: Mapping[str, IndicatorFill] = {
    "VMConnection": IndicatorFill(("RemoteIp",), "MaliciousIp", _MONITOR),
    "WireData": IndicatorFill(("RemoteIP",), "MaliciousIP", _MONITOR),
    "W3CIISLog": IndicatorFill(("cIP",), "MaliciousIP", _MONITOR),
    "WindowsFirewall": IndicatorFill(("RemoteIP", "DestinationIP", "SourceIP"), "MaliciousIP", _MONITOR),
    "CommonSecurityLog": IndicatorFill(("RemoteIP", "DestinationIP", "SourceIP"), "MaliciousIP", _CEF),
}
