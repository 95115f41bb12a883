"""What a person reads under the wrong queries that people write: code, place, caret and hint, to the letter.

The blocks that begin with `// POOR:` are messages that we are not proud of; the comment says what would be better.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from golden import GOLDENS, check_goldens, read_blocks
from golden_forms import diagnostics_text

import bluetick
from bluetick.session import Session

FILES = sorted((GOLDENS / "errors").glob("*.test"))
TIME, TEXT, NUMBER = pa.timestamp("us"), pa.string(), pa.int64()
TABLES = {
    "ProcessEvents": {
        "Timestamp": TIME,
        "DeviceName": TEXT,
        "FileName": TEXT,
        "ProcessCommandLine": TEXT,
        "ProcessId": NUMBER,
        "IsInitiated": pa.bool_(),
        "AdditionalFields": pa.list_(TEXT),
    },
    "NetworkEvents": {"Timestamp": TIME, "DeviceName": TEXT, "RemotePort": NUMBER},
}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    tables = {
        name: pa.table({column: pa.array([], type_) for column, type_ in columns.items()})
        for name, columns in TABLES.items()
    }
    with bluetick.connect(tables=tables) as opened:
        yield opened


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_messages(path: Path, session: Session) -> None:
    check_goldens(path, lambda query: diagnostics_text(session, query))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_query_is_wrong_and_most_messages_have_a_way_out(path: Path) -> None:
    blocks = read_blocks(path)
    good = [block for block in blocks if not block.query.startswith("// POOR:")]
    assert all("error[" in block.expected for block in blocks)
    assert len(good) >= 60
    assert sum("= hint:" in block.expected for block in good) >= 0.8 * len(good)
