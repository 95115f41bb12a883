"""The files of a folder of hunts: names that cannot lead out of it, and changes that lose nobody's text."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bluetick.detections.files import bytes_of
from bluetick.detections.hunts.model import Hunt
from bluetick.detections.hunts.reading import read_hunt
from bluetick.diagnostics.errors import BluetickError, SourceError

SUFFIX: Final = ".md"
MOST_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"[^\W_][\w .-]{0,99}")
_MOST_NAME: Final = 200  # bytes; file systems take 255, and more stands behind it
_ABOUT: Final = frozenset({"readme", "changelog", "contributing", "license"})


class HuntChanged(BluetickError):
    """The file is not the one that was read: somebody has written another meanwhile, or there is one already."""


@dataclass(frozen=True, slots=True)
class HuntFile:
    """`etag` tells this content from any other."""

    path: Path
    hunt: Hunt
    etag: str


def is_name(text: str) -> bool:
    """Whether a hunt may be called so: one plain file name without a suffix, not hidden."""
    is_plain = _NAME.fullmatch(text) is not None and text == text.rstrip(" .") and text.lower() not in _ABOUT
    return is_plain and len(text.encode("utf-8")) <= _MOST_NAME


def hunt_path(folder: Path, name: str) -> Path:
    """SourceError for what is no name."""
    if not is_name(name):
        raise SourceError(f"'{name[:100]}' cannot be a hunt's name: letters, digits, spaces, '.', '_' and '-'")
    return folder / f"{name}{SUFFIX}"


def hunt_paths(folder: Path) -> list[Path]:
    """The hunts of a folder, by name; none where there is no folder."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.suffix == SUFFIX and is_name(path.stem) and path.is_file()]
    return sorted(found)


def read_file(path: Path) -> HuntFile:
    """SourceError where there is none, where it is too large, or not UTF-8."""
    data = bytes_of(path, MOST_BYTES)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"'{path}' is not UTF-8 (byte {error.start})", str(path)) from error
    return HuntFile(path, read_hunt(text, path.stem), etag_of(data))


def etag_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_file(path: Path, text: str, etag: str | None) -> HuntFile:
    """Puts a text in the place of the content that has the etag; without one the file must be new. HuntChanged where it
    is otherwise. Two writers of one process must not be here at once."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceError("a text with half of a surrogate pair cannot be written") from error
    if len(data) > MOST_BYTES:
        raise SourceError(f"a hunt has {MOST_BYTES >> 20} MB at most")
    if etag is None:
        if path.exists():
            raise HuntChanged(f"there is a hunt '{path.stem}' already")
    elif not path.is_file() or etag_of(bytes_of(path, MOST_BYTES)) != etag:
        raise HuntChanged(f"the hunt '{path.stem}' has been changed since it was read")
    put(path, data)
    return read_file(path)


def put(path: Path, data: bytes) -> None:
    """The whole file or the one before it, whatever happens. SourceError where it cannot be written."""
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.", suffix=".part")
        with os.fdopen(handle, "wb") as out:
            os.fchmod(handle, _mode_of(path))
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, path)
    except OSError as error:
        raise SourceError(f"'{path}' cannot be written: {(error.strerror or str(error)).lower()}", str(path)) from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def _mode_of(path: Path) -> int:
    """That of the file that is replaced."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
