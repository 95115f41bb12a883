"""Small tables of few values, so that keys meet, rows are alike and times are tied; some values of each are null."""

from datetime import UTC, datetime, timedelta
from random import Random

import pyarrow as pa

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def small_tables() -> dict[str, pa.Table]:
    return {"A": _events(1, 60), "B": _events(2, 200), "C": _events(3, 40), "P": _paths(4, 300)}


def _paths(seed: int, rows: int) -> pa.Table:
    """Texts of parts with separators between them; of some parts none are there, and of some texts none."""
    random = Random(seed)  # noqa: S311 - seeded, so that it can be had again
    parts, ends = ["", "a", "b", "A:"], [":", "\\", ":\\"]
    texts = [
        "".join(random.choice(parts) + random.choice(ends) for _ in range(random.randint(0, 4))) for _ in range(60)
    ]
    return pa.table(
        {
            "t": pa.array(
                [NOW - timedelta(hours=random.randint(1, 9)) for _ in range(rows)], pa.timestamp("us", "UTC")
            ),
            "p": [random.choice([*texts, None]) for _ in range(rows)],
            "n": pa.array(random.choices([None, 1, 2, 3], k=rows), pa.int64()),
        }
    )


def _events(seed: int, rows: int) -> pa.Table:
    random = Random(seed)  # noqa: S311 - seeded, so that it can be had again
    times = [None, *(NOW - timedelta(hours=hours) for hours in range(1, 9))]
    return pa.table(
        {
            "t": pa.array(random.choices(times, k=rows), pa.timestamp("us", "UTC")),
            "k": random.choices(["", "a", "b", "c", "d", None], k=rows),
            "n": pa.array(random.choices([None, 1, 2, 3], k=rows), pa.int64()),
            "r": random.choices([None, 0.0, 1.5, float("nan")], k=rows),
            "s": random.choices(["x", "y", None], k=rows),
        }
    )
