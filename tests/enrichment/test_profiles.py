"""FileProfile: a table of profiles in every form, the four states, and prevalence out of one's own telemetry."""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import bluetick
from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.profile_table import ProfileTable
from bluetick.enrichment.profiles import PROFILE_FIELDS

KNOWN = "a" * 40
OTHER = "b" * 40
SHA256 = "c" * 64
PROFILE = {
    "SHA1": KNOWN.upper(),
    "SHA256": SHA256,
    "GlobalPrevalence": 7,
    "GlobalFirstSeen": "2023-01-02T03:04:05",
    "Signer": "Contoso",
    "IsCertificateValid": True,
}


def write(folder: Path, suffix: str, rows: list[dict[str, object]]) -> Path:
    path = folder / f"profiles{suffix}"
    if suffix == ".parquet":
        typed = [{**row, "GlobalFirstSeen": datetime.fromisoformat(str(row["GlobalFirstSeen"]))} for row in rows]
        pq.write_table(pa.Table.from_pylist(typed), path)
    elif suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".ndjson", ".jsonl"])
def test_every_format(tmp_path: Path, suffix: str) -> None:
    table = ProfileTable(write(tmp_path, suffix, [PROFILE]))
    (row,) = table.lookup("SHA1", [KNOWN]).to_pylist()
    assert row["lookup_key"] == KNOWN
    assert row["GlobalPrevalence"] == 7
    assert row["GlobalFirstSeen"] == datetime(2023, 1, 2, 3, 4, 5)
    assert row["Signer"] == "Contoso"
    assert row["IsCertificateValid"] is True
    assert row["Issuer"] == ""
    assert row["FileSize"] is None
    assert row["ProfileAvailability"] == "Available"
    assert tuple(row) == ("lookup_key", *PROFILE_FIELDS)


def test_hashes_compare_without_regard_to_case(tmp_path: Path) -> None:
    table = ProfileTable(write(tmp_path, ".ndjson", [PROFILE]))
    answers = table.lookup("SHA1", [KNOWN, KNOWN.upper(), OTHER]).to_pylist()
    assert [a["ProfileAvailability"] for a in answers] == ["Available", "Available", "Missing"]
    assert [a["lookup_key"] for a in answers] == [KNOWN, KNOWN.upper(), OTHER]


def test_the_kind_of_hash_is_told_by_its_length(tmp_path: Path) -> None:
    table = ProfileTable(write(tmp_path, ".ndjson", [PROFILE]))
    (row,) = table.lookup("InitiatingProcessSHA1", [SHA256]).to_pylist()
    assert row["GlobalPrevalence"] == 7


def test_an_unknown_id_that_is_no_hash_has_no_state(tmp_path: Path) -> None:
    """Microsoft: Missing where the profile was asked for, empty where the file id is invalid."""
    table = ProfileTable(write(tmp_path, ".ndjson", [PROFILE]))
    answers = table.lookup("SHA1", ["setup.exe", "g" * 40, OTHER]).to_pylist()
    assert [answer["ProfileAvailability"] for answer in answers] == ["", "", "Missing"]


def test_the_first_of_two_profiles_counts(tmp_path: Path) -> None:
    table = ProfileTable(write(tmp_path, ".ndjson", [PROFILE, {**PROFILE, "GlobalPrevalence": 8}]))
    (row,) = table.lookup("SHA1", [KNOWN]).to_pylist()
    assert row["GlobalPrevalence"] == 7


def test_no_keys_no_rows(tmp_path: Path) -> None:
    assert ProfileTable(write(tmp_path, ".ndjson", [PROFILE])).lookup("SHA1", []).num_rows == 0


def test_the_version_names_the_data(tmp_path: Path) -> None:
    before = ProfileTable(write(tmp_path, ".ndjson", [PROFILE])).version
    assert ProfileTable(write(tmp_path, ".ndjson", [PROFILE])).version == before
    assert ProfileTable(write(tmp_path, ".ndjson", [{**PROFILE, "Signer": "x"}])).version != before


