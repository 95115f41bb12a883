"""Countries out of the data package `iptocc` (an extra): to which country a registry assigned an address."""

from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import Any

from bluetick.enrichment.countries import country_name
from bluetick.sources.addresses import is_public

PACKAGE = "iptocc"


class RegistryCountries:
    """A provider of countries by the assignments of the five regional internet registries. They say to whom a block
    was given, not where it is used, and know no autonomous systems."""

    def __init__(self, lookup: Any, version: str) -> None:
        self._lookup = lookup
        self._version = version

    @property
    def version(self) -> str:
        return self._version

    def countries(self, ips: Sequence[str]) -> list[str]:
        """The country of each address; "" of one that is not public or not assigned."""
        asked = [ip for ip in dict.fromkeys(ips) if is_public(ip)]
        found = dict(zip(asked, self._lookup(asked), strict=True)) if asked else {}
        return [country_name(found.get(ip) or "") for ip in ips]


def installed_countries() -> RegistryCountries | None:
    """The package's data where it is installed; nothing is fetched."""
    try:
        import iptocc  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return RegistryCountries(iptocc.country_code, f"{PACKAGE} {installed_version(PACKAGE)} (registries' assignments)")
