"""The pattern of graph-match and graph-shortest-paths: its slots, edges and named variables."""

from dataclasses import dataclass, field
from typing import TypeAlias

from bluetick.binder.operators.graphs.elements import Element
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Invalid, Literal
from bluetick.plan.graph import Graph
from bluetick.plan.graph_pattern import PathTest, PatternEdge
from bluetick.syntax import graph as syntax
from bluetick.syntax.expressions import Expression, Name
from bluetick.types import Type

MAX_PATTERN_EDGES = 100


@dataclass(frozen=True, slots=True)
class NodeVariable:
    slot: int
    element: Element


@dataclass(frozen=True, slots=True)
class EdgeVariable:
    edge: int
    element: Element


@dataclass(frozen=True, slots=True)
class PathVariable:
    edge: int


Variable: TypeAlias = NodeVariable | EdgeVariable | PathVariable


@dataclass(slots=True)
class Draft:
    """An edge of the pattern while its conditions are gathered: inputs of the operator, by their places."""

    left: int
    right: int
    arrow: str
    bounds: tuple[int, int] | None
    allowed: list[int] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)
    required: list[PathTest] = field(default_factory=list)

    def done(self) -> PatternEdge:
        least, most = self.bounds or (1, 1)
        return PatternEdge(
            self.left,
            self.right,
            self.arrow,
            self.bounds is not None,
            least,
            most,
            tuple(self.allowed),
            tuple(self.inner),
            tuple(self.required),
        )


@dataclass(slots=True)
class Shape:
    """`repeats`: some sequence comes to a slot that it was at before."""

    env: Env
    graph: Graph
    slots: int = 0
    edges: list[Draft] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)
    repeats: bool = False


def shape_of(env: Env, graph: Graph, node: syntax.GraphMatchOperator) -> Shape | None:
    """The pattern as written; None once reported."""
    shape = Shape(env, graph)
    for sequence in node.sequences:
        if not _add_sequence(shape, sequence):
            return None
    if len(shape.edges) > MAX_PATTERN_EDGES:
        env.report(codes.form_not_supported(node.span, f"a pattern of more than {MAX_PATTERN_EDGES} edges"))
        return None
    if not _is_connected(shape):
        hint = "sequences belong together where they share the name of a node"
        env.report(codes.bad_pattern(node.span, "its sequences are not connected", hint))
        return None
    return shape


def _add_sequence(shape: Shape, sequence: syntax.PatternSequence) -> bool:
    been: set[int] = set()
    left: int | None = None
    waiting: syntax.PatternEdge | None = None
    for element in sequence.elements:
        if isinstance(element, syntax.PatternEdge):
            waiting = element
            continue
        slot = _slot(shape, element)
        if slot is None:
            return False
        shape.repeats |= slot in been
        been.add(slot)
        if waiting is not None and left is not None and not _add_edge(shape, waiting, left, slot):
            return False
        left = slot
    return True


def _slot(shape: Shape, node: syntax.PatternNode) -> int | None:
    known = None if node.name is None else shape.variables.get(node.name.text)
    match known:
        case NodeVariable(slot=slot):
            return slot
        case EdgeVariable() | PathVariable():
            shape.env.report(codes.bad_pattern(node.span, "a node has the name of an edge"))
            return None
        case None:
            shape.slots += 1
            if node.name is not None:
                variable = NodeVariable(shape.slots - 1, Element.node(shape.env, shape.graph))
                shape.variables[node.name.text] = variable
            return shape.slots - 1


def _add_edge(shape: Shape, edge: syntax.PatternEdge, left: int, right: int) -> bool:
    bounds: tuple[int, int] | None = None
    if edge.least is not None and edge.most is not None:
        bounds = _bounds(shape.env, edge.span, edge.least, edge.most)
        if bounds is None:
            return False
    shape.edges.append(Draft(left, right, edge.arrow, bounds))
    return edge.name is None or _name_edge(shape, edge.name, is_path=bounds is not None)


def _name_edge(shape: Shape, name: Name, *, is_path: bool) -> bool:
    if name.text in shape.variables:
        shape.env.report(codes.bad_pattern(name.span, f"the name '{name.text}' stands for something else already"))
        return False
    place = len(shape.edges) - 1
    own = PathVariable(place) if is_path else EdgeVariable(place, Element.edge(shape.env, shape.graph))
    shape.variables[name.text] = own
    return True


def _bounds(env: Env, span: Span, least: Expression, most: Expression) -> tuple[int, int] | None:
    outside = env.without_row()
    low, high = outside.expression(least), outside.expression(most)
    if isinstance(low, Invalid) or isinstance(high, Invalid):
        return None
    if not isinstance(low, Literal) or not isinstance(high, Literal):
        env.report(codes.constant_expected(span, "how often an edge may come"))
        return None
    if low.type not in (Type.INT, Type.LONG) or high.type not in (Type.INT, Type.LONG):
        env.report(codes.wrong_type(span, "how often an edge may come", "long", f"{low.type} and {high.type}"))
        return None
    if low.value is None or high.value is None or not 0 <= low.value <= high.value:
        env.report(codes.bad_pattern(span, "an edge comes at least 0 times, and not more often at least than at most"))
        return None
    return int(low.value), int(high.value)


def _is_connected(shape: Shape) -> bool:
    reached = {0}
    grows = True
    while grows:
        beside = {s for e in shape.edges if e.left in reached or e.right in reached for s in (e.left, e.right)}
        grows = not beside <= reached
        reached |= beside
    return len(reached) == shape.slots
