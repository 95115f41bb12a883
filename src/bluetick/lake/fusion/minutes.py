"""Minutes of VMConnection: a network sensor's row takes the process of the endpoint's, whose connections it counts too.

A minute row tells of all connections of two ends, without the port that would tell them apart. So the network's row
takes a process only where no other can be meant: where all connections since the first of unbroken minutes are of that
one process. Where several processes talk to one peer, the endpoint's rows stay, marked as seen by both, and the row of
the network keeps its bytes and those links that no endpoint's row counts. Either way each link is counted once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.lake.fusion.nearest import Numbers, no_numbers
from bluetick.lake.fusion.runs import Cells, find_cells
from bluetick.lake.fusion.sides import JOINED, Fused, Sources, Truths, addresses, codes_of, sources_of
from bluetick.lake.fusion.stored import INSTANT, NOTHING, Edit, Places, StoredRows, is_empty, texts_of
from bluetick.lake.layout import SOURCE

MINUTES: Final = "VMConnection"
_MINUTE: Final = 60_000_000
_PROCESS: Final = ("Computer", "Machine", "Process", "ProcessName")
_FLOW: Final = ("Direction", "SourceIp", "DestinationIp", "DestinationPort", "Protocol")
_LINKS: Final = ("LinksEstablished", "LinksFailed")
_READ: Final = (SOURCE, *_PROCESS, *_FLOW, *_LINKS)
_OF_MACHINE: Final = (*_PROCESS, "AgentId", "_ResourceId")


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows in a span. `process` numbers machine and process together; a flow of 0 is none."""

    places: Places
    minutes: Numbers
    sources: Sources
    has_process: Truths
    process: Numbers
    flow: Numbers
    established: Numbers
    failed: Numbers


@dataclass(frozen=True, slots=True)
class _Changes:
    """What becomes of rows, by their number. `taken`: the network's rows that take the process of the row in `giver`,
    and where that is of the same minute all else that they lack; `marked`: the endpoint's that stay; `reduced`: the
    network's whose links become `links`."""

    source: str
    removed: Numbers = field(default_factory=no_numbers)
    taken: Numbers = field(default_factory=no_numbers)
    giver: Numbers = field(default_factory=no_numbers)
    is_same: Truths = field(default_factory=lambda: no_numbers() > 0)
    marked: Numbers = field(default_factory=no_numbers)
    reduced: Numbers = field(default_factory=no_numbers)
    links: Numbers = field(default_factory=no_numbers)

    @property
    def is_nothing(self) -> bool:
        return not (len(self.removed) or len(self.taken) or len(self.marked))


def fuse_minutes(stored: StoredRows, skew: int) -> tuple[Edit, Fused]:
    """What is to be changed for the first network sensor for which anything is. With a skew a connection may be in one
    minute for the endpoint and in the next for the sensor."""
    rows = _read(stored)
    report = Fused(MINUTES)
    parts = sorted({part for name in rows.sources.names for part in name.split(JOINED)} - {""})
    changes = (_changes(rows, source, skew) for source in parts)
    found = next((one for one in changes if not one.is_nothing), _Changes(""))
    _count(rows, found, report)
    edited = np.concatenate([found.taken, found.marked, found.reduced])
    edit = Edit(
        rows.places[found.removed], np.unique(rows.places[edited]), lambda places: _made(stored, rows, found, places)
    )
    return edit, report


def _count(rows: _Rows, found: _Changes, report: Fused) -> None:
    names = rows.sources.names
    for row in (found.giver, found.marked):
        for code, count in enumerate(np.bincount(rows.sources.codes[row])):
            if count:
                report.pairs[_both(names[code], found.source)] += int(count)
    is_single = np.array([JOINED not in name for name in names] + [False])[rows.sources.codes]
    is_left = is_single.copy()
    is_left[np.concatenate([found.removed, found.taken, found.marked])] = False
    report.endpoint = rows.sources.counted(is_left & rows.has_process)
    report.network = rows.sources.counted(is_left & ~rows.has_process)


