"""Tables of Spark's own catalog, by name."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import bluetick
from bluetick.cli.main import run_command
from bluetick.diagnostics.errors import SourceError
from bluetick.engines.catalog_names import parse_catalog_name
from bluetick.engines.protocol import Engine
from bluetick.session import QueryRequest

pytest_plugins = ["tests.spark_fixture"]
pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def catalog(spark_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A database `silver` with a managed, a partitioned and a foreign table, and a view."""
    assert spark_engine.name == "spark"
    folder = tmp_path_factory.mktemp("warehouse")
    session = SparkSession.builder.getOrCreate()
    statements = (
        f"CREATE DATABASE silver LOCATION '{folder}/silver'",
        "CREATE TABLE silver.network_events (Timestamp TIMESTAMP, DeviceName STRING, RemotePort INT, Extra STRING, "
        "src STRUCT<ip: STRING, port: BIGINT>, cost DECIMAL(10,2), gone INTERVAL YEAR TO MONTH) USING parquet",
        "INSERT INTO silver.network_events VALUES (TIMESTAMP '2026-01-05 10:00:00', 'a', 443, 'x', "
        "named_struct('ip', '10.0.0.1', 'port', 5L), 1.25, INTERVAL '1-2' YEAR TO MONTH), "
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        f"CREATE TABLE silver.by_day (x BIGINT, day DATE) USING parquet PARTITIONED BY (day) LOCATION '{folder}/ext'",
        "INSERT INTO silver.by_day VALUES (1, DATE '2026-01-05'), (2, DATE '2026-01-06'), (3, NULL)",
        "CREATE VIEW silver.`select` AS SELECT x + 1 AS y FROM silver.by_day",
        "CREATE TABLE silver.bad_port (RemotePort STRING) USING parquet",
        "INSERT INTO silver.bad_port VALUES ('443'), ('https')",
    )
    for statement in statements:
        session.sql(statement)
    yield folder
    session.sql("DROP DATABASE silver CASCADE")


def rows(table: str, source: str, text: str) -> list[tuple[object, ...]]:
    with bluetick.connect(engine="local[2]", tables={table: source}) as session:
        return list(session.query(text).rows())


def test_a_known_table_has_its_whole_schema(catalog: Path) -> None:
    text = "DeviceNetworkEvents | project Timestamp, DeviceName, RemotePort, RemoteIP, Extra | sort by RemotePort"
    assert rows("DeviceNetworkEvents", "catalog:silver.network_events", text) == [
        (datetime(2026, 1, 5, 10, tzinfo=UTC), "a", 443, "", "x"),
        (None, "", None, "", ""),
    ]


def test_types_of_a_custom_table(catalog: Path) -> None:
    with bluetick.connect(engine="local[2]", tables={"T": "catalog:silver.network_events"}) as session:
        result = session.query("T | where isnotnull(cost) | project src, cost, RemotePort, src.ip")
        types = [(name, type_) for name, type_ in result.columns]
        assert list(result.rows()) == [({"ip": "10.0.0.1", "port": 5}, Decimal("1.25"), 443, "10.0.0.1")]
    assert types == [("src", "dynamic"), ("cost", "decimal"), ("RemotePort", "int"), ("src_ip", "dynamic")]


def test_a_partitioned_table(catalog: Path) -> None:
    text = "T | where day >= datetime(2026-01-06) | project x, day"
    assert rows("T", "catalog:silver.by_day", text) == [(2, datetime(2026, 1, 6, tzinfo=UTC))]
    assert rows("T", "catalog:silver.by_day", "T | where isnull(day) | project x") == [(3,)]


@pytest.mark.parametrize("name", ["silver.`select`", "spark_catalog.silver.`select`"])
def test_a_view_with_a_name_that_needs_quotes(catalog: Path, name: str) -> None:
    assert rows("T", f"catalog:{name}", "T | summarize sum(y)") == [(9,)]


def test_an_absent_table_names_the_one_near_it(catalog: Path) -> None:
    with pytest.raises(SourceError, match=r"no table 'silver\.network_event'; did you mean 'silver\.network_events'\?"):
        bluetick.connect(engine="local[2]", tables={"T": "catalog:silver.network_event"})
    with pytest.raises(SourceError, match=r"no table 'by_day'; did you mean 'silver\.by_day'\?"):
        bluetick.connect(engine="local[2]", tables={"T": "catalog:by_day"})
    with pytest.raises(SourceError, match=r"no table 'nowhere\.zzz'; it has silver\."):
        bluetick.connect(engine="local[2]", tables={"T": "catalog:nowhere.zzz"})


def test_a_type_without_a_kql_type(catalog: Path) -> None:
    with pytest.raises(SourceError, match="the value '<interval year to month>' of the column 'gone' is no string"):
        rows("T", "catalog:silver.network_events", "T | project gone")


def test_a_value_that_does_not_fit(catalog: Path) -> None:
    with pytest.raises(SourceError) as caught:
        rows("DeviceNetworkEvents", "catalog:silver.bad_port", "DeviceNetworkEvents | summarize sum(RemotePort)")
    assert (caught.value.column, caught.value.value) == ("RemotePort", "https")


def test_tables_lists_what_the_catalog_has(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["tables", "--engine", "local[2]", "--table", "T=catalog:silver.by_day"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^T +3 +0 +2 .*catalog:silver\.by_day$", told, re.MULTILINE)
    assert re.search(r"tables of the engine's catalog: .*silver\.network_events", told)


def test_the_embedded_engine_has_no_catalog() -> None:
    with pytest.raises(SourceError, match=r"'catalog:silver\.t' is a table of a Spark catalog.*--engine local\[N\]"):
        bluetick.connect(tables={"T": "catalog:silver.t"})


def test_names_of_a_catalog() -> None:
    assert parse_catalog_name("catalog:a.b.c").parts == ("a", "b", "c")
    assert parse_catalog_name("catalog: `my db`.`t``1`").parts == ("my db", "t`1")
    for wrong in ("catalog:", "catalog:a.b.c.d", "catalog:a b", "catalog:a..b", "catalog:`a", "catalog:a.b; DROP"):
        with pytest.raises(SourceError, match="names no table of a catalog"):
            parse_catalog_name(wrong)


def test_an_estimate_is_the_engines_guess(catalog: Path) -> None:
    """Of a table that is partitioned Spark keeps no size until someone asks it to."""
    tables = {"T": "catalog:silver.bad_port", "U": "catalog:silver.by_day"}
    with bluetick.connect(engine="local[2]", tables=tables) as session:
        known, unknown = session.estimate(QueryRequest("union (T | project RemotePort), (U | project x)"))
    stored = sum(file.stat().st_size for file in (catalog / "silver" / "bad_port").rglob("*.parquet"))
    assert (known.bytes, known.rows, known.is_guess) == (stored, None, True)
    assert (unknown.bytes, unknown.is_guess) == (None, True)
