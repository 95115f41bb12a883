"""A lake of one table, and pools of worker processes over it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from deltalake import write_deltalake

from bluetick.session import QueryRequest
from bluetick.workers.pool import PoolSettings, WorkerPool
from bluetick.workers.settings import SessionSettings

T = TypeVar("T")
Rows = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Scene:
    """A lake, and beside it a file that no query may read."""

    lake: Path
    secret: Path

    @property
    def session(self) -> SessionSettings:
        return SessionSettings(lake=self.lake)

    def run(self, work: Callable[[WorkerPool], Awaitable[T]], settings: PoolSettings | None = None) -> T:
        """What `work` gives over a pool of this lake, which is closed afterwards."""

        async def main() -> T:
            pool = WorkerPool(self.session, settings or small())
            await pool.start()
            try:
                return await work(pool)
            finally:
                await pool.close()

        return asyncio.run(main())


def small(**others: object) -> PoolSettings:
    """Two workers and no spare, each of half a gigabyte."""
    return PoolSettings(**{"workers": 2, "spares": 0, "threads": 1, "memory": 1 << 30, **others})  # type: ignore[arg-type]


def append(lake: Path, table: str, messages: list[str]) -> None:
    times = pa.array([datetime(2026, 6, 18, 12, tzinfo=UTC)] * len(messages), pa.timestamp("us", tz="UTC"))
    write_deltalake(str(lake / table), pa.table({"TimeGenerated": times, "Message": messages}), mode="append")


async def rows(pool: WorkerPool, text: str, request_id: str = "a query", **others: object) -> Rows:
    """The rows of a query's last table, in physical types, under the names of the columns."""
    request = QueryRequest(text, **others)  # type: ignore[arg-type]
    answer = await pool.run(request, request_id=request_id)
    names = [name for name, _ in answer.heads[-1].columns]
    found: Rows = []
    async for number, batch in answer.batches():
        if number == len(answer.heads) - 1:
            found += batch.rename_columns(names).to_pylist()
    return found


def new_scene(folder: Path) -> Scene:
    lake = folder / "lake"
    lake.mkdir()
    append(lake, "Events", ["one", "two", "three"])
    secret = folder / "secret.txt"
    secret.write_text("the canary sings", "utf-8")
    return Scene(lake, secret)
