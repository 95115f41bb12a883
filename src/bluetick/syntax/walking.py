"""A walk over what was written."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from bluetick.diagnostics import Span


def written_nodes(root: object) -> Iterator[object]:
    """Every node of a syntax tree, parents first, in the order of the text; deep chains are no danger."""
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            pending.extend(reversed(node))
            continue
        kind: Any = type(node)
        if names := _parts(kind):
            yield node
            pending.extend(getattr(node, name) for name in reversed(names))


@cache
def _parts(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a node's class that may hold nodes; none of what is no node."""
    if not is_dataclass(kind) or kind is Span:
        return ()
    return tuple(field.name for field in fields(kind) if field.name != "span")
