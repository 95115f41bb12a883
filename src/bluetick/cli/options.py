"""The options that `query`, `run`, `check` and `tables` share: which data, which providers, which engine."""

import functools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from bluetick.cli.as_of import AsOfType, Given, combined
from bluetick.cli.failures import say
from bluetick.diagnostics.errors import SourceError
from bluetick.diagnostics.text import render_diagnostic
from bluetick.engines.opening import ENGINES, is_engine
from bluetick.session import Session, connect
from bluetick.syntax.literals import parse_timespan

if TYPE_CHECKING:
    from bluetick.workers.settings import SessionSettings

Newest: TypeAlias = Literal["newest"]
Moment: TypeAlias = datetime | Newest | None
_MOMENT = "an instant such as 2026-06-18T12:00:00Z (without a zone it is UTC), a date, or 'newest'"

_PACKS = ("sentinel", "defender")
_CATALOG = "catalog:"
_SIZE = re.compile(r"[0-9]+(\.[0-9]+)? ?[KMGT]i?B", re.IGNORECASE)


class MomentType(click.ParamType[Any]):
    """An instant in UTC, or the word 'newest'."""

    name = "ISO|newest"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | Newest:
        if isinstance(value, datetime):
            return value
        if value == "newest":
            return "newest"
        try:
            moment = datetime.fromisoformat(str(value))
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"'{value}' is not {_MOMENT}", param, ctx)


