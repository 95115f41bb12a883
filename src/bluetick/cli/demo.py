"""`bluetick demo`: simulate a month, run this project's own rules over it, compare with the truth."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bluetick.cli.grid import print_rows
from bluetick.cli.page import new_console
from bluetick.cli.run import verdict
from bluetick.cli.simulate import check_empty, run_simulation
from bluetick.detections.model import Detection
from bluetick.detections.rule_files import read_documents, runnable
from bluetick.detections.runs import DetectionRun, run_detection
from bluetick.diagnostics.errors import SourceError
from bluetick.session import Session, connect
from bluetick.simulation import SimulationReport

# A fixed month, so that everyone sees the same; a quarter of natural traffic, so that nobody waits.
_END = datetime(2026, 6, 18, 12, tzinfo=UTC)
_DAYS, _DEVICES, _ROWS, _SEED = 30, 50, 600_000, 7
# Of this project's rules those that the planted stories are made for.
_RULES = ("rare_long_running_process.md", "rare_outbound_country.kql")
_SHOWN = {
    "VMConnection": ("LastSeen", "Computer", "ProcessName", "DestinationIp", "RemoteCountry", "CountryDays"),
    "DeviceNetworkEvents": (
        "DeviceName",
        "InitiatingProcessFolderPath",
        "RemoteUrl",
        "DeviceCount",
        "GlobalPrevalence",
    ),
}
_TRIES = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Story:
    """What was planted, as ground_truth.json tells it."""

    title: str
    is_malicious: bool
    first_seen: datetime
    process: str
    hashes: frozenset[str]
    ips: frozenset[str]

    def is_told_by(self, row: Sequence[Any]) -> bool:
        """Whether a result row speaks of this story: by a file's hash, or by process and address together."""
        cells = {value.lower() for value in row if isinstance(value, str)}
        by_process = bool(cells & {self.process, self.process.removesuffix(".exe")}) and bool(cells & self.ips)
        return by_process or bool(cells & self.hashes)


@click.command()
@click.option("--keep", type=click.Path(path_type=Path), metavar="DIR", help="Keep the telemetry in this new folder.")
def demo(*, keep: Path | None) -> None:
    """Simulate a month, run detections, compare with the truth.

    Two of this project's own run. What was planted in the telemetry is known, so what they missed is told too.
    """
    console = new_console()
    with _folder(keep) as folder:
        _simulate(console, folder)
        with connect(lake=folder, profiles=folder / "profiles.parquet") as session:
            documents = read_documents([content_folder() / name for name in _RULES])
            detections = [detection for document in documents for detection in runnable(document)]
            runs = _run(console, session, detections)
            _compare(console, session, runs, _stories(folder / "ground_truth.json"))
    _next(console, keep)


def content_folder() -> Path:
    """This project's rule documents: in the installed package, or in the repository that it is run from."""
    package = Path(str(files("bluetick")))
    for folder in (package / "content", package.parents[1] / "content"):
        if folder.is_dir():
            return folder
    raise SourceError("this installation lacks the rule documents of bluetick", str(package / "content"))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        check_empty(keep)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="bluetick-demo-") as folder:
        yield Path(folder) / "lake"


def _title(console: Console, number: int, text: str) -> None:
    console.print(Text(f"{number}. ", style="bold cyan").append(text, style="bold"))


def _say(console: Console, text: str | Text, indent: int = 3) -> None:
    console.print(Padding(text, (0, 0, 0, indent), expand=False))


# --- the month ------------------------------------------------------------------------------------------------------


def _simulate(console: Console, folder: Path) -> None:
    _title(console, 1, f"A month of telemetry of {_DEVICES} simulated devices")
    begun = time.perf_counter()
    report = run_simulation(folder, end=_END, days=_DAYS, devices=_DEVICES, rows=_ROWS, seed=_SEED)
    _print_report(console, report, time.perf_counter() - begun)


def _print_report(console: Console, report: SimulationReport, seconds: float) -> None:
    for table, rows in report.rows.items():
        _say(console, f"{table:<20}{rows:>10,} rows")
    malicious = sum(story.kind == "malicious" for story in report.stories)
    _say(
        console,
        f"{malicious} attacks and {len(report.stories) - malicious} harmless look-alikes are planted; "
        f"{report.bytes / 1e6:.0f} MB in {seconds:.1f} s",
    )
    console.print()


# --- the rules ------------------------------------------------------------------------------------------------------


