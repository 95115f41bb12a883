-- The rare-country rule stage by stage, as its KQL has them; a `let` that is only a scan is not materialised.
WITH flows AS NOT MATERIALIZED (
    SELECT * FROM buckets WHERE TimeGenerated < $now AND RemoteCountry <> '' AND Direction = 'outbound'
),
common AS (
    SELECT RemoteCountry
    FROM flows
    WHERE TimeGenerated < $now - INTERVAL 1 HOUR AND TimeGenerated >= $now - INTERVAL 720 HOUR
    GROUP BY ALL
    HAVING count(*) > 5
),
whole AS (
    SELECT Computer, Direction, ProcessName, SourceIp, DestinationIp, DestinationPort, Protocol, RemoteCountry,
           MaliciousIp, min(TimeGenerated) AS first_seen, max(TimeGenerated) AS last_seen,
           coalesce(sum(BytesSent), 0)::BIGINT AS sent, coalesce(sum(BytesReceived), 0)::BIGINT AS received
    FROM flows
    WHERE TimeGenerated >= $now - INTERVAL 1 HOUR
    GROUP BY ALL
),
today AS (
    SELECT ProcessName, SourceIp, DestinationIp, RemoteCountry, count(*) AS minutes
    FROM flows
    WHERE TimeGenerated >= $now - INTERVAL 1 HOUR
    GROUP BY ALL
),
last_week AS (
    SELECT ProcessName, SourceIp, DestinationIp, RemoteCountry
    FROM flows
    WHERE TimeGenerated < $now - INTERVAL 1 HOUR AND TimeGenerated >= $now - INTERVAL 168 HOUR
    GROUP BY ALL
    HAVING count(*) > 7
),
rare AS (
    SELECT *
    FROM today ANTI JOIN last_week USING (ProcessName, SourceIp, DestinationIp, RemoteCountry)
    ANTI JOIN common USING (RemoteCountry)
),
one_each AS (
    SELECT DISTINCT ON (RemoteCountry) *
    FROM rare
    ORDER BY RemoteCountry, ProcessName, SourceIp, DestinationIp, minutes
)
SELECT r.ProcessName, r.SourceIp, r.DestinationIp, r.RemoteCountry, r.minutes, w.*
FROM one_each AS r JOIN whole AS w ON r.RemoteCountry = w.RemoteCountry
