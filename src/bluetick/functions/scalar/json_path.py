"""Paths into a JSON value as they are lowered for DuckDB, for readers that can take the path themselves."""

from bluetick.sql.tree import Binary, Call, Case, Cast, Column, Expr, Literal, Unary, all_of, call, text, when
from bluetick.types import Type

# How JSON text of a bag begins that has a key, and how it ends.
_OPEN, _CLOSE = text('{"'), text("}")


def split_path(value: Expr) -> tuple[Expr, str]:
    """The value that a path lowered for DuckDB starts from, and the path so far; any other value with the path `$`."""
    match value:
        case Call("nullif", (Cast(found, Type.STRING), _)):
            return _base_and_path(found) or (value, "$")
        case Case((_, (Binary("AND", Unary(_, Cast(_, "JSON", True) as json)), _))):
            # Right out of parse_json: no need to write the whole value anew before looking into it.
            return json, "$"
    return value, "$"


def _base_and_path(found: Expr) -> tuple[Expr, str] | None:
    match found:
        case Case(_, otherwise) if otherwise is not None:
            return _base_and_path(otherwise)
        case Call("json_extract", (base, Literal(str(path), Type.STRING))) if path.startswith("$"):
            return base, path
    return None


def look_up(function: str, base: Expr, path: str) -> Expr:
    """`function` (json_extract, json_extract_string) of what stands under a path.

    Text that may be no JSON is cast before it is read, so DuckDB parses it twice. Of a column that is avoided where
    the text looks like a bag: there a failed reading is a null by TRY. TRY goes on row by row once one fails, fifty
    times as slow, so what is likely to be no JSON (cut off, of Python's spelling) does not come that far.
    """
    found = call(function, base, text(path))
    match base:
        case Cast(Column() as column, "JSON", True):
            is_like_a_bag = all_of(call("starts_with", column, _OPEN), call("ends_with", column, _CLOSE))
            return when(is_like_a_bag, call("TRY", call(function, column, text(path))), found)
    return found
