SELECT DeviceName, InitiatingProcessFileName, count(*) FILTER (ActionType = 'ConnectionSuccess') AS Good,
       count(*) FILTER (ActionType = 'ConnectionFailed') AS Bad, round(Bad / Good, 4)
FROM DeviceNetworkEvents
WHERE Timestamp > $now - INTERVAL 336 HOUR AND Timestamp < $now
  AND ActionType IN ('ConnectionSuccess', 'ConnectionFailed')
GROUP BY DeviceName, InitiatingProcessFileName
HAVING Good > 0
