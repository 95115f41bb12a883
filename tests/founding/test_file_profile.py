"""FileProfile as both the founding document and a query of its own ask for it."""

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bluetick
from bluetick.diagnostics.errors import QueryError
from founding.documents import LONG_RUNNING, founding_document
from founding.ordering import row_key
from founding.random_tables import EVENT_TYPES, HASHES, NOW, SOME_EVENT_COLUMNS, THOROUGH, Rows, arrow_table
from founding.reference import PROFILE_COLUMNS, TooManyFilesError, long_running, with_profiles
from founding.runs import GivenProfiles, run_document


def _files(count: int) -> Rows:
    """One old process that talks, for each of so many files; written backwards, so that order has to be made."""
    when = NOW - timedelta(days=1)
    return [
        {
            "Timestamp": when,
            "InitiatingProcessCreationTime": when - timedelta(days=20),
            "ActionType": "ConnectionSuccess",
            "RemoteIPType": "Public",
            "InitiatingProcessSHA256": f"file{number:04}",
        }
        for number in reversed(range(count))
    ]


def test_a_thousand_files_are_asked_for() -> None:
    detection, rows = founding_document(LONG_RUNNING), _files(1000)
    profiles = {f"file{n:04}": {"ProfileAvailability": "Available", "GlobalPrevalence": n % 40} for n in range(1000)}
    data = arrow_table(rows, EVENT_TYPES, SOME_EVENT_COLUMNS)
    expected = long_running(rows, profiles, NOW)
    assert len(expected) == 525
    assert run_document(detection, "DeviceNetworkEvents", data, NOW, profiles) == expected


def test_one_file_more_fails_the_query_with_the_documents_message() -> None:
    detection, rows = founding_document(LONG_RUNNING), _files(1001)
    with pytest.raises(TooManyFilesError):
        long_running(rows, {}, NOW)
    with pytest.raises(QueryError, match="Too many matches for FileProfile"):
        run_document(detection, "DeviceNetworkEvents", arrow_table(rows, EVENT_TYPES, SOME_EVENT_COLUMNS), NOW)


@settings(THOROUGH, max_examples=150)
@given(
    keys=st.lists(st.sampled_from([*HASHES, ""]), max_size=20),
    limit=st.integers(1, 6),
    known=st.sets(st.sampled_from(HASHES)),
)
def test_only_the_first_distinct_ids_are_asked_for(keys: list[str], limit: int, known: set[str]) -> None:
    profiles: dict[str, dict[str, Any]] = {
        key: {"ProfileAvailability": "Available", "GlobalPrevalence": len(key), "SHA256": key} for key in known
    }
    rows = [{"InitiatingProcessSHA256": key, "n": n} for n, key in enumerate(keys)]
    data = pa.table({"InitiatingProcessSHA256": pa.array(keys, pa.string()), "n": pa.array(range(len(keys)))})
    provider = GivenProfiles(profiles)
    with bluetick.connect(tables={"T": data}, profiles=provider) as session:
        result = session.query(f'T | invoke FileProfile("InitiatingProcessSHA256", {limit})')
        found = list(result.rows())
    expected = with_profiles(rows, "InitiatingProcessSHA256", limit, profiles)
    columns = ("InitiatingProcessSHA256", "n", *PROFILE_COLUMNS)
    assert tuple(name for name, _ in result.columns) == columns
    assert found == sorted((tuple(row[c] for c in columns) for row in expected), key=row_key)
    assert provider.asked == sorted({key for key in keys if key}, key=str.encode)[:limit]
