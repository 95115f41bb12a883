"""On a real standalone cluster, a master and two workers on loopback: same rows, and nothing that is lost hangs."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document
from spark_cluster import standalone_cluster

from bluetick.simulation import simulate

pytestmark = [pytest.mark.spark, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
END = datetime(2026, 6, 18, 12, tzinfo=UTC)
ROWS = 2_000_000


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened in each scene, see `cluster_scenes`."""
    founding_document(RARE_COUNTRIES)  # skips where the documents are not
    folder = tmp_path_factory.mktemp("month")
    assert min(simulate(folder, end=END, rows=ROWS, devices=200).rows.values()) > 0.9 * ROWS
    with standalone_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        command = [sys.executable, "-m", "cluster_scenes", cluster.url, str(folder), json.dumps(cluster.pids())]
        paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
        environment = {**os.environ, "PYTHONPATH": paths}
        done = subprocess.run(
            command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=1200
        )
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert [scene for scene in told.values() if "failed" in scene] == []
    return told


pytestmark.append(pytest.mark.timeout(1500))


@pytest.mark.parametrize("number", [RARE_COUNTRIES, LONG_RUNNING])
def test_founding_documents_give_the_rows_of_duckdb(seen: dict[str, Any], number: str) -> None:
    found = seen["founding_rows"][number]
    assert all(found["equal"])
    assert sum(found["rows"]) > 0, "empty results prove nothing"


def test_query_outlives_an_executor(seen: dict[str, Any]) -> None:
    assert seen["executor_killed"]["killed"]
    assert seen["executor_killed"]["right"]
    assert seen["executor_killed"]["tries"] in (1, 2)


def test_cancel_stops_the_tasks(seen: dict[str, Any]) -> None:
    """Within seconds; the limit is many times that."""
    assert seen["cancelled"]["cancelled"]
    assert seen["cancelled"]["seconds"] < 60
    assert seen["cancelled"]["persisted"] == 0


def test_deadline_stops_the_tasks(seen: dict[str, Any]) -> None:
    assert seen["out_of_time"]["limit"]
    assert seen["out_of_time"]["seconds"] < 8 * 5 + 60
    assert seen["out_of_time"]["persisted"] == 0


def test_a_stopped_spark_is_started_again(seen: dict[str, Any]) -> None:
    assert seen["context_stopped"]["retryable"], seen["context_stopped"]["error"]
    assert seen["context_stopped"]["after"] == [[2]]


def test_a_lost_cluster_is_a_clear_error(seen: dict[str, Any]) -> None:
    assert seen["cluster_lost"]["retryable"], seen["cluster_lost"]["error"]
    assert seen["cluster_lost"]["seconds"] < 120
    assert "no Spark master answers" in seen["cluster_lost"]["unreachable"]
    assert seen["cluster_lost"]["unreachable_retryable"]
