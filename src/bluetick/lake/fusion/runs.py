"""Minutes of flows, and in which of them the process behind a network sensor's row is beyond doubt."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from bluetick.lake.fusion.nearest import Numbers
from bluetick.lake.fusion.sides import Truths

_ENDPOINT: Final = 0
_EARLIER: Final = 1  # a row of both, fused before
_NETWORK: Final = 2


@dataclass(frozen=True, slots=True)
class Cells:
    """The minutes of flows. `home` is each row's, to which a row of the endpoint may have moved; `process` is the one
    behind it where it is known, `earlier` that of rows fused before (-1: none or several)."""

    home: Numbers
    has_network: Truths
    is_known: Truths
    process: Numbers
    earlier: Numbers


@dataclass(slots=True)
class _Minutes:
    """Sums over the rows of each minute of a flow. The least and greatest process are those of rows that name one."""

    flow: Numbers
    minute: Numbers
    has_endpoint: Truths
    has_earlier: Truths
    has_network: Truths
    counted: Numbers
    starts: Numbers
    least: Numbers
    most: Numbers
    home: Numbers


def find_cells(
    flow: Numbers, minute: Numbers, kinds: Numbers, process: Numbers, links: Numbers, may_move: bool
) -> Cells:
    """Cells of rows by their flow, minute and kind (0 the endpoint's, 1 fused before, 2 the network's)."""
    order = np.lexsort((minute, flow))
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (np.diff(flow[order]) != 0) | (np.diff(minute[order]) != 0)
    cell = np.empty(len(order), np.int64)
    cell[order] = np.cumsum(is_new) - 1
    nobody = int(process.max(initial=0)) + 1
    found = _summed(cell, flow[order][is_new], minute[order][is_new], kinds, process, links, nobody)
    if may_move:
        for step in (1, -1):
            _move(found, step)
    least, most = _ends(cell, kinds == _EARLIER, process, len(found.flow), nobody)
    is_known, known = _known(found, nobody)
    # A row fused before has its own minute; only what stands alone moves.
    home = np.where(kinds == _ENDPOINT, found.home[cell], cell)
    return Cells(home, found.has_network, is_known, known, np.where(least == most, least, -1))


def _summed(
    cell: Numbers, flow: Numbers, minute: Numbers, kinds: Numbers, process: Numbers, links: Numbers, nobody: int
) -> _Minutes:
    count = len(flow)
    has = [np.bincount(cell[kinds == kind], minlength=count) > 0 for kind in (_ENDPOINT, _EARLIER, _NETWORK)]
    counted, starts = (
        np.bincount(cell[kinds == kind], links[kinds == kind], count).astype(np.int64) for kind in (_ENDPOINT, _NETWORK)
    )
    least, most = _ends(cell, kinds != _NETWORK, process, count, nobody)
    return _Minutes(flow, minute, has[0], has[1], has[2], counted, starts, least, most, np.arange(count))


def _ends(cell: Numbers, rows: Truths, process: Numbers, count: int, nobody: int) -> tuple[Numbers, Numbers]:
    """The least and the greatest process of these rows in each cell; where there is none, `nobody` and -1."""
    least, most = np.full(count, nobody), np.full(count, -1)
    np.minimum.at(least, cell[rows], process[rows])
    np.maximum.at(most, cell[rows], process[rows])
    return least, most


def _move(found: _Minutes, step: int) -> None:
    """Where the endpoint alone tells of connections and the sensor has as many to spare in the next (or last) minute of
    the same process, they are the same."""
    here = np.flatnonzero(
        found.has_endpoint & ~found.has_network & ~found.has_earlier & (found.home == np.arange(len(found.home)))
    )
    there = here + step
    inside = (there >= 0) & (there < len(found.flow))
    here, there = here[inside], there[inside]
    is_next = (found.flow[here] == found.flow[there]) & (found.minute[there] - found.minute[here] == step)
    has_room = found.has_network[there] & (found.counted[here] > 0)
    has_room &= found.starts[there] - found.counted[there] >= found.counted[here]
    is_one = found.least[here] == found.most[here]
    is_one &= (found.most[there] < 0) | (
        (found.least[there] == found.least[here]) & (found.most[there] == found.most[here])
    )
    goes = is_next & has_room & is_one
    here, there = here[goes], there[goes]
    found.home[here] = there
    found.counted[there] += found.counted[here]
    found.least[there], found.most[there] = found.least[here], found.most[here]


def _known(found: _Minutes, nobody: int) -> tuple[Truths, Numbers]:
    """Where the process is known, and which it is: the only one since the first of unbroken minutes, in which no
    connection began of which the endpoint said nothing."""
    count = len(found.flow)
    stays = np.flatnonzero(found.home == np.arange(count))
    is_new = np.ones(len(stays), np.bool_)
    is_new[1:] = (np.diff(found.flow[stays]) != 0) | (np.diff(found.minute[stays]) > 1)
    run = np.cumsum(is_new) - 1
    least, most = found.least[stays], found.most[stays]
    step = nobody + 1
    so_far_least = np.minimum.accumulate(least - run * step) + run * step
    so_far_most = np.maximum.accumulate(most + run * step) - run * step
    doubts = np.cumsum(found.has_network[stays] & (found.starts[stays] > 0) & (most < 0))
    first = np.flatnonzero(is_new)[run] if len(run) else run
    before = np.where(first > 0, doubts[np.maximum(first, 1) - 1], 0)
    is_sure = (so_far_most >= 0) & (so_far_least == so_far_most) & (doubts == before)
    is_known, process = np.zeros(count, np.bool_), np.full(count, -1)
    is_known[stays] = is_sure & found.has_network[stays]
    process[stays] = so_far_most
    return is_known, process
