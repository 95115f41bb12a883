"""The bar of commands that look at many documents."""

import pytest

from bluetick.cli import progress
from bluetick.cli.progress import progress_of


def test_a_terminal_gets_a_bar_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # by which rich takes any stream for a terminal
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with progress_of(3, "checking") as advance:
        for _ in range(3):
            next(advance)
    out, err = capfd.readouterr()
    assert out == ""
    assert "checking" in err
    assert "/3" in err
    assert "documents" in err


def test_elsewhere_nothing_is_said(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with progress_of(1, "checking") as advance:
        next(advance)
        next(advance)  # one more than was said does no harm
    assert capfd.readouterr() == ("", "")
