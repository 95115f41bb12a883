SELECT DestinationIp, ProcessName, count(*), count(DISTINCT Computer), sum(BytesSent)::BIGINT
FROM VMConnection
WHERE TimeGenerated > $now - INTERVAL 336 HOUR AND TimeGenerated < $now AND Direction = 'outbound'
  AND regexp_matches(DestinationIp,
                     '^(23\.(12[89]|1[3-9][0-9]|2[0-9][0-9])\.|185\.(22[4-9]|23[01])\.|54\.|55\.)')
GROUP BY ALL
