"""Fills what rows do not say of the addresses in them: country, autonomous system, kind, threat indicator."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.enrichment.countries import find_country
from bluetick.enrichment.fills import FILLS, INDICATOR_FILLS, Fact, Fill, IndicatorFill
from bluetick.enrichment.indicators import AddressIndicators, Numbers
from bluetick.enrichment.mmdb import NO_SYSTEM, AutonomousSystem
from bluetick.schema.packs import TIME_COLUMNS, known_table
from bluetick.sources.addresses import classify_ip, is_public
from bluetick.sources.arrow import arrow_schema

# How many addresses are remembered from call to call. The addresses of one call are held beside them.
REMEMBERED: Final = 65_536

# Arrays of any type, whole or in chunks: the stubs know too few of the forms that Arrow computes with.
Values: TypeAlias = Any

_EMPTY: Values = pa.scalar("")
_KINDS_VERSION = "IANA special-purpose address registries"


class Countries(Protocol):
    """Tells the countries of addresses."""

    @property
    def version(self) -> str: ...

    def countries(self, ips: Sequence[str]) -> list[str]: ...


class Systems(Protocol):
    """Tells the autonomous systems of addresses."""

    @property
    def version(self) -> str: ...

    def systems(self, ips: Sequence[str]) -> list[AutonomousSystem]: ...


class _About(NamedTuple):
    """All that is known of an address."""

    kind: str
    country: str
    system: AutonomousSystem
    indicators: tuple[int, ...]


class _Column(NamedTuple):
    """What is known of each distinct address of a column, and for each row the place of its own (null: it has none)."""

    abouts: list[_About]
    places: Values


class Enricher:
    """Fills columns of known tables from the addresses in their rows, and only where they are empty.

    Built once for an ingest. An address is looked up once a call and remembered for the next ones; addresses that are
    not public are never looked up. A column that the table's schema lacks is never made.
    """

    __slots__ = ("_countries", "_indicators", "_known", "_provenance", "_remembered", "_systems", "notes")

    def __init__(  # the providers are what an ingest was given
        self,
        countries: Countries | None = None,
        systems: Systems | None = None,
        indicators: AddressIndicators | None = None,
        *,
        indicators_version: str = "",
        notes: Sequence[str] = (),
        remembered: int = REMEMBERED,
    ) -> None:
        self._countries, self._systems, self._indicators = countries, systems, indicators
        self.notes = tuple(notes)  # what of the data could not be used, for the account
        self._known: dict[str, _About] = {}
        self._remembered = remembered
        versions = {
            Fact.COUNTRY.value: countries.version if countries else "",
            Fact.SYSTEM.value: systems.version if systems else "",
            "indicators": indicators_version,
            Fact.KIND.value: _KINDS_VERSION,
        }
        self._provenance = {provider: version for provider, version in versions.items() if version}

    @property
    def provenance(self) -> Mapping[str, str]:
        """Which edition of which data fills: provider to version."""
        return self._provenance

    def enrich(self, table: str, rows: pa.Table) -> pa.Table:
        """The rows of a table with what is known of their addresses. The order of rows and columns stays."""
        schema = known_table(table)
        if schema is None or not len(rows):
            return rows
        stored = arrow_schema(schema)
        columns: dict[str, _Column] = {}
        if self._indicators is not None and table in INDICATOR_FILLS:
            rows = self._with_indicators(rows, INDICATOR_FILLS[table], stored, columns)
        fills = [fill for fill in FILLS.get(table, ()) if self._has(fill.fact) and fill.column in stored.names]
        for fill in fills:
            if fill.address in rows.column_names and _has_empty(rows, fill.column):
                column = self._column(rows, fill.address, columns)
                rows = _with_fact(rows, fill, column, _field(rows, stored, fill.column))
        return rows

    def _has(self, fact: Fact) -> bool:
        match fact:
            case Fact.COUNTRY | Fact.CODE:
                return self._countries is not None
            case Fact.SYSTEM:
                return self._systems is not None
        return True

    def _with_indicators(
        self, rows: pa.Table, fill: IndicatorFill, stored: pa.Schema, columns: dict[str, _Column]
    ) -> pa.Table:
        time = next((name for name in TIME_COLUMNS if name in rows.column_names), None)
        if time is None:
            return rows
        for address in fill.addresses:
            if address in rows.column_names and _has_empty(rows, fill.malicious):
                column = self._column(rows, address, columns)
                best = self._best(column, rows.column(time))
                rows = self._with_indicators_of(rows, address, best, fill, stored)
        return rows

    def _best(self, column: _Column, times: Values) -> Numbers:
        """The indicator that each row's address has at its time, -1 for none."""
        found = [about.indicators for about in column.abouts]
        places: Numbers = pc.fill_null(column.places, -1).to_numpy().astype(np.int64)
        clock = times.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        places[clock.is_null().to_numpy()] = -1
        if self._indicators is None or not any(found):
            return np.full(len(places), -1, dtype=np.int64)
        return self._indicators.valid(found, places, pc.fill_null(clock, 0).to_numpy())

    def _with_indicators_of(
        self, rows: pa.Table, address: str, best: Numbers, fill: IndicatorFill, stored: pa.Schema
    ) -> pa.Table:
        free = _empty(rows.column(fill.malicious)).to_numpy() if fill.malicious in rows.column_names else True
        hit = (best >= 0) & free
        if self._indicators is None or not hit.any():
            return rows
        where = pa.array(hit)
        numbers = pa.array(np.where(hit, best, 0), pa.int64(), mask=~hit)
        for name, known in fill.columns.items():
            rows = _filled(rows, _field(rows, stored, name), self._indicators.tell(known, numbers), where)
        return _filled(rows, _field(rows, stored, fill.malicious), rows.column(address), where)

    def _column(self, rows: pa.Table, name: str, columns: dict[str, _Column]) -> _Column:
        """A column of addresses, looked up once a call."""
        if name not in columns:
            encoded = _encoded(rows.column(name))
            places = pa.chunked_array([chunk.indices for chunk in encoded.chunks])
            columns[name] = _Column(self._about(encoded.chunk(0).dictionary.to_pylist()), places)
        return columns[name]

    def _about(self, ips: Sequence[str]) -> list[_About]:
        new = [ip for ip in ips if ip not in self._known]
        fresh = dict(zip(new, self._look_up(new), strict=True))
        answer = [fresh.get(ip) or self._known[ip] for ip in ips]
        self._remember(fresh)
        return answer

    def _remember(self, fresh: Mapping[str, _About]) -> None:
        """The oldest are forgotten first."""
        kept = list(fresh.items())[-self._remembered :]
        for ip in list(islice(self._known, max(0, len(self._known) + len(kept) - self._remembered))):
            del self._known[ip]
        self._known.update(kept)

    def _look_up(self, ips: Sequence[str]) -> Iterator[_About]:
        kinds = [classify_ip(ip) for ip in ips]
        public = [ip for ip, kind in zip(ips, kinds, strict=True) if kind == "Public" or _is_mapped(ip, kind)]
        countries = self._countries.countries(public) if self._countries else repeat("")
        systems = self._systems.systems(public) if self._systems else repeat(NO_SYSTEM)
        known = dict(zip(public, zip(countries, systems, strict=False), strict=False))
        find = self._indicators.of_address if self._indicators else _no_indicator
        for ip, kind in zip(ips, kinds, strict=True):
            found = known.get(ip)
            yield _About(kind, "", NO_SYSTEM, ()) if found is None else _About(kind, *found, find(ip))


