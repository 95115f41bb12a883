"""What deltalake and the file system raise, as ours."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
from deltalake.exceptions import DeltaError

from bluetick.diagnostics.errors import SourceError

_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file would be larger than this process may write",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EROFS: "the file system is read-only",
}
# deltalake tells of the same in words alone.
_WORDS: Final = (
    ("No space left on device", _REASONS[errno.ENOSPC]),
    ("StorageFull", _REASONS[errno.ENOSPC]),
    ("File too large", _REASONS[errno.EFBIG]),
    ("FileTooLarge", _REASONS[errno.EFBIG]),
    ("Permission denied", _REASONS[errno.EACCES]),
    ("Read-only file system", _REASONS[errno.EROFS]),
)


def reason(error: BaseException) -> str:
    """Why something could not be read or written, in one line."""
    if isinstance(error, OSError) and error.errno in _REASONS:
        return _REASONS[error.errno]
    text = str(error)
    known = next((words for mark, words in _WORDS if mark in text), None)
    first = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return known or first[:300]


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """What fails inside is a SourceError that names the table's folder."""
    try:
        yield
    except (DeltaError, OSError, pa.ArrowException, OverflowError) as error:
        raise SourceError(f"the Delta table '{folder}' cannot be read: {reason(error)}", str(folder)) from error


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """The same for writing. Nothing that was written before the failure can be seen by a query."""
    try:
        yield
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise SourceError(f"nothing more can be written to '{place}': {reason(error)}", str(place)) from error
