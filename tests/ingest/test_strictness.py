"""Which texts are records, and that the quick way clears none that the strict one refuses."""

import json
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.engines.duckdb_records import FAULT, NUMBER, RecordReader, records_view
from bluetick.engines.protocol import ScanColumn
from bluetick.ingest.strictness import Strictness, record_fault
from bluetick.types import Type

DEEP = '{"a":' * 200 + "1" + "}" * 200


@pytest.fixture(scope="module")
def reader() -> Iterator[RecordReader]:
    opened = RecordReader(1)
    yield opened
    opened.close()


def faults(reader: RecordReader, *texts: str) -> dict[int, str]:
    return Strictness(reader, ((), ("in",))).faults(pa.array(texts, pa.large_string()), {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a":1', "not JSON"),
        ('{"a":1} x', "not JSON"),
        ("{'a':1}", "not JSON"),
        ('{"a":01}', "not JSON"),
        ('{"a":"\\ud800"}', "holds half of a surrogate pair"),
        ('{"a":1,"a":2}', "a name is given twice in one JSON object"),
        ('{"in":{"b":1,"c":2,"b":1}}', "a name is given twice in one JSON object"),
        ("", "not JSON"),
    ],
)
def test_what_is_no_record_is_told(reader: RecordReader, text: str, reason: str) -> None:
    assert faults(reader, '{"a":1}', text, '{"b":2}') == {1: reason}


def test_a_shape_that_was_wrong_once_is_wrong_again(reader: RecordReader) -> None:
    strict = Strictness(reader, ((),))
    for _ in range(2):
        found = strict.faults(pa.array(['{"a":1,"a":1}', '{"a":1,"b":1}'], pa.large_string()), {})
        assert list(found) == [0]


def test_a_depth_that_no_reader_bears_is_refused() -> None:
    assert record_fault(DEEP) == "nested too deep"
    assert record_fault('{"a":' * 100_000) == "nested too deep"
    assert record_fault('{"a":[{"b":[1,2,{"c":3}]}]}') == ""


@pytest.mark.parametrize(
    ("value", "type_", "fault"),
    [
        ("NaN", Type.REAL, "'x' is no real"),
        ("-Infinity", Type.REAL, "'x' is no real"),
        ("1e999", Type.REAL, "'x' is no real"),
        ("NaN", Type.LONG, "'x' is no long"),
        ("1.5", Type.LONG, "'x' is no long"),
        ("9" * 5_000, Type.LONG, "'x' is no long"),
        ("99999999999", Type.INT, "'x' is no int"),
        ('"abc"', Type.DATETIME, "'x' is no datetime"),
        ("5", Type.DATETIME, "'x' is no datetime"),
        ('"yes"', Type.BOOL, "'x' is no bool"),
        ('"7"', Type.GUID, "'x' is no guid"),
        ("[1,NaN]", Type.DYNAMIC, "'x' is no dynamic"),
        ("NaN", Type.DYNAMIC, "'x' is no dynamic"),
        ("[" * 200 + "]" * 200, Type.DYNAMIC, "'x' is no dynamic"),
    ],
)
def test_a_value_that_does_not_fit_is_named(reader: RecordReader, value: str, type_: Type, fault: str) -> None:
    assert read(reader, f'{{"x":{value}}}', type_) == (None, fault)


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        ('" 12 "', Type.LONG, 12),
        ("12", Type.INT, 12),
        ("null", Type.LONG, None),
        ('""', Type.LONG, None),
        ('"true"', Type.BOOL, True),
        ("1.25", Type.REAL, 1.25),
        ("[1, 2]", Type.STRING, "[1,2]"),
        ("7", Type.STRING, "7"),
        ('{"b": "NaN is a word"}', Type.DYNAMIC, '{"b":"NaN is a word"}'),
        ('"plain"', Type.DYNAMIC, '"plain"'),
    ],
)
def test_a_value_is_read_as_its_type(reader: RecordReader, value: str, type_: Type, expected: object) -> None:
    assert read(reader, f'{{"x":{value}}}', type_) == (expected, "")


def read(reader: RecordReader, text: str, type_: Type) -> tuple[object, str]:
    columns = (ScanColumn("n", NUMBER, Type.LONG), ScanColumn("f", FAULT, Type.STRING), ScanColumn("x", "x", type_))
    view = records_view(columns)
    row = reader.select(pa.array([text], pa.large_string()), view, f'FROM "{view.name}"').to_pylist()[0]
    return row["x"], row["f"]


objects = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)  # a block costs the same however small
@given(st.lists(st.dictionaries(st.text(max_size=4), objects, max_size=5), min_size=1, max_size=6), st.data())
def test_sound_records_are_cleared_and_damaged_ones_judged_alike(
    records: list[dict[str, object]], data: st.DataObject
) -> None:
    """Each text is refused if the strict parser refuses it: cut anywhere, it is what that says."""
    opened = RecordReader(1)
    try:
        texts = [json.dumps(record, ensure_ascii=data.draw(st.booleans())) for record in records]
        place = data.draw(st.integers(0, len(texts) - 1))
        texts[place] = texts[place][: data.draw(st.integers(0, len(texts[place])))]
        expected = {i: fault for i, text in enumerate(texts) if (fault := record_fault(text))}
        found = Strictness(opened, ((),)).faults(pa.array(texts, pa.large_string()), {})
        assert found == expected
    finally:
        opened.close()
