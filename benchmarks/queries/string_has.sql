SELECT InitiatingProcessFileName, RemoteUrl, count(*), count(DISTINCT DeviceId), min(Timestamp)
FROM DeviceNetworkEvents
WHERE Timestamp > $now - INTERVAL 720 HOUR AND Timestamp < $now
  AND (InitiatingProcessCommandLine ILIKE '%powershell%' OR InitiatingProcessCommandLine ILIKE '%inventory%')
  AND regexp_matches(InitiatingProcessCommandLine, '(?i)(^|[^a-z0-9])(powershell|inventory)([^a-z0-9]|$)')
  AND NOT (RemoteUrl ILIKE '%tarnfell%' AND regexp_matches(RemoteUrl, '(?i)(^|[^a-z0-9])tarnfell([^a-z0-9]|$)'))
GROUP BY ALL
