"""Plugins that are told as relations, beside the same told as loops over random rows."""

from collections.abc import Iterator
from ipaddress import ip_network
from random import Random

import pyarrow as pa
import pytest

import bluetick
from bluetick.session import Session

Events = list[tuple[str, int, str]]


def events(seed: int) -> Events:
    random = Random(seed)  # noqa: S311 - a repeatable table
    return [(random.choice("abcde"), random.randrange(-5, 40), random.choice("xy")) for _ in range(60)]


@pytest.fixture(params=range(4), ids=lambda seed: f"seed {seed}")
def table(request: pytest.FixtureRequest) -> Iterator[tuple[Session, Events]]:
    rows = events(request.param)
    users, times, sites = (list(column) for column in zip(*rows, strict=True))
    with bluetick.connect(tables={"T": pa.table({"user": users, "at": times, "site": sites})}) as session:
        yield session, rows


def answer(session: Session, call: str) -> list[tuple[object, ...]]:
    return sorted(session.query(f"T | evaluate {call}").rows())


def test_active_users_count(table: tuple[Session, Events]) -> None:
    """From 1 to 30, seen in two periods of three in the last eight, bins of five."""
    session, rows = table
    active = set()
    for user, at, site in rows:
        seen = {(t - 1) // 3 for u, t, s in rows if (u, s) == (user, site) and at - 8 < t <= at}
        if 1 <= at <= 30 and len(seen) >= 2:
            active.add(((at - 1) // 5 * 5 + 1, site, user))
    bins = sorted({(b, s) for b, s, _ in active})
    expected = [(b, s, sum(one[:2] == (b, s) for one in active)) for b, s in bins]
    assert answer(session, "active_users_count(user, at, 1, 30, 8, 3, 2, 5, site)") == expected


def test_counts_and_sliding_windows(table: tuple[Session, Events]) -> None:
    session, rows = table
    counted, slid = [], []
    for site in "xy":
        seen: set[str] = set()
        for b in range(0, 31, 4):
            own = [u for u, t, s in rows if s == site and b <= t < b + 4 and 0 <= t <= 30]
            if own:
                counted.append((b, site, len(own), len(set(own)), len(set(own) - seen), len(seen | set(own))))
            seen |= set(own)
            back = [u for u, t, s in rows if s == site and b - 8 <= t < b + 4 and t <= 30]
            if back:
                slid.append((b, site, len(back), len(set(back))))
    assert answer(session, "activity_counts_metrics(user, at, 0, 30, 4, site)") == sorted(counted)
    assert answer(session, "sliding_window_counts(user, at, 0, 30, 12, 4, site)") == sorted(slid)


def test_session_count(table: tuple[Session, Events]) -> None:
    session, rows = table
    starts: dict[int, int] = {}
    for user in "abcde":
        times = sorted(t for u, t, _ in rows if u == user and t >= -3)
        for place, t in enumerate(times):
            if 0 <= t <= 30 and (place == 0 or t - times[place - 1] > 3):
                starts[t // 7 * 7] = starts.get(t // 7 * 7, 0) + 1
    assert answer(session, "session_count(user, at, 0, 30, 7, 3)") == sorted(starts.items())


def test_new_activity_metrics(table: tuple[Session, Events]) -> None:
    session, rows = table
    bins = list(range(0, 31, 6))
    seen = {b: {u for u, t, _ in rows if b <= t < b + 6 and 0 <= t <= 30} for b in bins}
    first = {u: min(b for b in bins if u in seen[b]) for u in set().union(*seen.values())}
    expected = []
    for start in bins:
        cohort = {u for u in first if first[u] == start}
        for b in (b for b in bins if b >= start):
            new = sum(first[u] > start for u in seen[b]) if b > start else len(cohort)
            kept = len(cohort & seen[b])
            expected.append((start, b, new, kept, len(cohort) - kept))
    made = [row[:5] for row in answer(session, "new_activity_metrics(user, at, 0, 30, 6)")]
    assert made == expected


def test_sequence_detect(table: tuple[Session, Events]) -> None:
    session, rows = table
    places = list(enumerate(rows))
    expected = {
        (user, first, second, third, third - first)
        for i, (user, first, one) in places
        for j, (u2, second, two) in places
        for k, (u3, third, three) in places
        if user == u2 == u3 and (one, two, three) == ("x", "y", "x") and len({i, j, k}) == 3
        if first <= second <= third and second - first <= 4 and third - second <= 4 and third - first <= 6
    }
    call = "sequence_detect(at, 4, 6, a=(site == 'x'), b=(site == 'y'), c=(site == 'x'), user)"
    # Steps that do not follow each other may be the same row; then all three times are one.
    assert {row for row in answer(session, call) if row[1] != row[3]} == {row for row in expected if row[1] != row[3]}


def test_ipv4_lookup() -> None:
    random = Random(7)  # noqa: S311 - a repeatable table

    def address() -> str:
        return f"10.{random.randrange(2)}.{random.randrange(4)}.{random.randrange(8)}"

    addresses = [address() + random.choice(["", "", "/24", "/31"]) for _ in range(60)]
    networks = [f"{address()}/{random.choice([8, 15, 16, 23, 24, 29, 30, 31, 32])}" for _ in range(40)]
    expected = []
    for one in addresses:
        for other in networks:
            a, b = ip_network(one, strict=False), ip_network(other, strict=False)
            length = min(a.prefixlen, b.prefixlen)
            if a.supernet(new_prefix=length) == b.supernet(new_prefix=length):
                expected.append((one, other))
    tables = {"T": pa.table({"ip": addresses}), "N": pa.table({"network": networks})}
    with bluetick.connect(tables=tables) as session:
        assert answer(session, "ipv4_lookup(N, ip, network)") == sorted(expected)
