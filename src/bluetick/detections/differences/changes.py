"""Which rules two commits have otherwise: added, removed, renamed, changed, or with other exceptions beside them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path, PurePosixPath

from bluetick.detections.differences.repository import Blob, Repository
from bluetick.detections.documents.companions import OVERLAY_SUFFIX, TUNING_SUFFIX, companion
from bluetick.detections.documents.decoding import MAX_BYTES
from bluetick.detections.documents.reading import read_document_text
from bluetick.detections.documents.registry import is_other_json
from bluetick.detections.model import Detection, QueryPlace, Threshold
from bluetick.detections.tuning.model import TuningDocument
from bluetick.detections.tuning.reading import read_tuning_text
from bluetick.diagnostics import Diagnostic, SourceText, Span, has_errors
from bluetick.diagnostics.errors import TuningError


class Kind(Enum):
    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that make the rules of one document in one commit."""

    path: str
    document: Blob
    overlay: Blob | None
    tuning: Blob | None

    @property
    def blobs(self) -> tuple[Blob, ...]:
        return tuple(blob for blob in (self.document, self.overlay, self.tuning) if blob is not None)


@dataclass(frozen=True, slots=True)
class Version:
    """A rule as a commit has it. `problems` are of its document, and `tuning_problem` of the exceptions beside it: with
    an error among them it cannot run."""

    path: str
    detection: Detection
    source: SourceText
    problems: tuple[Diagnostic, ...]
    tuning: TuningDocument | None = None
    tuning_text: bytes = b""
    tuning_problem: TuningError | None = None

    @property
    def may_run(self) -> bool:
        return self.tuning_problem is None and not has_errors(self.problems)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one rule. `parts` say what is other: of these only `matters` can change rows or alerts."""

    kind: Kind
    old: Version | None
    new: Version | None
    parts: tuple[str, ...] = ()

    @property
    def matters(self) -> bool:
        return self.old is None or self.new is None or any(part != WORDS for part in self.parts)

    @property
    def name(self) -> str:
        side = self.new or self.old
        return "" if side is None else side.detection.name

    @property
    def path(self) -> str:
        side = self.new or self.old
        return "" if side is None else side.path


WORDS = "words"
"""The part of a change that no run sees: name, description, severity, tactics."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document of one commit that holds no rule that could be read; the other commit has no such document under its
    path, or one that can be read."""

    path: str
    is_new: bool
    source: SourceText
    problems: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    rules: tuple[Change, ...]
    unreadable: tuple[Unreadable, ...] = ()


def find_changes(
    repository: Repository,
    base: str,
    head: str,
    is_document: Callable[[PurePosixPath], bool],
    paths: Sequence[str] = (),
) -> Changes:
    """The rules that differ between two commits, by the path of the newer one. `is_document` tells by a path."""
    old = _sources(repository.files(base, paths), is_document)
    new = _sources(repository.files(head, paths), is_document)
    pairs = _pairs(old, new, repository.renames(base, head, paths))
    blobs = {b.name: b for pair in pairs for side in pair if side is not None for b in side.blobs}
    contents = dict(repository.contents(name for name, blob in blobs.items() if blob.size <= MAX_BYTES))
    # What is too large is not fetched: so many blanks are refused in the words of any document that is too large.
    contents |= {name: b" " * (MAX_BYTES + 1) for name, blob in blobs.items() if blob.size > MAX_BYTES}
    unreadable: list[Unreadable] = []
    rules: list[Change] = []
    for before, after in pairs:
        olds = _versions(before, contents, unreadable, is_new=False)
        news = _versions(after, contents, unreadable, is_new=True)
        rules += _matched(olds, news)
    return Changes(tuple(sorted(_moved(rules), key=lambda change: (change.path, change.name))), _told(unreadable))


def _told(unreadable: list[Unreadable]) -> tuple[Unreadable, ...]:
    """Without those that held no rule before and hold none now: a text about rules, say."""
    sides = Counter(one.path for one in unreadable)
    return tuple(one for one in unreadable if sides[one.path] == 1)


def _sources(files: dict[str, Blob], is_document: Callable[[PurePosixPath], bool]) -> dict[str, Sources]:
    found = {}
    for path, blob in files.items():
        pure = PurePosixPath(path)
        if is_document(pure):
            overlay, tuning = (str(companion(pure, s)) for s in (OVERLAY_SUFFIX, TUNING_SUFFIX))
            found[path] = Sources(path, blob, files.get(overlay), files.get(tuning))
    return found


def _pairs(
    old: dict[str, Sources], new: dict[str, Sources], renames: dict[str, str]
) -> list[tuple[Sources | None, Sources | None]]:
    """Documents that are not the same in both commits, each beside what it was."""
    pairs: list[tuple[Sources | None, Sources | None]] = []
    gone = {path: sources for path, sources in old.items() if path not in new}
    for path, sources in new.items():
        before = old.get(path) or gone.pop(renames.get(path, ""), None)
        if before != sources:
            pairs.append((before, sources))
    return pairs + [(sources, None) for sources in gone.values()]


def _versions(
    sources: Sources | None, contents: dict[str, bytes], unreadable: list[Unreadable], *, is_new: bool
) -> list[Version]:
    if sources is None:
        return []
    name = PurePosixPath(sources.path).name
    if is_other_json(name, contents[sources.document.name]):
        return []
    overlay = None if sources.overlay is None else contents[sources.overlay.name]
    result = read_document_text(contents[sources.document.name], name, overlay)
    source = SourceText(result.source.text, sources.path)
    if not result.detections:
        unreadable.append(Unreadable(sources.path, is_new, source, result.diagnostics))
    tuning, text, problem = _tuning(sources, contents)
    return [
        Version(sources.path, detection, source, result.diagnostics, tuning, text, problem)
        for detection in result.detections
    ]


def _tuning(sources: Sources, contents: dict[str, bytes]) -> tuple[TuningDocument | None, bytes, TuningError | None]:
    if sources.tuning is None:
        return None, b"", None
    data = contents[sources.tuning.name]
    path = Path(sources.path)
    try:
        return read_tuning_text(data, str(companion(path, TUNING_SUFFIX))), data, None
    except TuningError as error:
        return None, data, error


def _matched(olds: list[Version], news: list[Version]) -> list[Change]:
    """The rules of one document in both commits: by id, then by name, then by what is left in order."""
    changes = []
    left_old, left_new = list(olds), list(news)
    for same in (_same_id, _same_name, _any):
        for one in list(left_new):
            before = next((other for other in left_old if same(other, one)), None)
            if before is not None:
                left_old.remove(before)
                left_new.remove(one)
                changes.append(_changed(before, one))
    changes += [Change(Kind.REMOVED, one, None) for one in left_old]
    changes += [Change(Kind.ADDED, None, one) for one in left_new]
    return [change for change in changes if change.kind is not Kind.CHANGED or change.parts]


def _same_id(one: Version, other: Version) -> bool:
    return one.detection.id == other.detection.id


def _same_name(one: Version, other: Version) -> bool:
    return one.detection.name == other.detection.name


def _any(one: Version, other: Version) -> bool:
    return True


def _moved(changes: list[Change]) -> list[Change]:
    """A rule that went from one document and came into another, as its id tells, is one rule."""
    gone = {c.old.detection.id: c for c in changes if c.new is None and c.old and not c.old.detection.id_derived}
    found: list[Change] = []
    taken: set[int] = set()
    for change in changes:
        before = gone.pop(change.new.detection.id, None) if change.old is None and change.new else None
        if before is None or before.old is None or change.new is None:
            found.append(change)
            continue
        taken.add(id(before))
        found.append(_changed(before.old, change.new))
    return [change for change in found if id(change) not in taken]


def _changed(old: Version, new: Version) -> Change:
    kind = Kind.CHANGED if old.path == new.path else Kind.RENAMED
    return Change(kind, old, new, _parts(old, new))


def _parts(old: Version, new: Version) -> tuple[str, ...]:
    """What is other: all that a run depends on by its name, the rest as words."""
    one, other = old.detection, new.detection
    parts = {
        "query": one.query != other.query,
        "schedule": (one.frequency, one.lookback) != (other.frequency, other.lookback),
        "threshold": one.threshold != other.threshold,
        "schemas": one.schemas != other.schemas,
        "tuning": old.tuning_text != new.tuning_text,
        WORDS: _bare(one) != _bare(other),
    }
    return tuple(part for part, is_other in parts.items() if is_other)


def _bare(detection: Detection) -> Detection:
    """The detection without what the other parts tell, and without its place in a file."""
    return replace(
        detection,
        id="" if detection.id_derived else detection.id,
        query="",
        frequency=None,
        lookback=None,
        threshold=Threshold(),
        schemas=None,
        place=QueryPlace("", Span(0, 0), 1, ()),
        warnings=(),
    )
