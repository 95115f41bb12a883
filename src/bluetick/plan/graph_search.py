"""graph-match: every way in which a pattern lies in a graph.

The search starts at the slot with the fewest candidates and takes the pattern's edges one by one, each from an end that
is bound already; a path of variable length never goes where no end can be reached in time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bluetick.plan.evaluation import Evaluate, compiled
from bluetick.plan.graph_pattern import (
    Adjacency,
    Cycles,
    GraphData,
    GraphPattern,
    Match,
    MatchColumn,
    MatchTest,
    Path,
    PatternEdge,
    Rows,
    Steps,
    holds,
    output_rows,
)


@dataclass(frozen=True, slots=True)
class GraphMatch:
    """The rows are the matches of the pattern."""

    pattern: GraphPattern

    @property
    def name(self) -> str:
        return "graph-match"

    def rows(self, inputs: Rows) -> Iterator[tuple[Any, ...]]:
        data = GraphData(self.pattern, inputs)
        return output_rows(data, _Search(data, Steps(self.name)).matches(), self.name)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The place of a pattern's edge in the search: from which slot, to which, and whether that one is bound then."""

    place: int
    edge: PatternEdge
    start: int
    end: int
    closes: bool

    @property
    def from_left(self) -> bool:
        return self.start == self.edge.left


@dataclass(frozen=True, slots=True)
class _Test:
    """A test made ready: what it needs bound, and how its values are found by the numbers of nodes and edges."""

    slots: frozenset[int]
    edges: frozenset[int]
    evaluate: Evaluate
    values: tuple[tuple[MatchColumn, dict[int, Any]], ...]

    @staticmethod
    def of(data: GraphData, test: MatchTest) -> "_Test":
        places = {tested.column.id: index for index, tested in enumerate(test.columns)}
        values = tuple((column, data.values(column)) for column in test.columns)
        slots = frozenset(c.place for c in test.columns if c.is_node)
        edges = frozenset(c.place for c in test.columns if not c.is_node)
        return _Test(slots, edges, compiled(test.condition, places), values)

    def holds(self, nodes: dict[int, int], paths: dict[int, Path]) -> bool:
        row = [
            values[nodes[tested.place] if tested.is_node else paths[tested.place].edges[0]]
            for tested, values in self.values
        ]
        return self.evaluate(row) is True


