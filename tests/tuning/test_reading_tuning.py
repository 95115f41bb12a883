"""What a file of exceptions may say, and where a mistake is shown."""

from datetime import date

import pytest

from bluetick.detections.tuning.reading import read_tuning_text
from bluetick.diagnostics.errors import TuningError

WHOLE = """\
exceptions:
  - name: backup
    table: Logs
    where: n == 2 and s == "x"
    reason: the nightly copy
    owner: ops
    expires: 2027-01-31
  - name: known
    result: true
    where: |
      s has 'known'
        or n > 5
    reason: seen before
    owner: soc
    expires: 2026-12-01
"""


def refused(text: str) -> list[tuple[str, str]]:
    """(code, what the caret stands under) of each complaint."""
    with pytest.raises(TuningError) as told:
        read_tuning_text(text.encode(), "rule.tuning.yaml")
    return [(d.code, text[d.span.start : d.span.end]) for d in told.value.diagnostics]


def test_all_parts_are_read() -> None:
    backup, known = read_tuning_text(WHOLE.encode(), "rule.tuning.yaml").exceptions
    assert (backup.name, backup.exclusion.table, backup.reason, backup.owner) == (
        "backup",
        "Logs",
        "the nightly copy",
        "ops",
    )
    assert (known.exclusion.table, known.of) == (None, "the result")
    assert [backup.expires, known.expires] == [date(2027, 1, 31), date(2026, 12, 1)]


def test_the_last_day_counts() -> None:
    tuning = read_tuning_text(WHOLE.encode(), "rule.tuning.yaml")
    assert [one.name for one in tuning.applying(date(2026, 12, 1))] == ["backup", "known"]
    assert [one.name for one in tuning.applying(date(2026, 12, 2))] == ["backup"]
    assert [one.name for one in tuning.expired(date(2026, 12, 2))] == ["known"]


@pytest.mark.parametrize("key", ["name", "where", "reason", "owner", "expires"])
def test_every_part_is_needed(key: str) -> None:
    entries = {"name": "a", "table": "T", "where": "x", "reason": "r", "owner": "o", "expires": "2027-01-01"}
    del entries[key]
    lines = [f"{name}: {value}" for name, value in entries.items()]
    text = "exceptions:\n  - " + "\n    ".join(lines) + "\n"
    assert [code for code, _ in refused(text)] == ["BTK0274"]


def test_an_empty_part_is_missing() -> None:
    assert refused(WHOLE.replace("owner: ops", "owner:")) == [("BTK0274", "name")]


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    text = WHOLE.replace("    owner: ops", "    owner: ops\n    expire: never")
    with pytest.raises(TuningError) as told:
        read_tuning_text(text.encode(), "rule.tuning.yaml")
    (one,) = told.value.diagnostics
    assert (text[one.span.start : one.span.end], one.hint) == ("expire", "did you mean 'expires'?")
    assert "rule.tuning.yaml:7:5" in str(told.value)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    table: Logs\n", "", [("BTK0273", "name")]),
        ("    table: Logs\n", "    table: Logs\n    result: true\n", [("BTK0273", "true")]),
        ("result: true", "result: false", [("BTK0273", "false")]),
        ("result: true", "table: ''", [("BTK0252", "''")]),
        ("2027-01-31", "31.1.2027", [("BTK0275", "31.1.2027")]),
        ("2027-01-31", "20270131", [("BTK0275", "20270131")]),
        ("2027-01-31", "2027-02-30", [("BTK0275", "2027-02-30")]),
        ("name: known", "name: backup", [("BTK0276", "backup")]),
        ("reason: seen before", "reason: [a]", [("BTK0252", "[a]")]),
    ],
)
def test_what_is_wrong_is_shown(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert refused(WHOLE.replace(old, new)) == expected


def test_a_condition_that_is_no_kql_is_shown_where_it_stands() -> None:
    ((code, _),) = refused(WHOLE.replace("n == 2 and", "n == 2 2 and"))
    assert code.startswith("SYN")


@pytest.mark.parametrize("text", ["", "[]", "exceptions: 1", "exceptions: [a]", "rules: []", "a: &x 1\nexceptions: *x"])
def test_other_shapes_are_refused(text: str) -> None:
    assert refused(text)


def test_no_exception_is_a_file_too() -> None:
    assert read_tuning_text(b"exceptions: []", "rule.tuning.yaml").exceptions == ()
