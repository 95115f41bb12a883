SELECT Tag, ActionType, count(*), count(DISTINCT DeviceId)
FROM (
    SELECT DeviceId, ActionType, unnest(json_extract_string(AdditionalFields, '$.Tags[*]')) AS Tag
    FROM DeviceEvents
    WHERE Timestamp > $now - INTERVAL 336 HOUR AND Timestamp < $now
)
WHERE Tag <> 'seen'
GROUP BY ALL
