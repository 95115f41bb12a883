"""The columns of the founding documents' answers, for peers that name them one by one."""

TALKER = ["ProcessName", "SourceIp", "DestinationIp", "RemoteCountry"]
CONTACT = [
    *("Computer", "Direction", "ProcessName", "SourceIp", "DestinationIp", "DestinationPort", "Protocol"),
    *("RemoteCountry", "MaliciousIp"),
]
PROFILE = [
    *("SHA1", "MD5", "FileSize", "GlobalFirstSeen", "GlobalLastSeen", "Signer", "Issuer", "SignerHash"),
    *("IsCertificateValid", "IsRootSignerMicrosoft", "SignatureState", "IsExecutable", "ThreatName", "Publisher"),
    "SoftwareName",
]
TEXTS = [
    *("SHA1", "MD5", "Signer", "Issuer", "SignerHash", "SignatureState", "ThreatName", "Publisher", "SoftwareName"),
]
_FIRST = [
    *("Timestamp", "names", "GlobalPrevalence", "InitiatingProcessFolderPath", "InitiatingProcessCommandLine"),
    *("RemoteIP", "RemoteUrl", "SHA256", "addresses", "urls", "InitiatingProcessSHA256", "devices"),
]


def events_order(events: list[str]) -> list[str]:
    """What is told of an event: what was asked for first, then the rest of its columns."""
    return [*_FIRST, *(name for name in events if name not in _FIRST)]
