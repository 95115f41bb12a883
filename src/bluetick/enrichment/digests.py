"""The digest that names the edition of a user's file."""

import hashlib
from pathlib import Path


def file_digest(path: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
