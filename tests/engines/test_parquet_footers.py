"""What footers tell of files: what is believed, which files are left out for their times, that rows stay the same."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.engines import parquet_footers
from bluetick.engines.duckdb_scan import read_within
from bluetick.engines.parquet_footers import Footer, Footers
from bluetick.engines.protocol import FileSource, TimeRange

DAY = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _write(path: Path, columns: dict[str, Any], *, rows: int = 2, statistics: bool = True) -> str:
    pq.write_table(pa.table(columns), path, row_group_size=rows, write_statistics=statistics)
    return str(path)


def _full(files: list[str], footers: Footers | None = None) -> set[str] | None:
    found = (footers or Footers()).of(files)
    return None if found is None else set.intersection(*(_full_of(footer) for footer in found))


def _full_of(footer: Footer) -> set[str]:
    return {name for name in [*footer.schema.places, "no column"] if footer.is_full(name)}


def _times_of(footer: Footer) -> dict[str, Any]:
    return {name: ends for name in [*footer.schema.places, "no column"] if (ends := footer.ends(name)) is not None}


def _reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose footers are read from now on."""
    read: list[str] = []
    own = pq.read_metadata

    def counted(file: str) -> pq.FileMetaData:
        read.append(file)
        return own(file)

    monkeypatch.setattr(pq, "read_metadata", counted)
    return read


def test_a_column_counts_that_has_a_value_in_every_row_group_of_every_file(tmp_path: Path) -> None:
    first = {"a": ["1", "2", "3"], "b": ["1", "2", None], "c": ["1", "2", "3"], "d": [None, "2", "3"]}
    files = [
        _write(tmp_path / "1.parquet", first),
        _write(tmp_path / "2.parquet", {"a": ["", ""], "b": ["1", "2"], "d": ["1", "2"]}),
    ]
    assert _full(files) == {"a"}
    assert _full(files[:1]) == {"a", "c"}


def test_without_statistics_nothing_is_believed(tmp_path: Path) -> None:
    assert _full([_write(tmp_path / "1.parquet", {"a": ["1"], "t": [DAY]}, statistics=False)]) == set()


def test_a_leaf_of_a_nested_column_is_not_taken_for_a_column(tmp_path: Path) -> None:
    assert _full([_write(tmp_path / "1.parquet", {"s": [{"a": "1"}], "s.a": ["1"]})]) == set()


def test_files_of_one_schema_are_told_from_others(tmp_path: Path) -> None:
    tables: list[dict[str, Any]] = [
        {"a": [1], "b": ["x"]},
        {"a": [2], "b": ["y"]},
        {"a": [1.5], "b": ["x"]},
        {"b": ["x"], "a": [1]},
        {"a": [1], "b": [{"x": "x"}]},
    ]
    found = Footers().of([_write(tmp_path / f"{n}.parquet", columns) for n, columns in enumerate(tables)])
    assert found is not None
    schemas = [footer.schema for footer in found]
    assert [schemas.index(one) for one in schemas] == [0, 0, 2, 3, 4]


def test_a_file_is_asked_once_and_again_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = _reads(monkeypatch)
    footers = Footers()
    path = _write(tmp_path / "1.parquet", {"a": ["1", "2"]})
    assert _full([path], footers) == _full([path], footers) == {"a"}
    assert read == [path]
    os.utime(path, ns=(2, 2))
    assert _full([path], footers) == {"a"}
    assert len(read) == 2
    _write(tmp_path / "1.parquet", {"a": ["1", None]})
    os.utime(path, ns=(1, 1))
    assert _full([path], footers) == set()
    assert _full([str(tmp_path / "none.parquet")], footers) is None