class DurationType(click.ParamType[Any]):
    """A duration above zero, as KQL and rule documents have it: 5m, 1.5h, 7d, 00:30:00, PT1H. `or_none`: zero too."""

    name = "DURATION"

    def __init__(self, *, or_none: bool = False) -> None:
        self._least = timedelta(0) if or_none else timedelta(microseconds=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        from bluetick.detections.durations import parse_duration  # noqa: PLC0415 - most queries have none

        try:
            found = parse_duration(str(value)) or timedelta(microseconds=parse_timespan(str(value)))
        except (ValueError, OverflowError):
            self.fail(f"'{value}' is not a duration such as 5m, 12h, 7d or PT1H", param, ctx)
        if found < self._least:
            self.fail(f"'{value}' is {'below' if found else 'no longer than'} nothing", param, ctx)
        return found


class SizeType(click.ParamType[Any]):
    """A size such as 500MB, 4GB or 1.5GiB."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if _SIZE.fullmatch(str(value)) is None:
            self.fail(f"'{value}' is not a size such as 500MB, 4GB or 1.5GiB", param, ctx)
        return str(value)


class PairType(click.ParamType[Any]):
    """NAME=VALUE; `at_last` splits at the last '=', where the name is an address that may hold others."""

    def __init__(self, form: str, *, at_last: bool = False) -> None:
        self.name = form
        self.at_last = at_last

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, equals, rest = str(value).rpartition("=") if self.at_last else str(value).partition("=")
        if not equals or not key.strip() or not rest:
            self.fail(f"'{value}' is not of the form {self.name}", param, ctx)
        return key.strip(), rest


@dataclass(frozen=True, slots=True)
class DataOptions:
    """Where the data is and what works on it."""

    lake: Path | None
    tables: tuple[tuple[str, str], ...]
    profiles: tuple[str, ...]
    schemas: str | None
    engine: str
    external: tuple[tuple[str, str], ...] = ()
    geo: Path | None = None
    functions: Path | None = None
    watchlists: Path | None = None
    mapping: Path | None = None
    as_of: tuple[Given, ...] = ()
    profiles_offline: bool = False
    memory_limit: str | None = None
    temp_directory: Path | None = None
    temp_limit: str | None = None

    def open(self, *, is_quiet: bool = False) -> Session:
        """A session with these tables; several paths for one name are one table.

        Warnings of mappings are said, but not with `is_quiet`.
        """
        session = connect(
            lake=self.lake,
            tables=self._tables(),
            profiles=self.profiles,
            schemas=self.schemas,
            engine=self._checked_engine(),
            external=dict(self.external),
            geo=self.geo,
            functions=self.functions,
            watchlists=self.watchlists,
            mapping=self.mapping,
            as_of=combined(self.as_of),
            profiles_offline=self.profiles_offline,
            memory_limit=self.memory_limit,
            temp_directory=self.temp_directory,
            temp_limit=self.temp_limit,
        )
        for diagnostic, source in () if is_quiet else session.catalog.mapping_warnings:
            say(render_diagnostic(diagnostic, source))
        return session

    def arguments(self) -> tuple[str, ...]:
        """The options that say this again, for a command that runs in another folder; but for the engine's memory and
        temporary files."""
        single = {
            "--lake": self.lake,
            "--geo": self.geo,
            "--functions": self.functions,
            "--watchlists": self.watchlists,
            "--mapping": self.mapping,
        }
        found = [word for name, path in single.items() if path is not None for word in (name, _absolute(path))]
        for name, path in self.tables:
            is_elsewhere = path.startswith(_CATALOG)
            found += ["--table", f"{name}={path if is_elsewhere else _absolute(path)}"]
        for address, path in self.external:
            found += ["--external", f"{address}={_absolute(path)}"]
        for one in self.profiles:
            found += ["--profiles", _absolute(one) if Path(one).exists() else one]
        if self.schemas is not None:
            found += ["--schemas", self.schemas if self.schemas in _PACKS else _absolute(self.schemas)]
        for table, point in self.as_of:
            said = point.isoformat() if isinstance(point, datetime) else str(point)
            found += ["--as-of", f"{table}={said}" if table else said]
        return (*found, *(["--profiles-offline"] if self.profiles_offline else []), "--engine", self.engine)

    def session_settings(self) -> "SessionSettings":
        """The same for the sessions of worker processes, which have an engine of their own."""
        from bluetick.workers.settings import SessionSettings  # noqa: PLC0415 - only the server has such

        return SessionSettings(
            self.lake,
            self._tables(),
            self.profiles,
            self.schemas,
            None,
            dict(self.external),
            self.geo,
            self.functions,
            self.watchlists,
            self.mapping,
            combined(self.as_of),
        )

    def _tables(self) -> dict[str, str | list[str]]:
        paths: dict[str, list[str]] = {}
        for name, path in self.tables:
            paths.setdefault(name, []).append(path)
        return {name: found[0] if len(found) == 1 else found for name, found in paths.items()}

    def _checked_engine(self) -> str:
        if is_engine(self.engine):
            return self.engine
        raise SourceError(f"'{self.engine}' is not an engine: {ENGINES}")


def _absolute(path: str | Path) -> str:
    return os.path.abspath(Path(path).expanduser())


_DATA_OPTIONS: tuple[Callable[..., Any], ...] = (
    click.option(
        "--lake", type=click.Path(path_type=Path), help="Folder with a Delta table, or a subfolder of files, a table."
    ),
    click.option(
        "--table",
        "tables",
        multiple=True,
        type=PairType("NAME=PATH"),
        help="A table's file, folder or glob (Parquet, CSV, NDJSON), or catalog:NAME in Spark. May be repeated.",
    ),
    click.option(
        "--profiles",
        multiple=True,
        metavar="FILE|WORD",
        help="What answers FileProfile(): a file of profiles, 'local', 'hashlookup', 'virustotal', or a YAML document "
        "with options. Repeated, the first that has a value gives it.",
    ),
    click.option(
        "--profiles-offline", is_flag=True, help="Ask no service for file profiles, only what its cache holds."
    ),
    click.option(
        "--schemas",
        metavar="PACK|PATH",
        help="sentinel or defender: which schema a table has that both know; or a JSON file, or a folder of them, with "
        "tables of your own, as --write-schema of tables writes it.",
    ),
    click.option(
        "--external",
        multiple=True,
        type=PairType("ADDRESS=FILE", at_last=True),
        help="A copy of what externaldata names by an address; nothing is fetched. May be repeated.",
    ),
    click.option(
        "--geo",
        type=click.Path(path_type=Path),
        help="What answers geo_info_from_ip_address(): a table of address ranges and their places.",
    ),
    click.option(
        "--functions",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Stored functions: KQL files, YAML parser definitions, saved searches in JSON.",
    ),
    click.option(
        "--watchlists",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="What answers _GetWatchlist(): a folder of ALIAS.csv or ALIAS.json.",
    ),
    click.option(
        "--mapping",
        type=click.Path(path_type=Path),
        metavar="FILE|DIR",
        help="Tables computed out of other data: YAML that gives each a source and a KQL expression a column.",
    ),
    click.option(
        "--as-of",
        multiple=True,
        type=AsOfType(),
        help="Take Delta tables back to a version or an instant: all of them, or the named one. May be repeated.",
    ),
    click.option(
        "--memory-limit",
        type=SizeType(),
        help="What the embedded engine may take. Default: 4/5 of the machine's or container's memory, less 256 MB.",
    ),
    click.option(
        "--temp-directory",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Where the embedded engine puts what has no room in memory. Default: the system's place.",
    ),
    click.option("--temp-limit", type=SizeType(), help="How much it may put there. Default: 9/10 of what is free."),
    click.option("--engine", default="duckdb", show_default=True, help=f"{ENGINES}."),
)


def data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options above; the command gets them as one `data`."""

    @functools.wraps(command)
    def with_data(  # noqa: PLR0913 - one for each option
        *,
        lake: Path | None,
        tables: tuple[tuple[str, str], ...],
        profiles: tuple[str, ...],
        profiles_offline: bool,
        memory_limit: str | None,
        temp_directory: Path | None,
        temp_limit: str | None,
        schemas: str | None,
        engine: str,
        external: tuple[tuple[str, str], ...],
        geo: Path | None,
        functions: Path | None,
        watchlists: Path | None,
        mapping: Path | None,
        as_of: tuple[Given, ...],
        **others: Any,
    ) -> Any:
        data = DataOptions(
            lake,
            tables,
            profiles,
            schemas,
            engine,
            external,
            geo,
            functions,
            watchlists,
            mapping,
            as_of,
            profiles_offline,
            memory_limit,
            temp_directory,
            temp_limit,
        )
        return command(data=data, **others)

    decorated: Callable[..., Any] = with_data
    for option in reversed(_DATA_OPTIONS):
        decorated = option(decorated)
    return decorated


def now_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --now."""
    words = "The instant that now() means; 'newest' is just after the newest believable row. Default: the clock."
    return click.option("--now", type=MomentType(), metavar="ISO|newest", help=words)(command)
