"""Rules about what a document says of ATT&CK."""

from collections.abc import Iterator

from bluetick.detections.documents.attack import TACTICS, TECHNIQUE
from bluetick.detections.linting.attack_facts import VERSION, tactics_of_techniques
from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.diagnostics import Diagnostic, lint_codes

_KNOWN = frozenset(TACTICS.values())


def _techniques(subject: Subject) -> Iterator[Diagnostic]:
    """Unknown techniques, and those that serve none of the tactics that the document names."""
    facts = tactics_of_techniques()
    tactics = _KNOWN & set(subject.detection.tactics)
    for technique in subject.detection.techniques:
        if not TECHNIQUE.fullmatch(technique):
            continue  # told when the document was read
        served = facts.get(technique)
        if served is None and _may_be_known_elsewhere(technique):
            continue
        if served is None:
            yield lint_codes.unknown_technique(WHOLE, technique, VERSION)
        elif tactics and not served & tactics:
            yield lint_codes.technique_of_other_tactic(WHOLE, technique, sorted(served))


def _may_be_known_elsewhere(technique: str) -> bool:
    """Whether a number may be one of a later version, or of a matrix that is not known here (those of AI systems begin
    at T0000)."""
    facts = tactics_of_techniques()
    parent, dot, _ = technique.partition(".")
    if dot and parent in facts:
        known = [number for number in facts if number.startswith(f"{parent}.")]
        return not known or technique > max(known)
    return parent < "T0800" or parent > max(facts)[:5]


RULES = (
    LintRule(
        "BTL009",
        "technique-not-of-tactic",
        "A technique serves none of the document's tactics.",
        _techniques,
        needs_plan=False,
    ),
)
