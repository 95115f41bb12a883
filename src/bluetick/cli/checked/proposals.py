"""What `check --fix` shows and writes: proposals with their effect on the user's data. No document is edited."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bluetick.cli.checked.verdicts import Verdict
from bluetick.cli.failures import explain, is_interrupt, say
from bluetick.cli.options import Moment
from bluetick.cli.writing import compact, whole_file
from bluetick.detections.fixing.documents import difference, repaired_text
from bluetick.detections.fixing.effects import Cells, Effect, measure
from bluetick.detections.runs import newest_instant
from bluetick.diagnostics.errors import SourceError
from bluetick.session import Session
from bluetick.values import format_datetime7

_INDENT = "  "


def measured(session: Session, verdict: Verdict, now: Moment) -> Verdict:
    """The verdict with what its repair does to the session's data, or why that cannot be told."""
    detection, repair = verdict.detection, verdict.repair
    if detection is None or repair is None:
        return verdict
    try:
        moment = newest_instant(session, detection) if now == "newest" else now or datetime.now(UTC)
        return replace(verdict, effect=measure(session, detection, repair, moment))
    except Exception as error:  # whatever it is, it does not keep the others from being measured
        if is_interrupt(error):
            raise
        return replace(verdict, effect=explain(error).removeprefix("error: "))


def proposal_lines(verdict: Verdict) -> Iterator[str]:
    """The proposal for people: what is done and why, the difference, the effect."""
    repair = verdict.repair
    if repair is None:
        return
    yield "fix:"
    for fix in repair.fixes:
        yield f"{_INDENT}{fix.code} {fix.title}: {fix.effect}"
    yield from proposed_difference(verdict).rstrip("\n").split("\n")
    match verdict.effect:
        case str() as reason:
            yield f"what it does to your data cannot be told: {reason}"
        case Effect() as effect:
            yield from _effect_lines(effect)


def proposed_difference(verdict: Verdict) -> str:
    """Of the document; of the query alone where the document holds it in another form."""
    detection, repair, source = verdict.detection, verdict.repair, verdict.source
    if detection is None or repair is None:
        return ""
    text = repaired_text(source.text, source.text, [(detection, repair)], verdict.path.name)
    if text is None:
        return difference(repair.query, repair.repaired, f"{source.name}, its query")
    return difference(source.text, text, source.name)


def proposal_json(verdict: Verdict) -> dict[str, Any] | None:
    repair = verdict.repair
    if repair is None:
        return None
    return {
        "fixes": [{"code": fix.code, "title": fix.title, "effect": fix.effect} for fix in repair.fixes],
        "query": repair.repaired,
        "diff": proposed_difference(verdict),
        "data": _effect_json(verdict.effect),
    }


def write_proposals(verdicts: Sequence[Verdict], folder: Path) -> int:
    """Writes the documents with repaired queries below a folder, at their paths below what they have in common; a
    query alone (`.kql`) where it cannot be put back. The number of files; a SourceError where one is a document."""
    documents: dict[Path, list[Verdict]] = {}
    for verdict in verdicts:
        documents.setdefault(verdict.path, [])
        if verdict.repair is not None:
            documents[verdict.path].append(verdict)
    places = {path: path.resolve() for path in documents}
    if not places:
        return 0
    shared = Path(os.path.commonpath([place.parent for place in places.values()]))
    target = folder.resolve()
    written = 0
    for path, repaired in documents.items():
        for beside, text in _files(path, repaired) if repaired else ():
            goal = target / places[path].relative_to(shared).with_name(beside)
            if goal.resolve() in set(places.values()):
                raise SourceError(f"'{goal}' is a document itself: --write needs a folder of its own", str(goal))
            goal.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(goal) as part:
                part.write_text(text, encoding="utf-8", newline="")
            written += 1
    return written


def _files(path: Path, verdicts: Sequence[Verdict]) -> list[tuple[str, str]]:
    """(name, text) of what is written for a document."""
    pairs = [(one.detection, one.repair) for one in verdicts if one.detection is not None and one.repair is not None]
    try:
        stored = path.read_bytes().decode("utf-8")
        text = repaired_text(verdicts[0].source.text, stored, pairs, path.name)
    except UnicodeDecodeError:
        text = None
    if text is not None:
        return [(path.name, text)]
    say(f"'{path}' holds its query in a form that is not written: the query alone is")
    numbers = [""] if len(pairs) == 1 else [f".{number}" for number in range(1, len(pairs) + 1)]
    return [(f"{path.stem}{n}.kql", f"{repair.repaired}\n") for n, (_, repair) in zip(numbers, pairs, strict=True)]


def _effect_lines(effect: Effect) -> Iterator[str]:
    change = f"{effect.gained:,} gained, {effect.lost:,} lost" if effect.gained or effect.lost else "the same rows"
    yield f"on your data as of {format_datetime7(effect.now)}: {effect.before:,} rows, then {effect.after:,}: {change}"
    if effect.fires_before != effect.fires_after:
        yield f"{_INDENT}the rule {'no longer fires' if effect.fires_before else 'fires now'}"
    for word, count, rows in (
        ("gained", effect.gained, effect.gained_rows),
        ("lost", effect.lost, effect.lost_rows),
    ):
        for row in rows:
            yield f"{_INDENT}{word}  {compact(_named(effect, row))}"
        if count > len(rows):
            yield f"{_INDENT}{word}  and {count - len(rows):,} more"


def _effect_json(effect: Effect | str | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    if isinstance(effect, str):
        return {"error": effect}
    return {
        "now": format_datetime7(effect.now),
        "before": effect.before,
        "after": effect.after,
        "gained": effect.gained,
        "lost": effect.lost,
        "firesBefore": effect.fires_before,
        "firesAfter": effect.fires_after,
        "gainedRows": [_named(effect, row) for row in effect.gained_rows],
        "lostRows": [_named(effect, row) for row in effect.lost_rows],
    }


def _named(effect: Effect, row: Cells) -> dict[str, Any]:
    return dict(zip(effect.columns, row, strict=True))
