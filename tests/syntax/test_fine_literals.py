"""Literals finer than a microsecond are taken with a warning: nothing is cut off in silence."""

import pytest

from bluetick.syntax import parse


@pytest.mark.parametrize("text", ["1tick", "timespan(00:00:00.0000001)", "datetime(2024-01-01 00:00:00.1234567)"])
def test_what_is_cut_off_is_said(text: str) -> None:
    _, diagnostics = parse(f"print {text}")
    assert [(d.code, d.is_error) for d in diagnostics] == [("BTK0154", False)]


@pytest.mark.parametrize("text", ["1microsecond", "timespan(00:00:00.1000000)", "datetime(2024-01-01 00:00:00.123456)"])
def test_what_is_kept_is_not_warned_of(text: str) -> None:
    assert parse(f"print {text}")[1] == ()
