"""Secrets of outputs: a document names where they stand, never what they are."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ENVIRONMENT: Final = "env:"
FILE: Final = "file:"
_MOST_BYTES: Final = 8_192


class MissingSecret(ValueError):
    """Where a secret should be, and is not. It never shows one."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret; only `value` shows it."""

    value: str = field(repr=False)


def is_reference(text: str) -> bool:
    return text.startswith((ENVIRONMENT, FILE))


def read_secret(reference: str, folder: Path, environment: Mapping[str, str]) -> Secret:
    """What `env:NAME` or `file:PATH` refers to, one line of visible ASCII; a path starts at the folder."""
    if reference.startswith(ENVIRONMENT):
        name = reference.removeprefix(ENVIRONMENT)
        place, text = f"the environment variable {name}", environment.get(name, "")
    else:
        path = folder / reference.removeprefix(FILE)
        place, text = f"the file '{path}'", _text(path)
    value = text.strip()
    if not value:
        raise MissingSecret(f"{place} has no secret")
    if not all("!" <= character <= "~" for character in value):
        raise MissingSecret(f"what stands in {place} is no secret: it must be one word of ASCII")
    return Secret(value)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or os.strerror(0)).lower()
        raise MissingSecret(f"the file '{path}' cannot be read: {reason}") from None
    except UnicodeDecodeError:
        raise MissingSecret(f"the file '{path}' is no text") from None
    if len(data) > _MOST_BYTES:
        raise MissingSecret(f"the file '{path}' is too large for a secret")
    return text
