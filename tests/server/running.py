"""A server on the loopback, in a thread of the test process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import uvicorn
from azure.kusto.data import KustoClient, KustoConnectionStringBuilder

from bluetick.lake.layout import SETTINGS
from bluetick.server.access import LOOPBACK, Names, Token, Tokens
from bluetick.server.app import make_app
from bluetick.server.audit import AuditLog
from bluetick.server.executor import LocalExecutor, QueryExecutor
from bluetick.server.jobs import Jobs
from bluetick.server.service import Service, Work
from bluetick.server.serving import listening
from bluetick.session import Session

DATABASE = "hunt"


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: where it is, and what it is made of."""

    port: int
    service: Service
    faults: list[Exception]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def http(self, token: str | None = None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def kusto(self) -> KustoClient:
        return KustoClient(KustoConnectionStringBuilder.with_no_authentication(self.url))

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        with self.http() as client:
            return client.post(path, json=body, headers=headers)

    def query(self, text: str, path: str = "/v2/rest/query", **properties: Any) -> httpx.Response:
        return self.post(path, {"db": DATABASE, "csl": text, "properties": properties or None})


@contextmanager
def served(
    session: Session,
    *,
    executor: QueryExecutor | None = None,
    tokens: tuple[Token, ...] = (),
    lake: Path | None = None,
    work: Work | None = None,
    jobs: Jobs | None = None,
) -> Iterator[Served]:
    """The session behind HTTP until the end of the block. What the server logs as its own faults is kept."""
    folder = None if lake is None else lake / SETTINGS
    kept = Tokens(folder, tokens)
    service = Service(
        executor or LocalExecutor(session, places=2, waiting=20),
        session,
        DATABASE,
        kept,
        Names(frozenset(LOOPBACK)),
        AuditLog(folder),
        needs_token=bool(kept.all()),
        lake=lake,
        work=work or Work(),
        jobs=jobs or Jobs(),
    )
    faults: list[Exception] = []
    with listening("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(make_app(service, faults.append), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield Served(listener.getsockname()[1], service, faults)
        finally:
            server.should_exit = True
            thread.join()


EVERY_TYPE = """
datatable(b:bool, i:int, l:long, r:real, d:decimal, s:string, t:datetime, span:timespan, g:guid, j:dynamic)
[
    true, 2147483647, 9223372036854775807, 1.5, decimal(123.45), "plain", datetime(2026-06-18 12:00:00.123456),
        time(1.02:03:04.000001), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), dynamic({"a":[1,null,"x"],"b":{"c":true}}),
    false, -2147483648, -9223372036854775808, real(nan), decimal(-0.000001), "", datetime(0001-01-01),
        time(-1.02:03:04), guid(00000000-0000-0000-0000-000000000000), dynamic([]),
    true, 0, 0, real(+inf), decimal(99999999999999999999), 'q"uo\\'te\\\\\\n\\u0000\\u2028\\U0001F415',
        datetime(9999-12-31 23:59:59.999999), time(00:00:00),
        guid(ffffffff-ffff-ffff-ffff-ffffffffffff), dynamic("text"),
    bool(null), int(null), long(null), real(null), decimal(null), "", datetime(null), timespan(null), guid(null),
        dynamic(null),
    true, 1, 9007199254740993, real(-inf), decimal(1.10), "é", datetime(1970-01-01), time(365.00:00:00.1),
        guid(74BE27DE-1E4E-49D9-B579-FE0B331D3642), dynamic(9223372036854775807),
]
"""


def table(**columns: Any) -> pa.Table:
    return pa.table(columns)
