"""Threat indicators: what a feed says of an address, a name or a hash, from when and until when."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.sources.addresses import classify_ip, normalise_ip, unmapped


class Kind(Enum):
    """What an indicator is about; the value is the path of STIX that names it."""

    IPV4 = "ipv4-addr:value"
    IPV6 = "ipv6-addr:value"
    DOMAIN = "domain-name:value"
    URL = "url:value"
    EMAIL = "email-addr:value"
    MD5 = "file:hashes.MD5"
    SHA1 = "file:hashes.'SHA-1'"
    SHA256 = "file:hashes.'SHA-256'"


HASHES: Final[Mapping[int, Kind]] = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256}


class Known(Enum):
    """What an indicator tells a row; the value is its column in a table of indicators, or made of one."""

    THREAT_TYPE = "ThreatType"
    DESCRIPTION = "Description"
    TLP = "Tlp"
    CONFIDENCE = "Confidence"
    SEVERITY = "Severity"
    SEVERITY_OR_DEFAULT = "SeverityOrDefault"
    CREATED = "Created"
    MODIFIED = "Modified"
    ACTIVE = "Active"


class Indicator(NamedTuple):
    """One observable of one indicator. An address may be a network; values are in their one spelling."""

    kind: Kind
    value: str
    id: str
    threat_type: str = ""
    description: str = ""
    source: str = ""
    confidence: int | None = None  # 0 to 100
    severity: int | None = None  # 0 to 5
    tlp: str = ""  # White, Green, Amber, Red
    valid_from: datetime | None = None
    valid_until: datetime | None = None  # the first moment at which it is valid no more
    created: datetime | None = None
    modified: datetime | None = None
    revoked: bool = False
    tags: str = ""
    pattern: str = ""
    document: str = ""  # the STIX object as JSON


class Reasons:
    """Why something of a feed was not taken: how often for each reason, and where it was first."""

    __slots__ = ("_reasons",)

    def __init__(self) -> None:
        self._reasons: dict[str, tuple[int, str]] = {}

    def add(self, reason: str, where: str) -> None:
        """One more; `where` names the line or the object."""
        count, first = self._reasons.get(reason, (0, where))
        self._reasons[reason] = (count + 1, first)

    @property
    def counted(self) -> Mapping[str, tuple[int, str]]:
        """Reason to its number and the first place."""
        return self._reasons

    @property
    def count(self) -> int:
        return sum(count for count, _ in self._reasons.values())

    def __str__(self) -> str:
        named = (f"{count:,} x {reason} (first: {where})" for reason, (count, where) in self._reasons.items())
        return "; ".join(named)


@dataclass(frozen=True, slots=True)
class Account:
    """What of a feed gave no indicator, and what of its indicators was left empty."""

    lost: Reasons = field(default_factory=Reasons)
    left_empty: Reasons = field(default_factory=Reasons)


_TIME = pa.timestamp("us", "UTC")

_COLUMNS: Mapping[str, pa.DataType] = {
    "Kind": pa.string(),
    "Value": pa.string(),
    "Id": pa.string(),
    "ThreatType": pa.string(),
    "Description": pa.string(),
    "Source": pa.string(),
    "Confidence": pa.int32(),
    "Severity": pa.int32(),
    "Tlp": pa.string(),
    "ValidFrom": _TIME,
    "ValidUntil": _TIME,
    "Created": _TIME,
    "Modified": _TIME,
    "Revoked": pa.bool_(),
    "Tags": pa.string(),
    "Pattern": pa.string(),
    "Document": pa.string(),
}
SCHEMA: Final = pa.schema(_COLUMNS)

_CHUNK = 20_000
_ADDRESSES = pa.array([Kind.IPV4.value, Kind.IPV6.value])
_HARMLESS: Any = pa.scalar("benign")
_DEFAULT_SEVERITY = 3
_BEGINNING, _END = np.iinfo(np.int64).min, np.iinfo(np.int64).max

Numbers: TypeAlias = npt.NDArray[np.int64]

# Arrays of any type: the stubs know too few of the forms that Arrow computes with.
Values: TypeAlias = Any


def indicator_table(indicators: Iterable[Indicator]) -> pa.Table:
    """The indicators as rows of SCHEMA, built in chunks: a feed may have a million."""
    stream, tables = iter(indicators), [SCHEMA.empty_table()]
    while chunk := list(islice(stream, _CHUNK)):
        columns = list(zip(*chunk, strict=True))
        columns[0] = tuple(kind.value for kind in columns[0])
        arrays = [pa.array(values, column.type) for values, column in zip(columns, SCHEMA, strict=True)]
        tables.append(pa.Table.from_arrays(arrays, schema=SCHEMA))
    return pa.concat_tables(tables)


class AddressIndicators:
    """The indicators of addresses, found by address and time.

    Of several that are valid the one with the highest confidence wins, then the highest severity, the latest start, the
    first in the feed. Revoked ones and those that a feed calls benign are never found.
    """

    __slots__ = ("_best", "_by_network", "_from", "_knowledge", "_others", "_until")

    def __init__(self, table: pa.Table) -> None:
        table = _in_order(_usable(table).drop_columns(["Document", "Pattern", "Tags", "Id"]))
        self._knowledge = _knowledge(table)
        self._from = _instants(table, "ValidFrom", _BEGINNING)
        self._until = _instants(table, "ValidUntil", _END)
        self._best: dict[str, int] = {}
        self._others: dict[str, list[int]] = {}  # few addresses have more than one, so most need no list
        self._by_network: dict[tuple[int, int], dict[int, list[int]]] = {}
        values: list[Any] = table.column("Value").to_pylist()
        for number, value in enumerate(values):
            if "/" in value:
                network = ip_network(value)
                places = self._by_network.setdefault((network.version, network.prefixlen), {})
                places.setdefault(int(network.network_address), []).append(number)
            elif self._best.setdefault(value, number) != number:
                self._others.setdefault(value, []).append(number)

    def __len__(self) -> int:
        return len(self._from)

    def of_address(self, ip: str) -> tuple[int, ...]:
        """The numbers of the indicators of an address, the best first, whenever they are valid."""
        key = normalise_ip(unmapped(ip)) if ":" in ip else ip
        best = self._best.get(key)
        found = () if best is None else (best, *self._others.get(key, ()))
        return tuple(sorted([*found, *self._of_networks(key)])) if self._by_network else found

    def valid(self, found: Sequence[Sequence[int]], places: Numbers, times: Numbers) -> Numbers:
        """For each row the best of its address's indicators that is valid at its time; -1 where none is.

        `places` says which element of `found` a row's address has, -1 for none. `times` are microseconds since 1970.
        """
        best = np.full(len(places), -1, dtype=np.int64)
        with_any = np.array([bool(numbers) for numbers in found] + [False])
        rows = np.flatnonzero(with_any[places])
        rows = rows[np.argsort(places[rows], kind="stable")]
        edges = np.flatnonzero(np.diff(places[rows])) + 1
        for group in np.split(rows, edges) if len(rows) else ():
            for number in reversed(found[places[group[0]]]):
                at = times[group]
                best[group[(self._from[number] <= at) & (at < self._until[number])]] = number
        return best

    def tell(self, known: Known, numbers: Values) -> Values:
        """What the indicators of these numbers say, null for a null."""
        return self._knowledge[known].take(numbers)

    def _of_networks(self, ip: str) -> Iterator[int]:
        address = ip_address(ip)
        for (version, length), places in self._by_network.items():
            if version == address.version:
                shift = address.max_prefixlen - length
                yield from places.get(int(address) >> shift << shift, ())


def network_or_address(text: str) -> tuple[Kind, str] | None:
    """The one spelling of an address or of a network (a network of one is an address); None for what is neither."""
    text = text.strip()
    if "/" not in text and ":" not in text:
        return (Kind.IPV4, text) if classify_ip(text) else None
    try:
        network: IPv4Network | IPv6Network = ip_network(unmapped(text), strict=False)
    except ValueError:
        return None
    kind = Kind.IPV4 if network.version == 4 else Kind.IPV6
    is_one = network.prefixlen == network.max_prefixlen
    return kind, normalise_ip(str(network.network_address)) if is_one else str(network)


def _usable(table: pa.Table) -> pa.Table:
    is_address: Values = pc.is_in(table.column("Kind"), value_set=_ADDRESSES)
    kinds: Values = table.column("ThreatType")
    wanted: Values = pc.and_not(is_address, table.column("Revoked"))
    return table.filter(pc.and_not(wanted, pc.equal(kinds, _HARMLESS)))


def _in_order(table: pa.Table) -> pa.Table:
    numbered = table.append_column("Number", pa.array(range(len(table)), pa.int64()))
    best = ("Confidence", "Severity", "ValidFrom")  # nulls stand last
    return numbered.sort_by([*((name, "descending") for name in best), ("Number", "ascending")])


def _instants(table: pa.Table, column: str, missing: int) -> Numbers:
    times: Values = table.column(column).cast(pa.int64())
    numbers: Numbers = times.fill_null(missing).to_numpy()
    return numbers


def _knowledge(table: pa.Table) -> Mapping[Known, Values]:
    whole: Values = table.combine_chunks()
    plain: dict[Known, Values] = {known: whole.column(known.value) for known in Known if known.value in SCHEMA.names}
    made: dict[Known, Values] = {
        Known.SEVERITY_OR_DEFAULT: pc.fill_null(whole.column("Severity"), _DEFAULT_SEVERITY),
        Known.CREATED: _spelt(whole.column("Created")),
        Known.MODIFIED: _spelt(whole.column("Modified")),
        Known.ACTIVE: pa.array(["True"] * len(whole), pa.string()),
    }
    return plain | made


def _spelt(times: Values) -> Values:
    return pc.strftime(times, format="%Y-%m-%dT%H:%M:%SZ")  # with its microseconds
