SELECT InitiatingProcessFileName, RemoteIP, DeviceName, min(Timestamp), count(*)
FROM DeviceNetworkEvents AS e
WHERE Timestamp > $now - INTERVAL 24 HOUR AND Timestamp < $now AND RemoteIPType = 'Public'
  AND NOT EXISTS (
    FROM DeviceNetworkEvents AS k
    WHERE k.Timestamp >= $now - INTERVAL 720 HOUR AND k.Timestamp <= $now - INTERVAL 24 HOUR
      AND k.InitiatingProcessFileName = e.InitiatingProcessFileName AND k.RemoteIP = e.RemoteIP
  )
GROUP BY ALL
