"""Founding documents and further queries beside what an expert writes: `python benchmarks/bench_queries.py [--rows N]`.

Each figure is of processes of their own over the same simulated month. The first run in a process, with the opening of
the data, is cold: the median of several processes, which take turns. The median of the runs after it is warm. Imports
are told apart. Peers must give the same rows: another answer is an error and no figure. With --page the tables are
written as a page.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from performance_page import Figures, Measured, geometric_mean, write_page
from pyarrow import feather
from query_answers import difference
from query_data import KEPT, data_of
from query_peers import BY_HAND, OURS, PEERS, Peer
from query_set import Query, all_queries
from reporting import report

PROCESS = Path(__file__).parent / "query_process.py"


def main() -> int:
    options = _options()
    folder = data_of(options.rows, options.kept)
    measured = []
    for query in all_queries():
        if not options.only or query.name in options.only:
            print(f"  {query.name} ...", file=sys.stderr, flush=True)
            measured.append(_measure(query, folder, options.processes))
            _tell(measured[-1])
    if not measured:
        print("no query has that name", file=sys.stderr)
        return 2
    ratios = [one.ratio(BY_HAND.name) for one in measured if not one.is_document]
    if ratios:
        report("queries, geometric mean of cold ratios", geometric_mean(ratios), "x", f"worst {max(ratios):.2f}")
    if options.page is not None:
        absent = {peer.name: reason for peer in PEERS if (reason := peer.absence) is not None}
        write_page(options.page, measured, absent, options.rows, options.processes)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows in each table; made once and kept")
    parser.add_argument("--kept", type=Path, default=KEPT, help="the folder in which data is kept")
    parser.add_argument("--processes", type=int, default=3, help="cold runs of each query on each peer")
    parser.add_argument("--only", nargs="*", default=[], metavar="QUERY", help="measure these alone")
    parser.add_argument("--page", type=Path, help="write the tables there")
    return parser.parse_args()


def _measure(query: Query, folder: Path, processes: int) -> Measured:
    peers = [OURS, *(peer for peer in PEERS if peer.has(query) and peer.absence is None)]
    with tempfile.TemporaryDirectory() as place:
        modules = {peer.name: Path(place) / f"{index}.modules" for index, peer in enumerate(peers)}
        rows = _compare(query, peers, folder, modules, Path(place))
        runs: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in peers}
        for _ in range(processes):
            for peer in peers:
                told = _in_a_process(peer, query, folder, modules[peer.name])
                runs[peer.name].append(json.loads(told))
    return Measured(query.name, query.is_document, rows, {name: _figures(told) for name, told in runs.items()})


def _compare(query: Query, peers: Sequence[Peer], folder: Path, modules: dict[str, Path], place: Path) -> int:
    """Everybody's answer must be ours; gives its number of rows."""
    answers = []
    for index, peer in enumerate(peers):
        answer = place / f"{index}.arrow"
        _in_a_process(peer, query, folder, modules[peer.name], str(answer))
        answers.append(feather.read_table(answer))
        told = difference(answers[0], answers[-1])
        if told is not None:
            raise SystemExit(f"{query.name}: another answer from {peer.name}: {told}")
    return answers[0].num_rows


def _in_a_process(peer: Peer, query: Query, folder: Path, modules: Path, *answer: str) -> str:
    command = [sys.executable, str(PROCESS), peer.name, query.name, str(folder), str(modules), *answer]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def _figures(told: Sequence[dict[str, float]]) -> Figures:
    def middle(name: str) -> float:
        return statistics.median(one[name] for one in told)

    return Figures(middle("cold"), middle("warm"), middle("imports"), max(one["peak"] for one in told))


def _tell(one: Measured) -> None:
    ours = one.figures[OURS.name]
    report(
        f"{one.query}, cold", ours.cold, "s", f"warm {ours.warm:.3g} s, {ours.peak:,.0f} MB, {one.rows:,} rows found"
    )
    for name, theirs in one.figures.items():
        if name != OURS.name:
            note = f"{name} {theirs.cold:.3g} s, {theirs.peak:,.0f} MB; warm {ours.warm / theirs.warm:.2f}x"
            report(f"{one.query}, cold, ratio", ours.cold / theirs.cold, "x", note)


if __name__ == "__main__":
    sys.exit(main())
