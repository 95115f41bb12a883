"""What the functions on lines and polygons share: their parameters, and how their computations are loaded."""

from collections.abc import Callable
from decimal import Decimal
from types import ModuleType
from typing import Any

from bluetick.functions.definition import (
    Compute,
    Example,
    Nulls,
    Parameter,
    ReturnRule,
    ScalarFunction,
    param,
    signature,
)
from bluetick.types import NUMBER, Type

LONGITUDE = param("longitude", *NUMBER)
LATITUDE = param("latitude", *NUMBER)
LINE = param("lineString", Type.DYNAMIC)
POLYGON = param("polygon", Type.DYNAMIC)
TOLERANCE = param("tolerance", *NUMBER, optional=True)
RADIUS = param("radius", *NUMBER)
AROUND = param("radius", *NUMBER, optional=True)
PRESERVE_CROSSING = param("preserve_crossing", Type.BOOL, *NUMBER, optional=True)


def shape_function(
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    returns: ReturnRule,
    load: Callable[[], Compute],
    *examples: Example,
    differs: str = "",
) -> ScalarFunction:
    """A function of shapes as GeoJSON text. `load` gives its computation, and imports it first; a shape that is not
    valid, and any null, gives null."""
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(*parameters, returns=returns),),
        nulls=Nulls.PROPAGATE,
        compute=_loaded(load),
        json_as_text=True,
        examples=examples,
        differs=differs,
    )


def _loaded(load: Callable[[], Compute]) -> Compute:
    def compute(*arguments: Any) -> Any:
        return load()(*(float(a) if isinstance(a, Decimal) else a for a in arguments))

    return compute


# --- what computes, each part loaded when a query needs it -------------------------------------------------------


def measure() -> ModuleType:
    from bluetick.functions.geography import shapes_measure  # noqa: PLC0415 - loaded when a query needs it

    return shapes_measure


def overlay() -> ModuleType:
    from bluetick.functions.geography import shapes_overlay  # noqa: PLC0415 - loaded when a query needs it

    return shapes_overlay


def densify() -> ModuleType:
    from bluetick.functions.geography import shapes_densify  # noqa: PLC0415 - loaded when a query needs it

    return shapes_densify


def buffer() -> ModuleType:
    from bluetick.functions.geography import shapes_buffer  # noqa: PLC0415 - loaded when a query needs it

    return shapes_buffer


def cells() -> ModuleType:
    from bluetick.functions.geography import shapes_cells  # noqa: PLC0415 - loaded when a query needs it

    return shapes_cells