def test_files_of_several_writers_have_one_schema(tmp_path: Path) -> None:
    """One says of a column that it has no null, and of an int64 that it is an Int(64, signed); another does not."""
    plain = pa.table({"a": ["1", "2"], "n": pa.array([1, 2], pa.int64())})
    full = plain.cast(pa.schema([field.with_nullable(False) for field in plain.schema]))
    for name, table in (("plain", plain), ("full", full)):
        pq.write_table(table, tmp_path / f"{name}.parquet")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_parquet('{tmp_path}/plain.parquet')) TO '{tmp_path}/copy.parquet'")
    files = sorted(str(file) for file in tmp_path.iterdir())
    assert len({str(pq.read_metadata(file).schema).partition("\n")[2] for file in files}) == 3
    found = Footers().of(files)
    assert found is not None
    assert len({footer.schema for footer in found}) == 1
    narrow = pa.table({"a": ["1"], "n": pa.array([1], pa.int32())})
    pq.write_table(narrow, tmp_path / "narrow.parquet")
    found = Footers().of([*files, str(tmp_path / "narrow.parquet")])
    assert found is not None
    assert len({footer.schema for footer in found}) == 2


def test_many_files_are_asked_little_by_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_footers, "_MOST_AT_ONCE", 2)
    files = [_write(tmp_path / f"{i}.parquet", {"a": ["1"]}) for i in range(3)]
    footers = Footers()
    assert _full(files, footers) is None
    assert _full(files, footers) == {"a"}


