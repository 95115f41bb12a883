"""Countries of the optional data package."""

import sys
from pathlib import Path

import pyarrow as pa
import pytest

from bluetick.enrichment.opening import open_enricher
from bluetick.enrichment.registry_countries import RegistryCountries, installed_countries


def test_names_are_azures_and_only_public_addresses_are_asked() -> None:
    asked: list[str] = []

    def lookup(ips: list[str]) -> list[str | None]:
        asked.extend(ips)
        return [{"8.8.8.8": "US", "77.88.8.8": "RU"}.get(ip) for ip in ips]

    provider = RegistryCountries(lookup, "1")
    ips = ["8.8.8.8", "10.0.0.1", "77.88.8.8", "8.8.8.8", "no address", "9.9.9.9"]
    assert provider.countries(ips) == ["United States", "", "Russia", "United States", "", ""]
    assert asked == ["8.8.8.8", "77.88.8.8", "9.9.9.9"]


def test_the_installed_package_answers() -> None:
    provider = installed_countries()
    assert provider is not None
    assert provider.countries(["8.8.8.8", "2a02:6b8::1", "192.168.1.1"]) == ["United States", "Russia", ""]
    assert provider.version.startswith("iptocc ")


def test_a_first_ingest_has_countries_and_says_whose() -> None:
    enricher = open_enricher(None, None, ())
    rows = enricher.enrich("VMConnection", pa.table({"RemoteIp": ["8.8.8.8"], "RemoteCountry": [""]}))
    assert rows.column("RemoteCountry").to_pylist() == ["United States"]
    assert "registries" in enricher.provenance["country"]


def test_without_the_package_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iptocc", None)
    assert installed_countries() is None
    assert "country" not in open_enricher(None, None, ()).provenance


def test_a_file_of_the_users_comes_before_it(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("8.8.0.0,8.8.255.255,Norway\n", "utf-8")
    enricher = open_enricher(tmp_path / "c.csv", None, ())
    rows = enricher.enrich("VMConnection", pa.table({"RemoteIp": ["8.8.8.8"], "RemoteCountry": [""]}))
    assert rows.column("RemoteCountry").to_pylist() == ["Norway"]
