"""What a pattern's conditions and columns ask for, gathered while they are bound, and the relation that gives it.

A condition on one node or edge narrows the candidates before the search; one on the elements of a path becomes a set of
numbers; what is left is asked of the matches, beside the properties of what they found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bluetick.binder.calls import promote
from bluetick.binder.expressions import bind_predicate
from bluetick.binder.operators.graphs.elements import Element, edge_ends, node_numbers
from bluetick.binder.operators.graphs.mentions import FUNCTIONS, QUANTIFIERS, mentions
from bluetick.binder.operators.graphs.pruning import beside, fixed_columns, match_tests, used_by
from bluetick.binder.operators.graphs.shape import EdgeVariable, NodeVariable, PathVariable, Shape
from bluetick.binder.packing import packed
from bluetick.binder.scope import Env, Row
from bluetick.diagnostics import Span, codes
from bluetick.plan.evaluation import unknown_part
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, walk
from bluetick.plan.graph_pattern import (
    Cycles,
    EdgeNumber,
    GraphPattern,
    MatchTest,
    NodeNumber,
    PathHolds,
    PathHoldsBeside,
    PathTest,
    PathValues,
    PatternOutput,
)
from bluetick.plan.relations import Join, JoinKind, Project, PythonTable, Relation
from bluetick.plan.table_operator import TableOperator
from bluetick.syntax.expressions import CallExpression, NameReference
from bluetick.types import Type

_FIXED_INPUTS = 2  # edges and nodes


@dataclass(slots=True)
class Matching:
    """`inputs` follow the edges and the nodes; `conditions` narrow the element of a variable by name."""

    env: Env
    shape: Shape
    inputs: list[Relation] = field(default_factory=list)
    outputs: list[tuple[Column, PatternOutput]] = field(default_factory=list)
    conditions: dict[str, list[tuple[Expr, Span]]] = field(default_factory=dict)
    wholes: dict[str, Column] = field(default_factory=dict)

    def row(self) -> Env:
        """The place of an expression over the whole match; a path's name alone is the array of its edges."""
        qualified: dict[str, dict[str, Column]] = {}
        for name, variable in self.shape.variables.items():
            if isinstance(variable, PathVariable):
                self.wholes.setdefault(name, self.env.state.column(name, Type.DYNAMIC))
            else:
                qualified[name] = variable.element.properties
        calls: dict[str, Callable[[Env, CallExpression], Expr]] = dict.fromkeys(QUANTIFIERS, self._quantifier)
        calls |= dict.fromkeys(FUNCTIONS, self._of_variable)
        return self.env.with_row(Row(self.wholes, qualified, calls=calls))

    def add_input(self, relation: Relation) -> int:
        self.inputs.append(relation)
        return _FIXED_INPUTS + len(self.inputs) - 1

    # --- functions of a node or an edge --------------------------------------------------------------------------

    def _of_variable(self, env: Env, node: CallExpression) -> Expr:
        name = node.name.text
        if name == "inner_nodes" or len(node.arguments) != 1:
            return _misplaced(env, node)
        value = node.arguments[0].value
        variable = self.shape.variables.get(value.name) if isinstance(value, NameReference) else None
        if name == "labels" and variable is not None:
            return Literal([], Type.DYNAMIC)
        if not isinstance(variable, NodeVariable):
            env.report(codes.bad_argument(value.span, name, "it takes a node of the pattern"))
            return Invalid()
        return variable.element.id_text(node.span) if name == "node_id" else variable.element.degree(name)

    # --- all, any and map ----------------------------------------------------------------------------------------

    def _quantifier(self, env: Env, node: CallExpression) -> Expr:
        """A column of the matches."""
        name = node.name.text
        found = self.over_path(env, node)
        if found is None:
            return Invalid()
        path, inner, element, value = found
        if _is_beside(element, value):
            return self._beside(node, path, inner, element, value)
        if name == "map":
            column = self.env.state.column("map", Type.DYNAMIC)
            source = self.add_input(self._values(element, value))
            self.outputs.append((column, PathValues(path.edge, source, inner)))
            return ColumnRef(column)
        source = self.add_input(element.numbers(((value, node.arguments[1].span),)))
        column = self.env.state.column(name, Type.BOOL)
        self.outputs.append((column, PathHolds(path.edge, source, inner, name == "all")))
        return ColumnRef(column)

    def require(self, env: Env, node: CallExpression) -> bool:
        """all() or any() that every match must meet: it narrows the search. False once reported."""
        found = self.over_path(env, node)
        if found is None:
            return False
        path, inner, element, value = found
        source = self.add_input(element.numbers(((value, node.arguments[1].span),)))
        draft = self.shape.edges[path.edge]
        if node.name.text == "any":
            draft.required.append(PathTest(source, inner))
        elif inner:
            draft.inner.append(source)
        else:
            draft.allowed.append(source)
        return True

    def over_path(self, env: Env, node: CallExpression) -> tuple[PathVariable, bool, Element, Expr] | None:
        """The path, whether its inner nodes are meant, an element of it and the expression over that."""
        name = node.name.text
        if len(node.arguments) != 2:
            env.report(codes.wrong_argument_count(node.span, name, "2 arguments", len(node.arguments)))
            return None
        first, inner = node.arguments[0].value, False
        if isinstance(first, CallExpression) and first.name.text == "inner_nodes" and len(first.arguments) == 1:
            first, inner = first.arguments[0].value, True
        path = self.shape.variables.get(first.name) if isinstance(first, NameReference) else None
        if not isinstance(first, NameReference) or not isinstance(path, PathVariable):
            env.report(codes.bad_argument(first.span, name, "its first argument is an edge of variable length"))
            return None
        element = (Element.node if inner else Element.edge)(self.env, self.shape.graph)
        here = self._inside_path(element, first.name)
        value = node.arguments[1].value
        bound = here.expression(value) if name == "map" else bind_predicate(here, value, f"the condition of {name}")
        return None if isinstance(bound, Invalid) else (path, inner, element, bound)

    def _inside_path(self, element: Element, path: str) -> Env:
        """The place of an expression over an element of a path: other nodes and edges are seen by their names."""
        here = inside_element(self.env, element)
        if here.row is not None:
            for name, variable in self.shape.variables.items():
                if not isinstance(variable, PathVariable):
                    here.row.qualified[name] = variable.element.properties
            here.row.qualified[path] = element.properties
        return here

    def is_beside(self, node: CallExpression) -> bool:
        """Whether the condition of all() or any() names other elements of the pattern."""
        fixed = {name for name, v in self.shape.variables.items() if not isinstance(v, PathVariable)}
        return len(node.arguments) > 1 and bool(mentions(node.arguments[1].value, fixed).names)

    def _beside(self, node: CallExpression, path: PathVariable, inner: bool, element: Element, value: Expr) -> Expr:
        """all() or any() of a condition that sees more than the element: it is asked of each match."""
        _, owners = fixed_columns(self.shape)
        own = tuple(c for c in used_by((value,)) if c in element.reference.columns)
        known = unknown_part(value) or next(
            ("a degree" for c in used_by((value,)) if c not in own and c.id not in owners), ""
        )
        if known or node.name.text == "map":
            what = known or "map()"
            env, hint = self.env, "only comparisons, arithmetic and tests of text may; or map() both and compare arrays"
            env.report(codes.form_not_supported(node.span, f"{what} over a path and another node or edge", hint))
            return Invalid()
        items = tuple((c, ColumnRef(c)) for c in (element.number, *own))
        source = self.add_input(Project(element.reference, items))
        tested = beside(self.shape, value, self.add_input)
        column = self.env.state.column(node.name.text, Type.BOOL)
        self.outputs.append(
            (column, PathHoldsBeside(path.edge, source, inner, node.name.text == "all", own, MatchTest(value, tested)))
        )
        return ColumnRef(column)

    def _values(self, element: Element, value: Expr) -> Relation:
        column = self.env.state.column("value", Type.DYNAMIC)
        items = ((element.number, ColumnRef(element.number)), (column, promote(value, Type.DYNAMIC)))
        return Project(element.relation(), items)

    # --- the relation --------------------------------------------------------------------------------------------

    def relation(
        self,
        wanted: Sequence[Expr],
        conditions: Sequence[Expr],
        cycles: Cycles,
        operator: Callable[[GraphPattern], TableOperator],
    ) -> Relation:
        """The matches, with every column that the expressions refer to; those that fail a condition may be missing."""
        used = {part.column.id for expr in wanted for part in walk(expr) if isinstance(part, ColumnRef)}
        joined: list[tuple[Element, Column, tuple[Column, ...]]] = []
        for name, variable in self.shape.variables.items():
            if isinstance(variable, PathVariable):
                if self.wholes[name].id in used:
                    self._add_whole(self.wholes[name], variable)
                continue
            columns = tuple(c for c in variable.element.columns if c.id in used)
            if columns:
                joined.append((variable.element, self._number(variable), columns))
        if not self.outputs:
            self.outputs.append((self.env.state.column("node", Type.LONG), NodeNumber(0)))
        pattern = replace(self._pattern(cycles), tests=match_tests(self.shape, conditions, self.add_input))
        sources = (edge_ends(self.env, self.shape.graph), node_numbers(self.env, self.shape.graph), *self.inputs)
        relation: Relation = PythonTable(sources, operator(pattern), tuple(column for column, _ in self.outputs))
        for element, number, columns in joined:
            keys = ((ColumnRef(number), ColumnRef(element.number)),)
            left, right = tuple((c, c) for c in relation.columns), tuple((c, c) for c in columns)
            relation = Join(JoinKind.INNER, relation, element.relation(), keys, left, right)
        return relation

    def _add_whole(self, column: Column, path: PathVariable) -> None:
        element = Element.edge(self.env, self.shape.graph)
        value = packed(self.env, "bag_pack", element.properties.values(), Span(0, 0))
        self.outputs.append((column, PathValues(path.edge, self.add_input(self._values(element, value)), inner=False)))

    def _number(self, variable: NodeVariable | EdgeVariable) -> Column:
        column = self.env.state.column("number", Type.LONG)
        match variable:
            case NodeVariable(slot=slot):
                self.outputs.append((column, NodeNumber(slot)))
            case EdgeVariable(edge=edge):
                self.outputs.append((column, EdgeNumber(edge)))
        return column

    def _pattern(self, cycles: Cycles) -> GraphPattern:
        """The pattern with all that narrows it."""
        slots: list[list[int]] = [[] for _ in range(self.shape.slots)]
        for name, predicates in self.conditions.items():
            match self.shape.variables[name]:
                case NodeVariable(slot=slot, element=element):
                    slots[slot].append(self.add_input(element.numbers(tuple(predicates))))
                case EdgeVariable(edge=edge, element=element):
                    self.shape.edges[edge].allowed.append(self.add_input(element.numbers(tuple(predicates))))
                case PathVariable():
                    raise AssertionError("what is of a path alone is asked of each of its elements")
        return GraphPattern(
            tuple(tuple(sources) for sources in slots),
            tuple(draft.done() for draft in self.shape.edges),
            tuple(output for _, output in self.outputs),
            cycles,
            self.shape.repeats,
        )


