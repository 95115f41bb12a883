"""The nearest name within a small edit distance: a hint, never a wrong guess."""

from collections.abc import Iterable

_LEAST_PART = 5


def did_you_mean(name: str) -> str:
    """The hint that offers a name; "" where there is none to offer."""
    return f"did you mean '{name}'?" if name else ""


def near_hint(name: str, names: Iterable[str]) -> str:
    """The hint that offers the nearest name; "" where none is close."""
    return did_you_mean(nearest(name, names))


def nearest(name: str, names: Iterable[str]) -> str:
    """The closest candidate by edit distance (case changes cost little), or '' when none is close.

    Of one or two letters every name is close to every other, so there only case may differ.
    """
    candidates = tuple(names)
    limit = 0 if len(name) <= 2 else 1 if len(name) <= 3 else 2 if len(name) <= 8 else 3
    best, best_cost = "", limit + 0.75
    folded = name.casefold()
    letters = set(folded)
    for candidate in candidates:
        if abs(len(candidate) - len(name)) > limit:
            continue
        other = candidate.casefold()
        # An edit brings or takes one letter, so most names are too far at a glance.
        if max(len(letters.difference(other)), len(set(other) - letters)) > limit:
            continue
        cost = 0.5 if other == folded else float(_distance(folded, other, limit))
        if cost < best_cost:
            best, best_cost = candidate, cost
    return (best or _part(folded, candidates)) if best != name else ""


def _part(folded: str, candidates: Iterable[str]) -> str:
    """The shortest candidate that begins or ends with what was written, where most of a name was."""
    if len(folded) < _LEAST_PART:
        return ""
    whole = (c for c in candidates if c.casefold().startswith(folded) or c.casefold().endswith(folded))
    return min((c for c in whole if len(c) <= 2 * len(folded)), key=lambda c: (len(c), c), default="")


def _distance(a: str, b: str, limit: int) -> int:
    """Optimal string alignment distance, cut off past the limit."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        two_before, before, row = before, row, [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], two_before[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]
