SELECT InitiatingProcessFileName, DeviceName, count(*) AS Connections, count(DISTINCT InitiatingProcessFolderPath)
FROM DeviceNetworkEvents
WHERE Timestamp > $now - INTERVAL 720 HOUR AND Timestamp < $now
  AND contains(lower(InitiatingProcessFolderPath), '\appdata\local\')
  AND NOT contains(lower(InitiatingProcessFolderPath), 'microsoft')
  AND InitiatingProcessFileName ILIKE '%.exe' AND RemoteUrl NOT ILIKE 'update%'
GROUP BY ALL
HAVING Connections > 3
