"""The names of tables in an engine's own catalog, as a user writes them: `catalog:silver.network_events`."""

import re
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.protocol import CatalogSource

CATALOG: Final = "catalog:"
_PART: Final = r"(?:`(?:[^`]|``)+`|[^`.\s]+)"
_NAME: Final = re.compile(rf"{_PART}(?:\.{_PART}){{0,2}}")


def parse_catalog_name(text: str) -> CatalogSource:
    """The parts of `catalog:` and a name of one to three of them; one with a dot or a space stands in backticks."""
    name = text.removeprefix(CATALOG).strip()
    if not _NAME.fullmatch(name):
        raise SourceError(
            f"'{text}' names no table of a catalog: write catalog:TABLE, catalog:SCHEMA.TABLE or "
            "catalog:CATALOG.SCHEMA.TABLE (a part with a dot or a space in backticks)"
        )
    parts = re.findall(_PART, name)
    return CatalogSource(tuple(p[1:-1].replace("``", "`") if p.startswith("`") else p for p in parts))
