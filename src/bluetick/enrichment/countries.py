"""One English name for each country, whatever a geo database calls it."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

# What databases write for addresses that belong to no country.
_NO_COUNTRY = frozenset({"", "-", "--", "zz", "xx", "none", "unknown", "not routed"})


def country_name(text: str) -> str:
    """The English name of a country given by ISO code, by that name or by another usual one.

    "" for the marks of no country. A name that is in no list stays as it is: it may be the user's own.
    """
    key = text.strip().casefold()
    return "" if key in _NO_COUNTRY else _names().get(key, text.strip())


@cache
def _names() -> Mapping[str, str]:
    """Every spelling in lower case to its name; a line of the file is two codes, the name, and its other spellings."""
    lines = (files("bluetick.enrichment") / "data" / "countries.txt").read_text("utf-8").splitlines()
    countries = [line.split("\t") for line in lines]
    return {spelling.casefold(): country[2] for country in countries for spelling in country}
