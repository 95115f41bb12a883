"""A service with many hourly rules: `python benchmarks/bench_service.py [--rules N] [--rows N] [--hours N] [--late]`.

Each hour's burst: all rules have a window at the full hour; how long after they are due does the last of them end.
With `--late` a batch that is seven days old makes a week of windows dirty, and the hour strikes while they are worked
off: how late the fresh windows begin, and how long all of it takes. The clock is the machine's, moved to the time of
the telemetry; where nothing is to be done it jumps.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from reporting import report
from service_rules import write_rules

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.documents.reading import read_document
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rules import table_names
from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Outcome
from bluetick.detections.schedule.commits import LakeCommits
from bluetick.detections.schedule.evaluation import SessionEvaluator
from bluetick.detections.schedule.living import LockedWorkers
from bluetick.detections.schedule.rules import Scheduling, rule_at
from bluetick.detections.schedule.scheduler import Scheduler, Surroundings
from bluetick.detections.schedule.sessions import LakeSession
from bluetick.lake.intake import Batch, TableRows, locked, store
from bluetick.types import Type

END = datetime(2026, 6, 20, tzinfo=UTC)
DELAY = timedelta(minutes=5)
HOUR = timedelta(hours=1)
MANY = 12


class MovedClock:
    """The machine's clock, as if it had been `start` when this was made. Sleeping jumps."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._begun = time.monotonic()
        self._jumped = timedelta()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._begun) + self._jumped

    def sleep(self, seconds: float) -> None:
        self._jumped += timedelta(seconds=seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=200)
    parser.add_argument("--rows", type=int, default=2_000_000, help="of each table, over 40 days")
    parser.add_argument("--hours", type=int, default=3)
    parser.add_argument("--late", action="store_true")
    parser.add_argument("--lake", default="", help="one that `simulate` has written up to 2026-06-20; it is added to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(options.lake or f"{folder}/lake")
        if not options.lake:
            run_command(
                ["simulate", str(lake), *("--end", END.isoformat()), *("--days", "40"), *("--rows", str(options.rows))]
            )
        documents = Path(folder, "rules")
        documents.mkdir()
        paths = write_rules(documents, options.rules)
        if options.late:
            measure_late(lake, paths, Path(folder, "late.ledger"))
        else:
            measure_hours(lake, paths, Path(folder, "hours.ledger"), options.hours)


def measure_hours(lake: Path, paths: list[Path], ledger: Path, hours: int) -> None:
    first = END - hours * HOUR
    clock = MovedClock(first + DELAY)
    with ExitStack() as stack:
        kept, scheduler = opened(stack, lake, paths, ledger, first, clock)
        memory = []
        for hour in range(1, hours + 1):
            end = first + hour * HOUR
            while clock.now() < end + DELAY - timedelta(seconds=1):
                work(scheduler, clock)
            memory.append(megabytes())
        text = "SELECT hi, max(finished - hi) AS last, avg(finished - hi) AS mean FROM window WHERE hi <= ? GROUP BY hi"
        bursts = kept.read(text, (to_micros(END),))
        unfinished = kept.read("SELECT count(*) AS n FROM window WHERE status <> 'done' AND hi <= ?", (to_micros(END),))
    late = [row["last"] / 1e6 - DELAY.total_seconds() for row in bursts]
    note = f"{len(paths)} rules, {hours} hours"
    report("all windows of an hour done after", max(late), "s", f"{note}; {unfinished[0]['n']} not done")
    report("... in the middle", statistics.median(late), "s", note)
    report("memory after the first hour", memory[0], "MB", note)
    for part in (1, 2, 3) if hours > MANY else ():
        report(f"memory after {part} of 4 parts of the hours", memory[hours * part // 4 - 1], "MB", note)
    report("memory after the last hour", memory[-1], "MB", note)


def measure_late(lake: Path, paths: list[Path], ledger: Path) -> None:
    """A week is said to be done; then rows come that are seven days old, and two minutes after they settled the hour
    strikes."""
    first = END - timedelta(days=7)
    clock = MovedClock(END - HOUR + DELAY)
    with ExitStack() as stack:
        kept, scheduler = opened(stack, lake, paths, ledger, first, clock, is_real=False)
        while scheduler.step():
            pass
        scheduler.close()
    add_late_rows(lake, first + timedelta(hours=2))
    clock.sleep((END + DELAY - timedelta(minutes=4) - clock.now()).total_seconds())
    with ExitStack() as stack:
        kept, scheduler = opened(stack, lake, paths, ledger, first, clock)
        begun = time.monotonic()
        while clock.now() < END + DELAY + timedelta(seconds=10) or open_windows(kept):
            work(scheduler, clock)
        took = time.monotonic() - begun
        runs = kept.read("SELECT count(*) AS n FROM run WHERE versions <> '{}'")[0]["n"]
        text = "SELECT max(started - hi) AS last, avg(started - hi) AS mean FROM run WHERE hi = ? AND status = 'done'"
        started = kept.read(text, (to_micros(END),))[0]
    report("dirty windows of a late batch done after", took, "s", f"{runs:,} runs, {len(paths)} rules")
    for name in ("last", "mean"):
        value = started[name] / 1e6 - DELAY.total_seconds()
        report(f"fresh windows begin late, {name}", value, "s", "due while the backlog is worked off")


def open_windows(kept: Ledger) -> int:
    text = "SELECT count(*) AS n FROM window WHERE status <> 'done' AND hi <= ?"
    return int(kept.read(text, (to_micros(END),))[0]["n"])


class NothingFound:
    """Says of every window that it found nothing, having read nothing."""

    def evaluate(self, document: str, ends: Sequence[datetime]) -> Iterator[Outcome]:
        for end in ends:
            yield Outcome(to_micros(end), 0, is_triggered=False)


def opened(
    stack: ExitStack,
    lake: Path,
    paths: list[Path],
    ledger: Path,
    first: datetime,
    clock: MovedClock,
    *,
    is_real: bool = True,
) -> tuple[Ledger, Scheduler]:
    session = stack.enter_context(closing(LakeSession(lake, lambda: bluetick.connect(lake=lake))))
    kept = stack.enter_context(closing(Ledger(ledger)))
    how = Scheduling(first + timedelta(microseconds=1), DELAY)
    rules = [rule_at(session.current(), path, 0, how) for path in paths if read_document(path)]
    workers = LockedWorkers(ledger.with_name("workers"))
    around = Surroundings(
        clock,
        LakeCommits(session.current, lambda: table_names(kept)),
        SessionEvaluator(session.current, 600) if is_real else NothingFound(),
        workers,
        told,
    )
    scheduler = Scheduler(kept, around)
    scheduler.register(rules)
    return kept, scheduler


def work(scheduler: Scheduler, clock: MovedClock) -> None:
    if not scheduler.step():
        clock.sleep(scheduler.idle_seconds())


def told(claimed: object, said: object) -> None:
    reason = getattr(said, "reason", None)
    if reason is not None:
        raise SystemExit(f"{claimed}: {reason}")


def add_late_rows(lake: Path, moment: datetime) -> None:
    """A connection a minute, of six hours, to each table."""
    times = pa.array([moment + timedelta(minutes=i) for i in range(360)], pa.timestamp("us", "UTC"))
    for table, time_column, host in (
        ("VMConnection", "TimeGenerated", "Computer"),
        ("DeviceNetworkEvents", "Timestamp", "DeviceName"),
    ):
        rows = pa.table({time_column: times, host: pa.array(["late-host"] * 360)})
        columns = ((time_column, Type.DATETIME), (host, Type.STRING))
        name = f"late-{table}-{moment:%H}"
        with locked(lake):
            store(lake, Batch(name, "bench", (TableRows(table, rows, columns, time_column),), {name: "stored"}))


def megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main()
