WITH sent AS (
    SELECT Computer,
           (epoch_us(TimeGenerated) - epoch_us($now - INTERVAL 168 HOUR)) // 3600000000 AS hour,
           sum(BytesSent)::BIGINT AS bytes
    FROM VMConnection
    WHERE TimeGenerated > $now - INTERVAL 168 HOUR AND TimeGenerated < $now AND Direction = 'outbound'
    GROUP BY ALL
),
series AS (
    SELECT Computer, hour, coalesce(bytes, 0) AS bytes
    FROM (SELECT DISTINCT Computer FROM sent) CROSS JOIN (SELECT unnest(range(168)) AS hour)
    LEFT JOIN sent USING (Computer, hour)
)
SELECT Computer, round(regr_slope(bytes, hour), 6) AS slope, round(regr_r2(bytes, hour), 6), max(bytes)
FROM series
GROUP BY Computer
HAVING slope > 0
