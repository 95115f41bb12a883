"""Makes a statement anew with one change to its nodes, wherever they stand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bluetick.plan.expressions import Expr, InTable, ScalarQuery
from bluetick.plan.rebuilding import (
    rebuilt_expression,
    rebuilt_relation,
    with_children,
    with_expressions,
    with_inputs,
)
from bluetick.plan.relations import Assertion, Binding, Reference, Relation, TabularStatement, expressions
from bluetick.plan.traversal import queries_in
from bluetick.rewrite.fresh import renamed


def changed_everywhere(statement: TabularStatement, change: Callable[[Relation], Relation]) -> TabularStatement:
    """The statement with each node changed, inputs first, those inside expressions too; itself where no node is. What
    `change` gives has the columns of what it got."""
    is_changed = False

    def noted(node: Relation) -> Relation:
        nonlocal is_changed
        new = change(node)
        is_changed = is_changed or new is not node
        return new

    anew = Rebuilding(noted).statement(statement)
    return anew if is_changed else statement


@dataclass(slots=True)
class Rebuilding:
    """What was shared before is shared after: a binding, and a scalar that stands in many places, is made anew once.
    In the place of a reference to one of the bindings `inlined` (by identity) stands the relation itself, and in that
    of a node of `instead` (by identity) another that is given."""

    change: Callable[[Relation], Relation]
    inlined: frozenset[int] = frozenset()
    bindings: dict[int, Binding] = field(default_factory=dict)
    scalars: dict[int, ScalarQuery] = field(default_factory=dict)
    instead: Mapping[int, Relation] = field(default_factory=dict)
    keep: list[object] = field(default_factory=list)  # what the ids above belong to stays alive

    def statement(self, statement: TabularStatement) -> TabularStatement:
        assertions = tuple(Assertion(self._expression(a.condition), a.message) for a in statement.assertions)
        return replace(statement, relation=self.relation(statement.relation), assertions=assertions)

    def relation(self, root: Relation) -> Relation:
        return rebuilt_relation(root, self.bindings, self._node)

    def _node(self, node: Relation, below: list[Relation]) -> Relation:
        if isinstance(node, Reference):
            if id(node.binding) in self.inlined:
                return self.change(renamed(below[0], node.columns))
            if id(node.binding) not in self.bindings:
                self.bindings[id(node.binding)] = replace(node.binding, relation=below[0])
                self.keep.append(node.binding)
            return self.change(Reference(self.bindings[id(node.binding)], node.columns))
        anew = self.instead.get(id(node)) or with_inputs(node, below)
        own = expressions(anew)
        if any(queries_in(expr) for expr in own):
            anew = with_expressions(anew, [self._expression(expr) for expr in own])
        return self.change(anew)

    def _expression(self, expr: Expr) -> Expr:
        """The expression with the relations inside it made anew."""
        return rebuilt_expression(expr, self._part) if queries_in(expr) else expr

    def _part(self, part: Expr, inner: list[Expr]) -> Expr:
        match part:
            case ScalarQuery():
                if id(part) not in self.scalars:
                    self.scalars[id(part)] = ScalarQuery(self.relation(part.relation), part.type)
                    self.keep.append(part)
                return self.scalars[id(part)]
            case InTable():
                return InTable(inner[0], self.relation(part.relation), part.negated, part.fold)
            case _:
                return with_children(part, inner) if inner else part
