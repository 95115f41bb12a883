"""Many simulated days of the service, 100 for each seed, on all cores; a soak goes on where the last one ended."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from soak_tests import ROOT, SoakedTest, SoakResult, run_test

SEED_DAYS = 100
SEEDS = 500
CODE = ("src/bluetick/detections", "tests/schedule")


class Progress:
    """Which seeds have passed, in a file of lines. What passed with other code counts for nothing."""

    def __init__(self, path: Path, code: str) -> None:
        self.path = path
        self._code = code
        self.seeds = {line["seed"] for line in _lines(path) if line["code"] == code}

    def note(self, seed: int) -> None:
        self.seeds.add(seed)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps({'code': self._code, 'seed': seed})}")


def _lines(path: Path) -> Iterator[dict[str, object]]:
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            yield json.loads(line)
        except ValueError:  # the end of a soak that was killed
            continue


def code_digest() -> str:
    """Names the code that simulated days run."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def live(seed: int) -> SoakResult:
    """The days of a seed."""
    name = "tests/schedule/test_service_simulation.py::test_many_days"
    return run_test(SoakedTest(name, {"BLUETICK_DAYS": SEED_DAYS, "BLUETICK_SEED": seed}))


@dataclass(slots=True)
class SoakedDays:
    """The days of one soak. It ends at `until`, with the first seed that fails, or when the next 50,000 days are
    full."""

    progress: Progress
    until: float
    workers: int
    clock: Callable[[], float] = time.monotonic
    live: Callable[[int], SoakResult] = live
    _running: dict[Future[SoakResult], int] = field(default_factory=dict)
    _seconds: list[float] = field(default_factory=list)
    _problems: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """What went wrong."""
        begun = self.clock()
        seeds = iter(self._seeds())
        with ThreadPoolExecutor(self.workers) as pool:
            while True:
                while len(self._running) < self.workers and self._is_time() and (seed := next(seeds, None)) is not None:
                    self._running[pool.submit(self.live, seed)] = seed
                if not self._running:
                    break
                self._take(begun)
        return self._problems

    def _seeds(self) -> list[int]:
        full = len(self.progress.seeds) // SEEDS + 1
        return sorted(set(range(1, full * SEEDS + 1)) - self.progress.seeds)

    def _is_time(self) -> bool:
        """Whether another seed may begin: one is no reason to end much later."""
        mean = sum(self._seconds) / len(self._seconds) if self._seconds else 0.0
        return not self._problems and self.clock() + mean <= self.until

    def _take(self, begun: float) -> None:
        done, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in done:
            seed, run = self._running.pop(future), future.result()
            self._seconds.append(run.seconds)
            if run.problem:
                self._problems.append(f"seed {seed} of the simulated days failed\n{run.problem}")
            else:
                self.progress.note(seed)
        print(self._said(max(self.clock() - begun, 1e-9)), flush=True)

    def _said(self, seconds: float) -> str:
        days, so_far, whole = (SEED_DAYS * count for count in (len(self._seconds), len(self.progress.seeds), SEEDS))
        return (
            f"simulated days: {days:,}, {days / seconds:.1f} a second;"
            f" with earlier soaks {so_far:,}, {so_far / whole:.1%} of {whole:,}"
        )
