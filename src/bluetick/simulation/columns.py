"""The exact columns of the three files written, and arrays of repeated text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# A column of any type: what the columns hold is the schemas' business.
Column: TypeAlias = "pa.Array[Any]"

INT = pa.int32()
LONG = pa.int64()
REAL = pa.float64()
BOOL = pa.bool_()
STRING = pa.string()
DATETIME = pa.timestamp("us", tz="UTC")


def _strings(names: str) -> tuple[tuple[str, pa.DataType], ...]:
    return tuple((name, STRING) for name in names.split())


# The Defender face of the table: Timestamp first, AdditionalFields as JSON text.
DEVICE_NETWORK_EVENTS: pa.Schema = pa.schema(
    [
        ("Timestamp", DATETIME),
        *_strings("DeviceId DeviceName ActionType RemoteIP"),
        ("RemotePort", INT),
        *_strings("RemoteUrl LocalIP"),
        ("LocalPort", INT),
        *_strings("Protocol LocalIPType RemoteIPType"),
        *_strings("InitiatingProcessSHA1 InitiatingProcessSHA256 InitiatingProcessMD5 InitiatingProcessFileName"),
        ("InitiatingProcessFileSize", LONG),
        *_strings("InitiatingProcessVersionInfoCompanyName InitiatingProcessVersionInfoProductName"),
        *_strings("InitiatingProcessVersionInfoProductVersion InitiatingProcessVersionInfoInternalFileName"),
        *_strings("InitiatingProcessVersionInfoOriginalFileName InitiatingProcessVersionInfoFileDescription"),
        ("InitiatingProcessId", LONG),
        ("InitiatingProcessCommandLine", STRING),
        ("InitiatingProcessCreationTime", DATETIME),
        *_strings("InitiatingProcessFolderPath InitiatingProcessParentFileName"),
        ("InitiatingProcessParentId", LONG),
        ("InitiatingProcessParentCreationTime", DATETIME),
        *_strings("InitiatingProcessAccountDomain InitiatingProcessAccountName InitiatingProcessAccountSid"),
        *_strings("InitiatingProcessAccountUpn InitiatingProcessAccountObjectId"),
        *_strings("InitiatingProcessIntegrityLevel InitiatingProcessTokenElevation"),
        ("ReportId", LONG),
        *_strings("AppGuardContainerId AdditionalFields"),
        ("InitiatingProcessSessionId", LONG),
        ("IsInitiatingProcessRemoteSession", BOOL),
        *_strings("InitiatingProcessRemoteSessionDeviceName InitiatingProcessRemoteSessionIP"),
        ("InitiatingProcessUniqueId", STRING),
        ("LogonID", LONG),
    ]
)

VM_CONNECTION: pa.Schema = pa.schema(
    [
        ("TimeGenerated", DATETIME),
        *_strings("Computer Direction ProcessName SourceIp DestinationIp"),
        ("DestinationPort", INT),
        *_strings("Protocol RemoteIp RemoteDnsQuestions RemoteDnsCanonicalNames RemoteClassification"),
        ("RemoteLongitude", REAL),
        ("RemoteLatitude", REAL),
        ("RemoteCountry", STRING),
        *((name, LONG) for name in ("BytesSent", "BytesReceived")),
        *((name, LONG) for name in ("LinksLive", "LinksTerminated", "LinksEstablished", "LinksFailed")),
        *((name, LONG) for name in ("Responses", "ResponseTimeSum", "ResponseTimeMin", "ResponseTimeMax")),
        *_strings("MaliciousIp IndicatorThreatType Description TLPLevel Confidence"),
        ("Severity", INT),
        *_strings("FirstReportedDateTime LastReportedDateTime IsActive ConnectionId Machine Process AgentId"),
        *_strings("SourceSystem Type _IsBillable"),
        ("_BilledSize", REAL),
        *_strings("_ResourceId _SubscriptionId"),
    ]
)

# FileProfile() adds ProfileAvailability itself, so a table of profiles does not hold it.
PROFILES: pa.Schema = pa.schema(
    [
        *_strings("SHA1 SHA256 MD5"),
        ("FileSize", LONG),
        ("GlobalPrevalence", LONG),
        ("GlobalFirstSeen", DATETIME),
        ("GlobalLastSeen", DATETIME),
        *_strings("Signer Issuer SignerHash"),
        ("IsCertificateValid", BOOL),
        ("IsRootSignerMicrosoft", BOOL),
        ("SignatureState", STRING),
        ("IsExecutable", BOOL),
        *_strings("ThreatName Publisher SoftwareName"),
    ]
)


@dataclass(frozen=True, slots=True)
class Coded:
    """A text for each key, held once: `codes[key]` points into `texts`."""

    codes: npt.NDArray[np.int32]
    texts: pa.StringArray

    def rows(self, keys: npt.NDArray[np.int64]) -> Column:
        """The text of each row, given each row's key."""
        return pa.DictionaryArray.from_arrays(self.codes[keys], self.texts, safe=False)


def encode(texts: Sequence[str]) -> Coded:
    """Hold the texts once each; the key is the position."""
    codes: dict[str, int] = {}
    numbered = np.fromiter((codes.setdefault(text, len(codes)) for text in texts), dtype=np.int32, count=len(texts))
    return Coded(numbered, pa.array(list(codes), type=STRING))
