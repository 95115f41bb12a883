"""`bluetick serve`: the tables over HTTP, for Kusto's, Log Analytics' and advanced hunting's clients."""

from collections.abc import Sequence
from pathlib import Path

import click

from bluetick.cli.failures import RAN, say
from bluetick.cli.options import DataOptions, data_options
from bluetick.detections.ledger.opening import ledger_beside
from bluetick.diagnostics.errors import SourceError
from bluetick.engines.machine_memory import ceiling_of, memory_here, size_in_bytes
from bluetick.workers import landlock
from bluetick.workers.commands import CommandSettings
from bluetick.workers.pool import PoolSettings

PORT = 8442
_JOB_SHARE = 4  # of the memory for queries that one job (a backtest, say) may take
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@data_options
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option("--token", metavar="T", help="A token that may do everything, beside those of `bluetick token add`.")
@click.option(
    "--host-name", "host_names", multiple=True, metavar="NAME", help="A name by which clients ask. May be repeated."
)
@click.option("--database", metavar="NAME", help="The database's name. Default: the lake folder's, else 'bluetick'.")
@click.option("--places", type=click.IntRange(1), help="Queries that run at once. Default: two more than cores.")
@click.option("--waiting", type=click.IntRange(0), default=64, show_default=True, help="Queries that wait for those.")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What 'bluetick schedule' writes: alerts, incidents, rules' windows. Default: LAKE.ledger beside the lake.",
)
@click.option("--rules", type=_FOLDER, metavar="DIR", help="Rule documents; those saved in the console go there.")
@click.option("--hunts", type=_FOLDER, metavar="DIR", help="Hunts, a markdown file each.")
@click.option(
    "--in-process",
    is_flag=True,
    help="Run queries in threads of the server, not in processes of their own that can reach the tables alone.",
)
def serve(  # noqa: PLR0913 - one for each option
    *,
    data: DataOptions,
    host: str,
    port: int,
    token: str | None,
    host_names: tuple[str, ...],
    database: str | None,
    places: int | None,
    waiting: int,
    ledger: Path | None,
    rules: Path | None,
    hunts: Path | None,
    in_process: bool,
) -> int:
    """Serve the tables to Kusto, Log Analytics and advanced hunting clients, and the console.

    On this machine alone, unless --host says otherwise: then tokens must have been made (bluetick token add, --token).
    See docs/server.md.
    """
    try:
        from bluetick.server.service import Work  # noqa: PLC0415 - its libraries are an extra
        from bluetick.server.serving import Serving, listening, serve_on  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        if error.name not in ("starlette", "uvicorn", "anyio"):
            raise
        raise SourceError("the server needs the extra 'server': pip install 'bluetick[server]'") from error

    name = database or database_name(data.lake)
    is_apart = not in_process and data.engine == "duckdb"
    workers = data.session_settings() if is_apart else None
    work = Work(ledger or (None if data.lake is None else ledger_beside(data.lake)), rules, hunts)
    engine = pool_settings(data)
    commands = CommandSettings(data.arguments(), workers, (engine.memory or ceiling_of(memory_here())) // _JOB_SHARE)
    wanted = Serving(host, host_names, token, data.lake, name, places, waiting, workers, engine, work, commands)
    with data.open() as session, listening(host, port) as listener:
        wanted.check()
        address = url(listener.getsockname()[:2])
        say(f"bluetick serves '{wanted.database}' at {address} (stop it with Ctrl-C)")
        if is_apart and not landlock.version():
            say("this kernel has no Landlock (Linux 5.13): files are guarded by the engine's own lock alone")
        if ledger is not None and not work.has_ledger:
            say(f"there is no ledger '{ledger}' yet; bluetick schedule makes one")
        serve_on(wanted, session, listener)
    return RAN


def pool_settings(data: DataOptions) -> PoolSettings:
    memory = None if data.memory_limit is None else size_in_bytes(data.memory_limit)
    return PoolSettings(memory=memory, temp_directory=data.temp_directory, temp_limit=data.temp_limit)


def database_name(lake: Path | None) -> str:
    return "bluetick" if lake is None else lake.resolve().name or "bluetick"


def url(address: Sequence[object]) -> str:
    host, port = address
    return f"http://[{host}]:{port}" if ":" in str(host) else f"http://{host}:{port}"
