"""`bluetick lake fuse` and `ingest --fuse`, from the logs of Sysmon and Zeek to one row of each connection."""

import json
from pathlib import Path

import pytest
from sysmon_log import connection

from bluetick.cli.main import run_command


def sysmon(folder: Path) -> Path:
    path = folder / "sysmon.json"
    path.write_text("".join(connection(number, 443) + "\n" for number in range(2)))
    return path


def zeek(folder: Path) -> Path:
    """03:00:00.878 is 0.2 s after the first connection of the Sysmon log."""
    path = folder / "conn.log"
    flows = [(1767322800.878, 20_000), (1767322900.0, 50_001)]
    path.write_text(
        "".join(
            json.dumps(
                {
                    "ts": start,
                    "uid": f"C{port}",
                    "id.orig_h": "10.0.0.1",
                    "id.orig_p": port,
                    "id.resp_h": "203.0.113.5",
                    "id.resp_p": 443,
                    "proto": "tcp",
                    "conn_state": "SF",
                    "orig_bytes": 100,
                    "resp_bytes": 200,
                }
            )
            + "\n"
            for start, port in flows
        )
    )
    return path


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    code = run_command(arguments)
    said = capfd.readouterr()
    assert code == 0, said.err
    return said.out.splitlines()


NETWORK = {
    "table": "DeviceNetworkEvents",
    "fused": {"windows+zeek": 1},
    "endpoint": {"windows": 1},
    "network": {"zeek": 1},
}
# The second minute row of the endpoint is of another minute than the sensor's second flow.
MINUTES = {"table": "VMConnection", "fused": {"windows+zeek": 1}, "endpoint": {}, "network": {"zeek": 1}}


def test_fuse_says_what_became_one_and_what_is_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake = str(tmp_path / "lake")
    run(capfd, "ingest", str(sysmon(tmp_path)), str(zeek(tmp_path)), "--lake", lake)
    told = [json.loads(line) for line in run(capfd, "lake", "fuse", "--lake", lake, "--format", "json")]
    assert told == [NETWORK, MINUTES]
    again = [json.loads(line) for line in run(capfd, "lake", "fuse", "--lake", lake, "--format", "json")]
    assert again == [{**NETWORK, "fused": {}}, {**MINUTES, "fused": {}}]
    assert run(capfd, "lake", "fuse", "--lake", lake)[:3] == [
        "DeviceNetworkEvents: 0 fused",
        "           1 of the endpoint alone (windows 1)",
        "           1 of the network alone (zeek 1)",
    ]
    history = run(capfd, "lake", "history", "--lake", lake, "VMConnection", "--last", "1", "--format", "json")
    assert {key: json.loads(history[0])[key] for key in ("operation", "source")} == {
        "operation": "FUSE",
        "source": "windows+zeek 1",
    }


def test_ingest_fuses_what_it_stored_with_what_was_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake = str(tmp_path / "lake")
    run(capfd, "ingest", str(sysmon(tmp_path)), "--lake", lake)
    said = run(capfd, "ingest", str(zeek(tmp_path)), "--lake", lake, "--fuse")
    assert "DeviceNetworkEvents: 1 fused (windows+zeek 1)" in said
    assert "VMConnection: 1 fused (windows+zeek 1)" in said
    query = (
        "DeviceNetworkEvents | where _Source == 'windows+zeek' "
        "| project InitiatingProcessFileName, Uid = tostring(parse_json(AdditionalFields).zeek.uid)"
    )
    found = json.loads("".join(run(capfd, "query", query, "--lake", lake, "--format", "json")))
    assert found["rows"] == [["a.exe", "C20000"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--skew", "2m"), "--skew"),
        (("--from", "2026-01-02", "--to", "2026-01-01"), "--to"),
        (("--from", "yesterday"), "2026-06-18T12:00:00Z"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert run_command(("lake", "fuse", "--lake", str(tmp_path), *arguments)) == 2
    assert said in capfd.readouterr().err


def test_a_lake_without_connections_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(("lake", "fuse", "--lake", str(tmp_path))) == 1
    assert "DeviceNetworkEvents" in capfd.readouterr().err
