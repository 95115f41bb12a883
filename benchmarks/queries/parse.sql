SELECT rtrim(parts[1], ':') AS drive, parts[2] AS top, parts[3] AS second, count(DISTINCT InitiatingProcessFolderPath),
       count(*)
FROM (
    SELECT InitiatingProcessFolderPath, string_split(InitiatingProcessFolderPath, '\') AS parts
    FROM DeviceNetworkEvents
    WHERE Timestamp > $now - INTERVAL 336 HOUR AND Timestamp < $now
)
WHERE len(parts) >= 4 AND parts[3] <> ''
GROUP BY ALL
