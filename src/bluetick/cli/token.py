"""`bluetick token`: who may use the server."""

from pathlib import Path

import click

from bluetick.diagnostics.errors import SourceError
from bluetick.lake.layout import SETTINGS


@click.group()
def token() -> None:
    """Make, list and remove tokens of the server (bluetick serve).

    What a token allows: 'read' queries, 'rules' also changes of rules and ingestion, 'admin' everything, the audit log
    included. Only a hash of it is kept, in the lake's folder _settings.
    """


_LAKE = click.option("--lake", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)


@token.command("add")
@click.argument("name")
@_LAKE
@click.option("--scope", type=click.Choice(("read", "rules", "admin")), default="read", show_default=True)
def add(name: str, lake: Path, scope: str) -> None:
    """Make a token of this NAME and print it, once."""
    from bluetick.server.access import TOKENS, new_token, read_tokens, write_tokens  # noqa: PLC0415 - for this alone

    file = lake / SETTINGS / TOKENS
    tokens = read_tokens(file)
    if any(one.name == name for one in tokens):
        raise SourceError(f"there is a token '{name}' already; remove it first")
    secret, made = new_token(name, scope)
    write_tokens(file, (*tokens, made))
    click.echo(secret)


@token.command("list")
@_LAKE
def list_tokens(lake: Path) -> None:
    """List the tokens: name, scope, when it was made."""
    from bluetick.cli.grid import visible  # noqa: PLC0415 - for this alone
    from bluetick.server.access import TOKENS, read_tokens  # noqa: PLC0415 - for this alone

    for one in read_tokens(lake / SETTINGS / TOKENS):
        click.echo(f"{visible(one.name)}\t{one.right}\t{one.created}")


@token.command("remove")
@click.argument("name")
@_LAKE
def remove(name: str, lake: Path) -> None:
    """Remove the token of this NAME; a running server lets it in no more."""
    from bluetick.server.access import TOKENS, read_tokens, write_tokens  # noqa: PLC0415 - for this alone

    file = lake / SETTINGS / TOKENS
    tokens = read_tokens(file)
    left = [one for one in tokens if one.name != name]
    if len(left) == len(tokens):
        raise SourceError(f"there is no token '{name}'")
    write_tokens(file, left)
