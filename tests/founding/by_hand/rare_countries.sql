-- The rows that the rare-country rule means, over a view `buckets`, as one would write them for DuckDB alone.
-- Answers an instant $now. Strings are expected to be free of nulls, as the simulation writes them.
WITH fresh AS MATERIALIZED (
    SELECT Computer, Direction, ProcessName, SourceIp, DestinationIp, DestinationPort, Protocol, RemoteCountry,
           MaliciousIp, TimeGenerated, BytesSent, BytesReceived
    FROM buckets
    WHERE TimeGenerated >= $now - INTERVAL 1 HOUR AND TimeGenerated < $now
      AND Direction = 'outbound' AND RemoteCountry <> ''
),
busy AS MATERIALIZED (
    SELECT RemoteCountry
    FROM buckets
    WHERE TimeGenerated >= $now - INTERVAL 720 HOUR AND TimeGenerated < $now - INTERVAL 1 HOUR
      AND Direction = 'outbound' AND RemoteCountry <> ''
    GROUP BY RemoteCountry
    HAVING count(*) >= 6
),
strange AS MATERIALIZED (
    SELECT * FROM fresh WHERE RemoteCountry NOT IN (SELECT RemoteCountry FROM busy)
),
regulars AS (
    SELECT ProcessName, SourceIp, DestinationIp, RemoteCountry
    FROM buckets
    WHERE TimeGenerated >= $now - INTERVAL 168 HOUR AND TimeGenerated < $now - INTERVAL 1 HOUR
      AND Direction = 'outbound' AND RemoteCountry IN (SELECT RemoteCountry FROM strange)
    GROUP BY ALL
    HAVING count(*) >= 8
),
talkers AS (
    SELECT ProcessName, SourceIp, DestinationIp, RemoteCountry, count(*) AS minutes
    FROM strange
    GROUP BY ALL
),
first_talkers AS (
    SELECT DISTINCT ON (RemoteCountry) *
    FROM talkers ANTI JOIN regulars USING (ProcessName, SourceIp, DestinationIp, RemoteCountry)
    ORDER BY RemoteCountry, ProcessName, SourceIp, DestinationIp, minutes
),
contacts AS (
    SELECT Computer, Direction, ProcessName, SourceIp, DestinationIp, DestinationPort, Protocol, RemoteCountry,
           MaliciousIp, min(TimeGenerated) AS first_seen, max(TimeGenerated) AS last_seen,
           coalesce(sum(BytesSent), 0)::BIGINT AS sent, coalesce(sum(BytesReceived), 0)::BIGINT AS received
    FROM strange
    GROUP BY ALL
)
SELECT t.ProcessName, t.SourceIp, t.DestinationIp, t.RemoteCountry, t.minutes, c.*
FROM first_talkers AS t JOIN contacts AS c ON t.RemoteCountry = c.RemoteCountry
ORDER BY ALL NULLS FIRST
