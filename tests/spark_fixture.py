"""One Spark session for all tests of a process, as it takes seconds to start."""

from collections.abc import Iterator

import pytest

from bluetick.engines.opening import open_engine
from bluetick.engines.protocol import Engine


@pytest.fixture(scope="session")
def spark_engine() -> Iterator[Engine]:
    engine = open_engine("local[2]")
    yield engine
    engine.close()