def _is_mapped(ip: str, kind: str) -> bool:
    return kind == "FourToSixMapping" and is_public(ip)


def _no_indicator(_: str) -> tuple[int, ...]:
    return ()


def _with_fact(rows: pa.Table, fill: Fill, column: _Column, field: Values) -> pa.Table:
    told = pa.array([_told(fill.fact, about, field.type) for about in column.abouts], field.type)
    return _filled(rows, field, told.take(column.places), None)


def _told(fact: Fact, about: _About, kind: pa.DataType) -> str | int | None:
    """A fact as a column of this type has it; "" or null where it is not known."""
    match fact:
        case Fact.KIND:
            return about.kind
        case Fact.COUNTRY:
            return about.country
        case Fact.CODE:
            country = find_country(about.country)
            return country.alpha2 if country else ""
        case Fact.SYSTEM if pa.types.is_integer(kind):
            return about.system.number
    return "" if about.system.number is None else str(about.system.number)


def _encoded(column: Values) -> Values:
    """Chunks of one column agree on their distinct values here, so that each is looked up once."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()).dictionary_encode().unify_dictionaries()


def _field(rows: pa.Table, stored: pa.Schema, name: str) -> Values:
    return rows.schema.field(name) if name in rows.column_names else stored.field(name)


def _has_empty(rows: pa.Table, name: str) -> bool:
    return name not in rows.column_names or bool(pc.any(_empty(rows.column(name))).as_py())


def _empty(column: Values) -> Values:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        empty: Values = pc.equal(column, _EMPTY)
        return pc.fill_null(empty, True)
    return column.is_null()


def _blank(field: Values) -> Values:
    return pa.scalar("" if pa.types.is_string(field.type) else None, field.type)


def _filled(rows: pa.Table, field: Values, told: Values, where: Values) -> pa.Table:
    """What is told stands where the column was empty, and within `where`; a text that is not told is ""."""
    told = told.cast(field.type)
    told = pc.fill_null(told, "") if pa.types.is_string(field.type) or pa.types.is_large_string(field.type) else told
    if field.name not in rows.column_names:
        return rows.append_column(field, told if where is None else pc.if_else(where, told, _blank(field)))
    old: Values = rows.column(field.name)
    empty = _empty(old)
    column = pc.if_else(empty if where is None else pc.and_(empty, where), told, old)
    return rows.set_column(rows.column_names.index(field.name), field, column)
