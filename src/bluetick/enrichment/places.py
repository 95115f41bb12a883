"""Where a public address is, from a table of address ranges that the user brings."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from math import isfinite, nan
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.parquet as pq

from bluetick.enrichment.countries import country_name
from bluetick.enrichment.geo import AddressRanges, GeoDataError, open_text, packed, packed_range
from bluetick.sources.addresses import is_public

Place: TypeAlias = dict[str, str | float]

_NETWORK = ("network", "cidr")
_ENDS = ("start", "end")
_NAMES = ("state", "city")
_NUMBERS = ("latitude", "longitude")
_COLUMNS = (*_NETWORK, *_ENDS, "country", *_NAMES, *_NUMBERS)


class AddressPlaces:
    """What is known of the place of an address: country, state, city, latitude, longitude."""

    __slots__ = ("_places", "_ranges")

    def __init__(self, records: Iterable[Mapping[str, str]]) -> None:
        rows = [(*_ends(number, record), _place(number, record)) for number, record in enumerate(records, 1)]
        rows.sort(key=lambda row: row[0])
        self._ranges = AddressRanges([start for start, _, _ in rows], [end for _, end, _ in rows])
        self._places = [place for _, _, place in rows]

    def find(self, ip: str) -> Place | None:
        """The place of a public address; None for any other and where no range holds it, or nothing is known."""
        if not is_public(ip):
            return None
        (place,) = self._ranges.places([packed(ip)])
        return (self._places[place] or None) if place >= 0 else None


def load_places(path: Path) -> AddressPlaces:
    """Read a CSV, TSV (either gzipped or not) or Parquet file of ranges, with a heading.

    Columns, in any order among others: `network` (as 1.2.3.0/24), or `start` and `end`; `country` (an ISO code or an
    English name); and where known `state`, `city`, `latitude`, `longitude`. GeoDataError says what is wrong and where;
    an OSError that the file cannot be opened.
    """
    records = _parquet_records(path) if path.suffix.lower() == ".parquet" else _text_records(path)
    try:
        return AddressPlaces(records)
    except (ValueError, csv.Error, EOFError) as error:
        raise GeoDataError(f"{path}: {error}") from error


def _ends(number: int, record: Mapping[str, str]) -> tuple[bytes, bytes]:
    text = next((record[name] for name in _NETWORK if record.get(name)), "")
    if not text:
        return packed_range(number, record.get("start", ""), record.get("end", ""))
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise GeoDataError(f"range {number}: '{text}' is not a network") from error
    return packed_range(number, str(network[0]), str(network[-1]))


def _place(number: int, record: Mapping[str, str]) -> Place:
    """Only what the record knows."""
    place: Place = {"country": country_name(record.get("country", ""))}
    place.update({name: record.get(name, "").strip() for name in _NAMES})
    known: Place = {name: value for name, value in place.items() if value}
    for name in _NUMBERS:
        text = record.get(name, "").strip()
        try:
            value = float(text) if text else nan
        except ValueError as error:
            raise GeoDataError(f"range {number}: {name} '{text}' is not a number") from error
        if isfinite(value):
            known[name] = value
    return known


def _checked(names: list[str]) -> list[str]:
    """The names in lower case."""
    found = [name.strip().lower() for name in names]
    has_ends = any(name in found for name in _NETWORK) or all(name in found for name in _ENDS)
    if not has_ends or "country" not in found:
        raise GeoDataError("expected a heading with network (or start, end) and country")
    return found


def _parquet_records(path: Path) -> Iterator[dict[str, str]]:
    written = pq.read_schema(path).names
    names = {name: lower for name, lower in zip(written, _checked(written), strict=True) if lower in _COLUMNS}
    for batch in pq.ParquetFile(path).iter_batches(columns=list(names)):
        for record in batch.to_pylist():
            yield {lower: _text(record[name]) for name, lower in names.items()}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _text_records(path: Path) -> Iterator[dict[str, str]]:
    with open_text(path) as stream:
        delimiter = "\t" if "\t" in stream.readline() else ","
        stream.seek(0)
        lines = csv.reader(stream, delimiter=delimiter)
        names = _checked(next(lines, []))
        for number, line in enumerate(lines, 2):
            if line and len(line) != len(names):
                raise GeoDataError(f"line {number}: {len(line)} fields, and the heading has {len(names)}")
            if line:
                yield dict(zip(names, line, strict=True))
