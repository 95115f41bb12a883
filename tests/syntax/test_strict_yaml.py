"""Both readers of YAML give the same tree, so that an installation without libyaml reads what one with it reads."""

import pytest
import yaml

from bluetick.diagnostics import Diagnostic
from bluetick.syntax import strict_yaml
from bluetick.syntax.strict_yaml import YamlMapping, YamlText, read_mapping

TEXTS = (
    "id: a\nname: 'é \U0001f4c4'\nquery: |\n  T\n  | where x == \"y\"\n\nversion: 1.0.0\n",
    "query: >-\n  T\n  | take 1\n\n\nentities: [{kind: Host, names: {a: b}}]\n",
    "a: ~\nb: null\nc: ''\nd:\ne: - no list\n",
    "name: \"a \\u00e9 \\x41\"\n\"quoted key\": 'it''s'\nlist:\n- 1\n- two: 2\n  three: 3\n",
    "a: 1\nb: &x 2\nc: *x\n",
    "a: !tag 1\n",
    "a: 1\na: 2\n",
    "a: [1, 2\n",
    "a: 'open\n",
    "rule\twith a tab: 1\n",
    "a:\t1\n",
    'a: "\\ud800"\n',
    "",
    "- a\n- b\n",
    "a: 1\n---\nb: 2\n",
)


@pytest.mark.parametrize("text", TEXTS)
def test_the_fast_reader_gives_what_the_other_gives(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert yaml.__with_libyaml__, "without libyaml this test would compare a reader with itself"
    fast = read_mapping(text, "rule.yaml")
    monkeypatch.setattr(strict_yaml, "_FAST", None)
    assert read_mapping(text, "rule.yaml") == fast


def test_spans_count_characters_not_bytes() -> None:
    text = "name: é\U0001f4c4\nquery: T\n"
    read = read_mapping(text, "rule.yaml")
    assert isinstance(read, YamlMapping)
    query = read.get("query")
    assert isinstance(query, YamlText)
    assert text[query.span.start : query.span.end] == "T"


@pytest.mark.parametrize(
    ("text", "words"), [("a: &x 1\n", "anchors"), ("a: !t 1\n", "tags"), ("a: 1\na: 2\n", "twice")]
)
def test_what_makes_a_text_grow_or_ambiguous_is_refused(text: str, words: str) -> None:
    read = read_mapping(text, "rule.yaml")
    assert isinstance(read, Diagnostic)
    assert words in read.message
