"""Nodes of a document to trees without places, and back."""

import re

import yaml

from bluetick.detections.trees import Bare, Branch, Tree
from bluetick.diagnostics import Span
from bluetick.diagnostics.document_codes import START
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TRUTH = {"true": True, "false": False}
_TEXT_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"
_RESOLVER = yaml.SafeLoader.yaml_implicit_resolvers


def tree_of(node: YamlNode) -> Tree:
    """What a node says."""
    match node:
        case YamlText(value=value, style=style):
            return value if style else plain_tree(value)
        case YamlList(items=items):
            return tuple(tree_of(item) for item in items)
        case YamlMapping(entries=entries):
            return Branch(tuple((key.value, tree_of(value)) for key, value in entries))


def branch_of(node: YamlMapping) -> Branch:
    return Branch(tuple((key.value, tree_of(value)) for key, value in node.entries))


def plain_tree(value: str) -> Tree:
    """What a scalar without quotes says: nothing, a truth value, something bare, or text."""
    if value.lower() in _TRUTH and value in (value.lower(), value.upper(), value.title()):
        return _TRUTH[value.lower()]
    tag = _tag(value)
    if tag == _NULL_TAG:
        return None
    return value if tag == _TEXT_TAG and not NUMBER.fullmatch(value) else Bare(value)


def _tag(value: str) -> str:
    """The tag that readers of YAML 1.1 give to a plain scalar."""
    for tag, pattern in _RESOLVER.get(value[:1], ()):
        if pattern.match(value):
            return str(tag)
    return _TEXT_TAG


def node_of(tree: Tree, span: Span = START) -> YamlNode:
    """A node that says what a tree says; every place in it is `span`."""
    match tree:
        case None:
            return YamlText("", span)
        case bool():
            return YamlText("true" if tree else "false", span)
        case str():
            return YamlText(tree, span, '"')
        case Bare(text=text):
            return YamlText(text, span)
        case Branch():
            return mapping_of(tree, span)
        case _:
            return YamlList(tuple(node_of(item, span) for item in tree), span)


def mapping_of(branch: Branch, span: Span = START) -> YamlMapping:
    entries = tuple((YamlText(key, span, '"'), node_of(value, span)) for key, value in branch.entries)
    return YamlMapping(entries, span)
