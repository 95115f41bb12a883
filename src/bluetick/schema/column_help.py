"""What columns of known tables hold, in a sentence each: for those that people look up most.

The file has a line a column, `Name<TAB>sentence`, or `Table.Name` where a table's own meaning comes first.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from bluetick.schema.packs import known_table

_FILE: Final = Path(__file__).parent / "data" / "column_help.txt"


def column_help(table: str, column: str) -> str | None:
    """Nothing is known of a user's own tables, whatever their columns are called."""
    if known_table(table) is None:
        return None
    known = _sentences()
    return known.get(f"{table}.{column}") or known.get(column)


@cache
def _sentences() -> Mapping[str, str]:
    pairs = (line.split("\t") for line in _FILE.read_text("utf-8").splitlines())
    return {name: sentence for name, sentence in pairs}