def _is_beside(element: Element, value: Expr) -> bool:
    """Whether the expression is over more than the element."""
    return any(column not in element.columns for column in used_by((value,)))


def inside_element(env: Env, element: Element) -> Env:
    """The place of an expression over one node or edge: its properties stand by themselves."""

    def of_element(here: Env, node: CallExpression) -> Expr:
        name = node.name.text
        if node.arguments or name == "inner_nodes":
            return _misplaced(here, node)
        if name == "labels":
            return Literal([], Type.DYNAMIC)
        if not element.is_node:
            here.report(codes.bad_argument(node.span, name, "an edge is no node: it goes with inner_nodes(...)"))
            return Invalid()
        return element.id_text(node.span) if name == "node_id" else element.degree(name)

    calls: dict[str, Callable[[Env, CallExpression], Expr]] = {}
    calls |= dict.fromkeys(FUNCTIONS, of_element)
    calls |= dict.fromkeys(QUANTIFIERS, _misplaced)
    return env.with_row(Row(element.properties, {}, calls=calls))


def _misplaced(env: Env, node: CallExpression) -> Expr:
    name = node.name.text
    place = {
        "inner_nodes": "it stands only as the first argument of all(), any() and map(), with one argument",
        **dict.fromkeys(QUANTIFIERS, "it does not stand inside all(), any() or map()"),
    }
    usual = "it takes a node or an edge of the pattern; inside all(), any() and map() nothing"
    env.report(codes.bad_argument(node.span, name, place.get(name, usual)))
    return Invalid()
