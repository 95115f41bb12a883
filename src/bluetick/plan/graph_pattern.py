"""What graph-match and graph-shortest-paths look for, as data over node slots and edges by their numbers.

https://learn.microsoft.com/kusto/query/graph-match-operator
The search sees numbers only: which nodes and edges may stand where, and what a path's elements give to all(), any()
and map(), is computed by the engine and comes as inputs, named here by their place among the operator's inputs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from bluetick.diagnostics.errors import Limit, LimitError
from bluetick.plan.evaluation import compiled
from bluetick.plan.expressions import Column, Expr

MAX_MATCHES = 1_000_000  # of one operator
MAX_STEPS = 20_000_000  # edges walked by one operator: about a minute
EDGES, NODES = 0, 1  # the first two inputs: (number, source, target) and (number,)


class Cycles(Enum):
    """all: any walk; unique_edges: no edge twice in a match; none: no edge and no node twice."""

    ALL = "all"
    NONE = "none"
    UNIQUE_EDGES = "unique_edges"


@dataclass(frozen=True, slots=True)
class PathTest:
    """Whether some element of a path is among the numbers of an input; its inner nodes, or its edges."""

    source: int
    inner: bool


@dataclass(frozen=True, slots=True)
class PatternEdge:
    """An edge between two slots: from `left` to `right` (-->), the other way (<--) or either (--).

    With `is_path` it stands for `least` to `most` edges in a row. `allowed` and `inner` are inputs of the numbers that
    its edges and its inner nodes must be among; each of `required` holds for some element.
    """

    left: int
    right: int
    arrow: str
    is_path: bool = False
    least: int = 1
    most: int = 1
    allowed: tuple[int, ...] = ()
    inner: tuple[int, ...] = ()
    required: tuple[PathTest, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeNumber:
    slot: int


@dataclass(frozen=True, slots=True)
class EdgeNumber:
    edge: int


@dataclass(frozen=True, slots=True)
class PathHolds:
    """all() or any() over a path's elements: those among the numbers of an input meet the condition."""

    edge: int
    source: int
    inner: bool
    every: bool


@dataclass(frozen=True, slots=True)
class PathValues:
    """map() over a path's elements: an input has the JSON of each element's value beside its number."""

    edge: int
    source: int
    inner: bool


@dataclass(frozen=True, slots=True)
class MatchColumn:
    """A column of the node in a slot (or of a single edge): where its values stand in an input, beside the numbers."""

    column: Column
    is_node: bool
    place: int
    source: int
    position: int


@dataclass(frozen=True, slots=True)
class MatchTest:
    """A condition over several nodes and edges that Python can evaluate: it cuts the search short."""

    condition: Expr
    columns: tuple[MatchColumn, ...]


@dataclass(frozen=True, slots=True)
class PathHoldsBeside:
    """all() or any() whose condition is over other nodes and edges too: an input has the element's columns `own` beside
    its number."""

    edge: int
    source: int
    inner: bool
    every: bool
    own: tuple[Column, ...]
    test: MatchTest


PatternOutput: TypeAlias = NodeNumber | EdgeNumber | PathHolds | PathValues | PathHoldsBeside


@dataclass(frozen=True, slots=True)
class Path:
    """What a pattern's edge has matched, from left to right."""

    edges: tuple[int, ...]
    inner: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A node for each slot, a path for each edge of the pattern."""

    nodes: tuple[int, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class GraphPattern:
    """A connected pattern. `slots` holds for each node the inputs of the numbers that it must be among; `repeats` says
    that a sequence comes to the same slot twice; `outputs` are the columns of the operator's rows."""

    slots: tuple[tuple[int, ...], ...]
    edges: tuple[PatternEdge, ...]
    outputs: tuple[PatternOutput, ...]
    cycles: Cycles = Cycles.UNIQUE_EDGES
    repeats: bool = False
    tests: tuple[MatchTest, ...] = ()


Rows: TypeAlias = Sequence[list[tuple[Any, ...]]]
Adjacency: TypeAlias = dict[int, list[tuple[int, int]]]


@dataclass(slots=True)
class Steps:
    """How many edges were walked, and the end of patience."""

    name: str
    taken: int = 0

    def count(self, steps: int = 1) -> None:
        self.taken += steps
        if self.taken > MAX_STEPS:
            message = f"{self.name} walked more than {MAX_STEPS:,} edges: narrow the pattern, or the graph before it"
            raise LimitError(message, Limit.RESULT)


