"""The texts of AdditionalFields of two rows in one: the network's stand under the name of its sensor."""

import json
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from bluetick.lake.fusion.stored import is_empty

_OBJECT: Final = r"(?s)^\s*\{.*\}\s*$"
_EMPTY_OBJECT: Final = r"^\s*\{\s*\}\s*$"
_OWN: Final = "AdditionalFields"  # what holds a text that is no object


def with_fields_of(endpoint: Any, network: Any, source: str) -> Any:
    """JSON objects as text; what is no object is kept as a text in one."""
    mine, other = _objects(endpoint), _objects(network)
    is_bare = pc.match_substring_regex(mine, _EMPTY_OBJECT)
    begun: Any = pc.replace_substring_regex(mine, r"\s*\}\s*$", "")
    begun = pc.if_else(is_bare, "{", pc.binary_join_element_wise(begun, ",", ""))
    return pc.binary_join_element_wise(begun, f"{json.dumps(source)}:", other, "}", "")


def _objects(texts: Any) -> Any:
    known: Any = pc.if_else(is_empty(texts), "{}", texts)
    is_object = pc.match_substring_regex(known, _OBJECT)
    if pc.all(is_object).as_py() is not False:
        return known
    told = [json.dumps({_OWN: text}) for text in known.filter(pc.invert(is_object)).to_pylist()]
    return pc.replace_with_mask(known, pc.invert(is_object), pa.array(told, pa.string()))
