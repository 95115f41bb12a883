"""Results pinned beside hunts: what is new, what is gone, and that damage is seen."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluetick.detections.hunts import results
from bluetick.detections.hunts.results import (
    CellResult,
    Pinning,
    Ran,
    fingerprint,
    read_head,
    read_result,
    write_result,
)
from bluetick.diagnostics.errors import LimitError, SourceError

AT = datetime(2026, 6, 18, 12, tzinfo=UTC)
RAN = Ran("T | project a", AT, AT, {"T": 3, "U": None}, (("a", "long"),))
FIRST = "this is the first run"


def pinned(ran: Ran, found: list[list[Any]], earlier: CellResult | str) -> CellResult:
    """Of rows that come in two parts."""
    pinning = Pinning(ran, earlier)
    pinning.add(found[:2])
    pinning.add(found[2:])
    return pinning.result()


def rows(*values: Any) -> list[list[Any]]:
    return [[value] for value in values]


def test_nothing_is_new_in_a_first_run() -> None:
    result = pinned(RAN, rows(1, 2), FIRST)
    assert (result.row_count, result.is_new, result.new_count, result.gone_count) == (2, (False, False), None, None)
    assert result.uncompared == FIRST


def test_equal_rows_count_as_often_as_they_are_there() -> None:
    result = pinned(RAN, rows(1, 1, 2, 3, 3), pinned(RAN, rows(1, 2, 2, 4), FIRST))
    assert result.is_new == (False, True, False, True, True)
    assert (result.new_count, result.gone_count, result.compared) == (3, 2, AT)


values = st.lists(st.integers(0, 4), max_size=12)


@given(before=values, after=values)
def test_new_and_gone_are_the_difference_of_multisets(before: list[int], after: list[int]) -> None:
    result = pinned(RAN, rows(*after), pinned(RAN, rows(*before), FIRST))
    assert result.new_count == (Counter(after) - Counter(before)).total() == sum(result.is_new)
    assert result.gone_count == (Counter(before) - Counter(after)).total()


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (replace(RAN, query="T | project a, b"), "the query has changed since the last run"),
        (replace(RAN, columns=(("a", "int"),)), "the columns have changed since the last run"),
    ],
)
def test_other_things_are_not_compared(other: Ran, why: str) -> None:
    result = pinned(other, rows(1), pinned(RAN, rows(2), FIRST))
    assert (result.uncompared, result.is_new, result.new_count, result.gone_count) == (why, (False,), None, None)


def test_ends_of_lines_change_no_query() -> None:
    other = replace(RAN, query="T | project a\r\n")
    assert pinned(other, rows(1), pinned(RAN, rows(1), FIRST)).new_count == 0


def test_the_rows_beyond_those_kept_are_compared_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "KEPT_ROWS", 2)
    first = pinned(RAN, rows(1, 2, 3, 4), FIRST)
    assert (first.rows, first.row_count, len(first.further)) == (([1], [2]), 4, 2)
    write_result(tmp_path / "a.ndjson", first)
    read = read_result(tmp_path / "a.ndjson")
    assert read == first
    second = pinned(RAN, rows(4, 3, 5, 1), read or "")
    assert (second.is_new, second.new_count, second.gone_count) == ((False, False), 1, 1)


def test_rows_that_are_large_are_kept_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_KEPT_BYTES", 30)
    result = pinned(RAN, rows("x" * 10, "y" * 10, "z", "z"), FIRST)
    assert (len(result.rows), result.row_count) == (2, 4)


def test_more_rows_than_are_compared_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST_ROWS", 3)
    assert pinned(RAN, rows(1, 2, 3), FIRST).row_count == 3
    with pytest.raises(LimitError, match="3 rows at most"):
        pinned(RAN, rows(1, 2, 3, 4), FIRST)


def test_a_fingerprint_is_of_values_not_of_their_spelling() -> None:
    assert fingerprint([{"a": 1, "b": [True]}]) == fingerprint([{"b": [True], "a": 1}])
    different: list[list[Any]] = [
        ["1"],
        [1],
        [1.5],
        [None],
        [""],
        [True],
        [["1"]],
        [{"a": 1}],
        ["\ud800"],
        [[]],
        [{}],
        ["1", None],
    ]
    assert len({fingerprint(row) for row in different}) == len(different)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(found=st.lists(st.lists(json_values, min_size=1, max_size=1), max_size=5))
def test_what_is_written_is_read(found: list[list[Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("r") / "x.results" / "a.ndjson"
    result = pinned(RAN, found, pinned(RAN, found[1:], FIRST))
    write_result(path, result)
    assert read_result(path) == result
    assert path.read_bytes().isascii()
    head = read_head(path)
    assert head is not None
    assert (head.ran, head.new_count) == (AT, result.new_count)


def test_damage_anywhere_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    assert read_result(path) is None
    assert read_head(path) is None
    write_result(path, pinned(RAN, rows(1, 2), FIRST))
    whole = path.read_bytes()
    for place in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(SourceError):
            read_result(path)
    for cut in (0, 1, len(whole) // 2, len(whole) - 2):
        path.write_bytes(whole[:cut])
        with pytest.raises(SourceError):
            read_result(path)
    path.write_bytes(whole[:20])
    with pytest.raises(SourceError):
        read_head(path)


def test_nothing_is_left_of_a_write_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ndjson"
    write_result(path, pinned(RAN, rows(1), FIRST))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SourceError, match="no space left"):
        write_result(path, pinned(RAN, rows(2), FIRST))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.ndjson"]
