SELECT InitiatingProcessFileName, InitiatingProcessSHA256, count(*), count(DISTINCT DeviceId), count(DISTINCT RemoteIP),
       list_sort(list(DISTINCT InitiatingProcessAccountName))[1:10], max(Timestamp),
       arg_max(DeviceName, Timestamp), arg_max(RemoteIP, Timestamp), arg_max(RemotePort, Timestamp),
       arg_max(ReportId, Timestamp)
FROM DeviceNetworkEvents
WHERE Timestamp > $now - INTERVAL 336 HOUR AND Timestamp < $now AND ActionType = 'ConnectionSuccess'
GROUP BY ALL
