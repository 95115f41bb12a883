"""What is read through a path of a document, whichever way the path is lowered."""

import json

import pyarrow as pa
import pytest

import bluetick

VALUES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -3,
    41.9,
    1e300,
    "",
    "text",
    "null",
    " 7 ",
    "0x1F",
    "7.5",
    '"',
    "é\n",
    [],
    [1, "a"],
    {"k": None},
)


def whole(value: object) -> int | None:
    """tolong as its documentation has it: numbers cut, words of them read, all else null."""
    match value:
        case bool() | int():
            return int(value)
        case float():
            return int(value) if abs(value) < 2**63 else None
        case " 7 ":
            return 7
        case "0x1F":
            return 31
        case _:
            return None


def shown(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("path", ["Fields.a", "Fields.b.c", "Fields.l[1]", "Fields['odd key']"])
def test_text_and_number_of_a_path(path: str) -> None:
    documents = [json.dumps({"a": v, "b": {"c": v}, "l": [0, v], "odd key": v}) for v in VALUES]
    rows = ", ".join(f"{number}, {json.dumps(document)}" for number, document in enumerate(documents))
    query = f"""datatable(n:long, d:string)[{rows}] | extend Fields = parse_json(d)
        | project n, text = tostring({path}), number = tolong({path})"""
    found = {row[0]: row[1:3] for row in bluetick.connect().query(query).rows()}
    expected = {number: (shown(value), whole(value)) for number, value in enumerate(VALUES) if value != 1e300}
    assert {number: found[number] for number in expected} == expected


def test_what_is_no_document_has_no_paths() -> None:
    query = """datatable(d:string)["", "not json", "{", "[1]", "null"]
        | extend Fields = parse_json(d) | project tostring(Fields.a), tolong(Fields.a)"""
    assert list(bluetick.connect().query(query).rows()) == [("", None)] * 5


# What begins and ends as a bag does, and is none, or is one of an odd kind.
ODD = (
    '{"a":1}}',
    '{"a":1}{"a":2}',
    '{"a":1,}',
    '{"a":1 "b":2}',
    '{"a":NaN}',
    '{"a":Infinity}',
    "{\"a\":'x'}",
    '{"a":01}',
    '{"a":1e400}',
    '{"a":123456789012345678901234567890}',
    '{"a":1,"a":2}',
    '{"a":"\\ud800"}',
    '{"a":"\x01"}',
    '{"a":"tab\there"}',
    '{"a":"\\x41"}',
    '{"a":// what\n1}',
    '{"a":/* what */1}',
    '{"":1,"a":{"b":[1,2]}}',
    '{"}',
    '{"a"}',
    '{"a":' + "[" * 40 + "]" * 40 + "}",
    '{"a":nul}',
    '{"b":1}',
)


def test_text_that_looks_like_a_bag_is_read_as_any_other() -> None:
    """White space before it sends a text another way; what is read must be the same."""
    texts = [text for odd in ODD for text in (odd, " " + odd)]
    with bluetick.connect(tables={"T": pa.table({"n": list(range(len(texts))), "d": texts})}) as session:
        query = (
            "T | extend F = parse_json(d) | project n, F.a, tostring(F.a), tolong(F.a), tostring(F.a.b[1]) | sort by n"
        )
        rows = [row[1:] for row in session.query(query).rows()]
    assert rows[0::2] == rows[1::2]
    assert any(row[0] is not None for row in rows)
    assert any(row[0] is None for row in rows)
