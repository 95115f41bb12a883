"""A tree as JSON, numbers as they were written."""

import json

from bluetick.detections.documents.node_trees import NUMBER
from bluetick.detections.trees import Bare, Branch, Tree

_INDENT = "  "


def render_json(tree: Tree) -> str:
    return _text(tree, "") + "\n"


def _text(tree: Tree, margin: str) -> str:
    inner = margin + _INDENT
    match tree:
        case None:
            return "null"
        case bool():
            return "true" if tree else "false"
        case str():
            return json.dumps(tree, ensure_ascii=False)
        case Bare(text=text):
            return text if NUMBER.fullmatch(text) else json.dumps(text, ensure_ascii=False)
        case Branch(entries=entries):
            items = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {_text(value, inner)}" for key, value in entries]
            return _enclosed("{", items, "}", margin)
        case _:
            return _enclosed("[", [inner + _text(item, inner) for item in tree], "]", margin)


def _enclosed(start: str, items: list[str], end: str, margin: str) -> str:
    return start + "\n" + ",\n".join(items) + f"\n{margin}{end}" if items else start + end
