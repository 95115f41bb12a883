"""Flows as minutes: each link once, bytes in the last minute, whatever the blocks, and never too many at once."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.sources import minutes
from bluetick.sources.minutes import Minutes

START = datetime(2026, 5, 1, 10, tzinfo=UTC)
Flow = tuple[int, int, str, int]  # seconds from START, seconds alive, peer, bytes


def table(flows: list[Flow]) -> tuple[pa.Table, pa.ChunkedArray]:  # type: ignore[type-arg]  # of timestamps
    starts = [START + timedelta(seconds=start) for start, _, _, _ in flows]
    ends = [START + timedelta(seconds=start + alive) for start, alive, _, _ in flows]
    instants = pa.timestamp("us", "UTC")
    rows = {
        "TimeGenerated": pa.array(starts, instants),
        "RemoteIp": pa.array([peer for _, _, peer, _ in flows], pa.string()),
        "BytesSent": pa.array([size for _, _, _, size in flows], pa.int64()),
        "LinksEstablished": pa.array([1] * len(flows), pa.int64()),
    }
    return pa.table(rows), pa.chunked_array([pa.array(ends, instants)])


def given_out(taker: Minutes, block: list[Flow]) -> Iterator[pa.Table]:
    yield taker.add(*table(block))
    while (more := taker.more()) is not None:
        yield more


def rest_of(taker: Minutes) -> Iterator[pa.Table]:
    while (rest := taker.rest()) is not None:
        yield rest


def by_minute(parts: list[pa.Table]) -> dict[tuple[datetime, str], tuple[int, int]]:
    found: defaultdict[tuple[datetime, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for part in parts:
        for row in part.to_pylist():
            key = row["TimeGenerated"], row["RemoteIp"]
            links, sent = found[key]
            found[key] = links + row["LinksEstablished"], sent + row["BytesSent"]
    return dict(found)


def naive(flows: list[Flow]) -> dict[tuple[datetime, str], tuple[int, int]]:
    found: defaultdict[tuple[datetime, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for start, alive, peer, size in flows:
        first, last = start // 60, (start + alive) // 60
        for minute in range(first, last + 1):
            key = START + timedelta(minutes=minute), peer
            links, sent = found[key]
            found[key] = links + (minute == first), sent + (size if minute == last else 0)
    return dict(found)


flows_in_order = st.lists(
    st.tuples(st.integers(0, 1_200), st.integers(0, 900), st.sampled_from(["a", "b"]), st.integers(0, 9)),
    min_size=1,
    max_size=25,
).map(sorted)


@settings(deadline=None)
@given(flows_in_order, st.lists(st.integers(1, 6), min_size=25, max_size=25), st.integers(3, 40), st.booleans())
def test_any_blocks_tell_each_minute_as_a_count_by_hand(
    flows: list[Flow], sizes: list[int], limit: int, is_resumed: bool
) -> None:
    parts: list[pa.Table] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(minutes, "MOST_AT_ONCE", limit)
        taker, left = Minutes(), flows
        for size in sizes:
            if left:
                parts += given_out(taker, left[:size])
                left = left[size:]
                taker = Minutes(taker.held) if is_resumed else taker
        parts += rest_of(taker)
    assert not left
    assert by_minute(parts) == naive(flows)
    assert taker.held == ""


def test_minutes_in_order_are_one_row_each_whatever_the_blocks() -> None:
    flows: list[Flow] = [(20 * number, 70, "a", 1) for number in range(300)]
    taker = Minutes()
    parts = [part for at in range(0, 300, 7) for part in given_out(taker, flows[at : at + 7])]
    parts += rest_of(taker)
    assert sum(part.num_rows for part in parts) == len(naive(flows))


def test_flows_of_a_week_become_rows_a_part_at_a_time() -> None:
    week = 7 * 24 * 3_600
    taker = Minutes()
    parts = list(given_out(taker, [(0, week, f"peer {number}", 5) for number in range(40)])) + list(rest_of(taker))
    assert sum(part.num_rows for part in parts) == 40 * minutes.MAX_MINUTES
    assert max(part.num_rows for part in parts) <= minutes.MOST_HELD + minutes.MOST_AT_ONCE + minutes.MAX_MINUTES
    assert sum(links for links, _ in by_minute(parts).values()) == 40