def test_a_column_is_worked_out_when_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And all at once of a footer that is no longer held."""
    columns = {
        "a": ["1", "2"],
        "b": ["1", None],
        "t": pa.array([DAY, DAY + HOUR], pa.timestamp("us", "UTC")),
        "n": [1, 2],
    }
    files = [_write(tmp_path / f"{i}.parquet", columns) for i in range(2)]
    asked: list[int] = []
    told = parquet_footers._told

    def counted(metadata: Any, place: Any) -> Any:
        asked.append(place.number)
        return told(metadata, place)

    monkeypatch.setattr(parquet_footers, "_told", counted)
    footers = Footers()
    (first, second) = footers.of(files) or ()
    assert asked == []
    assert first.is_full("a") and first.is_full("a") and not second.is_full("b")
    assert asked == [0, 1]
    assert first.ends("t") == (DAY, DAY + HOUR)
    assert asked == [0, 1, 2]
    monkeypatch.setattr(parquet_footers, "_MOST_OPEN", 0)
    (third,) = footers.of([_write(tmp_path / "3.parquet", columns)]) or ()
    del asked[:]
    for footer in (first, second, third):
        assert (_full_of(footer), _times_of(footer)) == ({"a", "t", "n"}, {"t": (DAY, DAY + HOUR)})
        assert footer.rows == 2
    assert asked == []


def test_a_file_that_cannot_be_read_now_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, footers = _write(tmp_path / "1.parquet", {"a": ["1"]}), Footers()

    def refused(file: str) -> Any:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(pq, "read_metadata", refused)
        assert footers.of([path]) is None
    assert _full([path], footers) == {"a"}


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_footers, "_MOST_KEPT", 1)
    read = _reads(monkeypatch)
    files = [_write(tmp_path / f"{i}.parquet", {"a": ["1"]}) for i in range(2)]
    footers = Footers()
    footers.of(files)
    assert _full(files[1:], footers) == {"a"}
    assert len(read) == 2
    assert _full(files[:1], footers) == {"a"}
    assert len(read) == 3


def test_a_file_that_is_no_parquet_is_left_to_the_scan(tmp_path: Path) -> None:
    (tmp_path / "1.parquet").write_bytes(b"nothing of the kind")
    assert Footers().of([str(tmp_path / "1.parquet")]) is None


@pytest.mark.parametrize(
    ("unit", "margin"), [("ms", timedelta(0)), ("us", timedelta(0)), ("ns", timedelta(microseconds=1))]
)
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_the_ends_of_a_datetime_column(tmp_path: Path, unit: Any, margin: timedelta, zone: str | None) -> None:
    times = pa.array([DAY + 2 * HOUR, DAY, DAY + HOUR], pa.timestamp(unit, zone))
    (footer,) = Footers().of([_write(tmp_path / "1.parquet", {"t": times})]) or ()
    assert _times_of(footer) == {"t": (DAY - margin, DAY + 2 * HOUR + margin)}


def test_a_column_with_a_null_or_of_another_type_has_no_ends(tmp_path: Path) -> None:
    columns = {"t": pa.array([DAY, None], pa.timestamp("us")), "n": [1, 2], "s": ["2026-03-01", "2026-03-02"]}
    (footer,) = Footers().of([_write(tmp_path / "1.parquet", columns)]) or ()
    assert _times_of(footer) == {}


def _legs(tmp_path: Path, within: TimeRange | None) -> list[tuple[list[str], bool]]:
    """Three files of a day each: which are read, leg by leg, and whether an instant stands for their times."""
    files = []
    for day in (1, 2, 3):
        times = pa.array([datetime(2026, 3, day, 0, tzinfo=UTC), datetime(2026, 3, day, 23, tzinfo=UTC)])
        files.append(_write(tmp_path / f"{day}.parquet", {"t": times.cast(pa.timestamp("us", "UTC")), "n": [1, 2]}))
    types = [("t", "TIMESTAMP WITH TIME ZONE"), ("n", "BIGINT")]
    legs = read_within(FileSource(tuple(files), "parquet"), lambda item: types, Footers().of(files), within)
    days = [[day for day in "123" if f"{day}.parquet" in leg.reader] for leg in legs]
    return list(zip(days, (bool(leg.fixed) for leg in legs), strict=True))


@pytest.mark.parametrize(
    ("low", "high", "is_alone", "legs"),
    [
        ((1, 0), (3, 0), False, [(["1", "2"], False)]),
        ((1, 0), (3, 0), True, [(["1", "2"], True)]),
        ((1, 1), (3, 1), True, [(["2"], True), (["1", "3"], False)]),
        ((1, 0), (1, 23), True, [(["1"], False)]),  # the end is not in it
        (None, (2, 0), True, [(["1"], True)]),
        ((3, 23), None, True, [(["3"], False)]),
        ((4, 0), None, True, [(["1"], False)]),  # nothing: the types are still wanted
        ((4, 0), (1, 0), False, [(["1"], False)]),
    ],
)
def test_files_are_chosen_by_their_times(
    tmp_path: Path, low: tuple[int, int] | None, high: tuple[int, int] | None, is_alone: bool, legs: list[Any]
) -> None:
    ends = [None if end is None else datetime(2026, 3, end[0], end[1], tzinfo=UTC) for end in (low, high)]
    assert _legs(tmp_path, TimeRange("t", ends[0], ends[1], is_alone)) == legs


def test_without_a_range_all_files_are_read(tmp_path: Path) -> None:
    assert _legs(tmp_path, None) == [(["1", "2", "3"], False)]
    assert _legs(tmp_path, TimeRange("other", DAY, None)) == [(["1", "2", "3"], False)]


@pytest.mark.parametrize("has_null", [False, True])
def test_a_null_string_is_empty_wherever_it_stands(tmp_path: Path, has_null: bool) -> None:
    _write(tmp_path / "1.parquet", {"a": ["x", ""], "n": [1, 2]})
    _write(tmp_path / "2.parquet", {"a": ["y", None if has_null else ""], "n": [3, 4]})
    with bluetick.connect(tables={"T": str(tmp_path / "*.parquet")}) as session:
        for _ in range(2):
            rows = session.query("T | where isempty(a) | project n, a | order by n asc").rows()
            assert list(rows) == [(2, ""), (4, "")]
            assert list(session.query("T | where a != 'x' | count").rows()) == [(3,)]


def test_a_files_own_column_says_nothing_of_a_folders(tmp_path: Path) -> None:
    for day, names in (("__HIVE_DEFAULT_PARTITION__", ["x"]), ("b", ["y"])):
        (tmp_path / f"day={day}").mkdir()
        _write(tmp_path / f"day={day}" / "1.parquet", {"day": ["own"], "name": names})
    with bluetick.connect(tables={"T": str(tmp_path)}) as session:
        rows = list(session.query("T | project name, day | order by name asc").rows())
    assert rows == [("x", ""), ("y", "b")]
