"""A standalone Spark cluster on loopback: a master and workers as processes of their own, from pyspark's folder."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pyspark

HOST = "127.0.0.1"
_SPARK = Path(pyspark.__file__).parent
_OPEN = build_opener(ProxyHandler({}))  # loopback is asked directly, whatever proxy is set


def wait_for(what: str, condition: Callable[[], Any], seconds: float) -> Any:
    """What the condition gives when it first gives something; fails after some seconds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"within {seconds:g} s: {what}")


@dataclass(slots=True)
class Cluster:
    """Its processes, by what they are."""

    folder: Path
    port: int
    page: int
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"spark://{HOST}:{self.port}"

    def state(self) -> dict[str, Any]:
        """What the master tells of itself; empty while it does not answer."""
        try:
            with _OPEN.open(f"http://{HOST}:{self.page}/json/", timeout=5) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except (OSError, ValueError):
            return {}

    def workers(self) -> int:
        return sum(worker["state"] == "ALIVE" for worker in self.state().get("workers", ()))

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.processes.items()}

    def launch(self, name: str, kind: str, *arguments: str) -> None:
        environment = {
            **os.environ,
            "SPARK_HOME": str(_SPARK),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_WORKER_DIR": str(self.folder / name),
            "SPARK_DAEMON_MEMORY": "256m",
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [str(_SPARK / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", *arguments]
            self.processes[name] = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
            )

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait(30)

    def close(self) -> None:
        for pid in executors(self.pids().values()):
            kill(pid)
        for name in list(self.processes):
            self.kill(name)


def executors(workers: Iterable[int]) -> list[int]:
    """Process ids of the executors, which are children of the workers."""
    owners = set(workers)
    return [pid for pid, parent in _parents() if parent in owners]


def kill(pid: int) -> None:
    """Ends a process at once; nothing where it has ended already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _parents() -> list[tuple[int, int]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended
            found.append((int(entry.name), int(fields[1])))
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def standalone_cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A master and workers of one core and 1.5 GB each, registered. All are killed at the end, whatever happened."""
    cluster = Cluster(folder, _free_port(), _free_port())
    try:
        page = str(cluster.page)
        cluster.launch("master", "master.Master", "--host", HOST, "--port", str(cluster.port), "--webui-port", page)
        for number in range(workers):
            ports = ("--host", HOST, "--port", "0", "--webui-port", "0")
            cluster.launch(f"worker{number}", "worker.Worker", "-c", "1", "-m", "1536m", *ports, cluster.url)
        wait_for("both workers are registered", lambda: cluster.workers() == workers, 120)
        yield cluster
    finally:
        cluster.close()
