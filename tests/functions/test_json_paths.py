"""What is read through a path of a document, whichever way the path is lowered."""

import json

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
