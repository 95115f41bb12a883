"""graph-mark-components: the connected components of a graph.

https://learn.microsoft.com/kusto/query/graph-mark-components-operator
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MarkComponents:
    """Of nodes (number, partition or null) and edges (source, target) a row (number, component) for each node.

    Components are numbered from 0 in each partition, in the order of their smallest node.
    """

    strong: bool

    @property
    def name(self) -> str:
        return "graph-mark-components"

    def rows(self, inputs: Sequence[list[tuple[Any, ...]]]) -> Iterator[tuple[Any, ...]]:
        nodes, edges = inputs
        numbers = sorted(node for node, _ in nodes)
        roots = _strong(numbers, edges) if self.strong else _weak(numbers, edges)
        partitions = dict(nodes)
        components: dict[int, int] = {}
        counts: dict[Any, int] = {}
        for node in numbers:
            root = roots[node]
            if root not in components:
                partition = partitions[node]
                components[root] = counts.get(partition, 0)
                counts[partition] = components[root] + 1
            yield node, components[root]


def _weak(numbers: list[int], edges: list[tuple[Any, ...]]) -> dict[int, int]:
    """For each node the one that stands for its component: edges count in both directions."""
    parents = {node: node for node in numbers}

    def root(node: int) -> int:
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for source, target in edges:
        parents[root(source)] = root(target)
    return {node: root(node) for node in numbers}


def _strong(numbers: list[int], edges: list[tuple[Any, ...]]) -> dict[int, int]:
    """For each node the one that stands for its component (Kosaraju's two walks, without recursion)."""
    forth: dict[int, list[int]] = {}
    back: dict[int, list[int]] = {}
    for source, target in edges:
        forth.setdefault(source, []).append(target)
        back.setdefault(target, []).append(source)
    roots: dict[int, int] = {}
    for start in reversed(_by_finish(numbers, forth)):
        pending = [start]
        while pending:
            node = pending.pop()
            if node not in roots:
                roots[node] = start
                pending += (other for other in back.get(node, ()) if other not in roots)
    return roots


def _by_finish(numbers: list[int], forth: dict[int, list[int]]) -> list[int]:
    """The nodes in the order in which a depth-first walk leaves them."""
    seen: set[int] = set()
    done: list[int] = []
    for start in numbers:
        if start in seen:
            continue
        seen.add(start)
        pending = [(start, iter(forth.get(start, ())))]
        while pending:
            node, ways = pending[-1]
            other = next((o for o in ways if o not in seen), None)
            if other is None:
                pending.pop()
                done.append(node)
            else:
                seen.add(other)
                pending.append((other, iter(forth.get(other, ()))))
    return done
