"""Both documents over a lake that their logs were ingested into: the same rows as over the files, and again so as of
then when newer data has come."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import bluetick
from bluetick.detections.runs import query_request
from bluetick.ingest.running import Options, ingest_paths
from bluetick.simulation import simulate
from founding.documents import LONG_RUNNING, RARE_COUNTRIES, founding_document

END = datetime(2026, 6, 18, 12, tzinfo=UTC)
INSTANTS = (END, END - timedelta(hours=9, minutes=30))
TABLES = {RARE_COUNTRIES: "VMConnection", LONG_RUNNING: "DeviceNetworkEvents"}


@dataclass(frozen=True, slots=True)
class Logs:
    """Simulated tables as files, and the logs that an export would have made of them, in three parts."""

    folder: Path
    profiles: Path
    parts: tuple[Path, ...]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    folder = tmp_path_factory.mktemp("month")
    simulate(folder, end=END, rows=40_000, devices=30)
    parts = tuple(folder / f"part-{number}.ndjson" for number in range(3))
    lines = [*exported(folder, "DeviceNetworkEvents"), *exported(folder, "VMConnection")]
    for number, part in enumerate(parts):  # not in order of time, and both tables in each
        part.write_text("".join(lines[number::3]), "utf-8")
    return Logs(folder, folder / "profiles.parquet", parts)


def exported(folder: Path, table: str) -> Iterator[str]:
    rows: Sequence[Mapping[str, Any]] = ds.dataset(folder / table, format="parquet").to_table().to_pylist()
    for row in rows:
        event = {name: told(value) for name, value in row.items()}
        yield json.dumps({"Type": table, **event} if table == "VMConnection" else defender(table, event)) + "\n"


def defender(table: str, event: Mapping[str, Any]) -> dict[str, Any]:
    return {"time": event["Timestamp"], "category": f"AdvancedHunting-{table}", "properties": event}


def told(value: Any) -> Any:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z" if isinstance(value, datetime) else value


def split_by_export(logs: Logs, folder: Path) -> list[Path]:
    """An export has rows of one service: each part in two files."""
    paths = []
    for part in logs.parts:
        lines = part.read_text("utf-8").splitlines(keepends=True)
        for name, is_sentinel in (("sentinel", True), ("defender", False)):
            path = folder / f"{part.stem}-{name}.ndjson"
            path.write_text("".join(line for line in lines if line.startswith('{"Type"') is is_sentinel), "utf-8")
            paths.append(path)
    return paths


def rows_of(session: bluetick.Session, number: str, now: datetime) -> list[tuple[Any, ...]]:
    return list(session.run(query_request(founding_document(number), now))[-1].rows())


def answers(session: bluetick.Session) -> dict[tuple[str, datetime], list[tuple[Any, ...]]]:
    return {(number, now): rows_of(session, number, now) for number in TABLES for now in INSTANTS}


def test_rows_over_a_lake_are_those_over_files_also_as_of_then(logs: Logs, tmp_path: Path) -> None:
    files: dict[str, str | Path | list[str] | pa.Table] = {
        table: str(logs.folder / table / "*.parquet") for table in TABLES.values()
    }
    with bluetick.connect(tables=files, profiles=logs.profiles) as session:
        expected = answers(session)
    assert any(expected.values())

    lake = tmp_path / "lake"
    report = ingest_paths(split_by_export(logs, tmp_path), lake, Options(now=lambda: END))
    assert report.tally.stored == report.tally.input > 50_000
    with bluetick.connect(lake=lake, profiles=logs.profiles) as session:
        assert answers(session) == expected
        versions = {table: session.catalog.version(table) for table in TABLES.values()}

    twice = [path.with_name(f"again-{path.name}") for path in split_by_export(logs, tmp_path)]
    for path in twice:  # other records, of the same times
        text = path.with_name(path.name.removeprefix("again-")).read_text("utf-8")
        path.write_text(
            text.replace('"Computer": "', '"Computer": "x').replace('"DeviceId": "', '"DeviceId": "x'), "utf-8"
        )
    assert ingest_paths(twice, lake, Options(now=lambda: END)).tally.duplicates == 0
    with bluetick.connect(lake=lake, profiles=logs.profiles) as session:
        assert answers(session) != expected
    as_of = {table: int(str(version)) for table, version in versions.items()}
    with bluetick.connect(lake=lake, profiles=logs.profiles, as_of=as_of) as session:
        assert answers(session) == expected
