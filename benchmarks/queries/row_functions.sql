WITH gaps AS (
    SELECT DeviceId, RemoteIP,
           epoch(date_trunc('second', Timestamp))::BIGINT
             - epoch(date_trunc('second', lag(Timestamp) OVER (PARTITION BY DeviceId, RemoteIP ORDER BY Timestamp)))::BIGINT AS gap
    FROM DeviceNetworkEvents
    WHERE Timestamp > $now - INTERVAL 168 HOUR AND Timestamp < $now
      AND RemoteIPType = 'Public' AND ActionType = 'ConnectionSuccess'
)
SELECT DeviceId, RemoteIP, count(*) AS n, round(avg(gap), 3) AS mean, max(gap) AS longest, min(gap)
FROM gaps
WHERE gap IS NOT NULL
GROUP BY ALL
HAVING n > 30 AND longest < 4 * mean
