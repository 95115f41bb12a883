"""The rules that there are: those of the folder's documents and those that the ledger knows, each once."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bluetick.detections.documents.companions import OVERLAY_SUFFIX, companion
from bluetick.detections.ledger.rule_listing import RuleStanding
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import Document, document_paths, open_document
from bluetick.detections.runs import query_request
from bluetick.detections.schedule.rules import stored
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.errors import BluetickError, QueryError
from bluetick.session import Session

_MOST_KEPT: Final = 10_000
_Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Shelved:
    """A rule, or a document that holds none (`detection` is None). `file` is its path in the folder, None for a rule
    that only the ledger has; `standing` is None for one that no service has run."""

    id: str
    detection: Detection | None
    text: str
    file: str | None
    errors: tuple[str, ...]
    standing: RuleStanding | None

    @property
    def name(self) -> str:
        known = self.detection or self.standing
        return self.id if known is None else known.name


@dataclass(slots=True, eq=False)
class Shelf:
    """Remembers documents until they change, and which of them bind until there are other tables."""

    folder: Path | None
    session: Session
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _documents: dict[Path, tuple[_Stamp, Document]] = field(default_factory=dict)
    _stored: dict[tuple[str, str], tuple[Detection, str]] = field(default_factory=dict)
    _bound: dict[tuple[str, str | None, frozenset[str]], tuple[Diagnostic, ...]] = field(default_factory=dict)

    def rules(self, standings: Sequence[RuleStanding]) -> list[Shelved]:
        """Those of documents first, in the order of their files."""
        with self._lock:
            known = {one.id: one for one in standings}
            found: dict[str, Shelved] = {}
            for document, file in self._read():
                for one in _shelved(document, file, known):
                    found.setdefault(one.id, one)
            for standing in standings:
                if standing.id not in found:
                    detection, text = self._of_ledger(standing)
                    found[standing.id] = Shelved(standing.id, detection, text, None, (), standing)
            return list(found.values())

    def documents(self) -> Mapping[str, Path]:
        """By rule, the document that it is in."""
        with self._lock:
            found: dict[str, Path] = {}
            for document, _ in self._read():
                for detection in document.result.detections:
                    found.setdefault(detection.id, document.path)
            return found

    def problems(self, detection: Detection) -> tuple[Diagnostic, ...]:
        """Why the query does not bind, and what is worth saying about it; of the query's text."""
        key = (detection.query, detection.schemas, frozenset(self.session.catalog.names()))
        with self._lock:
            if key in self._bound:
                return self._bound[key]
        found = _problems(self.session, detection)
        with self._lock:
            if len(self._bound) >= _MOST_KEPT:
                self._bound.clear()
            self._bound[key] = found
        return found

    def _read(self) -> Iterator[tuple[Document, str]]:
        folder = self.folder
        if folder is None or not folder.is_dir():
            return
        paths = document_paths([folder], may_be_none=True)
        for gone in self._documents.keys() - set(paths):
            del self._documents[gone]
        for path in paths:
            stamp = (*_stamp(path), *_stamp(companion(path, OVERLAY_SUFFIX)))
            kept = self._documents.get(path)
            if kept is None or kept[0] != stamp:
                kept = self._documents[path] = (stamp, open_document(path))
            yield kept[1], path.relative_to(folder).as_posix()

    def _of_ledger(self, standing: RuleStanding) -> tuple[Detection, str]:
        key = (standing.id, standing.version)
        if key not in self._stored:
            held = stored(standing.document)
            self._stored[key] = (held.detection, held.text)
        return self._stored[key]


def _shelved(document: Document, file: str, known: Mapping[str, RuleStanding]) -> Iterator[Shelved]:
    text = document.result.source.text
    errors = tuple(f"{one.code}: {one.message}" for one in document.errors)
    if not document.result.detections:
        yield Shelved(file, None, text, file, errors or ("the document holds no rule",), None)
    for detection in document.result.detections:
        yield Shelved(detection.id, detection, text, file, errors, known.get(detection.id))


def _problems(session: Session, detection: Detection) -> tuple[Diagnostic, ...]:
    try:
        return session.plan(query_request(detection), is_check=True)[1]
    except QueryError as error:
        return error.diagnostics
    except BluetickError:  # of a table's file, say: not a matter of the query
        return ()


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return ()
    return ((found.st_mtime_ns, found.st_size),)
