"""`bluetick lake fuse` and `ingest --fuse`: what an endpoint and a network sensor both saw becomes one row."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.cli.options import DurationType
from bluetick.cli.writing import compact
from bluetick.diagnostics.errors import SourceError
from bluetick.ingest.batches import Derive
from bluetick.lake.fusion.fusing import FUSED_TABLES, LATE, MOST_SKEW, SKEW, fuse
from bluetick.lake.fusion.sides import Fused
from bluetick.lake.fusion.stored import Span
from bluetick.lake.intake import TableRows, locked


class InstantType(click.ParamType[Any]):
    """An instant in UTC."""

    name = "ISO"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(str(value))
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"'{value}' is no instant such as 2026-06-18T12:00:00Z", param, ctx)


@click.command("fuse")
@click.option("--lake", required=True, type=click.Path(path_type=Path), help="The folder of tables.")
@click.option("--from", "low", type=InstantType(), help="Only rows at or after this instant.")
@click.option("--to", "high", type=InstantType(), help="Only rows before this instant.")
@click.option(
    "--skew", type=DurationType(), default="5s", show_default=True, help="How far the sensors' clocks differ."
)
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def fuse_command(*, lake: Path, low: datetime | None, high: datetime | None, skew: timedelta, form: str) -> None:
    """Make one row of two sensors' rows of one connection.

    The endpoint's row stays and takes what only the network sensor knows. Done again it changes nothing; versions from
    before stay readable with --as-of.
    """
    if skew > MOST_SKEW:
        raise click.BadParameter(f"sensors more than {MOST_SKEW} apart cannot be matched", param_hint="--skew")
    if low is not None and high is not None and low >= high:
        raise click.BadParameter("it must be later than --from", param_hint="--to")
    if not lake.is_dir():
        raise SourceError(f"'{lake}' is no folder", str(lake))
    with locked(lake):
        done = [found for table in FUSED_TABLES if (found := fuse(lake, table, Span(low, high), skew)) is not None]
    if not done:
        raise SourceError(f"the lake '{lake}' has neither table of connections: {', '.join(FUSED_TABLES)}", str(lake))
    for found in done:
        tell(found, form)


class StoredTimes:
    """Of the tables with connections, from when to when rows were stored."""

    def __init__(self) -> None:
        self._spans: dict[str, tuple[datetime, datetime]] = {}

    def watching(self, derive: Derive) -> Derive:
        """The same, and the times of the rows that it is given are noted."""

        def noted(tables: Sequence[TableRows], source: str) -> Sequence[TableRows]:
            for table in tables:
                if table.name in FUSED_TABLES:
                    self._note(table)
            return derive(tables, source)

        return noted

    def _note(self, table: TableRows) -> None:
        times: Any = pc.min_max(table.rows.column(table.time).cast(pa.timestamp("us", "UTC"))).as_py()
        if times["min"] is not None:
            low, high = self._spans.get(table.name, (times["min"], times["max"]))
            self._spans[table.name] = (min(low, times["min"]), max(high, times["max"]))

    def fuse(self, lake: Path) -> Iterator[Fused]:
        """Fuses the rows of these times, and those around them which may be of the same connections."""
        for table, (low, high) in self._spans.items():
            with locked(lake):
                done = fuse(lake, table, Span(low - LATE, high + SKEW + timedelta(microseconds=1)))
            if done is not None:
                yield done


def tell(found: Fused, form: str) -> None:
    """What was done, and what has no partner, by source."""
    if form == "json":
        sides = {"fused": found.pairs, "endpoint": found.endpoint, "network": found.network}
        click.echo(compact({"table": found.table, **{name: dict(sorted(c.items())) for name, c in sides.items()}}))
        return
    click.echo(f"{found.table}: {found.pairs.total():,} fused{_listed(found.pairs)}")
    for side, counts in (("the endpoint", found.endpoint), ("the network", found.network)):
        click.echo(f"{counts.total():>12,} of {side} alone{_listed(counts)}")


def _listed(counts: Counter[str]) -> str:
    if not counts:
        return ""
    return f" ({', '.join(f'{name} {count:,}' for name, count in sorted(counts.items()))})"