def test_files_that_are_no_profiles(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file"):
        ProfileTable(tmp_path / "none.parquet")
    with pytest.raises(SourceError, match="none of the columns SHA256, SHA1, MD5"):
        ProfileTable(write(tmp_path, ".ndjson", [{"Name": "x"}]))
    with pytest.raises(SourceError, match=r"\.parquet, \.csv or \.ndjson"):
        ProfileTable(tmp_path / "profiles.xlsx")
    (tmp_path / "broken.parquet").write_text("not parquet")
    with pytest.raises(SourceError, match="cannot be read"):
        ProfileTable(tmp_path / "broken.parquet")


def test_a_value_that_does_not_fit(tmp_path: Path) -> None:
    table = ProfileTable(write(tmp_path, ".ndjson", [{**PROFILE, "GlobalPrevalence": "many"}]))
    with pytest.raises(SourceError, match="does not fit"):
        table.lookup("SHA1", [KNOWN])


EVENTS = pa.table(
    {
        "Timestamp": pa.array([datetime(2024, 5, day) for day in (1, 2, 3, 4, 5)], pa.timestamp("us")),
        "DeviceId": ["d1", "d2", "d1", "d1", "d3"],
        "SHA1": [KNOWN, KNOWN.upper(), OTHER, "", "d" * 40],
    }
)


def test_the_four_states(tmp_path: Path) -> None:
    """In ordinal order the first two keys are asked for: of upper case first, then `a...`; the rest is not asked."""
    profiles = write(tmp_path, ".ndjson", [PROFILE])
    with bluetick.connect(tables={"DeviceFileEvents": EVENTS}, profiles=profiles) as session:
        rows = session.query(
            "DeviceFileEvents | project SHA1 | invoke FileProfile(SHA1, 3) | project SHA1, ProfileAvailability, Signer"
        ).rows()
        assert set(rows) == {
            (KNOWN, "Available", "Contoso"),
            (KNOWN.upper(), "Available", "Contoso"),
            (OTHER, "Missing", ""),
            ("", "", ""),
            ("d" * 40, "", ""),
        }


def test_no_provider_is_an_error_with_a_way_out() -> None:
    with (
        bluetick.connect(tables={"DeviceFileEvents": EVENTS}) as session,
        pytest.raises(SourceError, match="--profiles"),
    ):
        session.query("DeviceFileEvents | invoke FileProfile(SHA1)")


@pytest.mark.parametrize(("profiles", "devices"), [("local", None), ("local-as-global", 2)])
def test_local_prevalence_is_global_only_when_asked(profiles: str, devices: int | None) -> None:
    with bluetick.connect(tables={"DeviceFileEvents": EVENTS}, profiles=profiles) as session:
        rows = session.query(
            f"DeviceFileEvents | where SHA1 == '{KNOWN}' | project SHA1 | invoke FileProfile(SHA1) "
            "| project GlobalPrevalence, day = dayofmonth(GlobalFirstSeen), last_day = dayofmonth(GlobalLastSeen), "
            "ProfileAvailability"
        ).rows()
        assert list(rows) == [(devices, 1, 2, "Available")]
        (provider,) = session.providers.values()
        assert "own telemetry" in provider.note


def test_local_prevalence_of_a_file_never_seen() -> None:
    with bluetick.connect(tables={"DeviceFileEvents": EVENTS}, profiles="local") as session:
        query = f"print SHA1 = '{'e' * 40}' | invoke FileProfile(SHA1) | project ProfileAvailability, GlobalFirstSeen"
        assert list(session.query(query).rows()) == [("Missing", None)]


def test_a_provider_of_ones_own() -> None:
    asked: Counter[str] = Counter()

    class Provider:
        version = "1"
        note = ""

        def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
            asked.update(keys)
            raise SourceError(f"{key_column} is not answered today")

    with bluetick.connect(tables={"DeviceFileEvents": EVENTS}, profiles=Provider()) as session:
        with pytest.raises(SourceError, match="SHA1 is not answered today"):
            session.query("DeviceFileEvents | invoke FileProfile(SHA1)")
        assert asked == {KNOWN: 1, KNOWN.upper(): 1, OTHER: 1, "d" * 40: 1}
