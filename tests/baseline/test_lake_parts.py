"""What is kept of a Delta table: its log tells the files, and a commit touches nothing that was there."""

from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake

from baseline.files import EAGER, NOW, drawn, rows_of
from bluetick.execution.baseline.cache import BaselineCache
from bluetick.session import QueryRequest, Session

QUERIES = (
    "A | where Timestamp > ago(4d) and s == 'x' | summarize count(), sum(n), max(Timestamp) by k",
    "A | where Timestamp > ago(4d) and k != 'a' | summarize dcount(n), arg_max(Timestamp, *) by s",
    "A | where Timestamp > ago(30h) and k == 'b' | project n, s",
)


def opened(lake: Path) -> Session:
    session = Session(lake=lake)
    session.baseline = BaselineCache(lake / "_baseline", EAGER)
    return session


def plain_rows(lake: Path, text: str) -> list[str]:
    with Session(lake=lake) as session:
        session.baseline = None
        return rows_of(session, text)


@pytest.mark.parametrize("parts", [[], ["s"]])
def test_commits_are_seen_and_the_rest_is_kept(tmp_path: Path, parts: list[str]) -> None:
    lake = tmp_path / "lake"
    with opened(lake_of(lake, parts)) as session:
        for number in range(4):
            for text in QUERIES:
                found = session.run(QueryRequest(text, now=NOW))[-1]
                assert len(found._execution.parts) == 1
                assert [repr(row) for row in found.rows()] == plain_rows(lake, text)
            write_deltalake(lake / "A", drawn(90 + number, 2, 15), mode="append")
        for text in QUERIES:
            assert rows_of(session, text) == plain_rows(lake, text)


def test_files_that_were_put_together_are_other_files(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", [])
    with opened(lake) as session:
        before = [rows_of(session, text) for text in QUERIES]
        DeltaTable(lake / "A").optimize.compact()
        assert [rows_of(session, text) for text in QUERIES] == before == [plain_rows(lake, text) for text in QUERIES]


def test_a_past_version_is_read_from_its_files(tmp_path: Path) -> None:
    lake = lake_of(tmp_path / "lake", [])
    with opened(lake) as session:
        rows_of(session, QUERIES[0])
    with Session(lake=lake, as_of=2) as session:
        session.baseline = BaselineCache(lake / "_baseline", EAGER)
        found = session.run(QueryRequest(QUERIES[0], now=NOW))[-1]
        assert found._execution.parts == {}


def lake_of(lake: Path, parts: list[str]) -> Path:
    """Some days, a commit each."""
    for day in range(5, 0, -1):
        write_deltalake(lake / "A", drawn(day, day, 40), mode="append", partition_by=parts or None)
    return lake
