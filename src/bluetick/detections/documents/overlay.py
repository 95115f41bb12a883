"""`NAME.bluetick.yaml` beside a document: what the document does not say, never its query."""

from dataclasses import dataclass, replace

from bluetick.detections.documents.assembly import group_of, value_text
from bluetick.detections.documents.decoding import decode
from bluetick.detections.documents.fields import KNOWN_KEYS, Draft, Field, known_key
from bluetick.detections.documents.format import MAX_PARTS
from bluetick.detections.documents.yaml_fields import fields_of
from bluetick.diagnostics import Diagnostic, SourceText, Span
from bluetick.diagnostics.document_codes import START, overlay_for_several, overlay_replaces, overlay_unknown_key
from bluetick.diagnostics.nearest import did_you_mean, nearest
from bluetick.syntax.strict_yaml import YamlText, read_mapping

_FOR_ONE = frozenset({"id", "name"})


@dataclass(frozen=True, slots=True)
class Overlay:
    """The fields of an overlay. Diagnostics speak of another text than the document, so they name their place."""

    fields: tuple[Field, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_overlay(data: bytes, name: str) -> Overlay:
    decoded = decode(data, name)
    source = SourceText(decoded.text, name)
    if not decoded.text:
        return Overlay(diagnostics=decoded.diagnostics)
    root = read_mapping(decoded.text, name, MAX_PARTS)
    if isinstance(root, Diagnostic):
        return Overlay(diagnostics=(_placed(root, source),))
    fields: list[Field] = []
    diagnostics: list[Diagnostic] = [_placed(diagnostic, source) for diagnostic in decoded.diagnostics]
    for written, node in root.entries:
        key = known_key(written.value)
        if key is None or key == "operator":
            diagnostics.append(_unknown(written, source))
            continue
        found, wrong = fields_of(key, written.value, node)
        fields.extend(replace(item, span=START, origin=_place(source, item.span)) for item in found)
        diagnostics.extend(_placed(diagnostic, source) for diagnostic in wrong)
    return Overlay(tuple(fields), tuple(diagnostics))


def lay_over(drafts: list[Draft], overlay: Overlay) -> tuple[list[Draft], list[Diagnostic]]:
    """The drafts with the overlay's fields in place of their own."""
    diagnostics: list[Diagnostic] = []
    groups: dict[str, list[Field]] = {}
    for item in overlay.fields:
        groups.setdefault("threshold" if item.key == "operator" else item.key, []).append(item)
    for key in _FOR_ONE & groups.keys() if len(drafts) > 1 else ():
        diagnostics.append(overlay_for_several(groups.pop(key)[0].origin, key))
    laid = []
    for draft in drafts:
        changed = draft
        for key, items in groups.items():
            changed, replaced = _replace(changed, key, items)
            diagnostics.extend(replaced)
        laid.append(changed)
    return laid, list(dict.fromkeys(diagnostics))


def _replace(draft: Draft, key: str, items: list[Field]) -> tuple[Draft, list[Diagnostic]]:
    keys = group_of(key)
    old = [item for item in draft.fields if item.key in keys]
    kept = tuple(item for item in draft.fields if item.key not in keys)
    changed = replace(draft, fields=(*kept, *items))
    if not old or value_text(old) == value_text(items):
        return changed, []
    return changed, [overlay_replaces(items[0].origin, key, _short(value_text(old)), _short(value_text(items)))]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def _unknown(written: YamlText, source: SourceText) -> Diagnostic:
    place = _place(source, written.span)
    if written.value == "query":
        return overlay_unknown_key(place, "query", "an overlay never changes the query; it stands in the document")
    close = nearest(written.value, KNOWN_KEYS)
    return overlay_unknown_key(place, written.value, did_you_mean(close))


def _place(source: SourceText, span: Span) -> str:
    line, column = source.position(span.start)
    return f"{source.name}:{line}:{column}"


def _placed(diagnostic: Diagnostic, source: SourceText) -> Diagnostic:
    place = _place(source, diagnostic.span)
    return replace(diagnostic, message=f"{place}: {diagnostic.message}", span=START)