def _run(console: Console, session: Session, detections: Sequence[Detection]) -> list[DetectionRun]:
    _title(console, 2, f"{len(detections)} detections, as of {_END:%Y-%m-%d %H:%M} UTC")
    runs = []
    for detection in detections:
        begun = time.perf_counter()
        outcome = run_detection(session, detection, now=_END)
        runs.append(outcome)
        console.print()
        _say(console, Text(detection.name, style="bold"))
        read = ", ".join(f"{table.in_scope:,} rows of {table.name}" for table in outcome.account.tables)
        took = time.perf_counter() - begun
        _say(console, verdict(outcome).append(f"; {read} read in {took:.1f} s", style="dim"))
        console.print()
        _print_alerts(console, outcome)
    console.print()
    return runs


def _print_alerts(console: Console, outcome: DetectionRun) -> None:
    """The rows, with the columns that tell most."""
    names = [name for name, _ in outcome.columns]
    wanted = [name for table in outcome.account.tables for name in _SHOWN.get(table.name, ()) if name in names]
    picked = [names.index(name) for name in dict.fromkeys(wanted)] or list(range(len(names)))
    columns = [outcome.columns[i] for i in picked]
    print_rows(console, columns, [tuple(_whole_second(row[i]) for i in picked) for row in outcome.rows], indent=3)
    if len(picked) < len(names):
        _say(console, Text(f"{len(picked)} of {len(names)} columns", style="dim"))


def _whole_second(value: Any) -> Any:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


# --- the truth ------------------------------------------------------------------------------------------------------


def _stories(path: Path) -> list[Story]:
    truth = json.loads(path.read_text("utf-8"))
    return [
        Story(
            story["title"],
            story["kind"] == "malicious",
            datetime.fromisoformat(story["first_seen"]),
            story["process"].lower(),
            frozenset(digest for digest in (story["sha1"], story["sha256"]) if digest),
            frozenset(story["ips"]),
        )
        for story in truth["stories"]
    ]


def _compare(console: Console, session: Session, runs: Sequence[DetectionRun], stories: Sequence[Story]) -> None:
    _title(console, 3, "What was planted, and what these detections made of it")
    console.print()
    for story in stories:
        finders = [run.detection.name for run in runs if any(story.is_told_by(row) for row in run.rows)]
        mark, style, words = _judge(session, runs, story, finders)
        _say(console, Text(mark.ljust(12), style=style).append(story.title, style="default"))
        for line in words:
            _say(console, Text(line, style="dim"), indent=15)
    strange = sum(not any(story.is_told_by(row) for story in stories) for run in runs for row in run.rows)
    console.print()
    verdict_line = (
        f"{strange} alert rows are of no story." if strange else "Every alert row belongs to a planted story."
    )
    _say(console, verdict_line)
    console.print()


def _judge(
    session: Session, runs: Sequence[DetectionRun], story: Story, finders: Sequence[str]
) -> tuple[str, str, list[str]]:
    """A word for what happened, its style, and the lines that explain it."""
    named = [f"by: {name}" for name in finders]
    if not story.is_malicious:
        return ("false alarm", "bold yellow", named) if finders else ("left alone", "green", [])
    if finders:
        return "caught", "bold green", named
    return "missed", "bold red", _why_missed(session, runs, story)


def _why_missed(session: Session, runs: Sequence[DetectionRun], story: Story) -> list[str]:
    """Tries each detection again as of the story's beginning: was it too late, or does no detection look there?"""
    moment = story.first_seen + _TRIES
    for run in runs:
        if moment < _END and any(story.is_told_by(r) for r in run_detection(session, run.detection, now=moment).rows):
            return [
                f"'{run.detection.name}' finds it as of {moment:%Y-%m-%d %H:%M}:",
                "it was new then and counts as usual by now. Hourly runs would have caught it.",
            ]
    return ["neither detection looks for such a thing, also not in its first hour"]


# --- what next ------------------------------------------------------------------------------------------------------


def _next(console: Console, keep: Path | None) -> None:
    _title(console, 4, "Your own logs")
    console.print()
    for command, comment in (
        ("bluetick ingest sysmon.ndjson.gz --lake logs", "a log of any known format, into tables"),
        ("bluetick run rule.kql --lake logs --now newest", "a rule of yours, as of the newest row"),
        ("bluetick query --lake logs 'DeviceNetworkEvents | take 5'", "look at the rows"),
    ):
        _say(console, Text(command.ljust(60), style="bold").append(f"# {comment}", style="dim"))
    if keep is not None:
        console.print()
        _say(console, f"The simulated month stays in {keep}; what is true of it is in {keep / 'ground_truth.json'}.")
