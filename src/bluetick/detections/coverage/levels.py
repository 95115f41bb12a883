"""Levels of evidence that a rule finds what it says it finds, and what they make of techniques."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """Each says more than those below it."""

    WRITTEN = 1
    BINDS = 2
    FED = 3
    RAN = 4
    TESTED = 5
    PROVEN = 6

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    Level.WRITTEN: "written",
    Level.BINDS: "binds",
    Level.FED: "fed by filled columns",
    Level.RAN: "ran without gap",
    Level.TESTED: "hit test passes",
    Level.PROVEN: "proven on a recording",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a rule reached a level, and why not, or by what. A level that was not looked at has no finding."""

    is_reached: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class RuleEvidence:
    """All that was found of one rule. `findings` hold the levels that were looked at."""

    path: str
    id: str
    name: str
    techniques: tuple[str, ...]
    findings: Mapping[Level, Finding]

    @property
    def level(self) -> Level:
        """The highest level below which every one that was looked at is reached."""
        reached = Level.WRITTEN
        for level in Level:
            finding = self.findings.get(level)
            if finding is not None and not finding.is_reached:
                break
            if finding is not None:
                reached = level
        return reached

    @property
    def obstacle(self) -> str:
        """What keeps it from the next level."""
        for level in Level:
            finding = self.findings.get(level)
            if finding is not None and not finding.is_reached:
                return f"{level.words}: no, {finding.why}" if finding.why else f"{level.words}: no"
        return ""


@dataclass(frozen=True, slots=True)
class TechniqueCoverage:
    """A technique with the rules that name it, the best first."""

    technique: str
    rules: tuple[RuleEvidence, ...]

    @property
    def level(self) -> Level:
        return self.rules[0].level


@dataclass(frozen=True, slots=True)
class Coverage:
    """All techniques in order. `unseen` are the levels that were not looked at, each with what would show them."""

    techniques: tuple[TechniqueCoverage, ...]
    rules: tuple[RuleEvidence, ...]
    unseen: tuple[tuple[Level, str], ...]

    @property
    def least(self) -> Level:
        """From where on a technique counts as covered. That somebody wrote a rule is no evidence; nor is that it binds,
        where it was seen that the data does not feed it."""
        return Level.BINDS if Level.FED in dict(self.unseen) else Level.FED

    def is_covered(self, one: TechniqueCoverage) -> bool:
        return one.level >= self.least

    @property
    def covered(self) -> int:
        return sum(self.is_covered(one) for one in self.techniques)

    @property
    def nameless(self) -> tuple[RuleEvidence, ...]:
        """Rules that name no technique."""
        return tuple(rule for rule in self.rules if not rule.techniques)


def coverage_of(rules: Sequence[RuleEvidence], unseen: Iterable[tuple[Level, str]] = ()) -> Coverage:
    by_technique: dict[str, list[RuleEvidence]] = {}
    for rule in rules:
        for technique in dict.fromkeys(rule.techniques):
            by_technique.setdefault(technique, []).append(rule)
    techniques = (
        TechniqueCoverage(technique, tuple(sorted(found, key=lambda rule: (-rule.level, rule.name, rule.path))))
        for technique, found in sorted(by_technique.items())
    )
    return Coverage(tuple(techniques), tuple(rules), tuple(unseen))
