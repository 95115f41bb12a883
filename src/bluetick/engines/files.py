"""A user's pattern as a list of files, expanded once."""

import glob
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.partitions import find_partitions
from bluetick.engines.protocol import FileFormat, FileSource

_FORMATS: Final[dict[str, FileFormat]] = {
    ".parquet": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
}
_COMPRESSED: Final = (".gz", ".zst")
_WANTED: Final = "a .parquet, .ndjson, .jsonl, .json, .csv or .tsv file (the text formats also as .gz or .zst)"


def expand_pattern(pattern: str | Path | Sequence[str | Path]) -> FileSource:
    """The files of a path, a folder (with its subfolders), a glob, or several of them; all of one format."""
    patterns = [pattern] if isinstance(pattern, str | Path) else list(pattern)
    if not patterns:
        raise SourceError("no path was given where a table's files are named")
    files = sorted({str(path) for item in patterns for path in _expand(str(item))})
    formats = {file: _format(file) for file in files}
    if len(set(formats.values())) > 1:
        first, other = files[0], next(file for file in files if formats[file] != formats[files[0]])
        raise SourceError(
            f"one table has files of different formats: '{first}' is {formats[first]}, '{other}' is {formats[other]}",
            file=other,
        )
    partitions, safe = find_partitions(files)
    return FileSource(tuple(files), formats[files[0]], partitions=partitions, safe=safe)


def _expand(pattern: str) -> list[Path]:
    if "://" in pattern:
        raise SourceError(f"'{pattern}' is not a local path", file=pattern)
    path = Path(pattern).expanduser()
    if path.is_dir():
        return _folder(path)
    if path.is_file():
        return [path]
    found = [Path(name) for name in glob.glob(str(path), recursive=True)]
    files = [name for name in found if name.is_file() and not _is_hidden(name, path)]
    if files:
        return files
    wanted = "file matches the pattern" if glob.has_magic(pattern) else "file or folder of this name"
    raise SourceError(f"'{pattern}': there is no {wanted}", file=pattern)


def _folder(folder: Path) -> list[Path]:
    if (folder / "_delta_log").is_dir():
        raise SourceError(
            f"'{folder}' is a Delta table; its files cannot be read one by one, as some may be deleted ones",
            file=str(folder),
        )
    files = [
        file
        for file in folder.rglob("*")
        if _known_format(file.name) is not None and file.is_file() and not _is_hidden(file, folder)
    ]
    if not files:
        raise SourceError(f"the folder '{folder}' holds no {_WANTED}", file=str(folder))
    return files


def _is_hidden(file: Path, root: Path) -> bool:
    """Whether the file or a folder below the root begins with '.' or '_': what writers put beside their data."""
    parts: Iterable[str] = file.relative_to(root).parts if file.is_relative_to(root) else (file.name,)
    return any(part.startswith((".", "_")) for part in parts)


def _known_format(name: str) -> FileFormat | None:
    lower = name.lower()
    for ending in _COMPRESSED:
        if lower.endswith(ending):
            found = _FORMATS.get(Path(lower.removesuffix(ending)).suffix)
            return None if found == "parquet" else found
    return _FORMATS.get(Path(lower).suffix)


def _format(file: str) -> FileFormat:
    found = _known_format(file)
    if found is None:
        raise SourceError(f"the format of '{file}' is not known by its name; give {_WANTED}", file=file)
    return found
