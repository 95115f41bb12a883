"""Documents as dynamic values: parse_xml, treepath, dynamic_to_json."""

import json
from typing import Any
from xml.parsers import expat

from bluetick.functions.definition import AS_ARGUMENT, Example, Nulls, ScalarFunction, param, prefixed, signature
from bluetick.types import Type

_MOST_BYTES = 1_048_576  # of a document, as in Kusto
_MOST_LEVELS = 200  # of elements in each other, so that the result can be printed


class _Refused(Exception):
    """The document is not one that is read."""


class _Reader:
    """Builds the value of https://learn.microsoft.com/kusto/query/parse-xml-function while the parser walks."""

    def __init__(self) -> None:
        self.root: dict[str, Any] = {}
        self.open: list[tuple[str, dict[str, Any]]] = [("", self.root)]
        self.text: list[str] = []
        self.skipping = False  # in a CDATA section, which is no text node

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.open) > _MOST_LEVELS:
            raise _Refused
        self.close_text()
        self.open.append((name, {f"@{key}": value for key, value in attributes.items()}))

    def end(self, name: str) -> None:
        self.close_text()
        _, members = self.open.pop()
        _add(self.open[-1][1], name, _value(members))

    def characters(self, text: str) -> None:
        if not self.skipping:
            self.text.append(text)

    def close_text(self) -> None:
        text = "".join(self.text).strip()
        self.text.clear()
        if text:
            _add(self.open[-1][1], "#text", text)

    def start_cdata(self) -> None:
        self.skipping = True

    def end_cdata(self) -> None:
        self.skipping = False

    def refuse(self, *_: object) -> None:
        raise _Refused


def _value(members: dict[str, Any]) -> Any:
    """An element with nothing inside is null, one with text only is that text."""
    if not members:
        return None
    return members["#text"] if members.keys() == {"#text"} else members


def _add(members: dict[str, Any], name: str, value: Any) -> None:
    """A name that comes again makes an array."""
    if name not in members:
        members[name] = value
    elif isinstance(members[name], list):
        members[name].append(value)
    else:
        members[name] = [members[name], value]


def _parse_xml(source: Any) -> Any:
    text = source if isinstance(source, str) else ""
    data = text.encode()
    if len(data) > _MOST_BYTES:
        return None
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = False
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartCdataSectionHandler = reader.start_cdata
    parser.EndCdataSectionHandler = reader.end_cdata
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _Refused):
        return None
    return reader.root


def _tree_paths(value: Any) -> list[str] | None:
    """The path of every member; all items of an array count as its first."""
    if not isinstance(value, dict):
        return None
    found: dict[str, None] = {}
    _walk(value, "", found)
    return list(found)


def _walk(value: Any, path: str, found: dict[str, None]) -> None:
    if isinstance(value, dict):
        for key, member in value.items():
            inner = f"{path}['{key}']"
            found[inner] = None
            _walk(member, inner, found)
    elif isinstance(value, list):
        for item in value:
            found[f"{path}[0]"] = None
            _walk(item, f"{path}[0]", found)


def _sorted_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def _dynamic_to_json(value: Any) -> str:
    return "" if value is None else _sorted_json(value)


PARSE_XML = ScalarFunction(
    name="parse_xml",
    summary="An XML document as a bag: attributes under @name, text under #text; null where it is none.",
    signatures=(signature(param("xml", Type.STRING, Type.DYNAMIC), returns=Type.DYNAMIC),),
    nulls=Nulls.OWN,
    compute=_parse_xml,
    result_name=AS_ARGUMENT,
    examples=(
        Example("""parse_xml('<e name="value">text</e>')""", {"e": {"@name": "value", "#text": "text"}}),
        Example("parse_xml('<e> <a>1</a> <b/> <a>2</a> </e>')", {"e": {"a": ["1", "2"], "b": None}}),
        Example("parse_xml('<e> text <a>more</a> </e>')", {"e": {"#text": "text", "a": "more"}}),
        Example("parse_xml('<e>')", None),
        Example("parse_xml('')", None),
    ),
    differs="A document that declares an entity, or nests deeper than 200 elements, gives null.",
)
TREEPATH = ScalarFunction(
    name="treepath",
    summary="The paths of all members of a bag; null for any other value.",
    signatures=(signature(param("object", Type.DYNAMIC), returns=Type.DYNAMIC),),
    nulls=Nulls.PROPAGATE,
    compute=_tree_paths,
    result_name=prefixed("tree"),
    examples=(
        Example("""treepath(dynamic({"a": "b", "c": 123}))""", ["['a']", "['c']"]),
        Example(
            """treepath(dynamic({"l": [100, {"x": "y"}], "m": {"n": 1}}))""",
            ["['l']", "['l'][0]", "['l'][0]['x']", "['m']", "['m']['n']"],
        ),
        Example("treepath(dynamic({}))", []),
        Example("treepath(dynamic(null))", None),
    ),
)
DYNAMIC_TO_JSON = ScalarFunction(
    name="dynamic_to_json",
    summary="A dynamic value as JSON text with the members of bags in the order of their names.",
    signatures=(signature(param("dynamic", Type.DYNAMIC), returns=Type.STRING),),
    nulls=Nulls.NEVER,
    compute=_dynamic_to_json,
    examples=(
        Example("""dynamic_to_json(dynamic({"b": [3, {"z": 1, "a": 2}], "a": 1}))""", '{"a":1,"b":[3,{"a":2,"z":1}]}'),
        Example("dynamic_to_json(dynamic([]))", "[]"),
        Example("dynamic_to_json(dynamic(null))", ""),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (PARSE_XML, TREEPATH, DYNAMIC_TO_JSON)
