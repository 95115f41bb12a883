"""What stands in for a lowering that wants a constant where a row gives the argument: the same function in Python."""

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

from bluetick.functions.definition import Check, Compute, Parameter, ScalarFunction, Signature

_Bag = dict[str, Any]


def with_variables(function: ScalarFunction, compute: Compute) -> ScalarFunction:
    """The function with `compute` for calls whose arguments its lowerings cannot take."""
    return replace(function, otherwise=replace(variable(function, check=None), compute=compute))


def variable(function: ScalarFunction, check: Check | None) -> ScalarFunction:
    """The function without a parameter that must be constant."""
    signatures = tuple(Signature(tuple(map(_variable, s.parameters)), s.returns) for s in function.signatures)
    return replace(function, signatures=signatures, check=check, examples=())


def _variable(parameter: Parameter) -> Parameter:
    return replace(parameter, constant=False)


def _steps(key: str) -> tuple[str, ...] | None:
    """The keys that a name stands for; None for a path that is none."""
    if not key.startswith("$"):
        return (key,)
    steps = tuple(key[2:].split("."))
    return steps if key.startswith("$.") and "[" not in key and all(steps) else None


def has_key(bag: Any, key: str) -> bool | None:
    steps = _steps(key)
    if not isinstance(bag, dict) or steps is None:
        return None
    for step in steps:
        if not isinstance(bag, dict) or step not in bag:
            return False
        bag = bag[step]
    return True


def remove_keys(bag: Any, keys: Any) -> _Bag | None:
    """Keys that are no texts, and paths that are none, remove nothing."""
    if not isinstance(bag, dict) or not isinstance(keys, list):
        return None
    for key in keys:
        steps = _steps(key) if isinstance(key, str) else None
        if steps is not None:
            bag = _without(bag, steps)
    return dict(bag)


def _without(bag: _Bag, steps: tuple[str, ...]) -> _Bag:
    """Copies what changes: the argument may stand in other rows too."""
    first, *below = steps
    if not below:
        return {key: value for key, value in bag.items() if key != first}
    inner = bag.get(first)
    return {**bag, first: _without(inner, tuple(below))} if isinstance(inner, dict) else bag


def replace_strings(source: str, lookups: Any, rewrites: Any) -> str:
    """Arrays that do not match replace nothing; as of the constant form, a rewrite that is no string keeps the text.

    An earlier lookup takes precedence wherever it stands, so the text is cut at each of them in turn.
    """
    if not isinstance(lookups, list) or not isinstance(rewrites, list) or len(lookups) != len(rewrites):
        return source
    pieces: list[tuple[str, bool]] = [(source, False)]  # a text, and whether it is a rewrite
    for lookup, rewrite in zip(lookups, rewrites, strict=True):
        if isinstance(lookup, str) and lookup:
            pieces = _replaced(pieces, lookup, rewrite if isinstance(rewrite, str) else lookup)
    return "".join(piece for piece, _ in pieces)


def _replaced(pieces: list[tuple[str, bool]], lookup: str, rewrite: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for piece, is_done in pieces:
        if is_done:
            found.append((piece, True))
            continue
        first, *rest = re.split(re.escape(lookup), piece)
        found.append((first, False))
        for text in rest:
            found.extend(((rewrite, True), (text, False)))
    return found


def split_array(items: Any, positions: Any) -> list[list[Any]] | None:
    if not isinstance(items, list):
        return None
    cuts = positions if isinstance(positions, list) else [positions]
    if not all(type(cut) is int for cut in cuts):
        return None
    size = len(items)
    within = [min(max(cut + size if cut < 0 else cut, 0), size) for cut in cuts]
    return [items[start : max(start, end)] for start, end in pairwise((0, *within, size))]
