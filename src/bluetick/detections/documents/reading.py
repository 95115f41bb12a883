"""A rule document read: bytes or a path in, detections and everything worth saying about them out."""

import stat
from dataclasses import dataclass, replace
from pathlib import Path

from bluetick.detections.documents.assembly import assemble
from bluetick.detections.documents.companions import COMPANION_SUFFIXES, OVERLAY_SUFFIX, companion
from bluetick.detections.documents.decoding import MAX_BYTES, Decoded, check_guesses, decode, repair
from bluetick.detections.documents.fields import Draft, stem
from bluetick.detections.documents.overlay import Overlay, lay_over, read_overlay
from bluetick.detections.documents.registry import choose_format
from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic, SourceText
from bluetick.diagnostics.document_codes import (
    companion_alone,
    more_is_said,
    not_readable,
    too_large,
    too_many_lines,
)

_MAX_CHARACTERS = 200_000
_MAX_LINES = 10_000
_MAX_FINDINGS = 200


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """`source` is the document decoded and its prose repaired; every span of `diagnostics` refers to it.

    A document with an error among its diagnostics must not run, even where a detection could be read.
    """

    detections: tuple[Detection, ...]
    diagnostics: tuple[Diagnostic, ...]
    source: SourceText


def read_document(path: Path) -> DocumentResult:
    """Read a rule document and, if there is one, the overlay beside it. Never raises for what a file holds."""
    data = _read_bytes(path)
    if isinstance(data, Diagnostic):
        return _refused(path.name, data)
    beside = companion(path, OVERLAY_SUFFIX)
    extra: bytes | None = None
    if beside != path and beside.exists():
        found = _read_bytes(beside)
        if isinstance(found, Diagnostic):
            return _refused(path.name, found)
        extra = found
    return read_document_text(data, path.name, overlay=extra)


def read_document_text(data: bytes, name: str, overlay: bytes | None = None) -> DocumentResult:
    """Read a rule document from its bytes. `name` is its file name, for messages and for a rule without a name."""
    if name.lower().endswith(COMPANION_SUFFIXES):
        return _refused(name, companion_alone(name))
    decoded = decode(data, name)
    if not decoded.text:
        return DocumentResult((), decoded.diagnostics, SourceText("", name))
    if not name.lower().endswith(".json") and (wrong := _too_long(decoded.text, name)):
        return _refused(name, wrong)
    drafts, text, diagnostics = _read_text(decoded, name)
    beside = Overlay() if overlay is None else read_overlay(overlay, stem(name) + OVERLAY_SUFFIX)
    detections, found = _assemble(drafts, beside)
    everything = _listed([*decoded.diagnostics, *diagnostics, *found])
    warnings = tuple(diagnostic for diagnostic in everything if not diagnostic.is_error)
    return DocumentResult(
        tuple(replace(detection, warnings=warnings) for detection in detections),
        everything,
        SourceText(text, name),
    )


def _read_text(decoded: Decoded, name: str) -> tuple[list[Draft], str, list[Diagnostic]]:
    """Drafts, the repaired text they stand in, diagnostics.

    The first reading only finds the queries, so that the repair can leave them alone.
    """
    chosen = choose_format(decoded.text, name)
    first, problems = chosen.read(decoded.text, name)
    queries = [draft.place.span for draft in first]
    text, diagnostics = repair(decoded.text, queries)
    drafts, found = (first, problems) if text == decoded.text else chosen.read(text, name)
    if decoded.is_guess:
        found = [*check_guesses(text, [draft.place.span for draft in drafts]), *found]
    return drafts, text, [*diagnostics, *found]


def _assemble(drafts: list[Draft], overlay: Overlay) -> tuple[list[Detection], list[Diagnostic]]:
    laid, diagnostics = lay_over(drafts, overlay)
    diagnostics = [*overlay.diagnostics, *diagnostics]
    detections = []
    for draft, declared in zip(laid, drafts, strict=True):
        detection, found = assemble(draft, declared)
        detections.append(detection)
        diagnostics.extend(found)
    return detections, list(dict.fromkeys(diagnostics))


def _read_bytes(path: Path) -> bytes | Diagnostic:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return not_readable(path.name, "it is not a file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)  # one byte more than is allowed, so that the excess is seen
    except OSError as error:
        return not_readable(path.name, (error.strerror or "the system refuses").lower())


def _listed(findings: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The findings; of a great many the first, and an error if there is one."""
    if len(findings) <= _MAX_FINDINGS:
        return tuple(findings)
    rest = findings[_MAX_FINDINGS:]
    error = [finding for finding in rest if finding.is_error][:1]
    return (*findings[:_MAX_FINDINGS], *error, more_is_said(len(rest) - len(error)))


def _too_long(text: str, name: str) -> Diagnostic | None:
    """Of text, published rules are far below these limits; templates in JSON are not."""
    if len(text) > _MAX_CHARACTERS:
        return too_large(name, _MAX_CHARACTERS)
    return too_many_lines(name, _MAX_LINES) if text.count("\n") > _MAX_LINES else None


def _refused(name: str, diagnostic: Diagnostic) -> DocumentResult:
    return DocumentResult((), (diagnostic,), SourceText("", name))
