"""Values in the words of the forms: durations, comparisons."""

from datetime import timedelta

from bluetick.detections.model import Comparison

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))
LONG_OPERATORS = {
    Comparison.GREATER: "GreaterThan",
    Comparison.LESS: "LessThan",
    Comparison.EQUAL: "Equal",
    Comparison.NOT_EQUAL: "NotEqual",
}


def short(length: timedelta) -> str:
    """14d, 3h, 90m; seconds where there must be."""
    for unit, size in _UNITS:
        if length % size == timedelta():
            return f"{length // size}{unit}"
    return f"{length // timedelta(seconds=1)}s"


def iso(length: timedelta) -> str:
    """P14D, PT3H, P1DT12H: as ISO 8601 has it."""
    minutes, seconds = divmod(length // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    head = f"P{days}D" if days else "P"
    return f"{head}T{time}" if time else head if days else "PT0S"
