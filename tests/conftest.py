"""What every test run knows: the option that rewrites the goldens."""

import golden
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="rewrite the expected parts of the golden files")


def pytest_configure(config: pytest.Config) -> None:
    golden.MODE.update = bool(config.getoption("--update-goldens"))
