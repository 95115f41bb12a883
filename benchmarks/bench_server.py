"""The server under many clients: latency of small queries, beside runaway ones too, throughput of larger ones against
bare DuckDB connections, what becomes of too many, and memory.

`python benchmarks/bench_server.py [--in-process] [--seconds 10]`. Server and clients are processes of their own on the
same cores.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

import duckdb
import numpy as np
import pyarrow as pa
from deltalake import write_deltalake
from reporting import report

ROWS = 2_000_000
CLIENTS = 50
SMALL = "Events | where Id == {number} | project TimeGenerated, Id, Key, Value"
LARGE = "Events | summarize n = count(), s = sum(Value), last = max(Id) by Key | top 10 by last"
LARGE_SQL = (
    "SELECT Key, count(*) AS n, sum(Value) AS s, max(Id) AS last FROM read_parquet({files}) "
    "GROUP BY Key ORDER BY last DESC LIMIT 10"
)
ENDLESS = "range x from 1 to 1000000000000 step 1 | summarize sum(x)"


def make_lake(folder: Path) -> None:
    numbers = np.random.default_rng(7)
    start = np.datetime64(datetime(2026, 6, 1), "us")
    for part in range(4):
        ids = np.arange(part * ROWS // 4, (part + 1) * ROWS // 4)
        table = pa.table(
            {
                "TimeGenerated": pa.array(start + ids.astype("timedelta64[s]")).cast(pa.timestamp("us", tz="UTC")),
                "Id": ids,
                "Key": numbers.integers(0, 5000, len(ids)),
                "Value": numbers.random(len(ids)),
            }
        )
        write_deltalake(str(folder / "Events"), table, mode="append")


class Client:
    """One connection that is kept, as a client of Kusto keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, text: str, timeout: str | None = None) -> tuple[int, bytes]:
        """Status and body."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        options = {} if timeout is None else {"properties": {"Options": {"servertimeout": timeout}}}
        body = json.dumps({"db": "lake", "csl": text, **options}).encode()
        head = f"POST /v1/rest/query HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), await self._body(reader, headers)

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await reader.readexactly(int(headers["content-length"]))
        parts = []
        while size := int(await reader.readuntil(b"\r\n"), 16):
            parts.append((await reader.readexactly(size + 2))[:-2])
        await reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@contextmanager
def serving(lake: Path, *arguments: str) -> Iterator[tuple[int, int]]:
    """(port, process id) of a server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bluetick", "serve", "--lake", str(lake), "--port", str(port), *arguments]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "BLUETICK_CACHE": "off"})
    try:
        for _ in range(600):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


async def small_queries(port: int, seconds: float) -> list[float]:
    """Each client asks once a second; how long each answer took."""
    took: list[float] = []

    async def one(number: int) -> None:
        client = Client(port)
        await asyncio.sleep(number / CLIENTS)
        begun = time.perf_counter()
        for turn in range(int(seconds)):
            await asyncio.sleep(max(begun + turn - time.perf_counter(), 0))
            asked = time.perf_counter()
            status, body = await client.ask(SMALL.format(number=(number * 7919 + turn * 104_729) % ROWS))
            took.append(time.perf_counter() - asked)
            assert status == 200, body
        client.close()

    await asyncio.gather(*map(one, range(CLIENTS)))
    return took


async def beside(port: int, seconds: float, runaways: int) -> tuple[list[float], list[float]]:
    """Small queries while others never end by themselves; and by how much those outlived their deadline of 5 s."""
    late: list[float] = []
    ends = time.perf_counter() + seconds

    async def run_away() -> None:
        client = Client(port)
        while time.perf_counter() < ends:
            begun = time.perf_counter()
            status, _ = await client.ask(ENDLESS, "00:00:05")
            assert status == 504, status
            late.append(time.perf_counter() - begun - 5)
        client.close()

    running = [asyncio.create_task(run_away()) for _ in range(runaways)]
    took = await small_queries(port, seconds)
    await asyncio.gather(*running)
    return took, late


async def throughput(port: int, seconds: float, clients: int) -> float:
    """Large queries a second."""
    done = 0
    ends = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal done
        client = Client(port)
        while time.perf_counter() < ends:
            status, body = await client.ask(LARGE)
            assert status == 200, body
            done += 1
        client.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(clients)))
    return done / (time.perf_counter() - begun)


def bare_throughput(lake: Path, seconds: float, connections: int) -> float:
    """The same by connections of one database in threads."""
    files = [str(path) for path in sorted((lake / "Events").glob("*.parquet"))]
    statement = LARGE_SQL.format(files=files)
    database = duckdb.connect()
    done: list[int] = []
    ends = time.perf_counter() + seconds

    def one() -> None:
        connection = database.cursor()
        while time.perf_counter() < ends:
            connection.sql(statement).to_arrow_table()
            done.append(1)

    threads = [threading.Thread(target=one) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done) / (time.perf_counter() - begun)


async def overload(port: int, at_once: int) -> tuple[Counter[int], float]:
    """How many were answered in which way, and when the last one was."""

    async def one() -> int:
        client = Client(port)
        status, _ = await client.ask(ENDLESS, "00:00:01")
        client.close()
        return status

    begun = time.perf_counter()
    found = Counter(await asyncio.gather(*(one() for _ in range(at_once))))
    return found, time.perf_counter() - begun


def memory_of(pid: int) -> float:
    """MB that the server's own process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def report_latency(what: str, took: list[float], note: str = "") -> None:
    middle = f"median {median(took) * 1e3:.0f} ms of {len(took)}"
    report(f"{what}, p95", quantiles(took, n=20)[-1] * 1e3, "ms", f"{middle}{note}")


async def measure(lake: Path, port: int, pid: int, seconds: float) -> None:
    await small_queries(port, 3)
    before = memory_of(pid)
    report_latency(f"{CLIENTS} clients, a small query a second each", await small_queries(port, seconds))
    for runaways in (1, 2):
        took, late = await beside(port, seconds, runaways)
        report_latency(f"the same beside {runaways} that never end", took, f"; those late by {max(late):.2f} s at most")
        report_latency("the same alone once more", await small_queries(port, seconds))
    for _ in range(3):
        bare = await asyncio.to_thread(bare_throughput, lake, seconds / 2, 4)
        ours = await throughput(port, seconds / 2, 4)
        report(
            "large queries of 4 clients, against bare DuckDB",
            ours / bare,
            "times",
            f"{ours:.1f} and {bare:.1f} a second",
        )
    found, took_all = await overload(port, 200)
    report("200 at once that never end, all answered after", took_all, "s", f"statuses {dict(found)}")
    report("memory that the server's process grew by", memory_of(pid) - before, "MB", f"from {before:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--in-process", action="store_true")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        lake.mkdir()
        make_lake(lake)
        arguments = ["--in-process"] if options.in_process else []
        with serving(lake, *arguments) as (port, pid):
            asyncio.run(measure(lake, port, pid, options.seconds))


if __name__ == "__main__":
    main()
