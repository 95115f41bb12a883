"""One query on one peer in a process of its own: `python query_process.py PEER QUERY FOLDER MODULES [ANSWER]`.

With ANSWER the rows are written there, and to MODULES the names of all modules that were loaded to get them. Without
it those are imported first, and the times that follow are of work alone: prints one JSON object.
"""

import importlib
import json
import os
import resource
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path

WARM_RUNS = 5
os.environ["BLUETICK_CACHE"] = "off"  # every run reads the data itself


def main(peer: str, query: str, folder: str, modules: str, answer: str | None = None) -> int:
    if answer is not None:
        _answer(peer, query, Path(folder), Path(modules), Path(answer))
    else:
        print(json.dumps(_measured(peer, query, Path(folder), Path(modules))))
    return 0


def _answer(peer: str, query: str, folder: Path, modules: Path, answer: Path) -> None:
    from pyarrow import feather  # noqa: PLC0415 - what is imported here is counted elsewhere
    from query_peers import peer_named  # noqa: PLC0415
    from query_set import query_named  # noqa: PLC0415

    table = peer_named(peer).opened(query_named(query), folder)()
    feather.write_feather(table, str(answer))
    modules.write_text("\n".join(name for name in sys.modules if not name.startswith("__")), "utf-8")


def _measured(peer: str, query: str, folder: Path, modules: Path) -> dict[str, float]:
    """Seconds of imports, of the first run with the opening of the data, and the median of the next; MB at most."""
    begun = time.perf_counter()
    for name in modules.read_text("utf-8").split():
        with suppress(ImportError):  # some names are only there while another module loads
            importlib.import_module(name)
    imported = time.perf_counter()
    from query_peers import peer_named  # noqa: PLC0415
    from query_set import query_named  # noqa: PLC0415

    subject, text = peer_named(peer), query_named(query)
    opened = time.perf_counter()
    run = subject.opened(text, folder)
    rows = run().num_rows
    cold = time.perf_counter() - opened
    warm = []
    for _ in range(WARM_RUNS):
        again = time.perf_counter()
        run()
        warm.append(time.perf_counter() - again)
    return {
        "imports": imported - begun,
        "cold": cold,
        "warm": statistics.median(warm),
        "peak": _peak(),
        "rows": rows,
    }


def _peak() -> float:
    """The most memory that this process ever held, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts the parent's pages there too
        (line,) = [line for line in status.read_text("utf-8").splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
