"""Entity types that an alert of Sentinel can name, and the identifiers of each.

https://learn.microsoft.com/azure/sentinel/entities-reference
"""

IDENTIFIERS: dict[str, tuple[str, ...]] = {
    "Account": (
        *("Name", "FullName", "NTDomain", "DnsDomain", "UPNSuffix", "Sid", "AadTenantId", "AadUserId", "PUID"),
        *("IsDomainJoined", "DisplayName", "ObjectGuid", "CloudAppAccountId"),
    ),
    "AzureResource": ("ResourceId",),
    "CloudApplication": ("AppId", "Name", "InstanceName"),
    "DNS": ("DomainName",),
    "File": ("Directory", "Name"),
    "FileHash": ("Algorithm", "Value"),
    "Host": (
        *("DnsDomain", "NTDomain", "HostName", "FullName", "NetBiosName", "AzureID", "OMSAgentID", "OSFamily"),
        *("OSVersion", "IsDomainJoined"),
    ),
    "IP": ("Address", "AddressScope"),
    "MailCluster": (
        *("NetworkMessageIds", "CountByDeliveryStatus", "CountByThreatType", "CountByProtectionStatus", "Threats"),
        *("Query", "QueryTime", "MailCount", "IsVolumeAnomaly", "Source", "ClusterSourceIdentifier"),
        *("ClusterSourceType", "ClusterQueryStartTime", "ClusterQueryEndTime", "ClusterGroup"),
    ),
    "MailMessage": (
        *("Recipient", "Urls", "Threats", "Sender", "P1Sender", "P1SenderDisplayName", "P1SenderDomain", "SenderIP"),
        *("P2Sender", "P2SenderDisplayName", "P2SenderDomain", "ReceivedDate", "NetworkMessageId"),
        *("InternetMessageId", "Subject", "BodyFingerprintBin1", "BodyFingerprintBin2", "BodyFingerprintBin3"),
        *("BodyFingerprintBin4", "BodyFingerprintBin5", "AntispamDirection", "DeliveryAction", "DeliveryLocation"),
        *("Language", "ThreatDetectionMethods"),
    ),
    "Mailbox": ("MailboxPrimaryAddress", "DisplayName", "Upn", "ExternalDirectoryObjectId", "RiskLevel"),
    "Malware": ("Name", "Category"),
    "Process": ("ProcessId", "CommandLine", "ElevationToken", "CreationTimeUtc"),
    "RegistryKey": ("Hive", "Key"),
    "RegistryValue": ("Name", "Value", "ValueType"),
    "SecurityGroup": ("DistinguishedName", "SID", "ObjectGuid"),
    "SubmissionMail": (
        *("SubmissionId", "SubmissionDate", "Submitter", "NetworkMessageId", "Timestamp", "Recipient", "Sender"),
        *("SenderIp", "Subject", "ReportType"),
    ),
    "URL": ("Url",),
    "IoTDevice": (
        *(
            "IoTHub",
            "FirmwareVersion",
            "DeviceId",
            "DeviceName",
            "IoTSecurityAgentId",
            "DeviceType",
            "Source",
            "SourceRef",
        ),
        *("Manufacturer", "Model", "OperatingSystem", "IpAddress", "MacAddress", "Protocols", "SerialNumber"),
    ),
}

# Without one of these an entity cannot be told; of a hash and its algorithm both are needed.
REQUIRED: dict[str, tuple[str, ...]] = {
    "Account": ("FullName", "Sid", "Name", "AadUserId", "PUID", "ObjectGuid"),
    "AzureResource": ("ResourceId",),
    "CloudApplication": ("AppId", "Name"),
    "DNS": ("DomainName",),
    "File": ("Name",),
    "FileHash": ("Value",),
    "Host": ("FullName", "HostName", "NetBiosName", "AzureID", "OMSAgentID"),
    "IP": ("Address",),
    "MailCluster": ("Query", "Source"),
    "MailMessage": ("NetworkMessageId", "Recipient"),
    "Mailbox": ("MailboxPrimaryAddress",),
    "Malware": ("Name",),
    "Process": ("CommandLine", "ProcessId"),
    "RegistryKey": ("Key", "Hive"),
    "RegistryValue": ("Name",),
    "SecurityGroup": ("DistinguishedName", "SID", "ObjectGuid"),
    "SubmissionMail": ("SubmissionId", "NetworkMessageId", "Recipient", "Submitter"),
    "URL": ("Url",),
    "IoTDevice": ("DeviceId",),
}
