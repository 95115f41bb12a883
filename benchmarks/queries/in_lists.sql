SELECT DeviceName, InitiatingProcessFileName, RemoteUrl, count(*), max(Timestamp)
FROM DeviceNetworkEvents
WHERE Timestamp > $now - INTERVAL 336 HOUR AND Timestamp < $now
  AND RemotePort IN (80, 443, 8080, 8443)
  AND lower(InitiatingProcessFileName) NOT IN ('chrome.exe', 'msedge.exe', 'firefox.exe', 'opera.exe', 'brave.exe')
  AND (RemoteIP IN ('185.229.9.202', '23.159.146.248', '54.121.202.119', '34.18.124.183', '104.99.207.228',
                    '203.0.113.7', '203.0.113.8', '203.0.113.9', '198.51.100.14', '198.51.100.15', '198.51.100.16',
                    '192.0.2.33')
       OR regexp_matches(RemoteUrl,
                         '(?i)(^|[^a-z0-9])(karnorri|holvexmer|pelberor|example-c2|bad-domain|evil)([^a-z0-9]|$)'))
GROUP BY ALL
