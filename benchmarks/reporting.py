"""What every benchmark shares: how a time is taken, and the one form in which a figure is printed."""

import statistics
import time
from collections.abc import Callable


def median_ms(work: Callable[[], object], repeat: int = 30, warm_up: int = 3) -> float:
    """The median time of one call in milliseconds, after calls that do not count."""
    for _ in range(warm_up):
        work()
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1000 * statistics.median(times)


def report(what: str, value: float, unit: str, note: str = "") -> None:
    """Print one figure: run.py reads these lines into its table."""
    figure = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    print(what, figure, unit, note, sep="\t", flush=True)
