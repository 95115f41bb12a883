-- The rows that the hunt for long-running rare files means, over views `events` and `profiles`, as one would write
-- them for DuckDB alone: aggregates first, then the newest events of the few files that are left.
-- Answers an instant $now. Strings of events are expected to be free of nulls, as the simulation writes them.
WITH talk AS NOT MATERIALIZED (
    SELECT *
    FROM events
    WHERE Timestamp < $now AND Timestamp > $now - INTERVAL 720 HOUR
      AND InitiatingProcessSHA256 <> '' AND RemoteIPType = 'Public' AND ActionType = 'ConnectionSuccess'
      AND InitiatingProcessCreationTime < Timestamp - INTERVAL 240 HOUR
),
files AS MATERIALIZED (
    SELECT InitiatingProcessSHA256 AS hash,
           max(Timestamp) AS newest,
           count(DISTINCT DeviceId) AS devices,
           list_sort(list(DISTINCT DeviceName))[1:5] AS names,
           count(DISTINCT RemoteIP) AS addresses,
           count(DISTINCT RemoteUrl) FILTER (RemoteUrl <> '') AS urls
    FROM talk
    GROUP BY hash
    HAVING devices <= 5 AND urls <= 2
),
rare AS MATERIALIZED (
    SELECT files.*, p.* RENAME (SHA256 AS profile_hash)
    FROM files JOIN profiles AS p ON p.SHA256 = files.hash
    WHERE p.GlobalPrevalence <= 20
),
latest AS (
    SELECT DISTINCT ON (InitiatingProcessSHA256) talk.*
    FROM talk SEMI JOIN rare ON talk.InitiatingProcessSHA256 = rare.hash AND talk.Timestamp = rare.newest
    ORDER BY ALL NULLS FIRST
)
SELECT Timestamp, names, GlobalPrevalence, InitiatingProcessFolderPath, InitiatingProcessCommandLine, RemoteIP,
       RemoteUrl, coalesce(profile_hash, ''), addresses, urls, InitiatingProcessSHA256, devices,
       latest.* EXCLUDE (Timestamp, InitiatingProcessFolderPath, InitiatingProcessCommandLine, RemoteIP, RemoteUrl,
                         InitiatingProcessSHA256),
       coalesce(SHA1, ''), coalesce(MD5, ''), FileSize, GlobalFirstSeen, GlobalLastSeen, coalesce(Signer, ''),
       coalesce(Issuer, ''), coalesce(SignerHash, ''), IsCertificateValid, IsRootSignerMicrosoft,
       coalesce(SignatureState, ''), IsExecutable, coalesce(ThreatName, ''), coalesce(Publisher, ''),
       coalesce(SoftwareName, ''), 'Available'
FROM latest JOIN rare ON latest.InitiatingProcessSHA256 = rare.hash
ORDER BY GlobalPrevalence, urls, addresses DESC, Timestamp, to_json(names)::VARCHAR, InitiatingProcessFolderPath,
         InitiatingProcessCommandLine, RemoteIP, RemoteUrl, profile_hash, InitiatingProcessSHA256
