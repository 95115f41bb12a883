"""`bluetick serve`: the tables over HTTP, for Kusto's, Log Analytics' and advanced hunting's clients."""

from collections.abc import Sequence
from pathlib import Path

import click

from bluetick.cli.failures import RAN, say
from bluetick.cli.options import DataOptions, data_options
from bluetick.diagnostics.errors import SourceError

PORT = 8442


@click.command()
@data_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--token", metavar="T", help="A token that may do everything, beside those of `bluetick token add`.")
@click.option(
    "--host-name", "host_names", multiple=True, metavar="NAME", help="A name by which clients ask. May be repeated."
)
@click.option("--database", metavar="NAME", help="The database's name. Default: the lake folder's, else 'bluetick'.")
@click.option("--places", type=click.IntRange(1), default=4, show_default=True, help="Queries that run at once.")
@click.option("--waiting", type=click.IntRange(0), default=64, show_default=True, help="Queries that wait for those.")
def serve(
    *,
    data: DataOptions,
    host: str,
    port: int,
    token: str | None,
    host_names: tuple[str, ...],
    database: str | None,
    places: int,
    waiting: int,
) -> int:
    """Serve the tables to Kusto, Log Analytics and advanced hunting clients (docs/server.md).

    On this machine alone, unless --host says otherwise: then tokens must have been made (bluetick token add, --token).
    """
    try:
        from bluetick.server.serving import Serving, listening, serve_on  # noqa: PLC0415 - its libraries are an extra
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn", "anyio"):
            raise
        raise SourceError("the server needs the extra 'server': pip install 'bluetick[server]'") from error

    wanted = Serving(host, host_names, token, data.lake, database or database_name(data.lake), places, waiting)
    with data.open() as session, listening(host, port) as listener:
        wanted.check()
        address = url(listener.getsockname()[:2])
        say(f"bluetick serves '{wanted.database}' at {address} (stop it with Ctrl-C)")
        serve_on(wanted, session, listener)
    return RAN


def database_name(lake: Path | None) -> str:
    return "bluetick" if lake is None else lake.resolve().name or "bluetick"


def url(address: Sequence[object]) -> str:
    host, port = address
    return f"http://[{host}]:{port}" if ":" in str(host) else f"http://{host}:{port}"
