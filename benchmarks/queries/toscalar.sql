WITH outbound AS MATERIALIZED (
    SELECT Computer, BytesSent
    FROM VMConnection
    WHERE TimeGenerated > $now - INTERVAL 336 HOUR AND TimeGenerated < $now AND Direction = 'outbound'
),
totals AS MATERIALIZED (SELECT sum(BytesSent)::BIGINT AS total, avg(BytesSent) AS average FROM outbound)
SELECT Computer, sum(BytesSent)::BIGINT AS Sent, count(*), round(100.0::DOUBLE * Sent / any_value(total), 3)
FROM outbound, totals
WHERE BytesSent > average
GROUP BY Computer
HAVING Sent > any_value(total) * 0.005
