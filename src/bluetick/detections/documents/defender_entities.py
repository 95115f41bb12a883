"""Entities of Defender's custom detections beside Sentinel's: which kind and identifier is which."""

# Group of `entityMappings` -> Sentinel's kind of entity, and (Defender's property, Sentinel's identifier) pairs.
GROUPS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "accounts": (
        "Account",
        (
            *(("nameColumn", "Name"), ("ntDomainColumn", "NTDomain"), ("dnsDomainColumn", "DnsDomain")),
            *(("upnSuffixColumn", "UPNSuffix"), ("sidColumn", "Sid"), ("aadUserIdColumn", "AadUserId")),
            ("upnColumn", "FullName"),
        ),
    ),
    "hosts": (
        "Host",
        (
            *(("nameColumn", "HostName"), ("ntDomainColumn", "NTDomain"), ("dnsDomainColumn", "DnsDomain")),
            *(("netBiosNameColumn", "NetBiosName"), ("deviceIdColumn", "DeviceId")),
        ),
    ),
    "ips": ("IP", (("addressColumn", "Address"), ("scopeColumn", "Scope"))),
    "urls": ("URL", (("addressColumn", "Url"),)),
    "files": ("File", (("nameColumn", "Name"), ("sha1Column", "Sha1"), ("sha256Column", "Sha256"))),
    "processes": ("Process", (("sha1Column", "Sha1"), ("sha256Column", "Sha256"))),
}
# What Sentinel itself does not know of the identifiers above.
NOT_SENTINEL = frozenset({("Host", "DeviceId"), ("IP", "Scope"), ("File", "Sha1"), ("File", "Sha256")}) | frozenset(
    {("Process", "Sha1"), ("Process", "Sha256")}
)
# A host's full name is its name to Defender, which has no column for both.
ALSO = {("Host", "FullName"): ("hosts", "nameColumn")}
# The older `impactedAssets`: what its type says of the kind.
ASSETS = {"impactedDeviceAsset": "Host", "impactedUserAsset": "Account", "impactedMailboxAsset": "Mailbox"}
# The older identifiers are the columns of the result themselves; what the last part of one is in Sentinel's words.
_PARTS = (
    *(("Host", "DeviceName", "FullName"), ("Host", "DeviceId", "DeviceId"), ("Account", "ObjectId", "AadUserId")),
    *(("Account", "Sid", "Sid"), ("Account", "Upn", "FullName"), ("Account", "Domain", "NTDomain")),
    *(("Account", "Name", "Name"), ("Mailbox", "Address", "MailboxPrimaryAddress"), ("Mailbox", "Upn", "Upn")),
)


def asset_identifier(kind: str, column: str) -> str:
    """Sentinel's identifier for a column that an impacted asset names; the column where it has none."""
    lowered = column.lower()
    return next((word for of, part, word in _PARTS if of == kind and lowered.endswith(part.lower())), column)
