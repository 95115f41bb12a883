"""The search for patterns and paths against plain enumeration of all walks, on small random graphs."""

from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.diagnostics.errors import LimitError
from bluetick.functions.registry import find_scalar
from bluetick.plan import graph_pattern
from bluetick.plan.expressions import Call, Column, ColumnRef
from bluetick.plan.graph_components import MarkComponents
from bluetick.plan.graph_paths import ShortestPaths
from bluetick.plan.graph_pattern import (
    Cycles,
    EdgeNumber,
    GraphPattern,
    MatchColumn,
    MatchTest,
    NodeNumber,
    PathTest,
    PathValues,
    PatternEdge,
)
from bluetick.plan.graph_search import GraphMatch
from bluetick.types import Type

Edges = list[tuple[int, int, int]]

_NODES = 4
_ENDS = st.integers(1, _NODES)
_GRAPHS = st.lists(st.tuples(_ENDS, _ENDS), max_size=6).map(
    lambda pairs: [(number, source, target) for number, (source, target) in enumerate(pairs, 1)]
)
_CHOSEN = st.frozensets(st.integers(1, 6), min_size=3)
_ARROWS = st.sampled_from(["-->", "<--", "--"])


def _steps(edges: Edges, arrow: str, node: int) -> Iterator[tuple[int, int]]:
    for number, source, target in edges:
        if arrow != "<--" and source == node:
            yield number, target
        if (arrow == "<--" or (arrow == "--" and source != target)) and target == node:
            yield number, source