@dataclass(slots=True)
class GraphData:
    """The inputs made ready for a search: sets of numbers, and for each edge of the pattern the steps along it."""

    pattern: GraphPattern
    inputs: Rows
    _sets: dict[tuple[int, ...], frozenset[int]] = field(default_factory=dict)
    _ways: dict[tuple[str, tuple[int, ...]], Adjacency] = field(default_factory=dict)

    def numbers(self, source: int) -> frozenset[int]:
        """The numbers of an input."""
        if (source,) not in self._sets:
            self._sets[(source,)] = frozenset(row[0] for row in self.inputs[source])
        return self._sets[(source,)]

    def among(self, sources: tuple[int, ...]) -> frozenset[int] | None:
        """The numbers that are in every one of these inputs; None where there is no restriction."""
        if sources and sources not in self._sets:
            self._sets[sources] = frozenset.intersection(*map(self.numbers, sources))
        return self._sets[sources] if sources else None

    def values(self, tested: MatchColumn) -> dict[int, Any]:
        """A column's values by the numbers of nodes or edges."""
        return {row[0]: row[tested.position] for row in self.inputs[tested.source]}

    def way(self, edge: PatternEdge, *, from_left: bool) -> Adjacency:
        """For each node the steps (edge, other node) that the pattern's edge allows from its left (or right) end."""
        arrow = edge.arrow if from_left else {"-->": "<--", "<--": "-->"}.get(edge.arrow, edge.arrow)
        key = (arrow, edge.allowed)
        if key not in self._ways:
            self._ways[key] = _adjacency(self.inputs[EDGES], arrow, self.among(edge.allowed))
        return self._ways[key]

    def candidates(self, slot: int) -> frozenset[int]:
        """The nodes that may stand in a slot, as far as it and the edges beside it say."""
        found = self.among(self.pattern.slots[slot])
        for edge in self.pattern.edges:
            if edge.least > 0 and slot in (edge.left, edge.right):
                ends = self.way(edge, from_left=slot == edge.left).keys()
                found = frozenset(ends) if found is None else found & ends
        return self.numbers(NODES) if found is None else found


def _adjacency(edges: Iterable[tuple[Any, ...]], arrow: str, allowed: frozenset[int] | None) -> Adjacency:
    steps: Adjacency = {}
    for number, source, target in edges:
        if allowed is not None and number not in allowed:
            continue
        if arrow != "<--":
            steps.setdefault(source, []).append((number, target))
        if arrow == "<--" or (arrow == "--" and source != target):
            steps.setdefault(target, []).append((number, source))
    for ways in steps.values():
        ways.sort()
    return steps


def output_rows(data: GraphData, matches: Iterable[Match], name: str) -> Iterator[tuple[Any, ...]]:
    """A row of the pattern's outputs for each match."""
    outputs = [_output(data, output) for output in data.pattern.outputs]
    for count, match in enumerate(matches):
        if count == MAX_MATCHES:
            message = f"{name} found more than {MAX_MATCHES:,} matches: narrow the pattern, or the graph before it"
            raise LimitError(message, Limit.RESULT)
        yield tuple(output(match) for output in outputs)


def _output(data: GraphData, output: PatternOutput) -> Callable[[Match], Any]:
    match output:
        case NodeNumber(slot=slot):
            return lambda match: match.nodes[slot]
        case EdgeNumber(edge=edge):
            return lambda match: match.paths[edge].edges[0]
        case PathHolds(edge=edge, source=source, inner=inner, every=every):
            numbers, which = data.numbers(source), all if every else any
            return lambda match: which(element in numbers for element in elements(match.paths[edge], inner=inner))
        case PathValues(edge=edge, source=source, inner=inner):
            texts = {row[0]: "null" if row[1] is None else row[1] for row in data.inputs[source]}
            return lambda match: f"[{','.join(texts[e] for e in elements(match.paths[edge], inner=inner))}]"
        case PathHoldsBeside():
            return _holds_beside(data, output)


def _holds_beside(data: GraphData, output: PathHoldsBeside) -> Callable[[Match], bool]:
    """The values of the element stand first, those of the other nodes and edges behind them."""
    own = {row[0]: row[1:] for row in data.inputs[output.source]}
    columns = (*output.own, *(tested.column for tested in output.test.columns))
    evaluate = compiled(output.test.condition, {column.id: place for place, column in enumerate(columns)})
    others = [(tested, data.values(tested)) for tested in output.test.columns]
    which = all if output.every else any

    def holds_for(match: Match) -> bool:
        beside = tuple(
            values[match.nodes[tested.place] if tested.is_node else match.paths[tested.place].edges[0]]
            for tested, values in others
        )
        path = elements(match.paths[output.edge], inner=output.inner)
        return which(evaluate(own[element] + beside) is True for element in path)

    return holds_for


def elements(path: Path, *, inner: bool) -> tuple[int, ...]:
    return path.inner if inner else path.edges


def holds(data: GraphData, edge: PatternEdge, path: Path) -> bool:
    """Whether each test that some element must pass is passed."""
    return all(
        any(element in data.numbers(test.source) for element in elements(path, inner=test.inner))
        for test in edge.required
    )
