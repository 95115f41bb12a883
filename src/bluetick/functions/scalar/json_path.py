"""Paths into a JSON value as they are lowered for DuckDB, for readers that can take the path themselves."""

from bluetick.sql.tree import Binary, Call, Case, Cast, Expr, Literal, Unary
from bluetick.types import Type


def split_path(value: Expr) -> tuple[Expr, str]:
    """The value that a path lowered for DuckDB starts from, and the path so far; any other value with the path `$`."""
    match value:
        case Call("nullif", (Cast(Call("json_extract", (base, Literal(str(path), Type.STRING))), Type.STRING), _)) if (
            path.startswith("$")
        ):
            return base, path
        case Case((_, (Binary("AND", Unary(_, Cast(_, "JSON", True) as json)), _))):
            # Right out of parse_json: no need to write the whole value anew before looking into it.
            return json, "$"
    return value, "$"
