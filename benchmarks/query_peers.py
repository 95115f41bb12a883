"""Who is measured: each opens a folder of data and gives what runs one query to all its rows, as an Arrow table."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from performance_page import BY_HAND as BY_HAND_NAME
from performance_page import OURS as OURS_NAME
from query_set import END, TABLES, Query

Run = Callable[[], pa.Table]


@dataclass(frozen=True, slots=True)
class Peer:
    """`opened` opens the data for one query; `package` is what must be installed for it.

    `has` tells of which queries somebody wrote a form for this peer.
    """

    name: str
    package: str
    opened: Callable[[Query, Path], Run]
    has: Callable[[Query], bool]

    @property
    def absence(self) -> str | None:
        """Why this peer cannot run here."""
        return None if importlib.util.find_spec(self.package) else f"{self.package} is not installed"


def _bluetick(query: Query, folder: Path) -> Run:
    """Parsing, binding and lowering included, every time."""
    import bluetick  # noqa: PLC0415 - each process loads only what it measures
    from bluetick.detections.documents.reading import read_document  # noqa: PLC0415
    from bluetick.detections.runs import query_request  # noqa: PLC0415
    from bluetick.session import QueryRequest, TableInput  # noqa: PLC0415

    if query.document is None:
        request = QueryRequest(query.kql, now=END)
    else:
        (detection,) = read_document(query.document).detections
        request = query_request(detection, END)
    tables: dict[str, TableInput] = {
        table: str(folder / table / "*.parquet") for table in TABLES if table in request.text
    }
    session = bluetick.connect(tables=tables, profiles=folder / "profiles.parquet")

    def run() -> pa.Table:
        return session.run(request)[-1].to_arrow()

    return run


def _duckdb(text: str, folder: Path) -> Run:
    import duckdb  # noqa: PLC0415

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    views = {table: f"{table}/*.parquet" for table in TABLES}
    views |= {"events": "DeviceNetworkEvents/*.parquet", "buckets": "VMConnection/*.parquet"}
    for view, files in {**views, "profiles": "profiles.parquet"}.items():
        if view in text:
            connection.read_parquet(str(folder / files)).create_view(view)
    return lambda: connection.sql(text, params={"now": END}).to_arrow_table()


def _polars(query: Query, folder: Path) -> Run:
    from document_polars import DOCUMENTS  # noqa: PLC0415

    return lambda: DOCUMENTS[query.name](folder).to_arrow()


def _pandas(query: Query, folder: Path) -> Run:
    from document_pandas import DOCUMENTS  # noqa: PLC0415

    return lambda: pa.Table.from_pandas(DOCUMENTS[query.name](folder), preserve_index=False)


def _chdb(query: Query, folder: Path) -> Run:
    import chdb  # noqa: PLC0415

    text = (Path(__file__).parent / "queries" / f"{query.name}.clickhouse").read_text("utf-8")
    text = text.replace("{folder}", str(folder)).replace("{now}", f"{END:%Y-%m-%d %H:%M:%S}")
    return lambda: chdb.query(text, "ArrowTable")


OURS = Peer(OURS_NAME, "bluetick", _bluetick, lambda query: True)
BY_HAND = Peer(
    BY_HAND_NAME,
    "duckdb",
    lambda query, folder: _duckdb(query.sql, folder),
    lambda query: True,
)
PEERS = (
    BY_HAND,
    Peer(
        "DuckDB SQL, stage by stage",
        "duckdb",
        lambda query, folder: _duckdb(query.transcribed or "", folder),
        lambda query: query.transcribed is not None,
    ),
    Peer("Polars streaming", "polars", _polars, lambda query: query.is_document),
    Peer("chDB", "chdb", _chdb, lambda query: query.is_document),
    Peer("pandas", "pandas", _pandas, lambda query: query.is_document),
)


def peer_named(name: str) -> Peer:
    (found,) = [peer for peer in (OURS, *PEERS) if peer.name == name]
    return found
