WITH parts AS MATERIALIZED (
    SELECT RemoteCountry, ProcessName, Computer, sum(BytesSent)::BIGINT AS sent
    FROM VMConnection
    WHERE TimeGenerated > $now - INTERVAL 336 HOUR AND TimeGenerated < $now AND RemoteCountry <> ''
    GROUP BY ALL
),
totals AS (
    SELECT *, sum(sent) OVER (PARTITION BY RemoteCountry)::BIGINT AS sent1,
           sum(sent) OVER (PARTITION BY RemoteCountry, ProcessName)::BIGINT AS sent2
    FROM parts
),
ranked AS (
    SELECT *, dense_rank() OVER (ORDER BY sent1 DESC, RemoteCountry) AS place1,
           dense_rank() OVER (PARTITION BY RemoteCountry ORDER BY sent2 DESC, ProcessName) AS place2,
           row_number() OVER (PARTITION BY RemoteCountry, ProcessName ORDER BY sent DESC, Computer) AS place3
    FROM totals
)
SELECT RemoteCountry, sent1, ProcessName, sent2, Computer, sent
FROM ranked
WHERE place1 <= 5 AND place2 <= 3 AND place3 <= 2
