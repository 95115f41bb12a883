"""The page of figures: what was measured, on what, beside whom; the chart is drawn in text."""

import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OURS = "bluetick"
BY_HAND = "DuckDB SQL"
_PACKAGES = ("bluetick", "duckdb", "polars", "chdb", "pandas", "pyarrow")
_BAR = 8  # characters for each 1.0 of a ratio
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, and MB at most."""

    cold: float
    warm: float
    imports: float
    peak: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One query: the rows that all found, and each peer's figures by its name."""

    query: str
    is_document: bool
    rows: int
    figures: Mapping[str, Figures]

    def ratio(self, peer: str) -> float:
        return self.figures[OURS].cold / self.figures[peer].cold

    def warm_ratio(self, peer: str) -> float:
        return self.figures[OURS].warm / self.figures[peer].warm


def geometric_mean(ratios: Sequence[float]) -> float:
    return statistics.geometric_mean(ratios)


def write_page(path: Path, measured: Sequence[Measured], absent: Mapping[str, str], rows: int, processes: int) -> None:
    documents = [one for one in measured if one.is_document]
    queries = [one for one in measured if not one.is_document]
    parts = [_head(rows, processes, absent), *(_document(one) for one in documents)]
    if queries:
        parts.append(_queries(queries))
    path.write_text("\n".join(parts), "utf-8")


def _head(rows: int, processes: int, absent: Mapping[str, str]) -> str:
    missing = "".join(f"* Not measured: {name}, because {reason}.\n" for name, reason in absent.items())
    return f"""# Performance

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}; do not edit. Figures of another machine differ: read the
ratios. A ratio is bluetick's time by the peer's: below 1 bluetick is faster.

* Machine: {_machine()}.
* Versions: {", ".join(_versions())}; code of commit {_revision()}.
* Data: {rows:,} simulated rows a table, 30 days in a Parquet file (zstd) a day.
* Cold: a new process, from query text to all rows in Arrow with the opening of the data, the median of
  {processes} that took turns. What is imported is imported before, and told apart. bluetick's parsing, binding and
  lowering count.
* Warm: the median of the 5 runs after that in the same process. Peak: the most memory that the process ever held.
* Every peer gave the same rows as bluetick, each as often; else there would be no figure.
* Peers' forms are in `benchmarks/queries`, `benchmarks/document_*.py` and `tests/founding/by_hand`. "Stage by stage"
  follows the KQL; the other SQL is rearranged as one who knows both the engine and the data would.
{missing}"""


def _machine() -> str:
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, {_memory()}, {system}, Python {platform.python_version()}"


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
    except (ValueError, OSError):
        return "memory unknown"


def _versions() -> list[str]:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found


def _revision() -> str:
    """The commit that was measured, where there is a repository."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _document(one: Measured) -> str:
    ours = one.figures[OURS]
    lines = [
        f"## {one.query.replace('_', ' ').capitalize()}\n",
        "| | cold s | ratio | warm s | ratio | imports s | peak MB |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, told in one.figures.items():
        lines.append(
            f"| {name} | {told.cold:.3f} | {ours.cold / told.cold:.2f} | {told.warm:.3f} | {ours.warm / told.warm:.2f} "
            f"| {told.imports:.2f} | {told.peak:,.0f} |"
        )
    return "\n".join([*lines, "", f"{one.rows:,} rows are found.", ""])


def _queries(queries: Sequence[Measured]) -> str:
    lines = [
        "## Queries of kinds that published rules use\n",
        "| query | cold s | by hand s | ratio | warm ratio | peak MB | by hand MB | rows |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for one in queries:
        ours, theirs = one.figures[OURS], one.figures[BY_HAND]
        lines.append(
            f"| {one.query} | {ours.cold:.3f} | {theirs.cold:.3f} | {one.ratio(BY_HAND):.2f} "
            f"| {one.warm_ratio(BY_HAND):.2f} | {ours.peak:,.0f} | {theirs.peak:,.0f} | {one.rows:,} |"
        )
    cold = geometric_mean([one.ratio(BY_HAND) for one in queries])
    warm = geometric_mean([one.warm_ratio(BY_HAND) for one in queries])
    lines += [f"| **geometric mean** | | | **{cold:.2f}** | **{warm:.2f}** | | | |", "", _chart(queries), ""]
    return "\n".join(lines)


def _chart(queries: Sequence[Measured]) -> str:
    """A bar a query, longest last; `|` stands where both take the same time."""
    lines = ["Cold ratios to DuckDB SQL by hand; `|` stands at 1.\n", "```"]
    wide = max(len(one.query) for one in queries)
    for one in sorted(queries, key=lambda one: one.ratio(BY_HAND)):
        ratio = one.ratio(BY_HAND)
        length = min(max(round(_BAR * ratio), 1), _LONGEST)
        bar = "█" * length + ("…" if round(_BAR * ratio) > _LONGEST else "")
        marked = bar.ljust(_BAR) + "|" if length <= _BAR else bar[:_BAR] + "|" + bar[_BAR:]
        lines.append(f"{one.query.ljust(wide)}  {marked} {ratio:.2f}")
    return "\n".join([*lines, "```"])
