"""What a session is given as documents and files, read when it opens or when it is first needed."""

import os
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bluetick.diagnostics.errors import SourceError
from bluetick.execution.plan_cache import PlanCache
from bluetick.lake.layout import BASELINE
from bluetick.schema.files import CustomSchemas, read_schemas
from bluetick.schema.packs import SchemaFileError

if TYPE_CHECKING:
    from bluetick.enrichment.places import AddressPlaces
    from bluetick.execution.baseline.cache import BaselineCache
    from bluetick.execution.mapping import TableMapping


def given_baseline(lake: str | Path | None, environment: Mapping[str, str]) -> "BaselineCache | None":
    """What is kept of the tables: beside the lake, or in the folder that BLUETICK_CACHE names; `off` keeps nothing. The
    sessions of a process share that of a folder, and so what was read and checked of it."""
    named = environment.get("BLUETICK_CACHE", "")
    if named == "off" or (not named and lake is None):
        return None
    folder = Path(named).expanduser() if named else Path(str(lake)) / BASELINE
    return baseline_in(folder.absolute(), os.getpid())


@lru_cache(maxsize=8)
def baseline_in(folder: Path, _process: int) -> "BaselineCache":
    """A process that was forked has locks of its own."""
    from bluetick.execution.baseline.cache import BaselineCache  # noqa: PLC0415 - where something is kept

    return BaselineCache(folder)


def given_plans(baseline: "BaselineCache | None", dialect: str, geo: object) -> PlanCache:
    """Sessions that share what is kept of the tables share the plans too, but for those that may have what `geo`
    answers: of that no catalog is asked."""
    return PlanCache() if baseline is None or geo is not None else baseline.plans[dialect]


def given_mappings(path: Path) -> "tuple[TableMapping, ...]":
    """The tables that mapping documents compute."""
    from bluetick.execution.mapping_documents import read_mappings  # noqa: PLC0415 - its reader is seldom needed

    return read_mappings(path)


def given_places(geo: "str | Path | AddressPlaces") -> Callable[[], object]:
    """What gives the places of addresses, read once."""

    @cache
    def load() -> object:
        if not isinstance(geo, str | Path):
            return geo
        from bluetick.enrichment.places import load_places  # noqa: PLC0415 - its reader costs start-up time

        try:
            return load_places(Path(geo))
        except (ValueError, OSError) as error:
            raise SourceError(f"the table of address ranges cannot be read: {error}", str(geo)) from error

    return load


def given_schemas(schemas: str | Path | None) -> tuple[str | None, CustomSchemas | None]:
    """The schema that is preferred by name, and tables of the user's own."""
    if schemas is None or schemas in ("defender", "sentinel"):
        return (str(schemas) if schemas is not None else None), None
    try:
        return None, read_schemas(Path(schemas))
    except SchemaFileError as error:
        raise SourceError(str(error), file=str(schemas)) from error
