"""Addresses of a column in constant networks, against Python's own reckoning, on both engines."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

import pytest

import bluetick
from bluetick.session import Session

NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "23.128.0.0/9", "185.224.96.0/21", "192.0.2.7", "0.0.0.0/0", "99.9.0.0/23")
ODD = ("", "none", "1.2.3", "1.2.3.256", "10.1.1.1.1", " 10.1.2.3\t", "10.1.2.3/8", "10.1.2.3/33", "23.200.1.1/8")


@pytest.fixture(scope="module", params=["duckdb", pytest.param("local[2]", marks=pytest.mark.spark)])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with bluetick.connect(engine=request.param) as opened:
        yield opened


def around(network: str) -> list[str]:
    """The ends of a network, what lies beside them, and something within."""
    whole = IPv4Network(network)
    low, high = int(whole[0]), int(whole[-1])
    return [str(IPv4Address(n)) for n in (low, high, (low + high) // 2, low - 1, high + 1) if 0 <= n < 1 << 32]


def expected(address: str, network: str) -> bool | None:
    """Null for what is no address; an address with a prefix is that prefix's first."""
    bare, _, prefix = address.strip().partition("/")
    try:
        first = IPv4Network((IPv4Address(bare), int(prefix or 32)), strict=False)[0]
    except ValueError:
        return None
    return first in IPv4Network(network)


ADDRESSES = [*(a for n in NETWORKS for a in around(n)), *ODD]


def test_a_column_in_constant_ranges(session: Session) -> None:
    table = f"datatable(ip:string)[{', '.join(map(repr, ADDRESSES))}]"
    columns = [f"c{i} = ipv4_is_in_range(ip, '{network}')" for i, network in enumerate(NETWORKS)]
    found = {row[0]: row[1:] for row in session.query(f"{table} | extend {', '.join(columns)}").rows()}
    assert found == {a: tuple(expected(a, network) for network in NETWORKS) for a in ADDRESSES}


@pytest.mark.parametrize("networks", [NETWORKS[:2], NETWORKS[2:5], ("10.0.0.0/8", "no network"), ("no network",)])
def test_a_column_in_any_of_them(session: Session, networks: tuple[str, ...]) -> None:
    call = f"ipv4_is_in_any_range(ip, {', '.join(map(repr, networks))})"
    table = f"datatable(ip:string)[{', '.join(map(repr, ADDRESSES))}]"
    known = [network for network in networks if network != "no network"]
    wanted = {a: expected(a, "0.0.0.0/0") and any(expected(a, network) for network in known) for a in ADDRESSES}
    assert dict(session.query(f"{table} | extend found = {call}").rows()) == wanted
    kept = {row[0] for row in session.query(f"{table} | where {call}").rows()}
    left = {row[0] for row in session.query(f"{table} | where not({call})").rows()}
    assert kept == {a for a in ADDRESSES if wanted[a] is True}
    assert left == {a for a in ADDRESSES if wanted[a] is False}
