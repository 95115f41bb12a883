"""Windows that a service has evaluated, once more with this program: what it would say otherwise.

Each window is evaluated by the document that it was evaluated by, as of its end, over the versions of the lake's tables
that it read. Nothing is written.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.detections.ledger.windows import Failure, Outcome
from bluetick.detections.schedule.evaluation import SessionEvaluator
from bluetick.lake.layout import has_log
from bluetick.lake.moment import is_whole
from bluetick.session import Session

Versions = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger has of a window: how many rows there were, and what was found, by key."""

    rule: str
    name: str
    hi: int
    document: str
    rows: int
    versions: Versions
    findings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """What becomes of a window that would be otherwise."""

    hi: int
    words: tuple[str, ...]


@dataclass(slots=True)
class Rehearsed:
    """A rule's windows: how many say the same, which do not, and of how many the versions are gone."""

    rule: str
    name: str
    same: int = 0
    gone: int = 0
    changed: list[Changed] = field(default_factory=list)


@dataclass(slots=True)
class _Pass:
    """Windows that one session can evaluate: no two of them read different versions of a table."""

    versions: dict[str, int] = field(default_factory=dict)
    windows: list[Recorded] = field(default_factory=list)

    def takes(self, window: Recorded) -> bool:
        return all(self.versions.get(name, version) == version for name, version in window.versions.items())

    def add(self, window: Recorded) -> None:
        self.versions.update(window.versions)
        self.windows.append(window)


def recorded(ledger: Ledger, last: int, since: int | None) -> list[Recorded]:
    """The newest `last` windows of each rule that are done, or those that end at or after an instant."""
    text = (
        "SELECT * FROM (SELECT window.rule, name, hi, document, rows, versions,"
        " row_number() OVER (PARTITION BY window.rule ORDER BY hi DESC) AS place FROM window"
        " JOIN rule_version USING (rule, version) JOIN rule ON rule.id = window.rule"
        " WHERE status = 'done' AND rule.state <> 'retired' AND (?1 IS NULL OR hi >= ?1))"
        " WHERE ?1 IS NOT NULL OR place <= ?2 ORDER BY hi, rule"
    )
    return [
        Recorded(
            row["rule"],
            row["name"],
            row["hi"],
            row["document"],
            row["rows"],
            json.loads(row["versions"]),
            _findings(ledger, row["rule"], row["hi"]),
        )
        for row in ledger.read(text, (since, last))
    ]


def rehearse(
    windows: Iterable[Recorded],
    lake: Path,
    opened: Callable[[Versions], Session],
    seconds: float,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Rehearsed]:
    """What each rule would say otherwise, by name. `opened` gives a session over versions of the lake's tables."""
    found: dict[str, Rehearsed] = {}
    comparable: list[Recorded] = []
    for window in windows:
        rehearsed = found.setdefault(window.rule, Rehearsed(window.rule, window.name))
        if all(has_log(lake / name) for name in window.versions):
            comparable.append(window)
        else:
            rehearsed.gone += 1
    done, is_there = 0, cache(lambda name, version: is_whole(lake / name, version))
    for one in _passes(comparable):
        progress(done, len(comparable))
        session = opened(one.versions)
        try:
            for window, said in _said(session, one.windows, seconds):
                _compare(found[window.rule], window, said, is_there)
        finally:
            session.close()
        done += len(one.windows)
    progress(done, len(comparable))
    return sorted(found.values(), key=lambda rehearsed: (rehearsed.name, rehearsed.rule))


def _findings(ledger: Ledger, rule: str, hi: int) -> dict[str, Any]:
    rows = ledger.read(
        "SELECT key, content FROM finding INDEXED BY finding_window WHERE rule = ? AND hi = ?", (rule, hi)
    )
    return {row["key"]: json.loads(row["content"]) for row in rows}


def _passes(windows: Iterable[Recorded]) -> list[_Pass]:
    found: list[_Pass] = []
    for window in windows:
        taking = next((one for one in reversed(found) if one.takes(window)), None)
        if taking is None:
            found.append(taking := _Pass())
        taking.add(window)
    return found


def _said(session: Session, windows: list[Recorded], seconds: float) -> Iterator[tuple[Recorded, Outcome | Failure]]:
    """By rule and document; a failure is of all windows behind it."""
    evaluator = SessionEvaluator(lambda: session, seconds)
    together: dict[tuple[str, str], list[Recorded]] = {}
    for window in windows:
        together.setdefault((window.rule, window.document), []).append(window)
    for (_, document), some in together.items():
        said: Outcome | Failure = Failure("the evaluation ended early")
        answers = evaluator.evaluate(document, [to_moment(window.hi) for window in some])
        for window in some:
            if not isinstance(answer := next(answers, said), Failure):
                yield window, answer
                continue
            said = answer
            yield window, said


def _compare(
    rehearsed: Rehearsed, window: Recorded, said: Outcome | Failure, is_there: Callable[[str, int], bool]
) -> None:
    words = tuple(_differences(window, said))
    if not words:
        rehearsed.same += 1
    elif isinstance(said, Failure) and not all(is_there(name, number) for name, number in window.versions.items()):
        rehearsed.gone += 1
    else:
        rehearsed.changed.append(Changed(window.hi, words))


def _differences(window: Recorded, said: Outcome | Failure) -> Iterator[str]:
    if isinstance(said, Failure):
        yield f"fails: {said.reason}"
        return
    if said.rows != window.rows:
        yield f"{window.rows:,} rows become {said.rows:,}"
    found = {finding.key: json.loads(finding.content) for finding in said.findings} if said.is_triggered else {}
    yield from (f"no longer found: {key}" for key in window.findings if key not in found)
    for key, content in found.items():
        if key not in window.findings:
            yield f"found: {key}"
        elif content != (before := window.findings[key]):
            names = sorted(name for name in content.keys() | before.keys() if content.get(name) != before.get(name))
            yield f"{', '.join(names)} of {key}"
