"""Connections of DeviceNetworkEvents: a row of the endpoint and one of the network become one row.

A community id is a hash of the two ends and the protocol, so it says no more than they do; it is asked where a row
lacks one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.lake.fusion.joined_fields import with_fields_of
from bluetick.lake.fusion.nearest import Numbers, nearest_pairs, no_numbers
from bluetick.lake.fusion.sides import JOINED, Fused, Sources, Truths, addresses, codes_of, join_sources, sources_of
from bluetick.lake.fusion.stored import INSTANT, NOTHING, Edit, Places, StoredRows, is_empty, texts_of
from bluetick.lake.layout import SOURCE

CONNECTIONS: Final = "DeviceNetworkEvents"
_ADDITIONAL: Final = "AdditionalFields"
_ENDS: Final = ("LocalIP", "LocalPort", "RemoteIP", "RemotePort", "Protocol")
_PROCESS: Final = ("InitiatingProcessFileName", "InitiatingProcessId")
_READ: Final = (SOURCE, "ActionType", *_ENDS, *_PROCESS, _ADDITIONAL)
# What tells of a connection; others look into one, which may be told of many times.
_FLOWS: Final = (
    *("", "ConnectionSuccess", "ConnectionFailed", "ConnectionAttempt", "ConnectionFound", "ConnectionRequest"),
    *("ConnectionAcknowledged", "InboundConnectionAccepted", "InboundConnectionAttempt", "InboundConnectionBlocked"),
    "IcmpConnectionInspected",
)
# Whose columns stay the endpoint's: a network sensor guesses the machine, and knows no process.
_OF_ENDPOINT: Final = ("Device", "InitiatingProcess", "IsInitiatingProcess")
_COMMUNITY_ID: Final = r'"(?:community_id|CommunityId|communityId)"\s*:\s*"(?P<id>\d+:[^"]+)"'
_KEYS: Final = ("same", "either", "community")


@dataclass(frozen=True, slots=True)
class _Flows:
    """The connections in a span. A key of 0 is none."""

    places: Places
    times: Numbers
    sources: Sources
    is_endpoint: Truths
    local: Numbers
    keys: Mapping[str, Numbers]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Rows of the endpoint, in order, and those of a network sensor that belong to them; `is_swapped`: what is local to
    one is remote to the other."""

    source: str
    endpoint: Places
    network: Places
    is_swapped: Truths


@dataclass(slots=True)
class _Found:
    pairs: list[_Pairs] = field(default_factory=list)
    report: Fused = field(default_factory=lambda: Fused(CONNECTIONS))


def fuse_connections(stored: StoredRows, skew: int) -> tuple[Edit, Fused]:
    """What is to be changed. Endpoint and sensor may see the start of a connection so many microseconds apart."""
    flows = _read(stored)
    found = _Found()
    is_left = ~flows.is_endpoint
    has_partner = np.zeros(len(flows.places), np.bool_)
    for source in sorted(name for name in flows.sources.names if name and JOINED not in name):
        endpoint, network = _match(flows, source, skew)
        has_partner[endpoint] = True
        is_left[network] = False
        _note(flows, source, endpoint, network, found)
    named = np.array([JOINED in name for name in flows.sources.names] + [False])[flows.sources.codes]
    found.report.endpoint = flows.sources.counted(flows.is_endpoint & ~has_partner & ~named)
    found.report.network = flows.sources.counted(is_left)
    removed = np.concatenate([no_numbers(), *(pairs.network for pairs in found.pairs)])
    replaced = np.unique(np.concatenate([no_numbers(), *(pairs.endpoint for pairs in found.pairs)]))
    return Edit(removed, replaced, lambda places: _made(stored, found.pairs, places)), found.report


def _note(flows: _Flows, source: str, endpoint: Numbers, network: Numbers, found: _Found) -> None:
    if not len(endpoint):
        return
    order = np.argsort(flows.places[endpoint])
    one, other = endpoint[order], network[order]
    swapped = flows.local[one] != flows.local[other]
    found.pairs.append(_Pairs(source, flows.places[one], flows.places[other], swapped))
    for code, count in enumerate(np.bincount(flows.sources.codes[one])):
        if count:
            found.report.pairs[f"{flows.sources.names[code]}{JOINED}{source}"] += int(count)


