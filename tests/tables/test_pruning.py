"""Time scopes and partition hints reach the scan: the engines' own physical plans say so."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.engines.duckdb import DuckDbRun
from bluetick.engines.parquet_footers import Footers
from bluetick.engines.protocol import Engine, Stream
from bluetick.session import QueryRequest

pytest_plugins = ["tests.spark_fixture"]

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
LOOKBACK = timedelta(hours=8)
TEXT = "DeviceNetworkEvents | summarize count()"
HOURS = [datetime(2025, 12, 30, tzinfo=UTC) + timedelta(hours=hour) for hour in range(10 * 24)]
COLUMNS = "  columns: {Timestamp: ts, RemotePort: dport}\n"
Plans = list[tuple[str, int]]

# How the folders of a layout are named, the hint for it, and how many hold rows of the 8 hours before NOW.
LAYOUTS: dict[str, tuple[Callable[[datetime], str], str, int]] = {
    "dates": (lambda t: f"day={t:%Y-%m-%d}", "{column: day, of: Timestamp, unit: day}", 2),
    "digits": (lambda t: f"d={t:%Y%m%d}", "{column: d, of: Timestamp, unit: day}", 2),
    "hours as text": (lambda t: f"h={t:%Y-%m-%d-%H}", "{column: h, of: Timestamp, unit: hour}", 8),
    "another format": (
        lambda t: f"h={t:%Y%m%d}T{t:%H}", "{column: h, of: Timestamp, unit: hour, format: '%Y%m%dT%H'}", 8
    ),
    "parts": (lambda t: f"y={t.year}/m={t.month}/d={t.day}", "{year: y, month: m, day: d, of: Timestamp}", 2),
    "padded parts": (
        lambda t: f"y={t:%Y}/m={t:%m}/d={t:%d}/h={t:%H}", "{year: y, month: m, day: d, hour: h, of: Timestamp}", 8
    ),
    "months": (lambda t: f"mon={t:%Y-%m}", "{column: mon, of: Timestamp, unit: month}", 1),
    "slack": (lambda t: f"day={t:%Y-%m-%d}", "{column: day, of: Timestamp, unit: day, slack: 20h}", 3),
}  # fmt: skip


def write(folder: Path, name: Callable[[datetime], str]) -> None:
    groups: dict[str, list[datetime]] = {}
    for moment in HOURS:
        groups.setdefault(name(moment), []).append(moment)
    for partition, moments in groups.items():
        (folder / partition).mkdir(parents=True)
        table = pa.table({"ts": pa.array(moments, pa.timestamp("us", "UTC")), "dport": [443] * len(moments)})
        pq.write_table(table, folder / partition / "part.parquet")


def mapped(folder: Path, hint: str = "") -> Path:
    document = folder / "mapping.yaml"
    partition = f"  partition: {hint}\n" if hint else ""
    document.write_text(f"DeviceNetworkEvents:\n  source: data\n{COLUMNS}{partition}")
    return document


def run(engine: str, mapping: Path, text: str = TEXT, lookback: timedelta | None = LOOKBACK) -> list[tuple[Any, ...]]:
    with bluetick.connect(engine=engine, mapping=mapping) as session:
        return list(session.run(QueryRequest(text, now=NOW, lookback=lookback))[-1].rows())


@pytest.fixture
def duckdb_plans(monkeypatch: pytest.MonkeyPatch) -> Plans:
    """The plan of every statement that DuckDB streams, and how many files it read: by the folders alone, as footers
    would leave out more."""
    monkeypatch.setattr(Footers, "of", lambda self, files: None)
    return _plans(monkeypatch)


def _plans(monkeypatch: pytest.MonkeyPatch) -> Plans:
    found: Plans = []
    stream = DuckDbRun.stream

    def recorded(self: DuckDbRun, sql: str) -> Stream:
        text = self._connection.execute(f"EXPLAIN ANALYZE {sql}").fetchall()[0][1]
        found.append((text, max(map(int, re.findall(r"Total Files Read: (\d+)", text)), default=0)))
        return stream(self, sql)

    monkeypatch.setattr(DuckDbRun, "stream", recorded)
    return found


@pytest.fixture
def spark_plans(monkeypatch: pytest.MonkeyPatch, spark_engine: Engine) -> Iterator[Plans]:
    """The plan of every statement that Spark streams, and how many files its scans read."""
    from bluetick.engines.spark_run import SparkRun  # noqa: PLC0415 - loads Spark

    found: Plans = []
    stream = SparkRun.stream

    def recorded(self: SparkRun, sql: str) -> Stream:
        self._session.conf.set("spark.sql.adaptive.enabled", "false")  # the plan is that of the run from the start
        self._session.conf.set("spark.sql.maxMetadataStringLength", "10000")
        frame = self._session.sql(sql)
        plan = frame._jdf.queryExecution().executedPlan()
        frame.collect()
        plan = frame._jdf.queryExecution().executedPlan()
        leaves = plan.collectLeaves()
        files = 0
        for place in range(leaves.size()):
            metrics = leaves.apply(place).metrics()
            if metrics.contains("numFiles"):
                files += metrics.apply("numFiles").value()
        found.append((frame._jdf.queryExecution().toString(), files))
        return stream(self, sql)

    monkeypatch.setattr(SparkRun, "stream", recorded)
    yield found
    assert spark_engine.name == "spark"


def pushed(plan: str) -> str:
    return " ".join(re.findall(r"PushedFilters: \[[^\]]*\]", plan))


def of_partitions(plan: str) -> str:
    return " ".join(re.findall(r"PartitionFilters: \[.*?\], PushedFilters", plan))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_duckdb_reads_the_partitions_of_the_scope(tmp_path: Path, layout: str, duckdb_plans: Plans) -> None:
    name, hint, files = LAYOUTS[layout]
    write(tmp_path / "data", name)
    assert run("duckdb", mapped(tmp_path, hint)) == [(8,)]
    plan, read = duckdb_plans[-1]
    assert "File Filters" in plan
    assert read == files


@pytest.mark.parametrize("layout", [*LAYOUTS, "no folders"])
def test_footers_leave_out_what_folders_do_not(tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, hint, files = LAYOUTS.get(layout, (lambda t: f"{t:%Y-%m-%d}", "", 2))
    write(tmp_path / "data", name)
    plans = _plans(monkeypatch)
    assert run("duckdb", mapped(tmp_path, hint)) == [(8,)]
    assert 0 < plans[-1][1] <= files


@pytest.mark.spark
@pytest.mark.parametrize("layout", LAYOUTS)
def test_spark_reads_the_partitions_of_the_scope(tmp_path: Path, layout: str, spark_plans: Plans) -> None:
    name, hint, files = LAYOUTS[layout]
    write(tmp_path / "data", name)
    assert run("local[2]", mapped(tmp_path, hint)) == [(8,)]
    plan, read = spark_plans[-1]
    assert of_partitions(plan) not in ("", "PartitionFilters: [], PushedFilters")
    assert "GreaterThanOrEqual(ts,2026-01-05" in pushed(plan)
    assert "LessThan(ts,2026-01-06" in pushed(plan)
    assert read == files


def test_without_a_hint_nothing_is_guessed(tmp_path: Path, duckdb_plans: Plans) -> None:
    write(tmp_path / "data", LAYOUTS["dates"][0])
    assert run("duckdb", mapped(tmp_path)) == [(8,)]
    assert "File Filters" not in duckdb_plans[-1][0]


@pytest.mark.spark
def test_without_a_hint_spark_still_pushes_the_scope(tmp_path: Path, spark_plans: Plans) -> None:
    write(tmp_path / "data", LAYOUTS["dates"][0])
    assert run("local[2]", mapped(tmp_path)) == [(8,)]
    plan, read = spark_plans[-1]
    assert "PartitionFilters: []" in plan
    assert "GreaterThanOrEqual(ts,2026-01-05" in pushed(plan)
    assert read == 10


def test_an_open_scope_has_one_bound(tmp_path: Path, duckdb_plans: Plans) -> None:
    write(tmp_path / "data", LAYOUTS["dates"][0])
    assert run("duckdb", mapped(tmp_path, LAYOUTS["dates"][1]), lookback=None) == [(7 * 24 + 3,)]
    assert duckdb_plans[-1][1] == 8


@pytest.mark.parametrize(
    ("text", "rows", "files"),
    [
        ("T | where Timestamp > ago(1d) | count", 23, 2),
        ("T | where RemotePort == 443 | where Timestamp between (ago(2d) .. now() - 1d) | count", 25, 2),
        ("T | where datetime(2026-01-02) <= Timestamp and Timestamp < datetime(2026-01-03) | count", 24, 1),
        ("let when = ago(26h); T | where Timestamp >= startofday(when) | where RemotePort > 1 | count", 27, 2),
        # Wherever the table is read counts: the widest of all filters.
        ("T | where Timestamp > ago(1d) | join kind=inner (T | where Timestamp > ago(3d)) on Timestamp | count", 23, 4),
        ("T | where Timestamp > ago(1d) | where Timestamp in (T | project Timestamp) | count", 23, 8),
        ("T | where Timestamp > ago(1d) | extend n = toscalar(T | count) | where n == 171 | count", 23, 8),
        ("T | where Timestamp > ago(1d) or RemotePort == 443 | count", 171, 8),
        ("T | extend Timestamp = Timestamp + 1d | where Timestamp > ago(1d) | count", 47, 8),
        ("T | where Timestamp > ago(1d) and assert(toscalar(T | count) == 171, 'all') | count", 23, 8),
    ],
)
def test_filters_of_the_query_leave_partitions_unread(
    tmp_path: Path, duckdb_plans: Plans, text: str, rows: int, files: int
) -> None:
    """Of 8 days before NOW."""
    write(tmp_path / "data", LAYOUTS["dates"][0])
    (tmp_path / "m.yaml").write_text(f"T:\n  source: data\n{COLUMNS}  partition: {LAYOUTS['dates'][1]}\n")
    assert run("duckdb", tmp_path / "m.yaml", text, lookback=None) == [(rows,)]
    assert max(read for _, read in duckdb_plans) == files


def test_rows_without_a_period_are_read(tmp_path: Path) -> None:
    """Late rows of an unknown day lie where no date is told."""
    write(tmp_path / "data", lambda t: f"day={t:%Y-%m-%d}" if t.day != 5 else "day=__HIVE_DEFAULT_PARTITION__")
    assert run("duckdb", mapped(tmp_path, LAYOUTS["dates"][1])) == [(8,)]


def test_every_scope_gives_the_rows_of_an_unmapped_scan(tmp_path: Path) -> None:
    """A hint never changes rows: the bounds stand at every place of an hour and of a day."""
    write(tmp_path / "data", lambda t: f"h={t:%Y-%m-%d-%H}")
    hint = "{column: h, of: Timestamp, unit: hour}"
    with bluetick.connect(mapping=mapped(tmp_path, hint)) as session:
        for micros in (-1, 0, 1):
            for hours in (0, 1, 24):
                now = datetime(2026, 1, 5, 4, tzinfo=UTC) + timedelta(microseconds=micros)
                lookback = timedelta(hours=hours, microseconds=1)
                request = QueryRequest(TEXT, now=now, lookback=lookback)
                expected = sum(1 for moment in HOURS if now - lookback <= moment < now)
                assert list(session.run(request)[-1].rows()) == [(expected,)], (micros, hours)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("type_", "is_pushed"), [(pa.timestamp("us", "UTC"), True), (pa.timestamp("us"), True), (pa.string(), False)]
)
def test_which_time_columns_are_pushed(tmp_path: Path, spark_plans: Plans, type_: pa.DataType, is_pushed: bool) -> None:
    """An instant and a time without a zone are; text is read and converted row by row."""
    (tmp_path / "data").mkdir()
    values = [t.replace(tzinfo=None) if type_ == pa.timestamp("us") else t for t in HOURS]
    moments = pa.array([t.isoformat() for t in HOURS] if type_ == pa.string() else values, type_)
    pq.write_table(pa.table({"ts": moments, "dport": [443] * len(HOURS)}), tmp_path / "data" / "f.parquet")
    assert run("local[2]", mapped(tmp_path)) == [(8,)]
    assert ("GreaterThanOrEqual(ts,2026-01-05" in pushed(spark_plans[-1][0])) is is_pushed


@pytest.mark.spark
def test_a_partitioned_table_of_the_catalog(tmp_path: Path, spark_plans: Plans) -> None:
    from pyspark.sql import SparkSession  # noqa: PLC0415 - started by the fixture

    session = SparkSession.builder.getOrCreate()
    session.sql(f"CREATE DATABASE gold LOCATION '{tmp_path}/gold'")
    try:
        days = [(moment, moment.date()) for moment in HOURS]
        frame = session.createDataFrame(days, "ts TIMESTAMP, day DATE")
        frame.write.partitionBy("day").saveAsTable("gold.conn")
        document = tmp_path / "m.yaml"
        hint = "  partition: {column: day, of: Timestamp}\n"
        document.write_text(f"DeviceNetworkEvents:\n  source: catalog:gold.conn\n  columns: {{Timestamp: ts}}\n{hint}")
        assert run("local[2]", document) == [(8,)]
        plan, _ = spark_plans[-1]
        assert "day" in of_partitions(plan)
        assert "GreaterThanOrEqual(ts,2026-01-05" in pushed(plan)
    finally:
        session.sql("DROP DATABASE gold CASCADE")


# --- small tables are broadcast ---


def large(folder: Path) -> str:
    (folder / "big").mkdir()
    count = 50_000
    names = [f"sha{number % 100}" for number in range(count)]
    times = pa.array([HOURS[number % len(HOURS)] for number in range(count)], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"Timestamp": times, "SHA1": names}), folder / "big" / "f.parquet")
    return str(folder / "big")


@pytest.mark.spark
@pytest.mark.parametrize(
    "text",
    [
        "DeviceFileEvents | join kind=inner small on SHA1 | summarize count()",
        "DeviceFileEvents | lookup small on SHA1 | summarize count()",
        "DeviceFileEvents | join kind=leftsemi small on SHA1 | summarize count()",
        "DeviceFileEvents | where SHA1 in (_GetWatchlist('bad') | project SHA1) | summarize count()",
        "DeviceFileEvents | lookup (datatable(SHA1:string, Why:string) ['sha1', 'x', 'sha2', 'y']) on SHA1 | count",
    ],
)
def test_small_tables_are_broadcast(tmp_path: Path, spark_plans: Plans, text: str) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "bad.csv").write_text("SHA1,Why\nsha1,x\n")
    small = pa.table({"SHA1": ["sha1", "sha2"], "Why": ["x", "y"]})
    tables: dict[str, Any] = {"DeviceFileEvents": large(tmp_path), "small": small}
    with bluetick.connect(engine="local[2]", tables=tables, watchlists=tmp_path / "lists") as session:
        assert next(iter(session.query(text).rows()))[0] > 0
    plan = spark_plans[-1][0].split("== Physical Plan ==")[1]
    assert "BroadcastHashJoin" in plan
    assert "SortMergeJoin" not in plan
