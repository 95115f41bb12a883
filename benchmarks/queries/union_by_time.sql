WITH sensors AS (
    SELECT Timestamp AS time, DeviceName AS host, RemoteIP AS address, 'endpoint' AS sensor
    FROM DeviceNetworkEvents
    WHERE Timestamp > $now - INTERVAL 336 HOUR AND Timestamp < $now
    UNION ALL
    SELECT TimeGenerated, Computer, RemoteIp, 'flow'
    FROM VMConnection
    WHERE TimeGenerated > $now - INTERVAL 336 HOUR AND TimeGenerated < $now
)
SELECT host, sensor, time_bucket(INTERVAL 1 HOUR, time) AS hour, count(*) AS n, count(DISTINCT address) AS addresses
FROM sensors
GROUP BY ALL
HAVING addresses > 60
ORDER BY n DESC
