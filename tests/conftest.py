"""What every test run knows: the option that rewrites the goldens, and how Spark's JVM is started."""

import os
from pathlib import Path

import golden
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the expected parts of the golden files")


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("SPARK_CONF_DIR", str(Path(__file__).parent / "spark"))
    golden.MODE.update = bool(config.getoption("--update-goldens"))
