SELECT DeviceName, InitiatingProcessFileName, count(*), list_sort(list(DISTINCT RemotePort))[1:20]
FROM DeviceNetworkEvents
WHERE Timestamp > $now - INTERVAL 72 HOUR AND Timestamp < $now
  AND DeviceId IN (
    SELECT DeviceId
    FROM DeviceNetworkEvents
    WHERE Timestamp > $now - INTERVAL 720 HOUR AND Timestamp < $now
      AND InitiatingProcessFileName IN ('vsspump.exe', 'mfcaudit.exe', 'rdpclipx.exe', 'PulseProbe.exe')
  )
GROUP BY ALL
