"""`schedule --systemd`: the units that run the service with the given options."""

import getpass
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from bluetick.cli.failures import RAN
from bluetick.detections.ledger.opening import ledger_beside
from bluetick.detections.operations.units import Service, units

_RAW: Final = "bluetick.raw"
_OWN: Final = frozenset({"--systemd", "--user"})
_AT_ONCE: Final = ("once", "now")


class ServiceCommand(click.Command):
    """A command of a service; with --systemd it is not run, but the units printed that would run it."""

    def __init__(self, *args: Any, **others: Any) -> None:
        super().__init__(*args, **others)
        self.params += [
            click.Option(
                ["--systemd"], is_flag=True, help="Only print units of systemd that run this, and back it up."
            ),
            click.Option(["--user", "of_user"], is_flag=True, help="With --systemd: for a user's own service manager."),
        ]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_RAW] = list(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        is_printed, of_user = ctx.params.pop("systemd"), ctx.params.pop("of_user")
        if is_printed:
            _print(self, ctx, is_of_user=of_user)
            return RAN
        if of_user:
            raise click.UsageError("--user goes with --systemd")
        return super().invoke(ctx)


def _print(command: click.Command, context: click.Context, *, is_of_user: bool) -> None:
    values = context.params
    if values.get("lake") is None:
        raise click.UsageError("a service needs a lake: --lake DIR")
    given = [name for name in _AT_ONCE if values.get(name)]
    if given:
        raise click.UsageError(f"a service does not end: leave --{given[0]} out")
    lake = Path(values["lake"]).resolve()
    ledger = Path(values["ledger"]).resolve() if values.get("ledger") else ledger_beside(lake)
    backups = lake.with_name(f"{lake.name}.backups")
    program = (sys.executable, "-m", "bluetick")
    also = [word for path in values["documents"] for word in ("--also", str(Path(path).resolve()))]
    service = Service(
        command=(*program, "schedule", *_words(command, context.meta[_RAW])),
        backup=(*program, "backup", str(backups), "--ledger", str(ledger), "--lake", str(lake), *also),
        folder=Path.cwd(),
        writes=tuple(dict.fromkeys([lake, ledger.parent, *_written(values)])),
        backup_writes=tuple(dict.fromkeys([lake, ledger.parent, backups.parent])),
        user=None if is_of_user else getpass.getuser(),
        seconds=float(values["timeout"]),
    )
    place = "~/.config/systemd/user" if is_of_user else "/etc/systemd/system"
    flag = " --user" if is_of_user else ""
    for name, text in units(service).items():
        click.echo(f"# {place}/{name}\n{text}")
    click.echo(
        f"# systemctl{flag} daemon-reload && systemctl{flag} enable --now bluetick.service bluetick-backup.timer"
    )
    click.echo(
        "# A backup on the disk of the lake does not outlive it: name a folder on another in its unit, and there"
    )
    click.echo("# in ReadWritePaths too.")


def _words(command: click.Command, raw: list[str]) -> Iterator[str]:
    """The command line as it was given, with absolute paths."""
    known = {name: parameter for parameter in command.params for name in parameter.opts}
    words = iter(raw)
    for word in words:
        name, equals, value = word.partition("=")
        option = known.get(name)
        if word in _OWN:
            continue
        if not isinstance(option, click.Option):
            yield str(Path(word).resolve())
        elif option.is_flag:
            yield word
        else:
            yield from (name, _absolute(option, value if equals else next(words)))


def _absolute(option: click.Option, value: str) -> str:
    """Other words than paths stay as they are; the unit's working folder is this one."""
    name, equals, path = value.partition("=")
    if isinstance(option.type, click.Path):
        return str(Path(value).resolve())
    if option.name == "tables" and equals and Path(path).exists():
        return f"{name}={Path(path).resolve()}"
    return value


def _written(values: dict[str, Any]) -> list[Path]:
    """Folders of the files that the service writes beside lake and ledger."""
    files = (values.get(name) for name in ("output", "heartbeat"))
    return [Path(file).resolve().parent for file in files if file is not None]
