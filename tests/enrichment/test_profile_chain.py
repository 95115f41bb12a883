"""Several providers as one: who fills what, which state it comes to, and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.profile_chain import ProfileChain, SourceCount
from bluetick.enrichment.profile_link import COLUMNS, Finding, ProviderLink
from bluetick.enrichment.profiles import PROFILE_FIELDS, answer_table

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
A, B = "a" * 40, "b" * 40


@dataclass
class Given:
    """A link that gives what it is told to, and remembers what it was asked."""

    name: str
    findings: Mapping[str, Finding]
    gives: frozenset[str] = COLUMNS
    version: str = "1"
    note: str = ""
    asked: list[tuple[list[str], float]] = field(default_factory=list)

    def find(self, key_column: str, keys: Sequence[str], ends: float) -> Mapping[str, Finding]:
        self.asked.append((list(keys), ends))
        return {key: self.findings.get(key, Finding("Missing")) for key in keys}


def chain(*links: Given) -> ProfileChain:
    return ProfileChain(links, lambda: 100.0, 30.0)


def rows(found: ProfileChain, *keys: str) -> list[dict[str, Any]]:
    return found.lookup("SHA1", keys).to_pylist()


def test_the_first_that_has_a_value_gives_it() -> None:
    first = Given("first", {A: Finding("Available", {"Signer": "one", "Issuer": "", "FileSize": None})})
    second = Given("second", {A: Finding("Available", {"Signer": "two", "Issuer": "i", "FileSize": 0})}, version="2")
    found = chain(first, second)
    (row,) = rows(found, A)
    assert tuple(row) == ("lookup_key", *PROFILE_FIELDS)
    assert (row["Signer"], row["Issuer"], row["FileSize"], row["MD5"]) == ("one", "i", 0, "")
    assert [(o["provider"], o["version"], o["columns"]) for o in found.origins().to_pylist()] == [
        ("first", "1", ["Signer"]),
        ("second", "2", ["FileSize", "Issuer"]),
    ]


def test_false_and_nought_are_values() -> None:
    first = Given("first", {A: Finding("Available", {"IsExecutable": False, "GlobalPrevalence": 0})})
    second = Given("second", {A: Finding("Available", {"IsExecutable": True, "GlobalPrevalence": 9})})
    (row,) = rows(chain(first, second), A)
    assert (row["IsExecutable"], row["GlobalPrevalence"]) == (False, 0)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (("Missing", "Available"), "Available"),
        (("Error", "Available"), "Available"),
        (("Available", "Error"), "Available"),
        (("Missing", "Error"), "Error"),
        (("Error", "Missing"), "Error"),
        (("", "Missing"), "Missing"),
        (("Missing", ""), "Missing"),
        (("", ""), ""),
        (("", "Error"), "Error"),
    ],
)
def test_states_come_together(said: tuple[str, str], state: str) -> None:
    first, second = (Given(name, {A: Finding(one)}) for name, one in zip("xy", said, strict=True))
    (row,) = rows(chain(first, second), A)
    assert row["ProfileAvailability"] == state


def test_who_has_nothing_to_add_is_not_asked() -> None:
    full = Given("full", {A: Finding("Available", {"MD5": "m", "FileSize": 1})})
    small = Given("small", {}, gives=frozenset(("MD5", "FileSize")))
    found = chain(full, small)
    rows(found, A, B)
    assert [keys for keys, _ in full.asked] == [[A, B]]
    assert [keys for keys, _ in small.asked] == [[B]]
    assert found.counts() == (
        SourceCount("full", "1", (("Available", 1), ("Missing", 1))),
        SourceCount("small", "1", (("Missing", 1),)),
    )


def test_all_have_one_time_together() -> None:
    first, second = Given("x", {}), Given("y", {})
    rows(chain(first, second), A)
    assert [ends for _, ends in (*first.asked, *second.asked)] == [130.0, 130.0]


def test_keys_come_back_as_they_were_asked_and_in_order() -> None:
    upper = A.upper()
    found = rows(chain(Given("x", {upper: Finding("Available")})), B, upper, A)
    assert [(row["lookup_key"], row["ProfileAvailability"]) for row in found] == [
        (B, "Missing"),
        (upper, "Available"),
        (A, "Missing"),
    ]


def test_no_keys_no_rows() -> None:
    link = Given("x", {})
    assert chain(link).lookup("SHA1", []).num_rows == 0
    assert link.asked == []


def test_what_could_not_be_had_is_said() -> None:
    failing = Given("vt", {A: Finding("Error", remark="r"), B: Finding("Error", remark="r")}, note="n")
    idle = Given("hl", {A: Finding("", remark="offline"), B: Finding("")})
    found = chain(failing, idle)
    assert found.note == "n"
    rows(found, A, B)
    assert found.note == "n; vt failed for 2 files: r; hl was not asked for 1 file: offline"
    assert found.version == "vt 1; hl 1"


def test_origins_tell_when_and_why() -> None:
    known = Finding("Available", {"MD5": "m"}, WHEN, "known as malicious from x")
    found = chain(Given("hl", {A: known, B: Finding("Error", remark="r")}))
    rows(found, A, B)
    assert found.origins().to_pylist() == [
        {
            "lookup_key": A, "provider": "hl", "version": "1", "state": "Available", "columns": ["MD5"],
            "asked": WHEN, "remark": "known as malicious from x",
        },
        {
            "lookup_key": B, "provider": "hl", "version": "1", "state": "Error", "columns": [], "asked": None,
            "remark": "r",
        },
    ]  # fmt: skip


class Table:
    """A provider as a user writes one."""

    version = "7"
    note = "mine"

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        return answer_table([{**self.row, "lookup_key": key} for key in keys])


def test_a_provider_that_gives_a_table_is_a_link() -> None:
    row = {"SHA1": A, "GlobalFirstSeen": WHEN, "IsExecutable": False, "ProfileAvailability": "Available"}
    link = ProviderLink("mine", Table(row))
    seen = WHEN.replace(tzinfo=None)
    values = {"SHA1": A, "GlobalFirstSeen": seen, "IsExecutable": False}
    assert link.find("SHA1", [A], 0.0) == {A: Finding("Available", values)}
    assert (link.version, link.note) == ("7", "mine")
    (found,) = rows(ProfileChain([link], lambda: 0.0, 1.0), A)
    assert found["GlobalFirstSeen"] == seen


def test_a_provider_of_ones_own_that_leaves_a_key_out() -> None:
    class Forgetful(Table):
        def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
            return super().lookup(key_column, keys[1:])

    link = ProviderLink("mine", Forgetful({"ProfileAvailability": "Missing"}))
    with pytest.raises(SourceError, match=f"'mine' of file profiles does not answer for '{A}'"):
        ProfileChain([link], lambda: 0.0, 1.0).lookup("SHA1", [A, B])


def test_a_state_that_there_is_not_is_an_error() -> None:
    (row,) = rows(chain(Given("x", {A: Finding("Perhaps")})), A)
    assert row["ProfileAvailability"] == "Error"
