"""Where the founding documents are, if they are here at all, and one way to read a text."""

from pathlib import Path

import pytest

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"


@pytest.fixture(scope="session")
def country_rule() -> bytes:
    return _founding("000_1c15dbe6188e687f.txt")


@pytest.fixture(scope="session")
def process_hunt() -> bytes:
    return _founding("004_f2a0354f7c37c9a8.txt")


def _founding(name: str) -> bytes:
    path = SEEDS / name
    if not path.is_file():
        pytest.skip("the founding documents are not part of the project and are not beside it")
    return path.read_bytes()
