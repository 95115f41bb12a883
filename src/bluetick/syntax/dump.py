"""A syntax tree as short indented text, for people and for tests: every field but the spans."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from bluetick.diagnostics import Span
from bluetick.syntax.statements import Query

_SUFFIXES = ("Expression", "Operator", "Statement", "Source", "Literal")


def dump(query: Query) -> str:
    """One line for a node, its plain fields beside its name, the nodes in it below."""
    return "\n".join(line for statement in query.statements for line in _lines(statement, 0, ""))


def _lines(node: object, depth: int, label: str) -> Iterator[str]:
    prefix = "  " * depth + (f"{label}: " if label else "")
    if isinstance(node, tuple):
        yield prefix + "()"
        for item in node:
            yield from _lines(item, depth + 1, "")
        return
    if not is_dataclass(node) or isinstance(node, type):
        yield prefix + _plain(node)
        return
    children: list[tuple[str, object]] = []
    words = [_short(type(node).__name__)]
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Span) or value == field.default or value in ((), None):
            continue
        if _is_plain(value):
            words.append(_plain(value) if field.name in _SELF_EVIDENT else f"{field.name}={_plain(value)}")
        else:
            children.append((field.name, value))
    yield prefix + " ".join(words)
    for name, value in children:
        items = value if isinstance(value, tuple) else (value,)
        for item in items:
            yield from _lines(item, depth + 1, name)


_SELF_EVIDENT = frozenset({"operator", "name", "value", "text", "type", "keyword", "pattern"})


def _is_plain(value: object) -> bool:
    """Not a node, nor a tuple with nodes: shown beside the name. A Name is shown as its text."""
    if type(value).__name__ == "Name":
        return True
    if isinstance(value, tuple):
        return all(type(item).__name__ == "Name" for item in value)
    return not is_dataclass(value)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_plain(item) for item in value) + ")"
    if is_dataclass(value):
        return str(getattr(value, "text", value))
    return repr(value) if isinstance(value, str | float) else str(value)


def _short(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix)
    return name
