"""How long a table of 10,000 files over a year takes to plan: the files of one hour out of the log.

`cold` is a process that has not seen the table, `warm` a session's next query, `commit` one after a commit. The limits
are 200 ms and 10 ms.
"""

import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable
from reporting import median_ms, report

from bluetick.lake.columns import with_system
from bluetick.lake.commits import Shape, append
from bluetick.lake.data_files import DataFile
from bluetick.lake.folder import DeltaFolder
from bluetick.types import Type

FILES, DAYS, COMMITS = 10_000, 365, 42  # the last two commits stand behind a checkpoint
START = datetime(2025, 1, 1, tzinfo=UTC)
STEP = timedelta(days=DAYS) / FILES
SHAPE = Shape(
    with_system((("Timestamp", Type.DATETIME), *((f"Column{n}", Type.STRING) for n in range(40)))), "Timestamp"
)
COLD = """
import sys, time
from pathlib import Path
from bluetick.lake.folder import DeltaFolder
begun = time.perf_counter()
found = DeltaFolder(Path(sys.argv[1])).snapshot().select("Timestamp", int(sys.argv[2]), int(sys.argv[3]))
print(1000 * (time.perf_counter() - begun), len(found.files))
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bluetick-bench-") as folder:
        table = Path(folder) / "DeviceNetworkEvents"
        write_log(table)
        measure(table)


def write_log(table: Path) -> None:
    """The log of a year; the files themselves are not needed to plan."""
    each = -(-FILES // COMMITS)
    for commit in range(COMMITS):
        files = [data_file(number) for number in range(commit * each, min((commit + 1) * each, FILES))]
        append(table, SHAPE, files, f"bench:{commit}", {})


def data_file(number: int) -> DataFile:
    low, high = START + number * STEP, START + (number + 1) * STEP
    ends = [{"Timestamp": moment.isoformat(timespec="milliseconds")[:23] + "Z"} for moment in (low, high)]
    stats = {"numRecords": 100_000, "nullCount": {"Timestamp": 0}, "minValues": ends[0], "maxValues": ends[1]}
    day = str(low.date())
    return DataFile(
        f"LakeDay={day}/bluetick-00000000-{number:032x}.parquet", 4_000_000, day, 100_000, json.dumps(stats)
    )


def measure(table: Path) -> None:
    low = micros(START + timedelta(days=DAYS - 1))
    high = low + 3_600_000_000
    arguments = [sys.executable, "-c", COLD, str(table), str(low), str(high)]
    cold = sorted(run_cold(arguments) for _ in range(5))
    took, opened = cold[len(cold) // 2]
    report("cold, 10,000 files", took, "ms", f"limit 200; opens {opened:.0f} files")
    folder = DeltaFolder(table)
    warm = median_ms(lambda: folder.snapshot().select("Timestamp", low, high))
    report("warm, 10,000 files", warm, "ms", "limit 10")
    report("after a commit", after_commit(table, folder, low, high), "ms", "the next query's whole planning")
    listed = DeltaTable(str(table))
    uris = median_ms(lambda: listed.file_uris(file_pruning_predicate="LakeDay = '2025-12-31'"), repeat=5, warm_up=1)
    report("file_uris(day), beside warm", uris / warm, "times", f"{uris:.1f} ms for the whole day's files")


def run_cold(arguments: list[str]) -> tuple[float, float]:
    took, opened = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split()
    return float(took), float(opened)


def after_commit(table: Path, folder: DeltaFolder, low: int, high: int) -> float:
    times = []
    for number in range(5):
        append(table, SHAPE, [data_file(FILES + number)], f"bench:more:{number}", {})
        begun = time.perf_counter()
        folder.snapshot().select("Timestamp", low, high)
        times.append(1000 * (time.perf_counter() - begun))
    return sorted(times)[len(times) // 2]


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


if __name__ == "__main__":
    main()
