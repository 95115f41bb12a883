WITH failed AS (
    SELECT DISTINCT DeviceId, RemoteIP
    FROM DeviceNetworkEvents
    WHERE Timestamp > $now - INTERVAL 720 HOUR AND Timestamp < $now AND ActionType = 'ConnectionFailed'
)
SELECT RemoteIP, DeviceId, 1::BIGINT, max(Timestamp)
FROM DeviceNetworkEvents SEMI JOIN failed USING (DeviceId, RemoteIP)
WHERE Timestamp > $now - INTERVAL 720 HOUR AND Timestamp < $now AND ActionType = 'ConnectionSuccess'
GROUP BY ALL
HAVING count(*) < 20
