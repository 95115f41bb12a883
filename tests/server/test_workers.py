"""The server over worker processes: what a client sees of their answers, limits and losses."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from worker_scene import append, new_scene, small

from bluetick.session import connect
from bluetick.workers.pool import WorkerPool
from server.running import Served, served

ENDLESS = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"


def count_of(server: Served, text: str) -> int:
    answer = server.query(text, "/v1/rest/query")
    assert answer.status_code == 200, answer.text
    found: int = answer.json()["Tables"][0]["Rows"][0][0]
    return found


def test_a_client_sees_answers_limits_and_losses(tmp_path: Path) -> None:
    scene = new_scene(tmp_path)
    pool = WorkerPool(scene.session, small(waiting=1))
    with connect(scene.lake) as session, served(session, executor=pool, lake=scene.lake) as server:
        assert count_of(server, "Events | count") == 3
        append(scene.lake, "Later", ["a", "b"])
        assert count_of(server, "Later | count") == 2

        with ThreadPoolExecutor(6) as threads:
            late = [
                threads.submit(server.query, ENDLESS, "/v1/rest/query", Options={"servertimeout": "00:00:01"})
                for _ in range(6)
            ]
            found = sorted(one.result().status_code for one in late)
        assert found.count(429) >= 3
        assert found.count(504) >= 2
        assert len(found) == 6

        for worker in pool.processes:
            os.kill(worker.pid, signal.SIGKILL)
            with suppress(ChildProcessError):  # the pool was told of it first
                os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        assert count_of(server, "Events | count") == 3
        assert server.faults == []


def test_what_editors_ask_is_checked_in_a_worker(tmp_path: Path) -> None:
    scene = new_scene(tmp_path)
    pool = WorkerPool(scene.session, small())
    with connect(scene.lake) as session, served(session, executor=pool) as server:
        answer = server.post("/api/analyze", {"query": "Events | where Nothing == 1"})
        assert answer.status_code == 200, answer.text
        assert "SEM0100" in answer.text
