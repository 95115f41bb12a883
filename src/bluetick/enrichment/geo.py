"""The country of a public address, from a table of address ranges that the user brings."""

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from bluetick.enrichment.countries import country_name
from bluetick.enrichment.digests import file_digest
from bluetick.sources.addresses import is_public
from bluetick.sources.compression import GZIP_MAGIC

_COLUMNS = ("start", "end", "country")
_IPV4_PREFIX = bytes(10) + b"\xff\xff"

Row = tuple[str, str, str]


class GeoDataError(ValueError):
    """A table of address ranges that cannot be trusted to answer."""


class AddressRanges:
    """Sorted ranges of addresses that do not overlap, by binary search.

    Addresses are compared as 16 bytes, IPv4 in its place within IPv6, so that one table holds both.
    """

    __slots__ = ("_ends", "_starts")

    def __init__(self, starts: Sequence[bytes], ends: Sequence[bytes]) -> None:
        self._starts: npt.NDArray[np.bytes_] = np.array(starts, dtype="S16")
        self._ends: npt.NDArray[np.bytes_] = np.array(ends, dtype="S16")
        overlaps = np.flatnonzero(self._ends[:-1] >= self._starts[1:])
        if overlaps.size:
            first = _spell(starts[int(overlaps[0]) + 1])
            raise GeoDataError(f"two ranges hold the address {first}: {overlaps.size} such overlaps")

    def places(self, addresses: Sequence[bytes]) -> list[int]:
        """The number of the range that holds each packed address, -1 where none does."""
        keys = np.array(addresses, dtype="S16")
        if not len(self._starts):
            return [-1] * len(addresses)
        places = np.searchsorted(self._starts, keys, side="right") - 1
        is_within = (places >= 0) & (keys <= self._ends[places])
        found: list[int] = np.where(is_within, places, -1).tolist()
        return found


class RangeCountries:
    """The countries of ranges of addresses."""

    __slots__ = ("_countries", "_ranges", "_version")

    def __init__(self, rows: Iterable[Row], version: str) -> None:
        ranges = sorted(_ranges(rows))
        self._ranges = AddressRanges([start for start, _, _ in ranges], [end for _, end, _ in ranges])
        self._countries = [country for _, _, country in ranges]
        self._version = version

    @property
    def version(self) -> str:
        """Which edition of the data answers."""
        return self._version

    def countries(self, ips: Sequence[str]) -> list[str]:
        """The English name of the country of each public address, by one search; "" for any other and where no range
        holds it."""
        keys = {ip: packed(ip) for ip in set(ips) if is_public(ip)}
        found = dict(zip(keys, self._ranges.places(list(keys.values())), strict=True))
        places = (found.get(ip, -1) for ip in ips)
        return [self._countries[place] if place >= 0 else "" for place in places]


def load_range_countries(path: Path, *, version: str | None = None) -> RangeCountries:
    """Read a CSV, TSV (either gzipped or not) or Parquet file of ranges: start, end, country.

    The ends are addresses, or IPv4 addresses as numbers; the country is an ISO code or an English name. A heading
    with these three names may put the columns in any order, among others. The version is the file's digest unless
    given. GeoDataError says what is wrong and where; an OSError that the file cannot be opened.
    """
    edition = version or f"sha256:{file_digest(path)}"
    rows = _parquet_rows(path) if path.suffix.lower() == ".parquet" else _text_rows(path)
    try:
        return RangeCountries(rows, edition)
    except (ValueError, csv.Error, EOFError) as error:
        raise GeoDataError(f"{path}: {error}") from error


def _ranges(rows: Iterable[Row]) -> Iterator[tuple[bytes, bytes, str]]:
    for number, (start, end, country) in enumerate(rows, 1):
        yield *packed_range(number, start, end), country_name(country)


def packed_range(number: int, start: str, end: str) -> tuple[bytes, bytes]:
    """The ends of one range; a GeoDataError that names it where they are none."""
    try:
        first, last = packed(start), packed(end)
    except (OSError, OverflowError, ValueError) as error:
        raise GeoDataError(f"range {number}: '{start}' to '{end}' are not two addresses") from error
    is_one_family = first.startswith(_IPV4_PREFIX) == last.startswith(_IPV4_PREFIX)
    if first > last or not is_one_family:
        raise GeoDataError(f"range {number}: '{start}' to '{end}' is not a range")
    return first, last


def packed(text: str) -> bytes:
    """The 16 bytes of an address, without its zone; an OSError where it is not one."""
    text = text.strip().partition("%")[0]
    if ":" in text:
        return inet_pton(AF_INET6, text)
    if text.isascii() and text.isdigit():
        return _IPV4_PREFIX + int(text).to_bytes(4, "big")
    return _IPV4_PREFIX + inet_pton(AF_INET, text)


def _spell(packed: bytes) -> str:
    return str(ip_address(packed[12:] if packed.startswith(_IPV4_PREFIX) else packed))


def _parquet_rows(path: Path) -> Iterator[Row]:
    names = pq.read_schema(path).names
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise GeoDataError(f"no column '{missing[0]}': expected start, end, country")
    for batch in pq.ParquetFile(path).iter_batches(columns=list(_COLUMNS)):
        for record in batch.to_pylist():
            yield str(record["start"]), str(record["end"]), record["country"] or ""


def _text_rows(path: Path) -> Iterator[Row]:
    with open_text(path) as stream:
        delimiter = "\t" if "\t" in stream.readline() else ","
        stream.seek(0)
        lines = csv.reader(stream, delimiter=delimiter)
        order = (0, 1, 2)
        for number, line in enumerate(lines, 1):
            if number == 1 and {name.strip().lower() for name in line} >= set(_COLUMNS):
                names = [name.strip().lower() for name in line]
                order = (names.index("start"), names.index("end"), names.index("country"))
            elif line and len(line) <= max(order):
                raise GeoDataError(f"line {number}: expected start, end, country")
            elif line:
                yield line[order[0]], line[order[1]], line[order[2]]


def is_gzipped(path: Path) -> bool:
    """Whether a file is packed by gzip, whatever its name."""
    with path.open("rb") as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def open_text(path: Path) -> IO[str]:
    """A text file, gzipped or not."""
    if is_gzipped(path):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open("rt", encoding="utf-8-sig", newline="")
