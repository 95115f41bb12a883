-- The hunt for long-running rare files stage by stage, as its KQL has them: one pass that aggregates and keeps the
-- newest row. Which of several newest rows is left open, as one would leave it.
WITH files AS (
    SELECT InitiatingProcessSHA256 AS hash,
           count(DISTINCT DeviceId) AS devices,
           list_sort(list(DISTINCT DeviceName))[1:5] AS names,
           count(DISTINCT RemoteIP) AS addresses,
           count(DISTINCT RemoteUrl) FILTER (RemoteUrl <> '') AS urls,
           max(Timestamp) AS Timestamp,
           arg_max_null(COLUMNS(e.* EXCLUDE (Timestamp, InitiatingProcessSHA256)), Timestamp) AS "\0"
    FROM events AS e
    WHERE Timestamp < $now AND Timestamp > $now - INTERVAL 720 HOUR
      AND InitiatingProcessSHA256 <> '' AND RemoteIPType = 'Public' AND ActionType = 'ConnectionSuccess'
      AND InitiatingProcessCreationTime < Timestamp - INTERVAL 240 HOUR
    GROUP BY InitiatingProcessSHA256
    HAVING devices <= 5 AND urls <= 2
)
SELECT Timestamp, names, GlobalPrevalence, InitiatingProcessFolderPath, InitiatingProcessCommandLine, RemoteIP,
       RemoteUrl, p.SHA256, addresses, urls, hash, devices,
       files.* EXCLUDE (hash, devices, names, addresses, urls, Timestamp, InitiatingProcessFolderPath,
                        InitiatingProcessCommandLine, RemoteIP, RemoteUrl),
       coalesce(SHA1, ''), coalesce(MD5, ''), FileSize, GlobalFirstSeen, GlobalLastSeen, coalesce(Signer, ''),
       coalesce(Issuer, ''), coalesce(SignerHash, ''), IsCertificateValid, IsRootSignerMicrosoft,
       coalesce(SignatureState, ''), IsExecutable, coalesce(ThreatName, ''), coalesce(Publisher, ''),
       coalesce(SoftwareName, ''), 'Available'
FROM files JOIN profiles AS p ON p.SHA256 = files.hash
WHERE GlobalPrevalence <= 20
ORDER BY GlobalPrevalence, urls, addresses DESC
