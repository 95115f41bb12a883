"""What the definitions of the series functions share."""

from bluetick.functions.definition import (
    UNNAMED,
    Argument,
    Check,
    Compute,
    Example,
    Nulls,
    Parameter,
    Part,
    ResultName,
    ScalarFunction,
    param,
    prefixed,
    signature,
)
from bluetick.types import INTEGER, NUMBER, Type

SERIES = param("series", Type.DYNAMIC)


def optional_number(name: str) -> Parameter:
    return param(name, *NUMBER, optional=True)


def optional_count(name: str) -> Parameter:
    return param(name, *INTEGER, optional=True)


def series_function(
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    compute: Compute,
    *examples: Example,
    returns: Type = Type.DYNAMIC,
    result_name: ResultName = UNNAMED,
    check: Check | None = None,
    differs: str = "",
) -> ScalarFunction:
    """A function with one result. Arguments left out may be null, so it sees nulls itself."""
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(*parameters, returns=returns),),
        nulls=Nulls.OWN,
        compute=compute,
        result_name=result_name,
        check=check,
        differs=differs,
        examples=examples,
    )


def several(
    name: str,
    summary: str,
    parameters: tuple[Parameter, ...],
    parts: tuple[Part, ...],
    compute: Compute,
    *examples: Example,
    check: Check | None = None,
    differs: str = "",
) -> ScalarFunction:
    """A function with several results, named <function>_<argument>_<part>."""
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(*parameters, returns=parts[0].type),),
        nulls=Nulls.OWN,
        compute=compute,
        parts=parts,
        result_name=prefixed(name),
        check=check,
        differs=differs,
        examples=examples,
    )


def reals(*names: str) -> tuple[Part, ...]:
    return tuple(Part(name, Type.REAL) for name in names)


def arrays(*names: str) -> tuple[Part, ...]:
    return tuple(Part(name, Type.DYNAMIC) for name in names)


def one_of(places: dict[int, tuple[str, ...]]) -> Check:
    """Refuses a constant text that is none of those known for its place."""

    def check(args: tuple[Argument, ...]) -> str:
        for place, known in places.items():
            if place < len(args) and args[place].is_constant and args[place].constant not in known:
                return f"'{args[place].constant}' is not known here; known are {', '.join(known)}"
        return ""

    return check
