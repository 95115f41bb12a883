"""One English name for each country, whatever a geo database calls it."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

# What databases write for addresses that belong to no country.
_NO_COUNTRY = frozenset({"", "-", "--", "zz", "xx", "none", "unknown", "not routed"})


class Country(NamedTuple):
    """A country's codes of ISO 3166-1 and the English name that Azure uses."""

    alpha2: str
    alpha3: str
    name: str


def country_name(text: str) -> str:
    """The English name of a country given by ISO code, by that name or by another usual one.

    "" for the marks of no country. A name that is in no list stays as it is: it may be the user's own.
    """
    country = find_country(text)
    if country is not None:
        return country.name
    return "" if text.strip().casefold() in _NO_COUNTRY else text.strip()


def find_country(text: str) -> Country | None:
    """The country of an ISO code or of one of its usual English names; None where the list has none."""
    return _countries().get(text.strip().casefold())


@cache
def _countries() -> Mapping[str, Country]:
    """Every spelling in lower case to its country; a line has two codes, the name, its other spellings."""
    lines = (files("bluetick.enrichment") / "data" / "countries.txt").read_text("utf-8").splitlines()
    countries = [line.split("\t") for line in lines]
    return {spelling.casefold(): Country(*country[:3]) for country in countries for spelling in country}