def _walks(edges: Edges, arrow: str, node: int, length: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Edges and nodes behind the first, of every walk of this length."""
    if length == 0:
        yield (), ()
        return
    for number, other in _steps(edges, arrow, node):
        for rest in _walks(edges, arrow, other, length - 1):
            yield (number, *rest[0]), (other, *rest[1])


def _fits(cycles: Cycles, start: int, walked: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> bool:
    edges = [number for part, _ in walked for number in part]
    nodes = [start, *(node for _, part in walked for node in part)]
    if cycles is Cycles.ALL:
        return True
    return len(set(edges)) == len(edges) and (cycles is Cycles.UNIQUE_EDGES or len(set(nodes)) == len(nodes))


def _inputs(edges: Edges, *sets: frozenset[int]) -> list[list[tuple[object, ...]]]:
    nodes: list[tuple[object, ...]] = [(node,) for node in range(1, _NODES + 1)]
    found: list[list[tuple[object, ...]]] = [[*edges], nodes]
    found += ([(number,) for number in sorted(chosen)] for chosen in sets)
    return found


_VALUES: list[tuple[object, ...]] = [(number, str(number)) for number in range(1, 7)]


@given(_GRAPHS, _ARROWS, _ARROWS, st.integers(0, 2), st.integers(0, 2), st.sampled_from(Cycles), _CHOSEN, _CHOSEN)
@settings(max_examples=300, deadline=None)
def test_a_path_and_an_edge(
    edges: Edges,
    first: str,
    second: str,
    least: int,
    more: int,
    cycles: Cycles,
    allowed: frozenset[int],
    inner: frozenset[int],
) -> None:
    """(a)-[p*least..]-(b)-[e]-(c), the path's edges and inner nodes among those that are allowed."""
    path = PatternEdge(0, 1, first, is_path=True, least=least, most=least + more, allowed=(2,), inner=(3,))
    edge = PatternEdge(1, 2, second)
    outputs = (NodeNumber(0), PathValues(0, 4, inner=False), NodeNumber(1), EdgeNumber(1), NodeNumber(2))
    pattern = GraphPattern(((), (), ()), (path, edge), outputs, cycles)
    wanted = []
    for start, length in product(range(1, _NODES + 1), range(least, least + more + 1)):
        for walk in _walks([e for e in edges if e[0] in allowed], first, start, length):
            middle = walk[1][-1] if walk[1] else start
            for step in _walks(edges, second, middle, 1):
                if inner.issuperset(walk[1][:-1]) and _fits(cycles, start, [walk, step]):
                    text = f"[{','.join(map(str, walk[0]))}]"
                    wanted.append((start, text, middle, step[0][0], step[1][0]))
    found = GraphMatch(pattern).rows([*_inputs(edges, allowed, inner), _VALUES])
    assert sorted(found) == sorted(wanted)


@given(_GRAPHS, _ARROWS, st.integers(0, 2), st.integers(0, 3), st.sampled_from(Cycles), st.booleans(), _CHOSEN)
@settings(max_examples=300, deadline=None)
def test_shortest_paths(
    edges: Edges, arrow: str, least: int, more: int, cycles: Cycles, is_tested: bool, tested: frozenset[int]
) -> None:
    """All shortest paths; of one for each pair, one of them."""
    required = (PathTest(2, inner=False),) if is_tested else ()
    path = PatternEdge(0, 1, arrow, is_path=True, least=least, most=least + more, required=required)
    pattern = GraphPattern(((), ()), (path,), (NodeNumber(0), NodeNumber(1), PathValues(0, 3, inner=False)), cycles)
    shortest: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
    for length, start in product(range(least, least + more + 1), range(1, _NODES + 1)):
        found: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
        for walk in _walks(edges, arrow, start, length):
            end = walk[1][-1] if walk[1] else start
            if (not is_tested or tested.intersection(walk[0])) and _fits(cycles, start, [walk]):
                row = (start, end, f"[{','.join(map(str, walk[0]))}]")
                found.setdefault((start, end), []).append(row)
        shortest = {**found, **shortest}
    inputs = [*_inputs(edges, tested), _VALUES]
    every = list(ShortestPaths(pattern, every=True).rows(inputs))
    assert sorted(every) == sorted(row for rows in shortest.values() for row in rows)
    one = list(ShortestPaths(pattern, every=False).rows(inputs))
    assert len(one) == len(shortest)
    assert set(one) <= set(every)


@given(_GRAPHS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_components(edges: Edges, strong: bool) -> None:
    """Two nodes are of one component where each can be reached from the other."""
    arrow = "-->" if strong else "--"
    reached = {
        node: {node} | {w[1][-1] for length in range(1, _NODES + 1) for w in _walks(edges, arrow, node, length)}
        for node in range(1, _NODES + 1)
    }
    nodes = [(node, 0) for node in range(1, _NODES + 1)]
    found = dict(MarkComponents(strong).rows([nodes, [(source, target) for _, source, target in edges]]))
    for a, b in product(reached, reached):
        assert (found[a] == found[b]) == (b in reached[a] and a in reached[b])
    firsts = [min(node for node in found if found[node] == number) for number in sorted(set(found.values()))]
    assert firsts == sorted(firsts)
    assert set(found.values()) == set(range(len(firsts)))


def test_conditions_cut_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only matches that meet a test come out, and none else is counted."""
    less = find_scalar("<")
    assert less is not None
    first, second = Column(1, "v", Type.LONG), Column(2, "v", Type.LONG)
    columns = (MatchColumn(first, False, 0, 2, 1), MatchColumn(second, False, 1, 2, 1))
    test = MatchTest(Call(less, (ColumnRef(first), ColumnRef(second)), Type.BOOL), columns)
    steps = (PatternEdge(0, 1, "-->"), PatternEdge(1, 2, "-->"))
    pattern = GraphPattern(((), (), ()), steps, (EdgeNumber(0), EdgeNumber(1)), tests=(test,))
    edges = [(number, 1, 1) for number in range(1, 7)]
    monkeypatch.setattr(graph_pattern, "MAX_MATCHES", 15)
    found = list(GraphMatch(pattern).rows([*_inputs(edges), [(number, number % 4) for number in range(1, 7)]]))
    assert sorted(found) == [(a, b) for a in range(1, 7) for b in range(1, 7) if a % 4 < b % 4]


def test_too_many_matches_and_steps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    edges = [(number, 1, 2) for number in range(1, 40)]
    pattern = GraphPattern(((), ()), (PatternEdge(0, 1, "-->"),), (NodeNumber(0),))
    monkeypatch.setattr(graph_pattern, "MAX_MATCHES", 38)
    with pytest.raises(LimitError, match="more than 38 matches"):
        list(GraphMatch(pattern).rows(_inputs(edges)))
    monkeypatch.setattr(graph_pattern, "MAX_STEPS", 30)
    with pytest.raises(LimitError, match="more than 30 edges"):
        list(GraphMatch(pattern).rows(_inputs(edges)))
