"""What every test run knows: the option that rewrites the goldens, and how Spark's JVM is started."""

import os
from pathlib import Path

import golden
import pytest
from hypothesis import HealthCheck, settings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the expected parts of the golden files")


def pytest_configure(config: pytest.Config) -> None:
    # A gate is about a change: it tries the same examples every time. New ones are for `make fuzz`, which gives a seed.
    # Nothing is timed: a loaded machine is no fault.
    settings.register_profile(
        "gate",
        derandomize=config.getoption("--hypothesis-seed") is None,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("gate")
    os.environ.setdefault("SPARK_CONF_DIR", str(Path(__file__).parent / "spark"))
    golden.MODE.update = bool(config.getoption("--update-goldens"))
