"""Sentinel's YAML form of a rule or a hunting query."""

import re

from bluetick.detections.documents.fields import Draft, stem
from bluetick.detections.documents.format import MAX_PARTS, Format, Reading
from bluetick.detections.documents.known_keys import SENTINEL, unknown_keys
from bluetick.detections.documents.node_trees import branch_of
from bluetick.detections.documents.plain import has_statement
from bluetick.detections.documents.scalar_places import place_of_scalar
from bluetick.detections.documents.sentinel_rule import read_rule, schemas_of
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.document_codes import no_query
from bluetick.syntax.strict_yaml import YamlText, read_mapping

_QUERY_KEY = re.compile(r"^query[ \t]*:", re.MULTILINE)
_NAME_KEY = re.compile(r"^(?:id|name|kind|description)[ \t]*:", re.MULTILINE)


def matches_yaml(text: str) -> bool:
    return _QUERY_KEY.search(text) is not None and _NAME_KEY.search(text) is not None


def read_sentinel_yaml(text: str, file_name: str) -> Reading:
    root = read_mapping(text, file_name, MAX_PARTS)
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
        schemas_of(root, rule, value),
        rule.alerting,
        "sentinel",
        branch_of(root),
    )
    return [draft], diagnostics


SENTINEL_YAML = Format("Sentinel YAML", (".yaml", ".yml"), matches_yaml, read_sentinel_yaml)
