"""Every function of the language by name, gathered from the topic modules."""

from collections.abc import Iterable
from typing import TypeVar

from bluetick.functions import language, windows
from bluetick.functions.aggregates import (
    collections,
    counting,
    property_bags,
    schemas,
    statistics,
    sums,
    weighted,
)
from bluetick.functions.aggregates import digests as digest_aggregates
from bluetick.functions.aggregates import sketches as sketch_aggregates
from bluetick.functions.definition import (
    AggregateFunction,
    Catalogue,
    ScalarFunction,
    WindowFunction,
)
from bluetick.functions.scalar import (
    around,
    arrays,
    bags,
    bins,
    bits,
    calendar_parts,
    codecs,
    compression,
    conditions,
    conversions,
    digests,
    documents,
    dynamic,
    geo_cells,
    geo_lines,
    geo_points,
    geo_polygons,
    hashing,
    ipv6,
    logic,
    math,
    membership,
    network,
    operators,
    packing,
    parsing,
    punycode,
    reference_lists,
    series_arithmetic,
    series_fills,
    series_models,
    series_statistics,
    sets,
    sizes,
    sketches,
    special_math,
    strings,
    temporal,
    temporal_format,
    text_operators,
    text_positions,
    text_search,
    units,
    user_agents,
)

_SCALARS: tuple[tuple[ScalarFunction, ...], ...] = (
    operators.FUNCTIONS,
    logic.FUNCTIONS,
    text_operators.FUNCTIONS,
    membership.FUNCTIONS,
    conversions.FUNCTIONS,
    conditions.FUNCTIONS,
    dynamic.FUNCTIONS,
    packing.FUNCTIONS,
    arrays.FUNCTIONS,
    bags.FUNCTIONS,
    sets.FUNCTIONS,
    strings.FUNCTIONS,
    text_positions.FUNCTIONS,
    text_search.FUNCTIONS,
    codecs.FUNCTIONS,
    network.FUNCTIONS,
    ipv6.FUNCTIONS,
    parsing.FUNCTIONS,
    bins.FUNCTIONS,
    temporal.FUNCTIONS,
    temporal_format.FUNCTIONS,
    math.FUNCTIONS,
    bits.FUNCTIONS,
    calendar_parts.FUNCTIONS,
    user_agents.FUNCTIONS,
    units.FUNCTIONS,
    special_math.FUNCTIONS,
    sizes.FUNCTIONS,
    reference_lists.FUNCTIONS,
    punycode.FUNCTIONS,
    hashing.FUNCTIONS,
    documents.FUNCTIONS,
    compression.FUNCTIONS,
    digests.FUNCTIONS,
    sketches.FUNCTIONS,
    around.FUNCTIONS,
    series_arithmetic.FUNCTIONS,
    series_fills.FUNCTIONS,
    series_statistics.FUNCTIONS,
    series_models.FUNCTIONS,
    geo_points.FUNCTIONS,
    geo_cells.FUNCTIONS,
    geo_lines.FUNCTIONS,
    geo_polygons.FUNCTIONS,
)
_AGGREGATES: tuple[tuple[AggregateFunction, ...], ...] = (
    counting.AGGREGATES,
    sums.AGGREGATES,
    statistics.AGGREGATES,
    collections.AGGREGATES,
    property_bags.AGGREGATES,
    weighted.AGGREGATES,
    digest_aggregates.AGGREGATES,
    sketch_aggregates.AGGREGATES,
    schemas.AGGREGATES,
)
_WINDOWS: tuple[tuple[WindowFunction, ...], ...] = (windows.WINDOWS,)

_Function = TypeVar("_Function", bound=ScalarFunction | AggregateFunction | WindowFunction)


def by_name(topics: Iterable[Iterable[_Function]]) -> dict[str, _Function]:
    """Name and aliases -> function; a ValueError where two functions claim one name."""
    found: dict[str, _Function] = {}
    for topic in topics:
        for function in topic:
            for name in (function.name, *function.aliases):
                if name in found:
                    raise ValueError(f"two functions are named '{name}'")
                found[name] = function
    return found


CATALOGUE = Catalogue(by_name(_SCALARS), by_name(_AGGREGATES), by_name(_WINDOWS))


def find_scalar(name: str) -> ScalarFunction | None:
    return CATALOGUE.scalars.get(name)


def find_aggregate(name: str) -> AggregateFunction | None:
    return CATALOGUE.aggregates.get(name)


def find_window(name: str) -> WindowFunction | None:
    return CATALOGUE.windows.get(name)


def is_known(name: str) -> bool:
    """Whether Kusto has a function of this name, though it may not be in the catalogue."""
    return name in language.SCALARS or name in language.AGGREGATES
