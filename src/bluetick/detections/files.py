"""Files that people give beside rules: read whole, and never more of them than is taken."""

from pathlib import Path

from bluetick.diagnostics.errors import SourceError


def bytes_of(path: Path, most: int) -> bytes:
    """SourceError where the file cannot be read or has more bytes than that."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise SourceError(f"'{path}': {(error.strerror or 'cannot be read').lower()}", str(path)) from error
    if len(data) > most:
        raise SourceError(f"'{path}' is larger than {most >> 20} MB", str(path))
    return data
