"""The manual of the lint: a section for each rule, whose first example has the finding and whose second has not."""

import re
from pathlib import Path

import pytest

from bluetick.detections.documents import read_document_text
from bluetick.detections.linting.registry import RULES, lint
from bluetick.detections.runs import query_request
from linting.linted import SESSION, TODAY

_MANUAL = (Path(__file__).parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")
_SECTIONS = {part.split()[0]: part for part in _MANUAL.split("\n## ")[1:] if part.startswith("BTL")}
_WITHOUT_EXAMPLE = {"BTL014"}  # of documents that have no `//` header


def test_each_rule_has_its_section_and_no_other_has_one() -> None:
    heads = [part.splitlines()[0] for part in _SECTIONS.values()]
    assert heads == [f"{rule.id} {rule.name}" for rule in RULES]
    anchors = ["#" + head.lower().replace(" ", "-") for head in heads]
    assert [rule.page for rule in RULES] == ["docs/lint.md" + anchor for anchor in anchors]


@pytest.mark.parametrize("code", sorted(_SECTIONS.keys() - _WITHOUT_EXAMPLE))
def test_the_first_example_has_the_finding_and_the_second_has_not(code: str) -> None:
    before, after = re.findall(r"```kql\n(.*?)```", _SECTIONS[code], re.DOTALL)
    assert code in _found(before)
    assert code not in _found(after)


def _found(document: str) -> set[str]:
    (detection,) = read_document_text(document.encode(), "example.kql").detections
    plan, _ = SESSION.plan(query_request(detection), is_check=True)
    return {one.code for one in lint(detection, plan, TODAY)}


def test_an_overlay_allows_a_rule() -> None:
    document = b"SecurityEvent | take 5"
    overlay = b"allow:\n  - rule: BTL001\n    reason: it is small\n  - 'arbitrary-rows: any will do'\n  - BTL999\n"
    result = read_document_text(document, "rule.kql", overlay=overlay)
    (detection,) = result.detections
    assert [(one.rule, one.reason) for one in detection.allowed] == [
        ("BTL001", "it is small"),
        ("arbitrary-rows", "any will do"),
        ("BTL999", ""),
    ]
    plan, _ = SESSION.plan(query_request(detection), is_check=True)
    (unknown,) = lint(detection, plan, TODAY)
    assert unknown.code == "BTL023"
    assert unknown.message.startswith("rule.bluetick.yaml:5:")
