"""A function whose package is not installed says which it needs, with constants and with columns."""

import sys

import pytest

import bluetick
from bluetick.diagnostics.errors import SourceError


@pytest.mark.parametrize(
    "query", ["print x = beta_cdf(0.5, 1, 1)", "datatable(x: real)[0.5] | project beta_cdf(x, 1, 1)"]
)
def test_the_package_is_named(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    session = bluetick.connect()
    assert session.check(query).diagnostics == ()
    with pytest.raises(SourceError, match=r"beta_cdf.*scipy"):
        list(session.query(query).rows())
