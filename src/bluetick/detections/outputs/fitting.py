"""A message made as small as an output wants it; what is left out is counted in it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from bluetick.detections.schedule.delivery import NotTaken

Said = Mapping[str, Any]
_TEXT: Final = 500
# What goes first, when the rows are gone and it is still too long.
_DISPENSABLE: Final = ("custom_details", "columns", "entities", "techniques", "tactics", "description")
_KEPT: Final = ("id", "message", "event", "revision", "time", "rule", "name", "severity", "row_count")


def fitted(said: Said, most: int, render: Callable[[Said], bytes]) -> bytes:
    """What is said, rendered in at most so many bytes: with as many of its rows as fit, then with less of the rest.
    `rows_left_out` and `left_out` tell. NotTaken (for good) where not even its name fits."""
    whole = render(said)
    if len(whole) <= most:
        return whole
    rows = list(said.get("rows", ()))
    found: bytes | None = None
    low, high = 0, len(rows) - 1
    while low <= high:
        middle = (low + high + 1) // 2
        candidate = render({**said, "rows": rows[:middle], "rows_left_out": len(rows) - middle})
        if len(candidate) <= most:
            found, low = candidate, middle + 1
        else:
            high = middle - 1
    if found is not None:
        return found
    return _reduced(said, len(rows), most, render)


def _reduced(said: Said, rows: int, most: int, render: Callable[[Said], bytes]) -> bytes:
    less = {**said, "rows": [], "rows_left_out": rows}
    gone: list[str] = []
    for name in _DISPENSABLE:
        if less.pop(name, None):
            gone.append(name)
        candidate = render({**less, "left_out": gone})
        if len(candidate) <= most:
            return candidate
    least = {name: _short(said[name]) for name in _KEPT if name in said}
    candidate = render({**least, "rows": [], "rows_left_out": rows, "left_out": ["everything else"]})
    if len(candidate) <= most:
        return candidate
    raise NotTaken(f"it does not fit into {most} bytes", is_final=True)


def _short(value: Any) -> Any:
    return value[:_TEXT] if isinstance(value, str) else value