def _both(endpoint: str, source: str) -> str:
    return endpoint if source in endpoint.split(JOINED) else f"{endpoint}{JOINED}{source}"


# --- what is changed ---


def _changes(rows: _Rows, source: str, skew: int) -> _Changes:
    network = rows.sources.of(source) & ~rows.has_process & (rows.flow > 0)
    known = rows.has_process & (rows.flow > 0)
    before = known & rows.sources.joined_by(source)
    if not network.any() and not before.any():
        return _Changes(source)
    chosen = np.flatnonzero(network | known)
    kinds = np.where(network[chosen], 2, np.where(before[chosen], 1, 0))
    links = rows.established[chosen] + np.where(kinds == 2, rows.failed[chosen], 0)
    cells = find_cells(rows.flow[chosen], rows.minutes[chosen], kinds, rows.process[chosen], links, skew > 0)
    return _decided(rows, source, chosen, kinds, cells)


def _decided(rows: _Rows, source: str, chosen: Numbers, kinds: Numbers, cells: Cells) -> _Changes:
    mine, theirs = np.flatnonzero(kinds == 0), np.flatnonzero(kinds == 2)
    home = cells.home[mine]
    is_known = cells.is_known[home]
    goes = is_known | (~cells.has_network[home] & (cells.earlier[home] == rows.process[chosen[mine]]))
    stays = cells.has_network[home] & ~is_known
    taken = theirs[cells.is_known[cells.home[theirs]]]
    giver, is_same = _givers(rows, chosen, kinds, cells, taken)
    left = theirs[~cells.is_known[cells.home[theirs]]]
    new = _reduced(rows.established[chosen[left]], cells.home[left], mine[stays], rows.established[chosen], cells)
    is_less = new < rows.established[chosen[left]]
    return _Changes(
        source,
        chosen[mine[goes]],
        chosen[taken],
        chosen[giver],
        is_same,
        chosen[mine[stays]],
        chosen[left[is_less]],
        new[is_less],
    )


def _givers(rows: _Rows, chosen: Numbers, kinds: Numbers, cells: Cells, taken: Numbers) -> tuple[Numbers, Truths]:
    """For each of these rows one of its process: of the same minute where there is one."""
    with_process = np.flatnonzero(kinds < 2)
    if not len(with_process):
        return no_numbers(), no_numbers() > 0
    nobody = len(chosen)
    in_cell = np.full(len(cells.is_known), nobody)
    np.minimum.at(in_cell, cells.home[with_process], with_process)
    process = rows.process[chosen]
    anywhere = np.full(int(process[with_process].max()) + 1, nobody)
    np.minimum.at(anywhere, process[with_process], with_process)
    home = cells.home[taken]
    is_same = in_cell[home] < nobody
    return np.where(is_same, in_cell[home], anywhere[cells.process[home]]), is_same


def _reduced(links: Numbers, home: Numbers, staying: Numbers, established: Numbers, cells: Cells) -> Numbers:
    """The links of rows, less those that endpoint's rows of their minute count: the first row gives first."""
    count = len(cells.is_known)
    counted = np.bincount(cells.home[staying], established[staying], count).astype(np.int64)
    order = np.argsort(home, kind="stable")
    sums = np.cumsum(links[order])
    first = np.searchsorted(home[order], home[order])
    before = sums - links[order] - np.where(first > 0, sums[first - 1], 0)
    given = np.minimum(links[order], np.maximum(counted[home[order]] - before, 0))
    left = links.copy()
    left[order] -= given
    return left


# --- reading ---


def _read(stored: StoredRows) -> _Rows:
    rows, places = stored.read((stored.time, *_READ), lambda rows: _minutes(rows, stored.time))
    numbers = {name: np.asarray(rows.column(name).to_numpy(), np.int64) for name in ("minute", "established", "failed")}
    has_process = np.asarray(rows.column("has_process").to_numpy(), np.bool_)
    is_flow = np.asarray(pc.not_equal(rows.column("flow"), NOTHING).to_numpy(), np.bool_)
    return _Rows(
        places,
        numbers["minute"],
        sources_of(rows.column("source")),
        has_process,
        codes_of(rows.column("process")),
        np.where(is_flow, codes_of(rows.column("flow")) + 1, 0),
        numbers["established"],
        numbers["failed"],
    )


