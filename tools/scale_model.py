"""How large a machine or a cluster must be: `python tools/scale_model.py [--write] [--events-per-day N ...]`.

Without arguments docs/scale.md is compared with what the model gives, and differences are listed with exit code 1;
with --write they are put in. With --events-per-day the model is asked about your own case instead. It counts with
figures that `make bench ARGS=engines` measured, named in MEASURED; everything else that it takes for granted stands
in ASSUMED.
"""

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "scale.md"
BLOCK = re.compile(r"(<!-- model: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds of one run of a document: those that it always takes, and millionths for each row."""

    fixed: float
    per_row: float

    def seconds(self, rows: float) -> float:
        return self.fixed + self.per_row * rows / 1e6


@dataclass(frozen=True, slots=True)
class Document:
    """What was measured of a founding document: bytes of an event on disk, those that a run reads of it, its cost on
    each engine."""

    name: str
    table: str
    stored: float
    read: float
    duckdb: Cost
    spark: Cost


MEASURED = (
    Document("rare countries", "VMConnection", 29.5, 9.1, Cost(0.12, 0.047), Cost(2.1, 0.38)),
    Document("long-running processes", "DeviceNetworkEvents", 32.7, 32.5, Cost(0.10, 0.33), Cost(3.2, 2.0)),
)
MEASURED_ON = (
    "DuckDB and Spark `local[2]` on 2 cores of an amd64 server that others used too, over 2, 4 and 8 million rows of a "
    "simulated month of 200 devices"
)
LARGEST_MEASURED = 8e6


@dataclass(frozen=True, slots=True)
class Assumed:
    """What the model takes for granted."""

    busy: float = 0.6  # the share of a cluster's cores that work at any moment
    read_per_core: float = 50e6  # bytes a second that a core reads from an object store
    lookback_days: int = 30
    runs_a_day: int = 24
    minutes: float = 10.0  # that a run may take
    one_machine_cores: int = 16
    keep_days: int = 365


ASSUMED = Assumed()
POWERS = range(6, 13)
DAILY = tuple(10.0**power for power in POWERS[:-1])


def core_seconds(document: Document, cost: Cost, rows: float) -> float:
    """Of one run: computing, or reading where that takes longer."""
    return max(cost.seconds(rows), document.read * rows / ASSUMED.read_per_core)


def cores(seconds: float, within: float) -> int:
    """Cores that do so many core-seconds within a time."""
    return max(1, round(seconds / ASSUMED.busy / within + 0.5))


def run_table() -> str:
    """One run over 10^6 to 10^12 rows."""
    blocks = []
    for document in MEASURED:
        rows = [_run_row(document, 10.0**power, power) for power in POWERS]
        heads = (
            "rows read",
            "on disk",
            "read by a run",
            "DuckDB, core time",
            f"DuckDB, {ASSUMED.one_machine_cores} cores",
            "Spark, core time",
            f"Spark, cores for {ASSUMED.minutes:g} min",
        )
        blocks.append(f"{document.name} over `{document.table}`:\n\n{_grid(heads, rows)}")
    return "\n\n".join(blocks)


def _run_row(document: Document, rows: float, power: int) -> tuple[str, ...]:
    duckdb, spark = (core_seconds(document, cost, rows) for cost in (document.duckdb, document.spark))
    return (
        f"10^{power}" + ("" if rows <= LARGEST_MEASURED else " *"),
        _bytes(document.stored * rows),
        _bytes(document.read * rows),
        _time(duckdb),
        _time(duckdb / ASSUMED.one_machine_cores / ASSUMED.busy),
        _time(spark),
        f"{cores(spark, 60 * ASSUMED.minutes):,}",
    )


def day_table(events: Sequence[float] = DAILY) -> str:
    """An estate of so many events a day: what is kept, and one rule of the heavier kind every hour."""
    document = MEASURED[-1]
    rows = []
    for number in events:
        read = number * ASSUMED.lookback_days
        duckdb, spark = (core_seconds(document, cost, read) for cost in (document.duckdb, document.spark))
        hour = 24 * 3600 / ASSUMED.runs_a_day
        rows.append(
            (
                _number(number),
                _bytes(document.stored * number * ASSUMED.keep_days),
                _number(read),
                _time(duckdb / ASSUMED.one_machine_cores / ASSUMED.busy),
                _busy(duckdb / ASSUMED.busy / hour),
                _busy(spark / ASSUMED.busy / hour),
                f"{cores(spark, 60 * ASSUMED.minutes):,}",
            )
        )
    heads = (
        "events a day",
        f"kept for {ASSUMED.keep_days} days",
        "rows a run reads",
        f"DuckDB, {ASSUMED.one_machine_cores} cores",
        "DuckDB, cores kept busy",
        "Spark, cores kept busy",
        f"Spark, cores for {ASSUMED.minutes:g} min",
    )
    return _grid(heads, rows)


def turning_point() -> str:
    """Where one machine no longer does."""
    within = 60 * ASSUMED.minutes * ASSUMED.one_machine_cores * ASSUMED.busy
    lines = []
    for document in MEASURED:
        each = max(document.duckdb.per_row / 1e6, document.read / ASSUMED.read_per_core)
        rows = within / each
        ratio = document.spark.per_row / document.duckdb.per_row
        lines.append(
            f"* {document.name}: {_number(rows)} rows a run, or {_number(rows / ASSUMED.lookback_days)} events a day\n"
            f"  with {ASSUMED.lookback_days} days of lookback; Spark spends {ratio:.1f} times the processor time"
        )
    return ";\n".join(lines) + "."


def measured_table() -> str:
    """What the model counts with."""
    heads = ("document", "bytes an event", "of these read", "DuckDB: cpu us an event", "fixed cpu s", "Spark", "fixed")
    rows = [
        (
            f"{d.name} (`{d.table}`)",
            f"{d.stored:g}",
            f"{d.read:g}",
            f"{d.duckdb.per_row:g}",
            f"{d.duckdb.fixed:g}",
            f"{d.spark.per_row:g}",
            f"{d.spark.fixed:g}",
        )
        for d in MEASURED
    ]
    return f"{_grid(heads, rows)}\n\n" + textwrap.fill(f"Measured with {MEASURED_ON}.", 118)


def assumptions() -> str:
    """What the model takes for granted, in words."""
    lines = (
        f"of all cores {ASSUMED.busy:.0%} work at any moment; the others wait for the slowest task or the driver",
        f"a core reads {ASSUMED.read_per_core / 1e6:g} MB a second; a run takes as long as computing or reading, "
        "whichever is longer",
        f"a rule looks back {ASSUMED.lookback_days} days and runs {ASSUMED.runs_a_day} times a day",
        "core time grows in proportion to the rows. Rows marked * lie beyond what was measured",
        "what is sent between machines costs no more than between the threads of one",
        "events are as wide as the simulated ones and compress as well. Yours do not: measure them",
    )
    return "\n".join(f"* {line};" for line in lines[:-1]) + f"\n* {lines[-1]}."


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" | ".join(heads), "|".join(["---", *("--:" for _ in heads[1:])]), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" if "---" not in line else f"|{line}|" for line in lines)


def _bytes(size: float) -> str:
    return _scaled(size, ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")))


def _time(seconds: float) -> str:
    return _scaled(seconds, ((86400, "days"), (3600, "h"), (60, "min"), (1, "s")))


def _number(count: float) -> str:
    return _scaled(count, ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1, "")))


