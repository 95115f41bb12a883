"""What is kept of files: when, of which, and what becomes of it when something happens to it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from baseline.files import EAGER, NOW, drawn, rows_of, write_events
from bluetick.execution.baseline import store
from bluetick.execution.baseline.cache import BaselineCache
from bluetick.execution.baseline.filling import MOST_SEGMENTS, Filling
from bluetick.execution.baseline.policy import Policy
from bluetick.execution.baseline.store import Note
from bluetick.execution.given import given_baseline
from bluetick.rewrite.rules import BASELINE
from bluetick.session import QueryRequest, Session

HOURS = "A | where Timestamp > ago(3d) and s == 'x' | summarize count(), sum(n), min(n), max(Timestamp) by k"
ROWS = "A | where Timestamp > ago(3d) and s == 'x' | summarize dcount(n), make_list(n), arg_max(Timestamp, *) by k"


def opened(folder: Path, kept: Path, policy: Policy = EAGER) -> Session:
    session = Session(tables={"A": str(folder / "*.parquet")})
    session.baseline = BaselineCache(kept, policy)
    return session


def plain_rows(folder: Path, text: str) -> list[str]:
    with Session(tables={"A": str(folder / "*.parquet")}) as session:
        return rows_of(session, text)


def segments(kept: Path) -> set[str]:
    return {path.name for path in kept.glob("*.parquet")}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many files each filling was given."""
    counts: list[int] = []
    fill = Filling.fill

    def counted(self: Filling, run: Any, note: Any, files: Any) -> Any:
        counts.append(len(files))
        return fill(self, run, note, files)

    monkeypatch.setattr(Filling, "fill", counted)
    return counts


@pytest.mark.parametrize("text", [HOURS, ROWS])
def test_a_second_session_reads_what_the_first_one_kept(tmp_path: Path, text: str, made: list[int]) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    expected = plain_rows(folder, text)
    for _ in range(2):
        with opened(folder, kept) as session:
            assert rows_of(session, text) == expected
    assert len(made) == 1
    with opened(folder, kept) as session:
        work = session.run(QueryRequest(text, now=NOW))[-1]._execution
        assert [part.others for part in work.parts.values()] == [()]


def test_a_late_file_touches_nothing_else(tmp_path: Path, made: list[int]) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    with opened(folder, kept) as session:
        rows_of(session, HOURS)
    before = segments(kept)
    late = drawn(9, 2, 25)
    parquet.write_table(late, folder / "late.parquet")
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    assert made[-1] == 1
    assert before < segments(kept)


def test_a_few_new_rows_are_read_from_their_file(tmp_path: Path, made: list[int]) -> None:
    """Until they are much, nothing is written for them."""
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    lazy = replace(EAGER, missing_files=5, missing_share=0.9)
    with opened(folder, kept, lazy) as session:
        rows_of(session, HOURS)
    parquet.write_table(drawn(9, 2, 25), folder / "late.parquet")
    with opened(folder, kept, lazy) as session:
        work = session.run(QueryRequest(HOURS, now=NOW))[-1]._execution
        assert [part.others for part in work.parts.values()] == [(str(folder / "late.parquet"),)]
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    assert len(made) == 1


def test_a_file_that_changed_is_another(tmp_path: Path) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    with opened(folder, kept) as session:
        before = rows_of(session, HOURS)
        parquet.write_table(drawn(77, 1, 60), folder / "003.parquet")
        after = rows_of(session, HOURS)
    assert before != after
    assert after == plain_rows(folder, HOURS)


def test_files_with_other_columns_switch_it_off(tmp_path: Path, made: list[int]) -> None:
    """They are read as types that hold the values of all: what one file gives depends on the others."""
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    other = drawn(5, 1, 20)
    place = other.schema.get_field_index("n")
    other = other.set_column(place, "n", pa.array([1.5] * 20, pa.float64()))
    parquet.write_table(other, folder / "other.parquet")
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    assert made == []


def test_files_of_another_writer_are_of_the_table(tmp_path: Path, made: list[int]) -> None:
    """One says of a column that it has no null, and of an int64 that it is an Int(64, signed); another does not."""
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    table = drawn(5, 1, 20)
    full = pa.schema([field.with_nullable(False) for field in table.schema])
    rows = [row for row in table.to_pylist() if None not in row.values()]
    parquet.write_table(pa.Table.from_pylist(rows, full), folder / "full.parquet")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (FROM read_parquet('{folder / '000.parquet'}')) TO '{folder / 'copy.parquet'}'")
    schemas = {str(parquet.read_metadata(file).schema).partition("\n")[2] for file in folder.iterdir()}
    assert len(schemas) == 3
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    assert sum(made) >= 10


