"""`bluetick simulate`: a month of an enterprise's telemetry, with stories planted in it."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bluetick.cli.options import MomentType
from bluetick.diagnostics.errors import SourceError
from bluetick.schema.packs import known_table
from bluetick.simulation import SimulationReport
from bluetick.simulation import simulate as write_simulation


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--days", type=click.IntRange(1), default=30, show_default=True)
@click.option("--devices", type=click.IntRange(1), default=50, show_default=True)
@click.option("--rows", type=click.IntRange(0), help="Rows wanted in each table, met roughly. Default: as it comes.")
@click.option("--seed", type=int, default=7, show_default=True, help="Equal arguments give equal files.")
@click.option(
    "--end", type=MomentType(), metavar="ISO", help="Where the telemetry ends. Default: the last midnight, UTC."
)
def simulate(*, out: Path, days: int, devices: int, rows: int | None, seed: int, end: datetime | None) -> None:
    """Write an enterprise's simulated telemetry.

    Into the new folder OUT: DeviceNetworkEvents and VMConnection as Delta tables, file profiles, and ground_truth.json,
    which says what a detection should find in them.
    """
    if end is not None and not isinstance(end, datetime):
        raise click.UsageError("--end 'newest' has no meaning here; give an instant")
    check_empty(out)
    instant = end or last_midnight()
    report = run_simulation(out, end=instant, days=days, devices=devices, rows=rows, seed=seed)
    for table, count in report.rows.items():
        click.echo(f"{table:<22}{count:>12,} rows")
    click.echo(f"{len(report.stories)} stories planted; {report.bytes / 1e6:,.1f} MB in {out}")
    click.echo("\nNext:\n" + f"  bluetick tables --lake {out}\n  bluetick run DOC --lake {out} --now {_iso(instant)}")


def last_midnight() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_empty(out: Path) -> None:
    """Refuses a file, and a folder that holds anything."""
    if out.exists() and not out.is_dir():
        raise SourceError(f"'{out}' is a file; name a folder", str(out))
    if out.is_dir() and any(out.iterdir()):
        raise SourceError(f"the folder '{out}' is not empty; name a new one, so that nothing is mixed", str(out))


def run_simulation(
    out: Path, *, end: datetime, days: int, devices: int, rows: int | None, seed: int
) -> SimulationReport:
    """Simulates with a progress bar on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("days"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Simulating", total=None)
        report = write_simulation(
            out,
            end=end,
            days=days,
            devices=devices,
            rows=rows,
            seed=seed,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    for table in report.rows:
        _make_delta(out / table)
    return report


def _make_delta(folder: Path) -> None:
    """The written days become a Delta table where they lie."""
    from bluetick.lake.adoption import adopt  # noqa: PLC0415 - deltalake costs start-up time

    schema = known_table(folder.name)
    if schema is not None and schema.time_column is not None:
        adopt(folder, dict(schema.columns), schema.time_column, "simulation")
