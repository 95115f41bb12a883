"""How fast rows take countries, autonomous systems and indicators: a million connections with 2,000 distinct addresses.

`new` is an enricher's first call, `known` a later one, `plain Python` a lookup a row in the same ranges with the same
cache, for scale. `all distinct` is the worst a scan can do: no address twice.
"""

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Address
from pathlib import Path

import pyarrow as pa
from reporting import report

from bluetick.enrichment.geo import load_range_countries
from bluetick.enrichment.opening import open_enricher

ROWS, ADDRESSES, DISTINCT, RANGES, INDICATORS = 1_000_000, 2_000, 262_144, 200_000, 50_000
CODES = ("US", "DE", "FR", "CN", "RU", "BR", "IN", "JP")


def main() -> None:
    numbers = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="bluetick-bench-") as folder:
        ranges, feed = Path(folder) / "ranges.csv", Path(folder) / "feed.csv"
        write_ranges(ranges)
        write_feed(feed, numbers)
        few = [address(numbers) for _ in range(ADDRESSES)]
        rows = connections([numbers.choice(few) for _ in range(ROWS)])
        begun = time.perf_counter()
        enricher = open_enricher(ranges, None, [feed])
        report("opening", time.perf_counter() - begun, "s", f"{RANGES:,} ranges, {INDICATORS:,} indicators")
        report(
            "rows, new",
            speed(lambda: enricher.enrich("VMConnection", rows), ROWS),
            "M rows/s",
            f"{ADDRESSES:,} distinct",
        )
        known = speed(lambda: enricher.enrich("VMConnection", rows), ROWS)
        report("rows, known", known, "M rows/s", "limit 1")
        countries = load_range_countries(ranges)
        look_up = lru_cache(maxsize=None)(lambda ip: countries.countries([ip])[0])
        plain = speed(lambda: row_by_row(look_up, rows), ROWS)
        report("against plain Python", known / plain, "times", f"{plain:.2f} M rows/s, countries alone")
        many = connections([address(numbers) for _ in range(DISTINCT)])
        report(
            "all distinct", speed(lambda: enricher.enrich("VMConnection", many), DISTINCT), "M rows/s", f"{DISTINCT:,}"
        )


def write_ranges(path: Path) -> None:
    step = (224 - 1 << 24) // RANGES
    lines = (
        f"{IPv4Address((1 << 24) + n * step)},{IPv4Address((1 << 24) + (n + 1) * step - 1)},{CODES[n % len(CODES)]}"
        for n in range(RANGES)
    )
    path.write_text("start,end,country\n" + "\n".join(lines))


def write_feed(path: Path, numbers: random.Random) -> None:
    lines = (f"{address(numbers)},Botnet,{numbers.randrange(100)}" for _ in range(INDICATORS))
    path.write_text("ip,threat_type,confidence\n" + "\n".join(lines))


def address(numbers: random.Random) -> str:
    return str(IPv4Address(numbers.randrange(1 << 24, 224 << 24)))


def connections(ips: list[str]) -> pa.Table:
    times = pa.array([datetime(2026, 3, 1, tzinfo=UTC)] * len(ips), pa.timestamp("us", "UTC"))
    return pa.table({"TimeGenerated": times, "RemoteIp": ips, "RemoteCountry": [""] * len(ips)})


def row_by_row(look_up: Callable[[str], str], rows: pa.Table) -> None:
    ips: list[str] = rows.column("RemoteIp").to_pylist()  # type: ignore[assignment]
    rows.set_column(2, "RemoteCountry", pa.array([look_up(ip) for ip in ips]))


def speed(run: Callable[[], object], rows: int) -> float:
    """Millions of rows a second."""
    begun = time.perf_counter()
    run()
    return rows / 1e6 / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
