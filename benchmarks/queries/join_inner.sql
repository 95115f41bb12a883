WITH rare AS (
    SELECT RemoteCountry, RemoteIp
    FROM VMConnection
    WHERE TimeGenerated > $now - INTERVAL 168 HOUR AND TimeGenerated < $now AND RemoteCountry <> ''
    GROUP BY ALL
    HAVING count(*) < 50
)
SELECT RemoteCountry, e.RemoteIP, InitiatingProcessFileName, count(*), count(DISTINCT DeviceName)
FROM DeviceNetworkEvents AS e JOIN rare ON e.RemoteIP = rare.RemoteIp
WHERE Timestamp > $now - INTERVAL 168 HOUR AND Timestamp < $now AND RemoteIPType = 'Public'
GROUP BY ALL
