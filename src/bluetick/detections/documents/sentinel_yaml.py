"""Sentinel's YAML form of a rule or a hunting query."""

import re

from bluetick.detections.documents.fields import Draft, place_of, stem
from bluetick.detections.documents.format import Format, Reading
from bluetick.detections.documents.known_keys import SENTINEL, unknown_keys
from bluetick.detections.documents.node_trees import branch_of
from bluetick.detections.documents.plain import has_statement
from bluetick.detections.documents.sentinel_rule import read_rule
from bluetick.detections.model import QueryPlace, line_starts
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.document_codes import no_query
from bluetick.syntax.strict_yaml import YamlText, read_mapping

_QUERY_KEY = re.compile(r"^query[ \t]*:", re.MULTILINE)
_NAME_KEY = re.compile(r"^(?:id|name|kind|description)[ \t]*:", re.MULTILINE)


def matches_yaml(text: str) -> bool:
    return _QUERY_KEY.search(text) is not None and _NAME_KEY.search(text) is not None


def read_sentinel_yaml(text: str, file_name: str) -> Reading:
    root = read_mapping(text, file_name)
    if isinstance(root, Diagnostic):
        return [], [root]
    query = root.get("query")
    if not isinstance(query, YamlText) or not has_statement(query.value):
        return [], [no_query(file_name, "the key 'query' must hold the text of the query")]
    rule = read_rule(root)
    diagnostics = [*unknown_keys(root, SENTINEL, "Sentinel's YAML"), *rule.diagnostics]
    value = query.value.rstrip()
    draft = Draft(
        stem(file_name),
        value,
        place_of_scalar(text, file_name, query, value),
        rule.fields,
        "sentinel",
        rule.alerting,
        "sentinel",
        branch_of(root),
    )
    return [draft], diagnostics


def place_of_scalar(text: str, file_name: str, node: YamlText, query: str) -> QueryPlace:
    """Where each line of the query stands, if the scalar keeps its lines; else only where the scalar stands."""
    at = text.find(query, node.span.start, node.span.end)
    if at >= 0:
        return place_of(text, file_name, Span(at, at + len(query)))
    offsets = _block_offsets(text, node, query)
    span = Span(offsets[0], node.span.end) if offsets else node.span
    return QueryPlace(file_name, span, text.count("\n", 0, span.start) + 1, offsets)


def _block_offsets(text: str, node: YamlText, query: str) -> tuple[int, ...]:
    """The offsets of the lines of a `|` scalar, or nothing where they cannot be told for certain."""
    if node.style != "|":
        return ()
    below = text.find("\n", node.span.start) + 1
    block = text[below : node.span.end].split("\n")
    starts = [below + start for start in line_starts(text[below : node.span.end])]
    lines = query.split("\n")
    skipped = next((i for i, line in enumerate(block) if line.strip()), 0) if lines[0].strip() else 0
    offsets = []
    for number, line in enumerate(lines):
        if number + skipped >= len(block) or not block[number + skipped].rstrip("\r").endswith(line):
            return ()
        offsets.append(starts[number + skipped] + len(block[number + skipped].rstrip("\r")) - len(line))
    return tuple(offsets)


SENTINEL_YAML = Format("Sentinel YAML", (".yaml", ".yml"), matches_yaml, read_sentinel_yaml)
