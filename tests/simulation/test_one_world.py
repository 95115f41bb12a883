"""VMConnection and DeviceNetworkEvents describe the same connections."""

from .conftest import Made

_OUTBOUND = """CREATE OR REPLACE TEMP VIEW outbound AS
    SELECT DeviceName AS computer, regexp_replace(InitiatingProcessFileName, '[.]exe$', '') AS process,
           date_trunc('minute', Timestamp) AS minute, RemoteIP AS ip, RemotePort AS port,
           count_if(ActionType = 'ConnectionSuccess') AS established,
           count_if(ActionType = 'ConnectionFailed') AS failed
    FROM events
    WHERE Protocol = 'Tcp' AND RemoteIP NOT LIKE '%:%' AND ActionType IN ('ConnectionSuccess', 'ConnectionFailed')
    GROUP BY ALL"""


def test_every_outbound_tcp_connection_is_counted_in_its_minute(made: Made) -> None:
    made.rows(_OUTBOUND)
    query = """
        SELECT count(*),
               count_if(b.Computer IS NULL OR b.LinksEstablished <> e.established OR b.LinksFailed <> e.failed)
        FROM outbound e LEFT JOIN buckets b ON b.Direction = 'outbound' AND b.Computer = e.computer
         AND b.ProcessName = e.process AND b.TimeGenerated = e.minute AND b.DestinationIp = e.ip
         AND b.DestinationPort = e.port"""
    ((connections, wrong),) = made.rows(query)
    assert connections > 10_000
    assert wrong == 0


def test_no_connection_is_counted_that_was_not_made(made: Made) -> None:
    opened = """SELECT count(*) FROM events WHERE Protocol = 'Tcp' AND RemoteIP NOT LIKE '%:%'
                  AND ActionType IN ('ConnectionSuccess', 'InboundConnectionAccepted')"""
    assert made.rows("SELECT sum(LinksEstablished) FROM buckets") == made.rows(opened)


def test_a_bucket_is_unique_and_stands_for_something(made: Made) -> None:
    query = """SELECT count(*) - count(DISTINCT (TimeGenerated, Computer, ProcessName, Direction, SourceIp,
                 DestinationIp, DestinationPort, Protocol)),
               count_if(LinksEstablished + LinksFailed + LinksTerminated + LinksLive = 0) FROM buckets"""
    assert made.rows(query) == [(0, 0)]


def test_a_connection_that_ends_was_established_at_or_before(made: Made) -> None:
    ((established, terminated, live),) = made.rows(
        "SELECT sum(LinksEstablished), sum(LinksTerminated), count_if(LinksLive > 0) FROM buckets"
    )
    assert established == terminated
    assert live > 0


def test_inbound_buckets_point_at_the_machine(made: Made) -> None:
    query = """SELECT count(*), count_if(RemoteIp <> SourceIp OR DestinationIp NOT LIKE '10.%') FROM buckets
               WHERE Direction = 'inbound'"""
    ((rows, wrong),) = made.rows(query)
    assert rows > 1000
    assert wrong == 0
    assert made.rows("SELECT count(*) FROM buckets WHERE Direction = 'outbound' AND RemoteIp <> DestinationIp") == [
        (0,)
    ]
    assert made.rows("SELECT DISTINCT Direction FROM buckets ORDER BY 1") == [("inbound",), ("outbound",)]


def test_both_ends_of_an_internal_connection_tell_of_it(made: Made) -> None:
    query = """
        WITH near AS (SELECT Timestamp, LocalIP a, LocalPort pa, RemoteIP b, RemotePort pb FROM events
                      WHERE ActionType = 'ConnectionSuccess' AND RemoteIPType = 'Private'),
             far AS (SELECT Timestamp, RemoteIP a, RemotePort pa, LocalIP b, LocalPort pb FROM events
                     WHERE ActionType = 'InboundConnectionAccepted' AND RemoteIPType = 'Private')
        SELECT (SELECT count(*) FROM near), (SELECT count(*) FROM (SELECT * FROM near EXCEPT ALL SELECT * FROM far)),
               (SELECT count(*) FROM (SELECT * FROM far EXCEPT ALL SELECT * FROM near))"""
    ((internal, only_near, only_far),) = made.rows(query)
    assert internal > 1000
    assert (only_near, only_far) == (0, 0)


def test_private_addresses_have_no_country_and_public_ones_do(made: Made) -> None:
    query = "SELECT RemoteIp LIKE '10.%', RemoteCountry = '', count(*) FROM buckets GROUP BY ALL"
    assert {(private, empty) for private, empty, _ in made.rows(query)} == {(True, True), (False, False)}


def test_one_address_lies_in_one_country(made: Made) -> None:
    assert made.rows("SELECT RemoteIp FROM buckets GROUP BY 1 HAVING count(DISTINCT RemoteCountry) > 1") == []


def test_only_flagged_addresses_are_malicious(made: Made) -> None:
    query = """SELECT DISTINCT MaliciousIp, MaliciousIp = RemoteIp, Severity IS NOT NULL, IndicatorThreatType
               FROM buckets ORDER BY 1"""
    assert made.rows(query) == [("", False, False, ""), ("198.51.100.11", True, True, "C2")]
    assert "198.51.100.11" in made.story("c2-new-country")["ips"]
