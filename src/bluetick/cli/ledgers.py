"""What the commands on a service's ledger share."""

import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.text import Text

from bluetick.cli.grid import visible
from bluetick.detections.incidents.listing import Comment
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import to_moment
from bluetick.diagnostics.errors import SourceError

ID_SHOWN: Final = 10

ledger_option = click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The service's ledger."
)
form_option = click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
author_option = click.option(
    "--author", metavar="NAME", default=getpass.getuser, help="Who says so. Default: the name of the user."
)


def open_ledger(path: Path) -> Ledger:
    if not path.is_file():
        raise SourceError(f"there is no ledger '{path}'; bluetick schedule makes one", str(path))
    return Ledger(path)


def time_text(micros: int | None) -> str:
    return "" if micros is None else f"{to_moment(micros):%Y-%m-%d %H:%M}"


def entity_text(entity: Mapping[str, Any]) -> str:
    """What identifies an entity, in a line."""
    pairs = ", ".join(f"{name} {value}" for name, value in entity.items() if name not in ("kind", "inferred"))
    return visible(f"{entity['kind']}: {pairs}{' (inferred)' if entity.get('inferred') else ''}")


def print_comments(console: Console, comments: Sequence[Comment]) -> None:
    for comment in comments:
        console.print(Text(visible(f"{time_text(comment.created)}  {comment.author}: {comment.text}")))
