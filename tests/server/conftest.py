"""One server for the tests that need no data of their own."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

import bluetick
from server.running import Served, served


@pytest.fixture(scope="package")
def on() -> Iterator[Served]:
    tables = {
        "Numbers": pa.table({"x": pa.array(range(10), pa.int64())}),
        "Events": pa.table({"Name": ["a", "b", "c"], "Size": pa.array([1, 2, 3], pa.int32())}),
    }
    with bluetick.connect(tables=tables) as session, served(session) as running:
        yield running
        assert running.faults == []
