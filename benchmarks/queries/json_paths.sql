SELECT f[3] AS Service, DeviceName, count(*), coalesce(sum(f[4]::BIGINT), 0)::BIGINT, count(DISTINCT f[5])
FROM (
    SELECT DeviceName,
           json_extract_string(AdditionalFields, ['$.Rule.Name', '$.Severity', '$.Network.Service', '$.Network.Bytes',
                                                  '$.Account.Name']) AS f
    FROM DeviceEvents
    WHERE Timestamp > $now - INTERVAL 720 HOUR AND Timestamp < $now
)
WHERE f[1] = 'NetworkFilter' AND f[2]::INTEGER >= 3 AND f[3] <> ''
GROUP BY ALL
