"""Opens what a user brings for enrichment, by its content."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.geo import GeoDataError, RangeCountries, is_gzipped, load_range_countries
from bluetick.enrichment.indicator_files import read_indicators
from bluetick.enrichment.indicators import AddressIndicators
from bluetick.enrichment.mmdb import Mmdb, MmdbCountries, MmdbSystems
from bluetick.enrichment.mmdb_file import has_mark
from bluetick.enrichment.registry_countries import RegistryCountries, installed_countries
from bluetick.enrichment.rows import Enricher


def open_countries(path: Path) -> RangeCountries | MmdbCountries:
    """The countries of a database in MaxMind's format, or of a table of address ranges (CSV, TSV, Parquet).

    SourceError where the file is neither or cannot be read.
    """
    try:
        if has_mark(path):
            return MmdbCountries(Mmdb(path))
        _refuse_packed(path)
        return load_range_countries(path)
    except FileNotFoundError:
        raise SourceError(f"there is no file '{path}' of countries", str(path)) from None
    except GeoDataError as error:
        raise SourceError(str(error), str(path)) from None
    except (OSError, ValueError, EOFError, pa.ArrowException) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        raise SourceError(f"'{path}' cannot be read as countries of addresses: {reason}", str(path)) from None


def open_systems(path: Path) -> MmdbSystems:
    """The autonomous systems of a database in MaxMind's format."""
    return MmdbSystems(Mmdb(path))


def open_enricher(countries: Path | None, asn: Path | None, indicators: Sequence[Path]) -> Enricher:
    """An enricher over the files that an ingest was given.

    Without `asn`, the autonomous systems are those of the database of countries, where it has them too. Without
    `countries`, those of the data package of the extra `countries` are used where it is installed. Nothing is fetched.
    """
    known = open_countries(countries) if countries is not None else installed_countries()
    systems = open_systems(asn) if asn is not None else _systems_beside(known)
    feeds = [read_indicators(path) for path in indicators]
    if not feeds:
        return Enricher(known, systems)
    table = pa.concat_tables([feed.table for feed in feeds])
    version = ", ".join(feed.version for feed in feeds)
    notes = [note for feed in feeds for note in feed.notes]
    return Enricher(known, systems, AddressIndicators(table), indicators_version=version, notes=notes)


def _systems_beside(known: RangeCountries | MmdbCountries | RegistryCountries | None) -> MmdbSystems | None:
    if isinstance(known, MmdbCountries) and known.database.holds_systems():
        return MmdbSystems(known.database)
    return None


def _refuse_packed(path: Path) -> None:
    """A database cannot be searched while it is packed; a table of ranges is text, packed or not."""
    if is_gzipped(path):
        with gzip.open(path) as stream:
            if b"\0" in stream.read(4096):
                raise ValueError("it is packed; unpack it first (gunzip)")
