"""What bluetick and the analyzer say of one query, compared; and the file of differences that are known."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import golden_forms
import yaml
from analyzer import HERE, Analysis, Question, World, analyze
from gathering import Gathered

from bluetick.binder.schema import FILE_PROFILE, FILE_PROFILE_COLUMNS
from bluetick.execution.catalog import Faces, packs_for
from bluetick.session import Check, Session
from bluetick.types import Type

KNOWN = HERE / "known_differences.yaml"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the two part, in words."""

    query: Gathered
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of the file: patterns of a query's text and of the difference, and why we part there."""

    query: re.Pattern[str]
    difference: re.Pattern[str]
    reason: str
    evidence: str

    def covers(self, found: Difference) -> bool:
        return bool(self.query.search(found.query.text) and self.difference.search(found.text))


def known_differences() -> tuple[Known, ...]:
    """The entries of the file; one without its reason or evidence is an error."""
    entries = yaml.safe_load(KNOWN.read_text(encoding="utf-8"))
    return tuple(
        Known(re.compile(e.get("query", ""), re.DOTALL), re.compile(e["difference"]), e["reason"], e["evidence"])
        for e in entries
    )


def differences(queries: Sequence[Gathered]) -> tuple[Difference, ...]:
    """Everything in which bluetick and the analyzer part on these queries."""
    with golden_forms.connect() as session:
        answers = analyze(_worlds(session), [Question(query.text, _world(query.text)) for query in queries])
        return tuple(
            Difference(query, text)
            for query, theirs in zip(queries, answers, strict=True)
            for text in _compare(session.check(query.text), theirs)
        )


def _world(text: str) -> str:
    """The tables of both packs are known; where both have one, the text tells whose it is."""
    return "sentinel" if "TimeGenerated" in text else "defender"


def _worlds(session: Session) -> dict[str, World]:
    return {name: _world_of(session, name) for name in ("sentinel", "defender")}


def _world_of(session: Session, name: str) -> World:
    """The goldens' tables and all known ones, as bluetick sees them in a check; and Defender's FileProfile."""
    faces = Faces(session.catalog, packs_for(name, "", is_sentinel=False, custom=None), is_check=True)
    found = [face for table in sorted(faces.names()) if (face := faces.find(table)) is not None]
    tables = tuple((face.name, "(" + ", ".join(f"['{n}']:{t}" for n, t in face.columns) + ")") for face in found)
    added = ", ".join(f"{n} = {t}(null)" if t is not Type.STRING else f"{n} = ''" for n, t in FILE_PROFILE_COLUMNS)
    return World(tables, ((FILE_PROFILE, "(T:(*), key:string = '', most:long = 100)", f"{{ T | extend {added} }}"),))


def _compare(ours: Check, theirs: Analysis) -> Iterator[str]:
    if ours.diagnostics and theirs.errors:
        return
    if ours.diagnostics:
        yield "only we refuse it: " + "; ".join(f"{d.code}: {d.message}" for d in ours.diagnostics)
    elif theirs.errors:
        yield "only the analyzer refuses it: " + "; ".join(theirs.errors)
    else:
        yield from _compare_columns(ours.columns, theirs.columns or (), is_open=theirs.is_open)


def _compare_columns(
    ours: Sequence[tuple[str, str]], theirs: Sequence[tuple[str, str]], *, is_open: bool
) -> Iterator[str]:
    """Column by column; of an open table the analyzer knows only some columns."""
    if is_open:
        missing = [column for column in theirs if column not in ours]
        if missing:
            yield f"columns {_written(ours)} without {_written(missing)}"
    elif len(ours) != len(theirs):
        yield f"columns {_written(ours)} against {_written(theirs)}"
    else:
        pairs = enumerate(zip(ours, theirs, strict=True))
        yield from (f"column {i} {_written([o])} against {_written([t])}" for i, (o, t) in pairs if o != t)


def _written(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name}:{type_}" for name, type_ in columns) or "none"
