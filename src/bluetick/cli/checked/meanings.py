"""What a code means, whichever part of the program it is of."""

from functools import cache

from bluetick.detections.linting.registry import RULES
from bluetick.diagnostics.kusto_codes import KUSTO_CODES

_LINTS = {rule.id: rule for rule in RULES}


@cache
def meaning(code: str) -> tuple[str, str]:
    """(name, one sentence) of a code; only a lint rule has a name."""
    if (rule := _LINTS.get(code)) is not None:
        return rule.name, rule.summary
    row = KUSTO_CODES.get(code)
    return "", "" if row is None else row.meaning


def page(code: str) -> str:
    """Where the manual tells of a code."""
    rule = _LINTS.get(code)
    return "docs/diagnostics.md" if rule is None else rule.page


def known_codes() -> frozenset[str]:
    """Every code, and the names of lint rules."""
    return frozenset((*KUSTO_CODES, *_LINTS, *(rule.name for rule in RULES)))


def lint_ids() -> dict[str, str]:
    """The id of each lint rule by its id and by its name."""
    return {word: rule.id for rule in RULES for word in (rule.id, rule.name)}
