"""Calls of functions that Python computes, on physical values: dynamic values are parsed before and printed after."""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from bluetick.functions.definition import AggregateFunction, Nulls, ScalarFunction
from bluetick.types import Type
from bluetick.values import dynamic_text

Results: TypeAlias = "tuple[Any, ...]"

_parsed = lru_cache(maxsize=512)(json.loads)  # a series or a polygon that stands in every row; nobody changes it


def result_types(function: ScalarFunction, returns: Type) -> tuple[Type, ...]:
    """The types of a call's results: of each part, or the one that it returns."""
    return tuple(part.type for part in function.parts) or (returns,)


def finishing(function: AggregateFunction) -> ScalarFunction:
    """The function that makes an aggregate's value of what its lowering gathers."""
    return ScalarFunction(
        name=function.name, summary="", signatures=(), nulls=Nulls.OWN, compute=function.finish, examples=()
    )


def computing(
    function: ScalarFunction, types: Sequence[Type], results: Sequence[Type], parts: Sequence[int] = ()
) -> Callable[..., Results]:
    """The function of a call's physical arguments that gives a physical value for each of its results: for all of the
    function's parts, or for those at these places."""
    compute = function.compute
    if compute is None:
        raise AssertionError(f"{function.name} is computed by the engine")
    propagates = function.nulls is Nulls.PROPAGATE
    parsed = [i for i, type_ in enumerate(types) if type_ is Type.DYNAMIC and not function.json_as_text]
    nothing = tuple(_result(None, type_) for type_ in results)
    wanted = parts or range(len(function.parts))

    def call(*args: Any) -> Results:
        if propagates and None in args:
            return nothing
        values = list(args)
        for i in parsed:
            values[i] = None if args[i] is None else _parsed(args[i])
        value = compute(*values)
        if not wanted:
            return (_result(value, results[0]),)
        return nothing if value is None else tuple(_result(value[p], t) for p, t in zip(wanted, results, strict=True))

    return call


def _result(value: Any, type_: Type) -> Any:
    if type_ is Type.STRING:
        return "" if value is None else value
    return dynamic_text(value) if type_ is Type.DYNAMIC and value is not None else value