def _match(flows: _Flows, source: str, skew: int) -> tuple[Numbers, Numbers]:
    """The rows of the endpoint and those of this network sensor that are the same connections: those that agree on
    which end is local come first."""
    free = (flows.is_endpoint & ~flows.sources.with_part(source), ~flows.is_endpoint & flows.sources.of(source))
    found: list[tuple[Numbers, Numbers]] = [(no_numbers(), no_numbers())]
    for name in _KEYS:
        key = flows.keys[name]
        rows = np.flatnonzero((free[0] | free[1]) & (key > 0))
        sides = np.where(free[0][rows], 0, 1)
        pairs = nearest_pairs(key[rows], flows.times[rows], sides, skew)
        one, other = (rows[side] for side in pairs)
        free[0][one] = False
        free[1][other] = False
        found.append((one, other))
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])


# --- reading ---


def _read(stored: StoredRows) -> _Flows:
    rows, places = stored.read((stored.time, *_READ), lambda rows: _flows(rows, stored.time))
    keys = {name: codes_of(rows.column(name)) for name in _KEYS}
    local = codes_of(rows.column("local"))
    times = np.asarray(rows.column("time").to_numpy(), np.int64)
    is_endpoint = np.asarray(rows.column("is_endpoint").to_numpy(), np.bool_)
    return _Flows(places, times, sources_of(rows.column("source")), is_endpoint, local, _numbered(rows, keys))


def _numbered(rows: pa.Table, keys: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """0 where there is no key."""
    given = {name: np.asarray(pc.not_equal(rows.column(name), NOTHING).to_numpy(), np.bool_) for name in keys}
    return {name: np.where(given[name], codes + 1, 0) for name, codes in keys.items()}


def _flows(rows: pa.Table, time: str) -> pa.Table:
    rows = rows.filter(pc.is_in(texts_of(rows, "ActionType"), pa.array(_FLOWS)))
    local, remote = (addresses(texts_of(rows, name)) for name in ("LocalIP", "RemoteIP"))
    protocol = pc.utf8_lower(texts_of(rows, "Protocol"))
    near, far = (_end(ip, rows.column(port)) for ip, port in ((local, "LocalPort"), (remote, "RemotePort")))
    is_first: Any = pc.less(near, far)
    low, high = pc.if_else(is_first, near, far), pc.if_else(is_first, far, near)
    found = pc.extract_regex(texts_of(rows, _ADDITIONAL), pattern=_COMMUNITY_ID)
    columns = {
        "place": rows.column("place"),
        "time": rows.column(time).cast(INSTANT).cast(pa.int64()),
        "source": texts_of(rows, SOURCE),
        "is_endpoint": _names_process(rows),
        "local": local,
        "same": _key(near, far, protocol),
        "either": _key(low, high, protocol),
        "community": pc.fill_null(pc.struct_field(found, "id"), ""),
    }
    return pa.table(columns)


def _names_process(rows: pa.Table) -> Any:
    file, number = (is_empty(rows.column(name)) for name in _PROCESS)
    return pc.invert(pc.and_(file, number))


def _end(address: Any, ports: Any) -> Any:
    """Address and port; null where one of them is not known."""
    known: Any = pc.if_else(is_empty(address), pa.scalar(None, pa.string()), address)
    return pc.binary_join_element_wise(known, ports.cast(pa.string()), "|")


def _key(one: Any, other: Any, protocol: Any) -> Any:
    return pc.fill_null(pc.binary_join_element_wise(one, other, protocol, " "), "")


# --- the row of both ---


def _made(stored: StoredRows, pairs: Sequence[_Pairs], places: Places) -> pa.Table:
    rows = stored.take(places).combine_chunks()
    for one in pairs:
        at = np.searchsorted(one.endpoint, places)
        has = (at < len(one.endpoint)) & (one.endpoint[np.minimum(at, len(one.endpoint) - 1)] == places)
        if has.any():
            network = stored.take(one.network[at[has]]).combine_chunks()
            rows = _joined(rows, network, pa.array(has), pa.array(one.is_swapped[at[has]]), one.source)
    return rows


def _joined(rows: pa.Table, network: pa.Table, has: Any, is_swapped: Any, source: str) -> pa.Table:
    """The rows, those that have one with what the network's row adds."""
    own = rows.filter(has)
    arrays = []
    for name in rows.column_names:
        mine, other = own.column(name).combine_chunks(), network.column(name).combine_chunks()
        value: Any = mine
        if name == SOURCE:
            value = join_sources(mine, source)
        elif name == _ADDITIONAL:
            value = with_fields_of(mine, other, source)
        elif not name.startswith(_OF_ENDPOINT):
            value = pc.if_else(pc.and_(is_empty(mine), pc.invert(is_swapped)), other, mine)
        arrays.append(pc.replace_with_mask(rows.column(name).combine_chunks(), has, value))
    return pa.table(arrays, names=rows.column_names)
