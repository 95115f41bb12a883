"""How much of a Sigma rule is converted: what would take long, or grow without bound, is refused before it is tried."""

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.sigma_codes import too_much
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

MAX_QUERY: Final = 500_000
_MAX_CONDITION: Final = 2_000
_MAX_CONDITIONS: Final = 20
_MAX_DEPTH: Final = 10
_MAX_NOTS: Final = 50
_MAX_CHOICES: Final = 2_000
_MAX_VALUE: Final = 8_000
_MAX_MODIFIERS: Final = 5
_MAX_VALUES: Final = 2_000
_WORD: Final = re.compile(r"\S+")


def too_much_asked(detection: YamlMapping) -> Diagnostic | None:
    """What of a detection is beyond these limits, if anything. Published rules are far below them."""
    condition = detection.get("condition")
    conditions = condition.items if isinstance(condition, YamlList) else (condition,) if condition else ()
    if len(conditions) > _MAX_CONDITIONS:
        return too_much(detection.span, f"it has more than {_MAX_CONDITIONS} conditions")
    for node in conditions:
        if isinstance(node, YamlText) and (reason := _condition(node.value, len(detection.entries))):
            return too_much(node.span, reason)
    for count, (node, is_key) in enumerate(_texts(detection), 1):
        if reason := _text(node.value, is_key):
            return too_much(node.span, reason)
        if count > _MAX_VALUES:
            return too_much(node.span, f"it has more than {_MAX_VALUES:,} values")
    return None


def _condition(text: str, names: int) -> str:
    """A parser that tries alternatives needs more time for each bracket; `1 of x*` looks at every name."""
    if len(text) > _MAX_CONDITION:
        return f"a condition is longer than {_MAX_CONDITION:,} characters"
    words = _WORD.findall(text.replace("(", " ( ").replace(")", " ) "))
    depths = accumulate(((word == "(") - (word == ")") for word in words), initial=0)
    if max(depths) > _MAX_DEPTH:
        return f"a condition is nested deeper than {_MAX_DEPTH} brackets"
    if words.count("not") > _MAX_NOTS:
        return f"a condition says 'not' more than {_MAX_NOTS} times"
    if words.count("of") * names > _MAX_CHOICES:
        return f"a condition has more than {_MAX_CHOICES:,} alternatives"
    return ""


def _text(text: str, is_key: bool) -> str:
    """Each modifier may make many values of one, or a longer one."""
    if len(text) > _MAX_VALUE:
        return f"a value is longer than {_MAX_VALUE:,} characters"
    modifiers = text.split("|")[1:] if is_key else ()
    if len(modifiers) > _MAX_MODIFIERS or len(set(modifiers)) < len(modifiers):
        return f"a field has more than {_MAX_MODIFIERS} modifiers, or one of them twice"
    return ""


def _texts(node: YamlNode, is_key: bool = False) -> Iterator[tuple[YamlText, bool]]:
    """Every key and value; whether it is a key."""
    match node:
        case YamlText():
            yield node, is_key
        case YamlList(items=items):
            for item in items:
                yield from _texts(item)
        case YamlMapping(entries=entries):
            for key, value in entries:
                yield key, True
                yield from _texts(value)
