"""Coverage for people, and as JSON."""

from collections import Counter
from typing import Any

from rich.console import Console
from rich.text import Text

from bluetick.cli.grid import print_rows, visible
from bluetick.detections.coverage.levels import Coverage, Level, RuleEvidence

_COLUMNS = tuple((name, "") for name in ("Technique", "Level", "Rules", "Best rule", "What is missing"))
_SHOWN = 120


def print_coverage(console: Console, found: Coverage) -> None:
    """The counts, what was not looked at, then each technique with its best rule and what keeps that from more."""
    total = len(found.techniques)
    console.print(Text(f"{found.covered:,} of {total:,} techniques that the rules name are covered"))
    counts = Counter(one.level for one in found.techniques)
    for level in reversed(Level):
        if counts[level]:
            told = " (not covered)" if level < found.least else ""
            console.print(Text(f"{counts[level]:>8,}  {level.words}{told}"))
    for level, option in found.unseen:
        console.print(Text(f"not looked at: {level.words}, which needs {option}", style="yellow"))
    if found.nameless:
        console.print(Text(f"{len(found.nameless):,} rules name no technique", style="yellow"))
    if not total:
        return
    console.print()
    rows = [
        (one.technique, one.level.words, str(len(one.rules)), one.rules[0].name, _cut(one.rules[0].obstacle))
        for one in sorted(found.techniques, key=lambda one: (-one.level, one.technique))
    ]
    print_rows(console, _COLUMNS, rows)


def _cut(text: str) -> str:
    line = " ".join(visible(text).split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."


def coverage_json(found: Coverage) -> dict[str, Any]:
    return {
        "levels": [{"level": int(level), "name": level.name.lower(), "words": level.words} for level in Level],
        "not_looked_at": [{"level": level.name.lower(), "needs": option} for level, option in found.unseen],
        "covered": found.covered,
        "techniques": [
            {
                "technique": one.technique,
                "level": one.level.name.lower(),
                "score": int(one.level),
                "covered": found.is_covered(one),
                "rules": [rule.id for rule in one.rules],
            }
            for one in found.techniques
        ],
        "rules": [_rule_json(rule) for rule in found.rules],
    }


def _rule_json(rule: RuleEvidence) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "file": rule.path,
        "techniques": list(rule.techniques),
        "level": rule.level.name.lower(),
        "evidence": [
            {
                "level": level.name.lower(),
                "reached": finding.is_reached,
                **({"why": finding.why} if finding.why else {}),
            }
            for level, finding in sorted(rule.findings.items())
        ],
    }