@pytest.mark.parametrize("what", ["segment", "note"])
@pytest.mark.parametrize("how", ["torn", "altered", "gone", "empty"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, what: str, how: str) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    expected = plain_rows(folder, HOURS)
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == expected
    for path in kept.glob("*.parquet" if what == "segment" else "*.note"):
        whole = path.read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        path.write_bytes({"torn": whole[:middle], "altered": flipped, "gone": b"", "empty": b""}[how])
        if how == "gone":
            path.unlink()
    for _ in range(2):
        with opened(folder, kept) as session:
            assert rows_of(session, HOURS) == expected


def test_what_is_lost_between_choosing_and_reading_is_read_from_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    expected = plain_rows(folder, HOURS)
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == expected
        choose = BaselineCache.choose

        def chosen_and_lost(self: BaselineCache, *args: Any) -> None:
            choose(self, *args)
            for path in kept.iterdir():
                path.unlink()

        monkeypatch.setattr(BaselineCache, "choose", chosen_and_lost)
        assert rows_of(session, HOURS) == expected


def test_a_place_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    folder = write_events(tmp_path / "A")
    (tmp_path / "kept").write_text("a file, not a folder")
    with opened(folder, tmp_path / "kept") as session:
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)


def test_a_full_disk_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bluetick.execution.baseline.store.os.fsync", full)
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    assert list(kept.iterdir()) == []


def test_it_is_kept_when_it_is_asked_for_again(tmp_path: Path, made: list[int]) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    with opened(folder, kept, replace(EAGER, patience=1)) as session:
        rows_of(session, HOURS)
        assert made == []
        rows_of(session, HOURS)
        assert len(made) == 1


def test_what_hardly_reduces_is_not_kept_and_not_tried_again(tmp_path: Path, made: list[int]) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    strict = replace(EAGER, most_rows=0.01, most_hours=0.01)
    for _ in range(2):
        with opened(folder, kept, strict) as session:
            assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    assert len(made) == 2  # by hours, and by rows
    assert segments(kept) == set()


def test_many_segments_become_one(tmp_path: Path) -> None:
    folder, kept = write_events(tmp_path / "A", files=4), tmp_path / "kept"
    with opened(folder, kept) as session:
        rows_of(session, HOURS)
    for number in range(10):
        parquet.write_table(drawn(number, 2, 12), folder / f"late{number}.parquet")
        with opened(folder, kept) as session:
            assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    (folder / "late3.parquet").unlink()
    parquet.write_table(drawn(40, 2, 12), folder / "later.parquet")
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == plain_rows(folder, HOURS)
    assert len(segments(kept)) < 9


def test_a_large_segment_is_not_written_again_for_small_ones(tmp_path: Path) -> None:
    """Rows of its files that are gone are not read."""
    folder, kept = tmp_path / "A", tmp_path / "kept"
    folder.mkdir()
    for number in range(12):
        parquet.write_table(drawn(number, 2, 20_000), folder / f"{number}.parquet")
    with opened(folder, kept) as session:
        assert rows_of(session, ROWS) == plain_rows(folder, ROWS)
    sizes = {path.name: path.stat().st_size for path in kept.glob("*.parquet")}
    large = max(sizes, key=lambda name: sizes[name])
    counts = []
    for number in range(12):
        parquet.write_table(drawn(number, 2, 12), folder / f"late{number}.parquet")
        if number == 3:
            (folder / "0.parquet").unlink()
            (folder / "late2.parquet").unlink()
        with opened(folder, kept) as session:
            assert rows_of(session, ROWS) == plain_rows(folder, ROWS)
        counts.append(len(segments(kept)))
    assert max(counts) == MOST_SEGMENTS
    assert counts[-1] < MOST_SEGMENTS
    assert large in segments(kept)


def test_a_segment_whose_files_are_gone_goes_with_the_small_ones(tmp_path: Path) -> None:
    folder, kept = tmp_path / "A", tmp_path / "kept"
    folder.mkdir()
    for number in range(4):
        parquet.write_table(drawn(number, 2, 3_000), folder / f"{number}.parquet")
    with opened(folder, kept) as session:
        assert rows_of(session, ROWS) == plain_rows(folder, ROWS)
    made = segments(kept)
    for number in range(4):
        (folder / f"{number}.parquet").unlink()
    for number in range(MOST_SEGMENTS):
        parquet.write_table(drawn(number, 2, 12), folder / f"late{number}.parquet")
        with opened(folder, kept) as session:
            assert rows_of(session, ROWS) == plain_rows(folder, ROWS)
    assert not made & segments(kept)


def test_what_saves_least_for_its_bytes_goes_first(tmp_path: Path) -> None:
    cache = BaselineCache(tmp_path / "kept", replace(EAGER, limit=150))
    for part, seconds in (("dear", 9.0), ("cheap", 1.0)):
        path = cache.store.new_path("segment")
        path.write_bytes(b"x" * 100)
        segment = cache.store.add_segment(part, path, 1)
        note = Note(seconds=seconds, segments=(segment,))
        cache.store.write_note(part, note)
    cache.store.sweep()
    assert cache.store.note("cheap") is None
    kept = cache.store.note("dear")
    assert kept is not None
    assert cache.store.sound(kept.segments[0]) is not None
    assert len(segments(tmp_path / "kept")) == 1


def test_an_explanation_names_what_is_kept(tmp_path: Path) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    with opened(folder, kept) as session:
        (before,) = session.explain(QueryRequest(HOURS, now=NOW, without_rewrites=frozenset({BASELINE})))
        (after,) = session.explain(QueryRequest(HOURS, now=NOW))
    assert [table for _, table in before.scans] == ["A"]
    assert [table for _, table in after.scans] == ["what is kept of A"]


