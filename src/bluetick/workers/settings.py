"""What a worker's session is opened with, and which files it reads for that: the ones that its process may see."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.files import expand_pattern
from bluetick.engines.protocol import Fence
from bluetick.enrichment.profile_choice import SERVICES, read_choice
from bluetick.execution.catalog import TABLE
from bluetick.execution.given import given_mappings
from bluetick.execution.mapping import TableMapping
from bluetick.lake.layout import RESERVED, has_log, is_delta
from bluetick.workers.messages import from_plain, to_plain

Mark: TypeAlias = tuple[object, ...]
_PACKS: Final = ("sentinel", "defender")
_EACH: Final = 64  # files of all tables that are named singly; of more their folders are


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """The arguments of `connect` that a worker's session has; the tables are files, not Arrow."""

    lake: str | Path | None = None
    tables: Mapping[str, str | Path | Sequence[str]] = field(default_factory=dict)
    profiles: tuple[str | Path, ...] = ()
    schemas: str | Path | None = None
    now: datetime | None = None
    external: Mapping[str, str | Path] = field(default_factory=dict)
    geo: str | Path | None = None
    functions: str | Path | None = None
    watchlists: str | Path | None = None
    mapping: str | Path | None = None
    as_of: int | datetime | Mapping[str, int | datetime] | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """Settings with every pattern expanded, so that all workers have the same files.

    Attributes:
        arguments: of `connect`, as plain values.
        folders: that are read, with all below them.
        files: that are read, one by one.
        listed: folders of which only the names are read.
    """

    arguments: Mapping[str, Any]
    folders: tuple[str, ...]
    files: tuple[str, ...]
    listed: tuple[str, ...]

    @property
    def fence(self) -> Fence:
        return Fence(self.folders, self.files)


def open_settings(settings: SessionSettings) -> Opening:
    """SourceError for what is not there, and for profiles of a service: a worker has no network."""
    tables = {name: _expanded(data) for name, data in settings.tables.items()}
    mappings = () if settings.mapping is None else given_mappings(Path(settings.mapping))
    files = [file for found in (*tables.values(), *map(_sources, mappings)) for file in found.files]
    folders = [found.folder for found in (*tables.values(), *map(_sources, mappings)) if found.folder]
    named = [*_named(settings), *_profiles(settings.profiles)]
    folders += [str(path) for path in named if path.is_dir()]
    singles = [str(path) for path in named if not path.is_dir()]
    listed = sorted({str(Path(file).parent) for file in files})
    if len(files) > _EACH:
        folders += listed
    else:
        singles += files
    if settings.lake is not None:
        listed.append(str(settings.lake))
        folders += map(str, _table_folders(Path(settings.lake)))
    arguments = {
        "lake": _text(settings.lake),
        "tables": {name: found.argument for name, found in tables.items()},
        "profiles": [_text(one) if Path(one).exists() else str(one) for one in settings.profiles],
        "schemas": settings.schemas if settings.schemas in _PACKS else _text(settings.schemas),
        "now": settings.now,
        "external": {address: _text(path) for address, path in settings.external.items()},
        "geo": _text(settings.geo),
        "functions": _text(settings.functions),
        "watchlists": _text(settings.watchlists),
        "mapping": _text(settings.mapping),
        "as_of": settings.as_of,
    }
    return Opening(to_plain(arguments), _real(folders), _real(singles), _real(listed))


def session_arguments(plain: Any) -> dict[str, Any]:
    """The arguments as `connect` takes them."""
    found: dict[str, Any] = from_plain(plain)
    return found


def mark_of(settings: SessionSettings, opening: Opening) -> Mark:
    """Differs from an earlier one when a worker that was started then may not see what there is now: other tables of
    the lake, or another file under a name (a worker's rights are to the file that it was). A few looks at names."""
    lake = () if settings.lake is None else tuple(_lake_mark(Path(settings.lake)))
    return (*lake, *(_file_mark(path) for path in opening.files), *(_file_mark(str(p)) for p in _named(settings)))


def _table_folders(lake: Path) -> Iterator[Path]:
    """The folders of a lake that are tables, as a session finds them."""
    for entry in sorted(lake.iterdir()) if lake.is_dir() else ():
        if entry.is_dir() and entry.name not in RESERVED and (is_delta(entry) or _has_data(entry)):
            yield entry


def _has_data(folder: Path) -> bool:
    return not has_log(folder) and any(path.is_file() for path in folder.rglob("*.*"))


def _lake_mark(lake: Path) -> Iterator[tuple[str, bool]]:
    try:
        names = sorted(os.listdir(lake))
    except OSError:
        return
    for name in names:
        try:
            yield name, is_delta(lake / name)
        except OSError:  # gone meanwhile
            yield name, False


def _file_mark(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@dataclass(frozen=True, slots=True)
class _Files:
    """What a name stands for: a Delta table's folder, or files."""

    folder: str = ""
    files: tuple[str, ...] = ()

    @property
    def argument(self) -> str | list[str]:
        return self.folder or list(self.files)


def _expanded(data: str | Path | Sequence[str]) -> _Files:
    if isinstance(data, str | Path) and is_delta(Path(data).expanduser()):
        return _Files(folder=os.path.abspath(Path(data).expanduser()))
    return _Files(files=tuple(map(os.path.abspath, expand_pattern(data).files)))


def _sources(mapping: TableMapping) -> _Files:
    """The files that a mapping document names; paths are relative to it."""
    if not mapping.source or mapping.source[0].startswith(TABLE):
        return _Files()
    folder = Path(mapping.text.name).parent
    places = [str(folder / Path(text).expanduser()) for text in mapping.source]
    return _expanded(places[0] if len(places) == 1 else places)


def _profiles(chosen: Sequence[str | Path]) -> Iterator[Path]:
    for one in chosen:
        if Path(one).exists():
            yield Path(one)
        for named in read_choice(one).providers:
            if named.kind in SERVICES:
                raise SourceError(
                    f"file profiles of '{named.kind}' need the network, which a worker process does not have: give a "
                    "file of profiles, or 'local', or run queries in the server itself (--in-process)"
                )
            if named.path is not None:
                yield named.path


def _named(settings: SessionSettings) -> list[Path]:
    schemas = None if settings.schemas in _PACKS else settings.schemas
    given = (schemas, settings.geo, settings.functions, settings.watchlists, settings.mapping)
    return [Path(path) for path in (*given, *settings.external.values()) if path is not None]


def _text(path: str | Path | None) -> str | None:
    """Absolute: a worker runs in a folder of its own."""
    return None if path is None else os.path.abspath(Path(path).expanduser())


def _real(paths: Sequence[str]) -> tuple[str, ...]:
    """Each path as it was given, made absolute, and the one that links lead to."""
    found = {os.path.abspath(path) for path in paths} | {os.path.realpath(path) for path in paths}
    return tuple(sorted(found))
