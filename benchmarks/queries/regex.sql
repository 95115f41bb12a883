SELECT regexp_extract(InitiatingProcessCommandLine, 'Users\\([a-z.]+)\\', 1) AS Owner, InitiatingProcessFileName,
       RemotePort, count(*)
FROM DeviceNetworkEvents
WHERE Timestamp > $now - INTERVAL 336 HOUR AND Timestamp < $now
  AND regexp_matches(InitiatingProcessCommandLine, '(?i)users\\[a-z]+\.[a-z]+\\appdata')
  AND (Owner <> InitiatingProcessAccountName OR RemotePort <> 443)
GROUP BY ALL
