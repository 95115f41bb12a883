"""Write a built-in schema pack from a JSON file of tables.

    python tools/build_schema_packs.py tables.json TimeGenerated src/bluetick/schema/data/sentinel.txt

The JSON holds `{"Table": [["column", "type"], ...]}`. The second argument names the time column: a table that
has it, as a datetime, is bounded by it. The third is the pack to write; the format stands in bluetick.schema.packs.
"""

import json
import sys
from pathlib import Path

from bluetick.types import ALIASES, Type

FORBIDDEN = frozenset(" \t\n\r:")


def pack_line(table: str, columns: list[list[str]], time_column: str) -> str:
    """One table's line; a name that the format cannot hold is a ValueError."""
    typed = [(name, ALIASES[type_name]) for name, type_name in columns]
    for name in (table, *(name for name, _ in typed)):
        if not name or FORBIDDEN & set(name):
            raise ValueError(f"table '{table}': the name '{name}' does not fit the pack format")
    bounded = time_column if (time_column, Type.DATETIME) in typed else ""
    words = (name if kind is Type.STRING else f"{name}:{kind}" for name, kind in typed)
    return f"{table}\t{bounded}\t{' '.join(words)}\n"


def main(arguments: list[str]) -> int:
    """Build the pack named by the arguments; 2 for wrong usage."""
    if len(arguments) != 3:
        sys.stderr.write(__doc__ or "")
        return 2
    source, time_column, target = arguments
    tables = json.loads(Path(source).read_text("utf-8"))
    lines = [pack_line(name, tables[name], time_column) for name in sorted(tables)]
    Path(target).write_text("".join(lines), "utf-8", newline="\n")
    sys.stdout.write(f"{len(lines)} tables written to {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
