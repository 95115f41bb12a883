"""The files have exactly the columns that Microsoft documents, and Arrow types that hold them."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import Made

DEVICE_NETWORK_EVENTS = """
Timestamp:datetime DeviceId:string DeviceName:string ActionType:string RemoteIP:string RemotePort:int
RemoteUrl:string LocalIP:string LocalPort:int Protocol:string LocalIPType:string RemoteIPType:string
InitiatingProcessSHA1:string InitiatingProcessSHA256:string InitiatingProcessMD5:string
InitiatingProcessFileName:string InitiatingProcessFileSize:long InitiatingProcessVersionInfoCompanyName:string
InitiatingProcessVersionInfoProductName:string InitiatingProcessVersionInfoProductVersion:string
InitiatingProcessVersionInfoInternalFileName:string InitiatingProcessVersionInfoOriginalFileName:string
InitiatingProcessVersionInfoFileDescription:string InitiatingProcessId:long
InitiatingProcessCommandLine:string InitiatingProcessCreationTime:datetime InitiatingProcessFolderPath:string
InitiatingProcessParentFileName:string InitiatingProcessParentId:long
InitiatingProcessParentCreationTime:datetime InitiatingProcessAccountDomain:string
InitiatingProcessAccountName:string InitiatingProcessAccountSid:string InitiatingProcessAccountUpn:string
InitiatingProcessAccountObjectId:string InitiatingProcessIntegrityLevel:string
InitiatingProcessTokenElevation:string ReportId:long AppGuardContainerId:string AdditionalFields:string
InitiatingProcessSessionId:long IsInitiatingProcessRemoteSession:bool
InitiatingProcessRemoteSessionDeviceName:string InitiatingProcessRemoteSessionIP:string
InitiatingProcessUniqueId:string LogonID:long
"""

VM_CONNECTION = """
TimeGenerated:datetime Computer:string Direction:string ProcessName:string SourceIp:string
DestinationIp:string DestinationPort:int Protocol:string RemoteIp:string RemoteDnsQuestions:string
RemoteDnsCanonicalNames:string RemoteClassification:string RemoteLongitude:real RemoteLatitude:real
RemoteCountry:string BytesSent:long BytesReceived:long LinksLive:long LinksTerminated:long
LinksEstablished:long LinksFailed:long Responses:long ResponseTimeSum:long ResponseTimeMin:long
ResponseTimeMax:long MaliciousIp:string IndicatorThreatType:string Description:string TLPLevel:string
Confidence:string Severity:int FirstReportedDateTime:string LastReportedDateTime:string IsActive:string
ConnectionId:string Machine:string Process:string AgentId:string SourceSystem:string Type:string
_IsBillable:string _BilledSize:real _ResourceId:string _SubscriptionId:string
"""

PROFILES = """
SHA1:string SHA256:string MD5:string FileSize:long GlobalPrevalence:long GlobalFirstSeen:datetime
GlobalLastSeen:datetime Signer:string Issuer:string SignerHash:string IsCertificateValid:bool
IsRootSignerMicrosoft:bool SignatureState:string IsExecutable:bool ThreatName:string Publisher:string
SoftwareName:string
"""

ARROW = {
    "string": pa.string(),
    "datetime": pa.timestamp("us", tz="UTC"),
    "int": pa.int32(),
    "long": pa.int64(),
    "real": pa.float64(),
    "bool": pa.bool_(),
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("DeviceNetworkEvents/*.parquet", DEVICE_NETWORK_EVENTS),
        ("VMConnection/*.parquet", VM_CONNECTION),
        ("profiles.parquet", PROFILES),
    ],
)
def test_columns_are_the_documented_ones(made: Made, pattern: str, expected: str) -> None:
    columns = [cell.split(":") for cell in expected.split()]
    files = sorted(made.out.glob(pattern))
    assert files
    for file in files:
        schema = pq.read_schema(file)
        assert [(field.name, field.type) for field in schema] == [(name, ARROW[kind]) for name, kind in columns]


@pytest.mark.parametrize("table", ["DeviceNetworkEvents", "VMConnection"])
def test_strings_are_never_null(made: Made, table: str) -> None:
    for file in (made.out / table).glob("*.parquet"):
        read = pq.read_table(file)
        assert {
            name: read[name].null_count
            for name in read.column_names
            if read.schema.field(name).type == pa.string() and read[name].null_count
        } == {}


@pytest.mark.parametrize(("table", "time"), [("DeviceNetworkEvents", "Timestamp"), ("VMConnection", "TimeGenerated")])
def test_files_are_sorted_hold_their_day_and_use_zstd(made: Made, table: str, time: str) -> None:
    for file in (made.out / table).glob("*.parquet"):
        times = pq.read_table(file)[time].to_numpy().astype("datetime64[us]")
        assert (np.diff(times).astype(np.int64) >= 0).all()
        assert np.unique(times.astype("datetime64[D]")).astype(str).tolist() == [file.stem]
        assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"