def _busy(count: float) -> str:
    return f"{count:,.0f}" if count >= 10 else f"{count:.2g}"


def _scaled(value: float, units: tuple[tuple[float, str], ...]) -> str:
    scale, unit = next((one for one in units if value >= one[0]), units[-1])
    figure = value / scale
    return f"{figure:,.0f} {unit}".strip() if figure >= 10 else f"{figure:.2g} {unit}".strip()


BLOCKS: dict[str, Callable[[], str]] = {
    "measured": measured_table,
    "assumptions": assumptions,
    "runs": run_table,
    "days": day_table,
    "turn": turning_point,
}


def printed(page: str) -> str:
    """The page with every block as the model gives it."""
    return BLOCK.sub(lambda match: f"{match[1]}{BLOCKS[match[2]]()}\n{match[4]}", page)


def differences(before: str, after: str) -> Iterator[str]:
    return difflib.unified_diff(before.splitlines(True), after.splitlines(True), "docs/scale.md", "model")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/scale.md")
    parser.add_argument("--events-per-day", type=float, nargs="+", metavar="N", help="ask about your own case")
    options = parser.parse_args()
    if options.events_per_day:
        print(day_table(options.events_per_day))
        return 0
    before = PAGE.read_text("utf-8")
    after = printed(before)
    if options.write:
        PAGE.write_text(after, "utf-8")
        return 0
    sys.stdout.writelines(differences(before, after))
    return 0 if before == after else 1


if __name__ == "__main__":
    sys.exit(main())
