"""Fields that are added to the texts of records, so that expressions read them like any other."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

_EMPTY: Final = pa.scalar("", pa.large_string())


def with_fields(texts: Any, fields: Mapping[str, Any]) -> Any:
    """The objects with these fields in front, given as JSON; a null leaves a field out."""
    parts: list[Any] = []
    for name, values in fields.items():
        whole = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        told = pc.binary_join_element_wise(_text(f"{as_json(name)}:"), whole.cast(_EMPTY.type), _text(","), _EMPTY)
        parts.append(pc.fill_null(told, _EMPTY))
    rest = pc.replace_substring_regex(texts, r"^\s*\{", "")
    bare = pc.match_substring_regex(rest, r"^\s*\}")  # an object without fields takes no comma behind ours
    rest = pc.if_else(bare, _text('"":null}'), rest)
    joined: Any = pc.binary_join_element_wise(_text("{"), *parts, rest, _EMPTY)
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def as_json(text: str | None) -> str | None:
    return None if text is None else json.dumps(text, ensure_ascii=False)


def read_elements(array: str) -> list[str]:
    """The texts and numbers in a JSON array; none of anything else."""
    found = json.loads(array)
    return [str(item) for item in found if isinstance(item, str | int | float)] if isinstance(found, list) else []


def _text(text: str) -> Any:
    return pa.scalar(text, _EMPTY.type)
