"""`bluetick serve` as people start it: a process, workers behind it, a signal at its end."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoServiceError

from bluetick.cli.main import run_command
from server.running import EVERY_TYPE
from server.test_kusto_sdk import EXPECTED

TOKEN = "a secret for this test"  # noqa: S105 - no other has it
TIMES = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    lake: Path = tmp_path_factory.mktemp("lake") / "hunt"
    (lake / "Seen").mkdir(parents=True)
    table = pa.table({"Timestamp": pa.array(TIMES, pa.timestamp("us", "UTC")), "Name": ["a", "b", "c"]})
    pq.write_table(table, lake / "Seen" / "part.parquet")
    command = [sys.executable, "-m", "bluetick", "serve", "--lake", str(lake), "--port", "0", "--token", TOKEN]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"serves 'hunt' at (http://127\.0\.0\.1:\d+)", line)
            assert found is not None, line
            yield found[1]
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait(60) == 0
            assert "Traceback" not in rest
        finally:
            process.kill()
    log = (lake / "_settings" / "audit.ndjson").read_text("utf-8")
    assert '"Text":"print 1"' in log
    assert TOKEN not in log


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.25])
def test_a_server_that_has_only_begun_can_be_ended(tmp_path: Path, seconds: float) -> None:
    """Before it listens to signals, while its processes start, and after."""
    command = [sys.executable, "-m", "bluetick", "serve", "--lake", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert " at http://127.0.0.1:" in process.stderr.readline()
            time.sleep(seconds)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) in (0, -signal.SIGTERM)
        finally:
            process.kill()


@pytest.fixture
def client(url: str) -> Iterator[KustoClient]:
    with KustoClient(KustoConnectionStringBuilder.with_aad_user_token_authentication(url, TOKEN)) as made:
        yield made


def rows(client: KustoClient, text: str, **options: Any) -> list[list[Any]]:
    properties = ClientRequestProperties()  # type: ignore[no-untyped-call]
    for name, value in options.items():
        properties.set_option(name, value)
    properties.set_parameter("n", "dynamic([1,2])")
    return [list(row) for row in client.execute("hunt", text, properties).primary_results[0]]


def test_values_and_what_goes_with_a_request_reach_the_workers(client: KustoClient) -> None:
    assert rows(client, "print 1") == [[1]]
    assert rows(client, EVERY_TYPE) == EXPECTED
    assert rows(client, "declare query_parameters(n:dynamic); print n[1]") == [[2]]
    assert rows(client, ".show tables | project TableName") == [["Seen"]]
    found = rows(client, "print now()", query_now="2021-01-01T00:00:00Z")
    assert found == [[datetime(2021, 1, 1, tzinfo=UTC)]]
    text = "Seen | project Name"
    assert rows(client, text, query_datetimescope_from="2026-01-02") == [["b"], ["c"]]
    assert rows(client, text, query_datetimescope_to="datetime(2026-01-02)") == [["a"]]
    assert rows(client, "BluetickAudit | where Text == 'print 1' | project Caller, Outcome") == [
        ["--token", "Completed"]
    ]
    with pytest.raises(KustoServiceError, match="SEM0100"):
        rows(client, "Seen | where y == 1")


def test_jobs_reach_the_same_tables(url: str) -> None:
    with httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60, trust_env=False
    ) as client:
        body = {"query": "Seen | where Name != 'b'", "now": "2026-01-04T00:00:00Z", "period": 7 * 86400}
        job = client.post("/api/accounts", json=body).json()["job"]
        while (found := client.get(f"/api/jobs/{job}").json())["state"] == "running":
            time.sleep(0.05)
        assert [row[1] for row in found["result"]["rows"]] == ["a", "c"]
        session = client.get("/api/session").json()
        assert (session["database"], session["lake"], session["ledger"], session["rules"]) == (
            "hunt",
            True,
            False,
            False,
        )


def test_others_are_not_let_in(url: str) -> None:
    made = KustoConnectionStringBuilder.with_no_authentication(url)
    with KustoClient(made) as client, pytest.raises(KustoServiceError, match="401"):
        client.execute("hunt", "print 1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0", "--port", "0"], "make tokens first"),  # noqa: S104 - it is refused
        (["--token", "", "--port", "0"], "an empty token is none"),
        (["--host", "203.0.113.1", "--port", "0"], "cannot listen on 203.0.113.1"),
    ],
)
def test_what_cannot_be_served_is_told(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_command(["serve", *arguments]) == 1
    assert said in capfd.readouterr().err
