"""Events a second and core, and the most memory, of ingesting a Defender export with countries: beside a script in
Polars that does the same work, and with twice the input, which must not take more memory.

`python benchmarks/bench_ingest.py [EVENTS]`. Rates are per second of processor time, so they are those of one core.
"""

import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from defender_export import LEAN, write_export
from reporting import report

POLARS = Path(__file__).with_name("polars_ingest.py")
COUNTRIES = ("Germany", "Japan", "Brazil", "Kenya", "Canada", "Norway")


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    processor: float
    megabytes: float


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    with tempfile.TemporaryDirectory(prefix="bluetick-bench-") as name:
        folder = Path(name)
        ranges = folder / "countries.csv"
        write_ranges(ranges)
        small, large = folder / "small.ndjson", folder / "large.ndjson"
        count = write_export(small, events)
        with large.open("wb") as out:  # the first events once, then the others: no part of it is known
            for _ in range(2):
                out.write(small.read_bytes())
        size = small.stat().st_size / count
        start_up = run([sys.executable, "-m", "bluetick", "--version"]).processor
        ours = run(ingest(small, ranges, folder / "lake"))
        twice = run(ingest(large, ranges, folder / "lake2"))
        theirs = run([sys.executable, str(POLARS), str(small), str(ranges), str(folder / "polars")])
        rate = count / (ours.processor - start_up)
        report("ingest, one core", rate, "events/s", f"{size:,.0f} bytes an event; {rate * size / 1e6:.0f} MB/s")
        lean = folder / "lean.ndjson"
        leaner = write_export(lean, events, LEAN)
        least = run(ingest(lean, ranges, folder / "lake3"))
        rate = leaner / (least.processor - start_up)
        report(
            "lean events, one core", rate, "events/s", f"{len(LEAN)} fields, {lean.stat().st_size / leaner:,.0f} bytes"
        )
        report("ingest, most memory", ours.megabytes, "MB", f"{small.stat().st_size / 1e6:,.0f} MB of input")
        report("twice the input, most memory", twice.megabytes, "MB", "limit 600")
        report("Polars script, one core", count / theirs.processor, "events/s", "checks, quarantines and tells nothing")
        report("Polars script, most memory", theirs.megabytes, "MB")
        report("ingest against Polars", (ours.processor - start_up) / theirs.processor, "times its processor time")


def ingest(export: Path, ranges: Path, lake: Path) -> list[str]:
    arguments = ["ingest", str(export), "--lake", str(lake), "--countries", str(ranges), "--format", "json"]
    return [sys.executable, "-m", "bluetick", *arguments]


def write_ranges(path: Path) -> None:
    """Countries of all of IPv4, in 20,000 ranges."""
    chance = random.Random(7)
    starts = sorted({0, *(chance.randrange(1 << 32) for _ in range(20_000))})
    ends = [start - 1 for start in starts[1:]] + [(1 << 32) - 1]
    with path.open("w", encoding="utf-8") as out:
        for start, end in zip(starts, ends, strict=True):
            out.write(f"{ip_address(start)},{ip_address(end)},{chance.choice(COUNTRIES)}\n")


WATCH = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
took = time.perf_counter() - begun
print(json.dumps([code, took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def run(command: list[str]) -> Cost:
    """What a process costs, asked by another whose only child it is."""
    done = subprocess.run([sys.executable, "-c", WATCH, *command], capture_output=True, text=True, check=True)
    code, seconds, processor, megabytes = json.loads(done.stdout.splitlines()[-1])
    if code:
        raise RuntimeError(f"{command} failed: {done.stderr}")
    return Cost(seconds, processor, megabytes)


if __name__ == "__main__":
    main()
