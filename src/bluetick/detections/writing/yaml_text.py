"""A tree as plain YAML that reads back to the same tree: texts of several lines as blocks, the rest on one line."""

import re

from bluetick.detections.documents.node_trees import plain_tree
from bluetick.detections.trees import Bare, Branch, Tree

_INDENT = 2
# Plain scalars: what no reader of YAML could take for anything else than this text.
_PLAIN = re.compile(
    r"(?!0o)[A-Za-z0-9_][A-Za-z0-9_.,;()&@%+*=<>|~!?'$^/\\-]*(?: [A-Za-z0-9_.,;()&@%+*=<>|~!?'$^/\\-]+)*"
)
# Characters that a block cannot hold as they are, or that YAML takes for ends of lines.
_UNBLOCKABLE = re.compile(r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def render_yaml(tree: Branch) -> str:
    return "".join(f"{line}\n" for line in _mapping(tree, 0)) or "{}\n"


def _mapping(tree: Branch, depth: int) -> list[str]:
    lines = []
    for key, value in tree.entries:
        lines += _headed(f"{_one_line(key)}:", value, depth)
    return lines


def _headed(head: str, value: Tree, depth: int) -> list[str]:
    """The lines of a value below or behind its key."""
    margin = " " * (depth * _INDENT)
    match value:
        case Branch(entries=entries) if entries:
            return [margin + head, *_mapping(value, depth + 1)]
        case tuple() if value:
            lines = [margin + head]
            for item in value:
                lines += _item(item, depth + 1)
            return lines
        case None:
            return [margin + head]
        case str() if "\n" in value and (block := _block(value, depth + 1)):
            return [f"{margin}{head} {block[0]}", *block[1:]]
        case _:
            return [f"{margin}{head} {_scalar(value)}"]


def _item(value: Tree, depth: int) -> list[str]:
    """The lines of an item of a list; a mapping or a list begins on the line of its dash."""
    margin = " " * (depth * _INDENT)
    match value:
        case Branch(entries=entries) if entries:
            inner = _mapping(value, depth + 1)
        case tuple() if value:
            inner = [line for item in value for line in _item(item, depth + 1)]
        case str() if "\n" in value and (block := _block(value, depth + 1)):
            return [f"{margin}- {block[0]}", *block[1:]]
        case _:
            return [f"{margin}- {_scalar(value)}"]
    return [f"{margin}- {inner[0].lstrip(' ')}", *inner[1:]]


def _block(value: str, depth: int) -> list[str]:
    """A `|` block of the text, or nothing where only an escaped text reads back the same."""
    if _UNBLOCKABLE.search(value) or not value.strip(" \n\t"):
        return []
    body = value.rstrip("\n")
    trailing = len(value) - len(body)
    lines = body.split("\n")
    first = next(line for line in lines if line.strip(" "))
    # Where the first lines are blank or indented themselves, the indentation is said, not guessed.
    is_guessable = first is lines[0] and not first.startswith((" ", "\t"))
    chomping = {0: "-", 1: ""}.get(trailing, "+")
    margin = " " * (depth * _INDENT)
    head = f"|{'' if is_guessable else _INDENT}{chomping}"
    return [head, *(f"{margin}{line}" if line else "" for line in lines), *[""] * (trailing - 1)]


def _scalar(value: Tree) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Bare(text=text):
            return text
        case str():
            return _one_line(value)
        case Branch():
            return "{}"
        case _:
            return "[]"


def _one_line(text: str) -> str:
    if _PLAIN.fullmatch(text) and plain_tree(text) == text:
        return text
    if "\n" not in text and not _UNBLOCKABLE.search(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if not _UNBLOCKABLE.match(character):
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
