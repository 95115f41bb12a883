"""graph-shortest-paths: for each pair of ends the shortest way in which a pattern leads from one to the other.

https://learn.microsoft.com/kusto/query/graph-shortest-paths-operator
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bluetick.plan.graph_pattern import (
    Adjacency,
    Cycles,
    GraphData,
    GraphPattern,
    Match,
    Path,
    PatternEdge,
    Rows,
    Steps,
    holds,
    output_rows,
)


@dataclass(frozen=True, slots=True)
class ShortestPaths:
    """The rows are the shortest matches of a pattern of one sequence for each pair of its first and last node: all of
    them with `every`, else the first by the numbers of its edges."""

    pattern: GraphPattern
    every: bool

    @property
    def name(self) -> str:
        return "graph-shortest-paths"

    def rows(self, inputs: Rows) -> Iterator[tuple[Any, ...]]:
        data = GraphData(self.pattern, inputs)
        steps = Steps(self.name)
        edge = self.pattern.edges[0]
        is_plain = len(self.pattern.edges) == 1 and edge.least <= 1 and not edge.required and edge.left != edge.right
        matches = _one_path(data, steps, self.every) if is_plain else _by_length(data, steps, self.every)
        return output_rows(data, matches, self.name)


# --- one path: breadth first -----------------------------------------------------------------------------------------


def _one_path(data: GraphData, steps: Steps, every: bool) -> Iterator[Match]:
    """From each node of the side with fewer candidates outwards, a layer at a time."""
    edge = data.pattern.edges[0]
    lefts, rights = data.candidates(edge.left), data.candidates(edge.right)
    from_left = len(lefts) <= len(rights)
    starts, ends = (lefts, rights) if from_left else (rights, lefts)
    way, inner = data.way(edge, from_left=from_left), data.among(edge.inner)
    # Only a way that has no direction can lead back by the edge that it came.
    may_return = edge.arrow == "--" and data.pattern.cycles is Cycles.UNIQUE_EDGES
    for start in sorted(starts):
        if edge.least == 0 and start in ends:
            yield _match(start, start, Path(()), from_left)
        before = _layers(way, start, inner, edge.most, steps)
        if edge.least == 0 or data.pattern.cycles is Cycles.NONE or may_return:
            before.pop(start, None)
        if edge.least == 1 and may_return and start in ends:
            yield from _of_start(data, steps, start, frozenset((start,)), every)
        for end in sorted(ends & before.keys()):
            for path in _back(before, start, end):
                yield _match(start, end, path, from_left)
                if not every:
                    break


def _match(start: int, end: int, path: Path, from_left: bool) -> Match:
    if from_left:
        return Match((start, end), (path,))
    return Match((end, start), (Path(path.edges[::-1], path.inner[::-1]),))


def _layers(
    way: Adjacency, start: int, inner: frozenset[int] | None, most: int, steps: Steps
) -> dict[int, list[tuple[int, int]]]:
    """For each node that can be reached the last steps (edge, node before) of its shortest paths."""
    before: dict[int, list[tuple[int, int]]] = {}
    layer = [start]
    for depth in range(most):
        reached: dict[int, list[tuple[int, int]]] = {}
        for node in layer:
            if depth and (node == start or (inner is not None and node not in inner)):
                continue
            ways = way.get(node, ())
            steps.count(len(ways))
            for number, other in ways:
                if other not in before:
                    reached.setdefault(other, []).append((number, node))
        before.update((node, sorted(ways, reverse=True)) for node, ways in reached.items())
        layer = list(reached)
    return before


def _back(before: dict[int, list[tuple[int, int]]], start: int, end: int) -> Iterator[Path]:
    """The shortest paths to `end`, from its last steps backwards."""
    pending: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = [(end, (), ())]
    while pending:
        node, edges, inner = pending.pop()
        if node == start and edges:
            yield Path(edges, inner[1:])
            continue
        for number, other in before[node]:
            pending.append((other, (number, *edges), (other, *inner)))


# --- any other pattern: by length ------------------------------------------------------------------------------------


def _by_length(data: GraphData, steps: Steps, every: bool) -> Iterator[Match]:
    """From each first node the matches of the least length, then of one edge more, and so on."""
    pattern = data.pattern
    if pattern.repeats and pattern.cycles is Cycles.NONE:
        return
    ends = data.candidates(pattern.edges[-1].right)
    for start in sorted(data.candidates(pattern.edges[0].left)):
        yield from _of_start(data, steps, start, ends, every)


def _of_start(data: GraphData, steps: Steps, start: int, ends: frozenset[int], every: bool) -> Iterator[Match]:
    pattern = data.pattern
    last = pattern.edges[-1].right
    left = set(ends)
    for length in range(sum(e.least for e in pattern.edges), sum(e.most for e in pattern.edges) + 1):
        found: set[int] = set()
        for nodes, paths in _walks(data, steps, start, length):
            end = nodes[last]
            if end in left and (every or end not in found):
                found.add(end)
                yield Match(tuple(nodes[slot] for slot in range(len(pattern.slots))), paths)
        left -= found
        if not left:
            break


def _walks(data: GraphData, steps: Steps, start: int, length: int) -> Iterator[tuple[dict[int, int], tuple[Path, ...]]]:
    """The matches from this first node on that have exactly this many edges, in the order of the edges' numbers."""
    edges = data.pattern.edges
    rests = [(sum(e.least for e in edges[i:]), sum(e.most for e in edges[i:])) for i in range(len(edges) + 1)]
    allowed = [data.among(slot) for slot in data.pattern.slots]

    def extend(place: int, nodes: dict[int, int], paths: tuple[Path, ...], rest: int) -> Iterator[Any]:
        if place == len(edges):
            yield nodes, paths
            return
        edge = edges[place]
        been = _Been(
            frozenset(number for path in paths for number in path.edges),
            frozenset(nodes.values()).union(*(path.inner for path in paths)),
        )
        low, high = rests[place + 1]
        for size in range(max(edge.least, rest - high), min(edge.most, rest - low) + 1):
            for path, end in _exact(data, steps, edge, nodes[edge.left], size, been):
                among = allowed[edge.right]
                if (among is not None and end not in among) or nodes.get(edge.right, end) != end:
                    continue
                if holds(data, edge, path):
                    yield from extend(place + 1, {**nodes, edge.right: end}, (*paths, path), rest - size)

    return extend(0, {edges[0].left: start}, (), length)