def test_it_can_be_left_out(tmp_path: Path, made: list[int]) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    with opened(folder, kept) as session:
        session.run(QueryRequest(HOURS, now=NOW, without_rewrites=frozenset({BASELINE})))[-1].close()
    assert made == []
    assert not kept.exists()


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = tmp_path / "lake"
    write_events(lake / "A")
    monkeypatch.delenv("BLUETICK_CACHE", raising=False)
    with Session(lake=lake) as session:
        assert session.baseline is not None
        assert session.baseline.store.folder == lake / "_baseline"
        for _ in range(2):
            rows_of(session, "A | where Timestamp > ago(3d) and s == 'x' | count")
        assert (lake / "_baseline").is_dir()
    with Session(lake=lake) as session:
        assert session.catalog.names() == ("A",)
    monkeypatch.setenv("BLUETICK_CACHE", str(tmp_path / "other"))
    with Session() as session:
        assert session.baseline is not None
        assert session.baseline.store.folder == tmp_path / "other"
    monkeypatch.setenv("BLUETICK_CACHE", "off")
    with Session(lake=lake) as session:
        assert session.baseline is None
    monkeypatch.delenv("BLUETICK_CACHE")
    with Session() as session:
        assert session.baseline is None


def test_the_sessions_of_a_process_check_a_segment_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    expected = plain_rows(folder, HOURS)
    with opened(folder, kept) as session:
        assert rows_of(session, HOURS) == expected
    checked: list[str] = []
    digest = store._digest

    def noted(path: Path) -> str:
        checked.append(path.name)
        return digest(path)

    monkeypatch.setattr(store, "_digest", noted)
    monkeypatch.setenv("BLUETICK_CACHE", str(kept))
    for _ in range(3):
        with Session(tables={"A": str(folder / "*.parquet")}) as session:
            assert rows_of(session, HOURS) == expected
    assert set(checked) == segments(kept)
    assert len(checked) == len(segments(kept)) > 0
    (segment, *_) = kept.glob("*.parquet")
    segment.write_bytes(segment.read_bytes()[:-1])
    with Session(tables={"A": str(folder / "*.parquet")}) as session:
        assert rows_of(session, HOURS) == expected
    assert not segment.exists()


def test_a_relative_folder_is_that_of_the_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        found = given_baseline(None, {"BLUETICK_CACHE": "kept"})
        assert found is not None
        places.append(found.store.folder)
    assert places == [tmp_path / "one" / "kept", tmp_path / "two" / "kept"]


@pytest.mark.parametrize(("keys", "is_ordered"), [("s", True), ("Timestamp, k, n, r, s", False)])
def test_times_are_distances_where_they_lie_in_order(tmp_path: Path, keys: str, is_ordered: bool) -> None:
    """Rows lie by the keys, those with few values first, then by time."""
    folder, kept = tmp_path / "A", tmp_path / "kept"
    folder.mkdir()
    parquet.write_table(drawn(3, 2, 3_000), folder / "0.parquet")
    text = f"A | where Timestamp > ago(3d) and r > 1 | summarize make_list(n) by {keys}"
    with opened(folder, kept) as session:
        assert rows_of(session, text) == plain_rows(folder, text)
    (segment,) = kept.glob("*.parquet")
    group = parquet.read_metadata(segment).row_group(0)
    columns = [group.column(place) for place in range(group.num_columns)]
    (encodings,) = [column.encodings for column in columns if "k0" in column.path_in_schema]
    assert ("DELTA_BINARY_PACKED" in encodings) is is_ordered


def test_no_string_of_a_segment_is_null(tmp_path: Path) -> None:
    """So that nothing stands between a column and the filters of a join."""
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    text = "A | where Timestamp > ago(3d) and n > 0 | summarize make_list(k), make_list(s) by n"
    with opened(folder, kept) as session:
        assert rows_of(session, text) == plain_rows(folder, text)
    tables = [parquet.read_table(path) for path in kept.glob("*.parquet")]
    strings = [table.column(f.name) for table in tables for f in table.schema if pa.types.is_string(f.type)]
    assert len(strings) >= 2
    assert all(column.null_count == 0 for column in strings)


def test_several_sessions_share_a_folder(tmp_path: Path) -> None:
    """Each fills and merges while the others read; one clears the folder now and then."""
    folder, kept = write_events(tmp_path / "A"), tmp_path / "kept"
    texts = [HOURS.replace("'x'", f"'{value}'") for value in "xy"] + [ROWS]
    expected = [plain_rows(folder, text) for text in texts]

    def asked(number: int) -> list[list[str]]:
        with opened(folder, kept, replace(EAGER, limit=20_000)) as session:
            found = []
            for _ in range(4):
                found = [rows_of(session, text) for text in texts]
                if number == 0:
                    for path in kept.glob("*.parquet"):
                        path.unlink(missing_ok=True)
            return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(asked, range(4))) == [expected] * 4
