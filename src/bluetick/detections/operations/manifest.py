"""What a backup holds, as a file beside it that tells its own damage."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Final

from bluetick.detections.ledger.copies import flush
from bluetick.diagnostics.errors import SourceError

FORMAT: Final = 1
_NAME: Final = re.compile(r"(\d{8})-([0-9TZ]+)-([0-9a-f]{16})\.json")


class Area(StrEnum):
    """Where a file belongs."""

    LEDGER = "ledger"
    LAKE = "lake"
    ALSO = "also"


@dataclass(frozen=True, slots=True)
class Held:
    """A file of a backup: where it belongs, the SHA-256 of its content, its size, when it was changed (nanoseconds)
    and its mode."""

    area: Area
    path: str
    digest: str
    size: int
    changed: int
    mode: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup. `began` is when the ledger and the lake were looked at (nanoseconds since 1970), `form` that of
    the ledger, `versions` those of the lake's Delta tables."""

    number: int
    began: int
    made: str
    program: str
    form: int
    versions: dict[str, int]
    files: tuple[Held, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def label(self) -> str:
        return f"{self.number} of {self.made}"


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """From here on the backup is there. Its name tells what its bytes must be."""
    data = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=0).encode()
    stamp = re.sub(r"[-:]", "", manifest.made)
    path = folder / f"{manifest.number:08}-{stamp}-{hashlib.sha256(data).hexdigest()[:16]}.json"
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    flush(part)
    part.replace(path)
    flush(folder)
    return path


def read_manifest(path: Path) -> Manifest:
    """A SourceError where it is damaged, or of a later release."""
    data = path.read_bytes()
    named = _NAME.fullmatch(path.name)
    if named is None or hashlib.sha256(data).hexdigest()[:16] != named[3]:
        raise SourceError(f"the backup's list of files '{path}' is damaged", str(path))
    content = json.loads(data)
    if content.pop("format") != FORMAT:
        raise SourceError(f"the backup '{path}' was made by a later version of bluetick", str(path))
    content["files"] = tuple(_held(item, path) for item in content["files"])
    return Manifest(**content)


def manifest_paths(folder: Path) -> list[Path]:
    """The oldest first."""
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def number_of(path: Path) -> int:
    return int(path.name.partition("-")[0])


def by_digest(manifests: Iterable[Manifest]) -> dict[str, Held]:
    """One file of each content."""
    return {file.digest: file for manifest in manifests for file in manifest.files}


def _held(item: dict[str, Any], path: Path) -> Held:
    inside = PurePosixPath(item["path"])
    if inside.is_absolute() or ".." in inside.parts:
        raise SourceError(f"the backup '{path}' names a file outside of its folders: '{inside}'", str(path))
    return Held(**{**item, "area": Area(item["area"])})
