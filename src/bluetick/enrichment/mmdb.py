"""Databases in MaxMind's format: the country of a public address, and the autonomous system that announces it.

What a database holds is found in its records, not in its name: MaxMind and DB-IP nest (`country.iso_code`), IPinfo and
others are flat (`country_code`, `asn`). https://maxmind.github.io/MaxMind-DB/
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.countries import country_name, find_country
from bluetick.enrichment.digests import file_digest
from bluetick.enrichment.mmdb_file import MmdbError, MmdbFile
from bluetick.sources.addresses import is_public, unmapped

# Records looked at to find what a database holds. A few of each say nothing (anycast, unused networks).
_SAMPLE = 1000

_CODE_KEYS = ("country_code", "country")
_NAME_KEYS = ("country_name", "country")
_NUMBER_KEYS = ("autonomous_system_number", "asn")
_ORGANISATION_KEYS = ("autonomous_system_organization", "as_name", "as_domain", "asn_name", "org", "name", "domain")
_LARGEST_ASN = (1 << 32) - 1

Found = TypeVar("Found")


class AutonomousSystem(NamedTuple):
    """Who announces an address; None and "" where it is not known."""

    number: int | None
    organisation: str


NO_SYSTEM = AutonomousSystem(None, "")


class Mmdb:
    """An open database. SourceError where the file is none, is damaged, or cannot be read."""

    __slots__ = ("_file", "_path", "version")

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = MmdbFile(path)
            built = datetime.fromtimestamp(self._file.metadata["build_epoch"], UTC)
            kind = str(self._file.metadata["database_type"])
        except FileNotFoundError:
            raise SourceError(f"there is no database '{path}'", str(path)) from None
        except MmdbError as error:
            raise self._damaged(error) from None
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._damaged("its metadata does not say what it is") from None
        except OSError as error:
            raise SourceError(f"'{path}' cannot be read: {error.strerror or error}", str(path)) from None
        self.version = f"{kind} of {built:%Y-%m-%dT%H:%M:%SZ}, sha256:{file_digest(path)}"

    def holds_systems(self) -> bool:
        """Whether the records tell autonomous systems."""
        return self._holds(_system, NO_SYSTEM)

    def holds_countries(self) -> bool:
        """Whether the records tell countries."""
        return self._holds(_country, "")

    def find(self, ips: Sequence[str], read: Callable[[Mapping[str, Any]], Found], nothing: Found) -> list[Found]:
        """What `read` finds in the record of each address; nothing for an address that is not public or not listed."""
        public = {ip: _searched(ip) for ip in ips if is_public(ip)}
        try:
            numbers, record = self._file.find(list(public.values()))
            told = {number: read(_fields(record(number))) for number in set(numbers) if number}
        except MmdbError as error:
            raise self._damaged(error) from None
        known = {ip: told[number] for ip, number in zip(public, numbers, strict=True) if number}
        return [known.get(ip, nothing) for ip in ips]

    def _holds(self, read: Callable[[Mapping[str, Any]], Found], nothing: Found) -> bool:
        try:
            return any(read(_fields(record)) != nothing for record in self._file.samples(_SAMPLE))
        except MmdbError as error:
            raise self._damaged(error) from None

    def wrong(self, what: str) -> SourceError:
        """What to raise when the database is not of the kind that was asked for."""
        return SourceError(f"'{self._path}' is a database that holds no {what}: {self.version}", str(self._path))

    def _damaged(self, why: object) -> SourceError:
        return SourceError(f"'{self._path}' is damaged or no database in MaxMind's format: {why}", str(self._path))


class MmdbCountries:
    """The countries of a database in MaxMind's format."""

    __slots__ = ("database",)

    def __init__(self, database: Mmdb) -> None:
        if not database.holds_countries():
            raise database.wrong("countries")
        self.database = database

    @property
    def version(self) -> str:
        """The database's type, when it was built, and its digest."""
        return self.database.version

    def countries(self, ips: Sequence[str]) -> list[str]:
        """The English name of the country of each public address; "" for any other and where the database has none."""
        return self.database.find(ips, _country, "")


class MmdbSystems:
    """The autonomous systems of a database in MaxMind's format."""

    __slots__ = ("_database",)

    def __init__(self, database: Mmdb) -> None:
        if not database.holds_systems():
            raise database.wrong("autonomous systems")
        self._database = database

    @property
    def version(self) -> str:
        """The database's type, when it was built, and its digest."""
        return self._database.version

    def systems(self, ips: Sequence[str]) -> list[AutonomousSystem]:
        """The autonomous system of each address."""
        return self._database.find(ips, _system, NO_SYSTEM)


def _searched(ip: str) -> str:
    """An address as the search tree has it."""
    return unmapped(ip.partition("%")[0]) if ":" in ip else ip


def _fields(record: object) -> Mapping[str, Any]:
    return record if isinstance(record, dict) else {}


def _country(record: Mapping[str, Any]) -> str:
    """By code where the database has one that is known: names are spelt in many ways."""
    nested = _fields(record.get("country"))
    codes = [nested.get("iso_code"), *(record.get(key) for key in _CODE_KEYS)]
    names = [_fields(nested.get("names")).get("en"), *(record.get(key) for key in _NAME_KEYS)]
    texts = [text for text in (*codes, *names) if isinstance(text, str)]
    known = next((country for text in texts if (country := find_country(text)) is not None), None)
    if known is not None:
        return known.name
    return next((name for text in reversed(texts) if (name := country_name(text))), "")


def _system(record: Mapping[str, Any]) -> AutonomousSystem:
    number = next((found for key in _NUMBER_KEYS if (found := _number(record.get(key))) is not None), None)
    if number is None:
        return NO_SYSTEM
    names = (record.get(key) for key in _ORGANISATION_KEYS)
    return AutonomousSystem(number, next((name for name in names if isinstance(name, str) and name), ""))


def _number(value: object) -> int | None:
    """15169, "15169" or "AS15169"; 0 is nobody's."""
    if isinstance(value, str):
        digits = value.strip().upper().removeprefix("AS")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= _LARGEST_ASN else None
