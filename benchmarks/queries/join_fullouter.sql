SELECT Computer, ProcessName, RemoteCountry,
       coalesce(sum(BytesSent) FILTER (TimeGenerated < $now - INTERVAL 168 HOUR), 0)::BIGINT AS before,
       coalesce(sum(BytesSent) FILTER (TimeGenerated >= $now - INTERVAL 168 HOUR), 0)::BIGINT AS after
FROM VMConnection
WHERE TimeGenerated >= $now - INTERVAL 336 HOUR AND TimeGenerated < $now AND Direction = 'outbound'
GROUP BY ALL
HAVING after > 3 * before