def _minutes(rows: pa.Table, time: str) -> pa.Table:
    ends = [addresses(texts_of(rows, name)) for name in ("SourceIp", "DestinationIp")]
    known = [pc.if_else(is_empty(end), pa.scalar(None, pa.string()), end) for end in ends]
    port = rows.column("DestinationPort").cast(pa.string())
    others = [pc.utf8_lower(texts_of(rows, name)) for name in ("Direction", "Protocol")]
    flow: Any = pc.binary_join_element_wise(*known, port, *others, " ")
    is_bare = pc.and_(is_empty(texts_of(rows, "Process")), is_empty(texts_of(rows, "ProcessName")))
    zero: Any = pa.scalar(0, pa.int64())
    established, failed = (pc.fill_null(rows.column(name).cast(pa.int64()), zero) for name in _LINKS)
    return pa.table(
        {
            "place": rows.column("place"),
            "minute": pa.array(rows.column(time).cast(INSTANT).cast(pa.int64()).to_numpy() // _MINUTE),
            "source": texts_of(rows, SOURCE),
            "has_process": pc.invert(is_bare),
            "process": pc.binary_join_element_wise(*(texts_of(rows, name) for name in _PROCESS), "\n"),
            "flow": pc.fill_null(flow, ""),
            "established": established,
            "failed": failed,
        }
    )


# --- the rows that change ---


def _made(stored: StoredRows, rows: _Rows, found: _Changes, places: Places) -> pa.Table:
    table = stored.take(places).combine_chunks()
    table = _with_process(stored, rows, found, places, table)
    has, at = _found_in(rows.places[found.marked], places)
    if has.any():
        sources = table.column(SOURCE).combine_chunks()
        both = _seen_by_both(sources.filter(pa.array(has)), found.source)
        table = _set(table, {SOURCE: pc.replace_with_mask(sources, pa.array(has), both)})
    has, at = _found_in(rows.places[found.reduced], places)
    if has.any():
        links = table.column("LinksEstablished").combine_chunks()
        new = pc.replace_with_mask(links, pa.array(has), pa.array(found.links[at], links.type))
        table = _set(table, {"LinksEstablished": new})
    return table


def _seen_by_both(endpoint: Any, source: str) -> Any:
    return pa.array([_both(text or "", source) for text in endpoint.to_pylist()], pa.string())


def _with_process(stored: StoredRows, rows: _Rows, found: _Changes, places: Places, table: pa.Table) -> pa.Table:
    has, at = _found_in(rows.places[found.taken], places)
    if not has.any():
        return table
    given = stored.take(rows.places[found.giver[at]]).combine_chunks()
    is_same, mask = pa.array(found.is_same[at]), pa.array(has)
    own = table.filter(mask)
    columns: dict[str, Any] = {}
    for name in table.column_names:
        mine, other = own.column(name).combine_chunks(), given.column(name).combine_chunks()
        value = pc.if_else(pc.and_(is_empty(mine), is_same), other, mine)
        if name == SOURCE:
            value = _seen_by_both(other, found.source)
        elif name in _OF_MACHINE:
            value = other
        columns[name] = pc.replace_with_mask(table.column(name).combine_chunks(), mask, value)
    return _set(table, columns)


def _found_in(wanted: Places, places: Places) -> tuple[Truths, Numbers]:
    """Which of the places are wanted, and the numbers of those among the wanted."""
    if not len(wanted):
        return np.zeros(len(places), np.bool_), no_numbers()
    order = np.argsort(wanted)
    at = np.minimum(np.searchsorted(wanted[order], places), len(wanted) - 1)
    has = wanted[order][at] == places
    return has, order[at[has]]


def _set(table: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    return table
