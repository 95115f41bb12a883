"""Nothing is sent inside by accident, however an address is spelled, resolved or redirected."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import pytest
from output_messages import Clock, Names, message

from bluetick.detections.outputs.addresses import BadTarget, read_target, refusal
from bluetick.detections.outputs.posting import Endpoint, Web
from bluetick.detections.outputs.webhook import Webhook
from bluetick.detections.schedule.delivery import NotTaken


@contextmanager
def canary() -> Iterator[tuple[int, list[object]]]:
    """A port on all loopback addresses of this machine, and who connected to it."""
    connected: list[object] = []
    over = threading.Event()
    with socket.create_server(("", 0), family=socket.AF_INET) as listening:
        listening.settimeout(0.05)

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, address = listening.accept()
                except TimeoutError:
                    continue
                connected.append(address)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listening.getsockname()[1], connected
        finally:
            over.set()
            thread.join()


# Spellings of this machine, of what is inside, and of what readers of URLs disagree about; {port} is the canary's.
TRICKS = (
    "http://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://127.000.000.001:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://0177.0.0.01:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://0x7f000001:{port}/",
    "https://0X7F000001:{port}/",
    "https://0x7f.1:{port}/",
    "https://2130706433:{port}/",
    "https://017700000001:{port}/",
    "https://4294967295:{port}/",
    "https://0:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0x0:{port}/",
    "https://127.0.0.2:{port}/",
    "https://127.255.255.254:{port}/",
    "https://[::1]:{port}/",
    "https://[::]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::ffff:7f00:1]:{port}/",
    "https://[0:0:0:0:0:ffff:7f00:0001]:{port}/",
    "https://[::ffff:0:127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[64:ff9b::7f00:1]:{port}/",
    "https://[64:ff9b:1::7f00:1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2001:0:7f00:1::1]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fe80::1]:{port}/",
    "https://[fc00::1]:{port}/",
    "https://[fd00:ec2::254]/",
    "https://[ff02::1]:{port}/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://good.example@127.0.0.1:{port}/",
    "https://good.example:x@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}@good.example/",
    "https://good.example\\@127.0.0.1:{port}/",
    "https://good.example#@127.0.0.1:{port}/",
    "https://good.example?@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\good.example/",
    "https://127.0.0.1%2egood.example:{port}/",
    "https://good.example%00.127.0.0.1:{port}/",
    "https://good.example\t:{port}/",
    "https://good.example\n:{port}/",
    "https://good.example /",
    " https://127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "https:\\\\127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "https://①②⑦.⓪.⓪.①:{port}/",
    "https://ⓛocalhost:{port}/",
    "https://127。0。0。1:{port}/",
    "https://good.example:99999/",
    "https://good.example:0/",
    "https://:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "unix:///run/x.sock",
    "https://inside.example:{port}/",
    "https://mixed.example:{port}/",
    "https://mapped.example:{port}/",
    "https://metadata.example/",
)
NAMES = {
    "localhost": [["127.0.0.1"]],
    "good.example": [["127.0.0.1"]],
    "inside.example": [["127.0.0.1"]],
    "mixed.example": [["198.41.0.4", "127.0.0.1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
}


def endpoint(url: str, names: Names, *, allows_private: bool = False) -> Endpoint:
    target = read_target(url, allows_private=allows_private)
    return Endpoint(target, Web(Clock(), names), 2.0, allows_private)


def test_no_spelling_reaches_what_is_inside() -> None:
    with canary() as (port, connected):
        for trick in TRICKS:
            url = trick.format(port=port)
            with pytest.raises((BadTarget, NotTaken)):
                Webhook(endpoint(url, Names(NAMES)), None, 10_000).send(message())
        with socket.create_connection(("127.0.0.1", port)):
            pass
    assert len(TRICKS) >= 60
    assert len(connected) == 1, "the canary heard nothing but the test's own call"


def test_what_is_checked_is_what_is_connected_to() -> None:
    """A name that is outside when it is asked for the first time, and inside the second time."""
    asked: list[list[str]] = []

    def exchange(_: object, __: float, addresses: object) -> None:
        asked.append(list(addresses))  # type: ignore[call-overload]
        raise AssertionError("enough")

    names = Names({"rebinding.example": [["198.41.0.4"], ["127.0.0.1"]]})
    target = read_target("https://rebinding.example/", allows_private=False)
    one = Endpoint(target, Web(Clock(), names, exchange), 2.0)  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="enough"):
        one.post(b"", {})
    with pytest.raises(NotTaken, match="private address"):
        one.post(b"", {})
    assert asked == [["198.41.0.4"]]


@pytest.mark.parametrize(
    "host",
    ["127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "0x7f000001", "127.0.0.01", "1.2.3", "[::1%25lo]", "a..b"],
)
def test_an_unusual_spelling_is_refused_whatever_it_means(host: str) -> None:
    with pytest.raises(BadTarget):
        read_target(f"https://{host}/", allows_private=True)


@pytest.mark.parametrize(
    "path", ["/\\@inside.example", "/#@inside.example", '/"', "/a b", "/<x>", "/{x}", "/\t", "/é", "?x"]
)
def test_a_path_that_readers_disagree_about_is_refused(path: str) -> None:
    with pytest.raises(BadTarget):
        read_target(f"https://a.example{path}", allows_private=True)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "198.41.0.4", "2606:4700:4700::1111", "64:ff9b::808:808", "192.88.99.1", "1.1.1.1"]
)
def test_what_is_outside_is_allowed(address: str) -> None:
    assert refusal(ip_address(address), allows_private=False) == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.1.1", "fd12::1", "::1"])
def test_what_is_private_is_allowed_where_the_document_says_so(address: str) -> None:
    assert "allow_private" in refusal(ip_address(address), allows_private=False)
    assert refusal(ip_address(address), allows_private=True) == ""


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.1.1", "0.0.0.1", "224.0.0.1", "255.255.255.255", "168.63.129.16", "fe80::1"),
        *(
            "ff02::1",
            "fd00:ec2::254",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "2002:808:808::",
            "64:ff9b::a9fe:a9fe",
        ),
        *("100.100.100.200", "192.0.0.192", "fec0::1", "2001:0:808:808::1", "::8.8.8.8"),
    ],
)
def test_what_is_never_allowed(address: str) -> None:
    assert refusal(ip_address(address), allows_private=True)


@pytest.mark.parametrize(
    "url", ["https://a.example/x?y=1&z=%20", "https://a-b.example:8443/", "https://xn--bcher-kva.example"]
)
def test_plain_addresses_are_read(url: str) -> None:
    assert read_target(url, allows_private=False).url == url