@dataclass(frozen=True, slots=True)
class _Been:
    """The edges and nodes of a match so far."""

    edges: frozenset[int]
    nodes: frozenset[int]

    def may_take(self, cycles: Cycles, step: tuple[int, int], edges: list[int], nodes: list[int]) -> bool:
        """Whether a walk that went by these edges to these nodes may take a step more."""
        if cycles is Cycles.ALL:
            return True
        number, node = step
        if number in self.edges or number in edges:
            return False
        return cycles is Cycles.UNIQUE_EDGES or (node not in self.nodes and node not in nodes)


def _exact(
    data: GraphData, steps: Steps, edge: PatternEdge, start: int, size: int, been: _Been
) -> Iterator[tuple[Path, int]]:
    """The walks of one pattern's edge that have exactly this many edges."""
    way, inner = data.way(edge, from_left=True), data.among(edge.inner)
    if size == 0:
        yield Path(()), start
        return
    edges: list[int] = []
    nodes: list[int] = []
    pending = [iter(way.get(start, ()))]
    while pending:
        step = next(pending[-1], None)
        if step is None:
            pending.pop()
            if edges:
                edges.pop()
                nodes.pop()
            continue
        steps.count()
        if not been.may_take(data.pattern.cycles, step, edges, nodes):
            continue
        number, node = step
        if len(edges) + 1 == size:
            yield Path((*edges, number), tuple(nodes)), node
        elif inner is None or node in inner:
            edges.append(number)
            nodes.append(node)
            pending.append(iter(way.get(node, ())))
