"""Trees written as YAML and as JSON read back to the same trees."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.detections.documents.node_trees import branch_of, tree_of
from bluetick.detections.trees import Bare, Branch, Tree
from bluetick.detections.writing.json_text import render_json
from bluetick.detections.writing.yaml_text import render_yaml
from bluetick.diagnostics import Diagnostic
from bluetick.syntax.strict_json import read_json
from bluetick.syntax.strict_yaml import UNTEXTUAL, read_mapping

PIECES = st.sampled_from(
    [
        *("a", "T | take 1", "\n", "\n\n", "  ", "\t", ": ", " #", "- ", "'", '"', "\\", "|", ">", "{", "}", "[", "]"),
        *("&a", "*a", "!t", "%", "@", "`", "?", ",", "---", "...", "\r\n", "\x85", "\u2028", "\ufeff", "\U0001f600"),
        *("true", "no", "null", "~", "1", "1.0", "0x1f", "1e3", "2021-01-01", "12:30:00", "=", "<<", "\x0c", "é"),
    ]
)
TEXTS = (st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=20)).filter(
    lambda text: UNTEXTUAL.search(text) is None and not set(text) & {"\ufffe", "\uffff"}
)
BARE = st.sampled_from(["0", "1.10", "-3", "1e5", "1.0E+10", "12345678901234567890"]).map(Bare)
YAML_BARE = BARE | st.sampled_from(["yes", "Off", "2021-01-01", "0x1f", ".5", "1:30", ".inf"]).map(Bare)
KEYS = TEXTS.filter(lambda text: len(text) < 100)


def trees(bare: st.SearchStrategy[Bare]) -> st.SearchStrategy[Tree]:
    leaves: st.SearchStrategy[Tree] = TEXTS | st.booleans() | st.none() | bare
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4).map(tuple) | branches(inner),
        max_leaves=12,
    )


def branches(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Branch]:
    return st.dictionaries(KEYS, inner, max_size=4).map(lambda found: Branch(tuple(found.items())))


@given(branches(trees(YAML_BARE)))
@settings(max_examples=500, deadline=None)
def test_yaml_reads_back(tree: Branch) -> None:
    node = read_mapping(render_yaml(tree), "a.yaml")
    assert not isinstance(node, Diagnostic), node
    assert branch_of(node) == tree


@given(branches(trees(BARE)))
@settings(max_examples=300, deadline=None)
def test_json_reads_back(tree: Branch) -> None:
    text = render_json(tree)
    node = read_json(text, "a.json")
    assert not isinstance(node, Diagnostic), node
    assert tree_of(node) == tree
    assert list(json.loads(text)) == [key for key, _ in tree.entries]


@given(TEXTS.filter(lambda text: text.strip(" \t\n") != ""))
@settings(max_examples=500, deadline=None)
def test_a_query_is_a_block_where_yaml_can_hold_it(text: str) -> None:
    written = render_yaml(Branch((("query", text),)))
    node = read_mapping(written, "a.yaml")
    assert not isinstance(node, Diagnostic)
    assert branch_of(node).get("query") == text
    is_plain = all(character.isprintable() or character in "\n\t" for character in text)
    if "\n" in text and is_plain:
        assert written.startswith("query: |")
