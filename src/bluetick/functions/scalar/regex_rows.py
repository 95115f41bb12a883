"""Functions of regular expressions in Python, for patterns that a row gives: by the RE2 that Arrow carries.

As in the embedded engine, a pattern that RE2 does not take matches nothing.
"""

import re
from dataclasses import replace

from bluetick.functions.definition import Compute, ScalarFunction
from bluetick.functions.scalar.variable_arguments import variable

_MAX_GROUP = 9
_MOST_TIMES = 1000  # RE2 repeats no more


def computed(function: ScalarFunction, compute: Compute) -> ScalarFunction:
    """The function as Python computes it, for an engine that cannot."""
    return replace(variable(function, check=None), compute=compute, may_be_inexact=False)


def or_by_rows(function: ScalarFunction, compute: Compute | None = None) -> ScalarFunction:
    """A function whose pattern an engine may lack; where a row gives the pattern, Python computes it there."""
    by_rows = computed(function, compute) if compute is not None else None
    return replace(function, may_be_inexact=True, by_rows=by_rows)


def complete_rewrite(rewrite: str) -> str:
    """A backslash that begins no group reference stands for itself."""
    return re.sub(r"\\([0-9\\]?)", lambda found: found[0] if found[1] else r"\\", rewrite)


def matches(source: str, pattern: str) -> bool:
    import pyarrow as pa  # noqa: PLC0415 - costs start-up time, and few queries have such a pattern
    import pyarrow.compute as pc  # noqa: PLC0415

    try:
        return bool(pc.match_substring_regex(pa.array([source]), pattern)[0].as_py())
    except pa.ArrowInvalid:
        return False


def extract(pattern: str, group: int | None, source: str) -> str:
    """The whole text is replaced by the group of its first match."""
    if group is None or not 0 <= group <= _MAX_GROUP or not matches(source, pattern):
        return ""
    around = r"\A(?s:.*?)({})(?s:.*)\z" if not group else r"\A(?s:.*?)(?:{})(?s:.*)\z"
    return _replaced(source, around.replace("{}", pattern), rf"\{group or 1}", "")


def replace_regex(source: str, pattern: str, rewrite: str) -> str:
    return _replaced(source, pattern, rewrite, source)


def replace_old(pattern: str, rewrite: str, source: str) -> str:
    return _replaced(source, pattern, rewrite, source)


def _is_pattern(pattern: str) -> bool:
    """Whether RE2 takes it by itself: inside a group of ours `a)(b` would be two."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def trim(pattern: str, source: str) -> str:
    return trim_end(pattern, trim_start(pattern, source))


def trim_start(pattern: str, source: str) -> str:
    return _replaced(source, f"^(?:{pattern})+", "", source) if _is_pattern(pattern) else source


def trim_end(pattern: str, source: str) -> str:
    return _replaced(source, rf"(?:{pattern})+\z", "", source) if _is_pattern(pattern) else source


def indexof_regex(
    source: str, pattern: str, start: int | None = 0, length: int | None = -1, occurrence: int | None = 1
) -> int | None:
    """The text up to the match is what is counted."""
    if start is None or length is None or occurrence is None or start < 0 or length < -1 or occurrence < 0:
        return None
    if not _is_pattern(pattern):
        return -1
    window = source[start:] if length < 0 else source[start : start + length]
    earlier = f"(?:(?s:.*?)(?:{pattern})){{{max(occurrence, 1) - 1}}}" if occurrence > 1 else ""
    whole = f"^({earlier}(?s:.*?))(?:{pattern})"
    return start + len(_replaced(window, f"{whole}(?s:.*)", r"\1", "")) if matches(window, whole) else -1


def countof(source: str, pattern: str, kind: str = "normal") -> int:
    """Of a regular expression; the engines count texts themselves."""
    count, place = 0, 0 if _is_pattern(pattern) else len(source) + 1
    while place <= len(source) and matches(source, _from(place, pattern)):
        before = len(_replaced(source, _from(place, pattern) + "(?s:.*)", r"\1", ""))
        found = len(_replaced(source, _from(place, pattern) + "(?s:.*)", r"\2", ""))
        count, place = count + 1, before + max(found, 1)
    return count


def _from(place: int, pattern: str) -> str:
    """The text before the first match from this place on, and the match."""
    thousands, rest = divmod(place, _MOST_TIMES)
    passed = "(?s:.{1000})" * thousands + (f"(?s:.{{{rest}}})" if rest else "")
    return f"^({passed}(?s:.*?))({pattern})"


def _replaced(source: str, pattern: str, rewrite: str, otherwise: str) -> str:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    try:
        return str(pc.replace_substring_regex(pa.array([source]), pattern, complete_rewrite(rewrite))[0].as_py())
    except pa.ArrowInvalid:
        return otherwise
