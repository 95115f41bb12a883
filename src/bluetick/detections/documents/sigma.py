"""Sigma rules: YAML that names a log source and what to look for there, made into KQL by pySigma's Kusto backend."""

import re
from collections.abc import Iterator
from typing import Any

from bluetick.detections.documents.fields import Draft, stem
from bluetick.detections.documents.format import MAX_PARTS, Format, Reading
from bluetick.detections.documents.sigma_columns import RefusedFieldError
from bluetick.detections.documents.sigma_fields import fields_of_rule
from bluetick.detections.documents.sigma_limits import MAX_QUERY, too_much_asked
from bluetick.detections.documents.sigma_logsource import LOGSOURCE, source_of
from bluetick.detections.documents.sigma_sources import Source
from bluetick.detections.documents.sigma_values import plain
from bluetick.detections.model import QueryPlace
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.document_codes import several_queries
from bluetick.diagnostics.sigma_codes import (
    field_not_told,
    no_table,
    not_a_rule,
    not_converted,
    sigma_extra_missing,
    told_by_sysmon,
    too_much,
)
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_MARKS = (
    re.compile(r"^(?:detection|correlation)[ \t]*:", re.MULTILINE),
    re.compile(r"^(?:logsource|correlation)[ \t]*:", re.MULTILINE),
    re.compile(r"^title[ \t]*:", re.MULTILINE),
)
_KINDS = ("correlation", "action", "filter")
_MAX_REASON = 300


def matches_sigma(text: str) -> bool:
    return all(mark.search(text) is not None for mark in _MARKS)


def read_sigma(text: str, file_name: str) -> Reading:
    root = read_mapping(text, file_name, MAX_PARTS)
    if isinstance(root, Diagnostic):
        return [], [root]
    detection, logsource = root.get("detection"), root.get("logsource")
    if kind := next((key for key, _ in root.entries if key.value in _KINDS), None):
        return [], [not_a_rule(kind.span, kind.value)]
    if not isinstance(detection, YamlMapping) or not isinstance(logsource, YamlMapping):
        return [], [not_converted(root.span, "it needs the mappings 'logsource' and 'detection'")]
    queries = _queries(root, detection, logsource)
    if isinstance(queries, Diagnostic):
        return [], [queries]
    found, source, of_sysmon = queries
    warnings = [told_by_sysmon(_field_span(detection, name), name) for name in of_sysmon]
    place = QueryPlace(file_name, detection.span, text.count("\n", 0, detection.span.start) + 1, ())
    fields = fields_of_rule(root)
    if len(found) == 1:
        return [Draft(stem(file_name), found[0], place, fields, source.pack)], warnings
    name = _text(root.get("title")).strip() or stem(file_name)
    shared = tuple(item for item in fields if item.key not in ("id", "name"))
    drafts = [Draft(f"{name} ({n})", query, place, shared, source.pack) for n, query in enumerate(found, 1)]
    return drafts, [several_queries(detection.span, len(found)), *warnings]


def _queries(
    root: YamlMapping, detection: YamlMapping, logsource: YamlMapping
) -> tuple[list[str], Source, list[str]] | Diagnostic:
    """The queries of a rule, the table that they read, and fields that only Sysmon tells; or why there are none."""
    if wrong := too_much_asked(detection):
        return wrong
    try:
        from bluetick.detections.documents.sigma_conversion import (  # noqa: PLC0415  # an extra, and slow to load
            CHANNELS,
            convert,
        )
    except ImportError:
        return sigma_extra_missing(detection.span)
    source = source_of({key.value: _text(node) for key, node in logsource.entries}, CHANNELS)
    if source is None:
        return no_table(logsource.span, _shown(logsource))
    try:
        queries, of_sysmon = convert(_rule(root), source)
    except RefusedFieldError as error:
        return field_not_told(_field_span(detection, error.field), error.field, error.reason)
    except Exception as error:  # whatever pySigma raises, and of whatever type, is a rule refused
        return not_converted(detection.span, _reason(error))
    if not queries:
        return not_converted(detection.span, "it has no condition")
    if any(len(query) > MAX_QUERY for query in queries):
        return too_much(detection.span, f"its query has more than {MAX_QUERY:,} characters")
    return queries, source, of_sysmon


def _rule(root: YamlMapping) -> dict[str, Any]:
    """What a conversion looks at, and no more: the rest of a rule is kept as it is written."""
    wanted = {key.value: plain(node) for key, node in root.entries if key.value in ("logsource", "detection")}
    return {"title": "rule", **wanted}


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()).partition(" (while ")[0]
    return text[:_MAX_REASON] or type(error).__name__


def _field_span(node: YamlNode, field: str) -> Span:
    """Where a field is first named."""
    found = next((span for name, span in _keys(node) if name.partition("|")[0] == field), None) if field else None
    return found or node.span


def _keys(node: YamlNode) -> Iterator[tuple[str, Span]]:
    match node:
        case YamlList(items=items):
            for item in items:
                yield from _keys(item)
        case YamlMapping(entries=entries):
            for key, value in entries:
                yield key.value, key.span
                yield from _keys(value)


def _shown(logsource: YamlMapping) -> str:
    return ", ".join(f"{key}: {_text(node)}" for key in LOGSOURCE if (node := logsource.get(key)) and _text(node))


def _text(node: YamlNode | None) -> str:
    return node.value if isinstance(node, YamlText) else ""


SIGMA = Format("Sigma", (".yml", ".yaml"), matches_sigma, read_sigma)
