"""Expressions of ARM templates: `[...]`, which only a deployment computes; `[[...]` is such a text itself."""

import re
from uuid import UUID

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_expression(text: str) -> bool:
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def literal(text: str) -> str:
    """The text that a template's text stands for."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


def escaped(text: str) -> str:
    """The text as a template writes it."""
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text


def guid_in(text: str) -> str:
    """The last GUID that a name or an expression holds, or the empty text."""
    found = _GUID.findall(text)
    return str(UUID(found[-1])) if found else ""
