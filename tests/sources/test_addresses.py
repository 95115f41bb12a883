from ipaddress import IPv4Address, IPv6Address

import pytest

from bluetick.sources.addresses import _KINDS, classify_ip, is_public, normalise_ip


@pytest.mark.parametrize(
    ("ip", "kind"),
    [
        ("8.8.8.8", "Public"),
        ("172.15.255.255", "Public"),
        ("172.16.0.0", "Private"),
        ("172.31.255.255", "Private"),
        ("172.32.0.0", "Public"),
        ("10.0.0.1", "Private"),
        ("192.168.1.1", "Private"),
        ("169.254.169.254", "Private"),
        ("100.64.0.1", "Private"),
        ("100.128.0.1", "Public"),
        ("127.0.0.1", "Loopback"),
        ("127.255.0.1", "Loopback"),
        ("255.255.255.255", "Broadcast"),
        ("0.0.0.0", "Reserved"),  # noqa: S104
        ("203.0.113.5", "Reserved"),
        ("198.51.100.5", "Reserved"),
        ("224.0.0.251", "Reserved"),
        ("240.0.0.1", "Reserved"),
        ("::1", "Loopback"),
        ("0:0:0:0:0:0:0:1", "Loopback"),
        ("::", "Reserved"),
        ("::ffff:8.8.8.8", "FourToSixMapping"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
        ("2001:4860:4860::8888", "Public"),
        ("2001:db8::1", "Reserved"),
        ("fe80::1%12", "Private"),
        ("fd00::1", "Private"),
        ("ff02::fb", "Reserved"),
        ("", ""),
        ("-", ""),
        ("256.1.1.1", ""),
        ("host.example", ""),
    ],
)
def test_classify_ip(ip: str, kind: str) -> None:
    assert classify_ip(ip) == kind


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("fe80:0:0:0:3b31:a8fa:5adc:7b9e", "fe80::3b31:a8fa:5adc:7b9e"),
        ("FE80::1%12", "fe80::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::ffff:c000:201", "::ffff:192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("-", ""),
    ],
)
def test_normalise_ip(text: str, spelled: str) -> None:
    assert normalise_ip(text) == spelled


def test_ranges_agree_with_the_registries_networks() -> None:
    """At both ends of every network and beside them, the kind is that of the first listed network with the address."""
    edges = {
        (network.version, int(end) + step)
        for network, _ in _KINDS
        for end in (network[0], network[-1])
        for step in (-1, 0, 1)
    }
    checked = 0
    for version, number in edges:
        limit = 1 << (32 if version == 4 else 128)
        if not 0 <= number < limit:
            continue
        address = IPv4Address(number) if version == 4 else IPv6Address(number)
        expected = next(kind for network, kind in _KINDS if network.version == version and address in network)
        assert classify_ip(str(address)) == expected
        checked += 1
    assert checked > 100


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        ("8.8.8.8", True),
        ("::ffff:8.8.8.8", True),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("2606:4700::1111", True),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("8.8.8.8\0", False),
        ("٨.8.8.8", False),
        ("", False),
    ],
)
def test_public_addresses_can_have_a_country(ip: str, public: bool) -> None:
    assert is_public(ip) is public