@dataclass(slots=True)
class _Search:
    data: GraphData
    steps: Steps
    nodes: dict[int, int] = field(default_factory=dict)
    paths: dict[int, Path] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    visited: dict[int, int] = field(default_factory=dict)
    ends: dict[int, frozenset[int]] = field(default_factory=dict)
    distances: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    tests: list[list[_Test]] = field(default_factory=list)

    def matches(self) -> Iterator[Match]:
        pattern = self.data.pattern
        if pattern.repeats and pattern.cycles is Cycles.NONE:
            return
        self.ends = {slot: self.data.candidates(slot) for slot in range(len(pattern.slots))}
        first = min(self.ends, key=lambda slot: len(self.ends[slot]))
        turns = _turns(self.data, first)
        self.tests = _ready_tests(self.data, first, turns)
        for node in sorted(self.ends[first]):
            self.visited = {node: 1}
            self.nodes[first] = node
            for _ in self._extend(turns, 0):
                nodes = tuple(self.nodes[slot] for slot in range(len(pattern.slots)))
                yield Match(nodes, tuple(self.paths[place] for place in range(len(pattern.edges))))

    def _extend(self, turns: list[_Turn], index: int) -> Iterator[None]:
        if index == len(turns):
            yield
            return
        turn = turns[index]
        for end, path in self._ways(turn):
            if not holds(self.data, turn.edge, path):
                continue
            self.paths[turn.place] = path
            self.nodes[turn.end] = end
            if not all(test.holds(self.nodes, self.paths) for test in self.tests[index]):
                continue
            taken = list(path.inner)
            if not turn.closes:
                taken += [end] if path.edges else []
            for node in taken:
                self.visited[node] = self.visited.get(node, 0) + 1
            self.used.update(path.edges)
            yield from self._extend(turns, index + 1)
            self.used.difference_update(path.edges)
            for node in taken:
                self.visited[node] -= 1

    def _ways(self, turn: _Turn) -> Iterator[tuple[int, Path]]:
        """Where the turn may lead: the end's node, and the path from left to right."""
        way = self.data.way(turn.edge, from_left=turn.from_left)
        start = self.nodes[turn.start]
        if turn.edge.is_path:
            yield from self._paths(turn, way, start)
            return
        for number, node in way.get(start, ()):
            self.steps.count()
            if self._may_use(number) and self._may_end(turn, node):
                yield node, Path((number,))

    def _may_use(self, number: int) -> bool:
        return self.data.pattern.cycles is Cycles.ALL or number not in self.used

    def _may_end(self, turn: _Turn, node: int) -> bool:
        if turn.closes:
            return node == self.nodes[turn.end]
        if node not in self.ends[turn.end]:
            return False
        return self.data.pattern.cycles is not Cycles.NONE or not self.visited.get(node)

    def _paths(self, turn: _Turn, way: Adjacency, start: int) -> Iterator[tuple[int, Path]]:
        edge = turn.edge
        if edge.least == 0 and (start == self.nodes[turn.end] if turn.closes else start in self.ends[turn.end]):
            yield start, Path(())
        distance = self._distance(turn)
        for edges, nodes in self._walks(turn, way, start, distance):
            if len(edges) >= edge.least and self._may_end(turn, nodes[-1]):
                order = 1 if turn.from_left else -1
                yield nodes[-1], Path(tuple(edges[::order]), tuple(nodes[:-1][::order]))

    def _walks(
        self, turn: _Turn, way: Adjacency, start: int, distance: dict[int, int]
    ) -> Iterator[tuple[list[int], list[int]]]:
        """Every walk of at least one edge from which an end may be reached in time; the lists change afterwards."""
        most, inner = turn.edge.most, self.data.among(turn.edge.inner)
        edges: list[int] = []
        nodes: list[int] = []
        pending = [iter(way.get(start, ()))] if most > 0 else []
        while pending:
            step = next(pending[-1], None)
            if step is None:
                pending.pop()
                if edges:
                    edges.pop()
                    nodes.pop()
                continue
            self.steps.count()
            number, node = step
            if distance.get(node, most) > most - len(edges) - 1:
                continue
            if not self._may_walk(turn, number, node, edges, nodes):
                continue
            edges.append(number)
            nodes.append(node)
            yield edges, nodes
            goes_on = len(edges) < most and (inner is None or node in inner)
            pending.append(iter(way.get(node, ()) if goes_on else ()))

    def _may_walk(self, turn: _Turn, number: int, node: int, edges: list[int], nodes: list[int]) -> bool:
        """Whether a walk may go on by this edge to this node, as far as cycles are concerned."""
        if self.data.pattern.cycles is Cycles.ALL:
            return True
        if number in self.used or number in edges:
            return False
        if self.data.pattern.cycles is Cycles.UNIQUE_EDGES:
            return True
        is_end = turn.closes and node == self.nodes[turn.end]
        return node not in nodes and (is_end or not self.visited.get(node))

    def _distance(self, turn: _Turn) -> dict[int, int]:
        """How many edges each node is away from an end of the turn, as far as its path reaches."""
        key = (turn.place, self.nodes[turn.end] if turn.closes else -1)
        if key not in self.distances:
            ends = frozenset((self.nodes[turn.end],)) if turn.closes else self.ends[turn.end]
            back = self.data.way(turn.edge, from_left=not turn.from_left)
            self.distances[key] = distances(back, ends, self.data.among(turn.edge.inner), turn.edge.most, self.steps)
        return self.distances[key]


def distances(
    back: Adjacency, ends: frozenset[int], inner: frozenset[int] | None, most: int, steps: Steps
) -> dict[int, int]:
    """How many edges it takes from a node to one of `ends`, by way of inner nodes only, where `most - 1` suffice."""
    found = dict.fromkeys(ends, 0)
    layer = list(ends)
    for depth in range(1, most):
        reached: list[int] = []
        for node in layer:
            if depth > 1 and inner is not None and node not in inner:
                continue
            ways = back.get(node, ())
            steps.count(len(ways))
            for _, other in ways:
                if other not in found:
                    found[other] = depth
                    reached.append(other)
        layer = reached
    return found


def _turns(data: GraphData, first: int) -> list[_Turn]:
    """The pattern's edges in the order of the search: those that close a circle at once, then the narrowest."""
    bound = {first}
    left = dict(enumerate(data.pattern.edges))
    turns: list[_Turn] = []
    cost = _cost(data, bound)
    while left:
        beside = [p for p, e in left.items() if e.left in bound or e.right in bound]
        place = min(beside, key=lambda p: cost(left[p]))
        edge = left.pop(place)
        start, end = (edge.left, edge.right) if edge.left in bound else (edge.right, edge.left)
        turns.append(_Turn(place, edge, start, end, end in bound))
        bound.add(end)
    return turns


def _ready_tests(data: GraphData, first: int, turns: list[_Turn]) -> list[list[_Test]]:
    """For each turn the tests that can be made after it, and not before."""
    waiting = [_Test.of(data, test) for test in data.pattern.tests]
    slots = {first}
    edges: set[int] = set()
    ready: list[list[_Test]] = []
    for turn in turns:
        slots.add(turn.end)
        edges.add(turn.place)
        ready.append([test for test in waiting if test.slots <= slots and test.edges <= edges])
        waiting = [test for test in waiting if not (test.slots <= slots and test.edges <= edges)]
    return ready


def _cost(data: GraphData, bound: set[int]) -> Callable[[PatternEdge], tuple[bool, bool, int]]:
    def cost(edge: PatternEdge) -> tuple[bool, bool, int]:
        closes = edge.left in bound and edge.right in bound
        return not closes, edge.is_path, len(data.way(edge, from_left=True))

    return cost
