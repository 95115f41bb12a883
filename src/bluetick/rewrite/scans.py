"""Puts something in the place of the scans of a plan."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bluetick.plan.expressions import Expr, InTable, ScalarQuery
from bluetick.plan.rebuilding import (
    rebuilt_expression,
    rebuilt_relation,
    with_children,
    with_expressions,
    with_inputs,
)
from bluetick.plan.relations import (
    Assertion,
    Binding,
    QueryPlan,
    Reference,
    Relation,
    Scan,
    TabularStatement,
    expressions,
)
from bluetick.plan.traversal import queries_in


def with_scans(plan: QueryPlan, change: Callable[[Scan], Relation]) -> QueryPlan:
    """The plan with each scan changed, those inside expressions too. What `change` gives has the scan's columns."""
    work = _Rewrite(change)
    return replace(plan, statements=tuple(work.statement(statement) for statement in plan.statements))


@dataclass(slots=True)
class _Rewrite:
    """What was shared before is shared after: a binding, and a scalar that stands in many places, is made anew once."""

    change: Callable[[Scan], Relation]
    bindings: dict[int, Binding] = field(default_factory=dict)
    scalars: dict[int, ScalarQuery] = field(default_factory=dict)

    def statement(self, statement: TabularStatement) -> TabularStatement:
        assertions = tuple(Assertion(self._expression(a.condition), a.message) for a in statement.assertions)
        return replace(statement, relation=self.relation(statement.relation), assertions=assertions)

    def relation(self, root: Relation) -> Relation:
        return rebuilt_relation(root, self.bindings, self._node)

    def _node(self, node: Relation, below: list[Relation]) -> Relation:
        if isinstance(node, Scan):
            return self.change(node)
        if isinstance(node, Reference):
            binding = Binding(node.binding.name, below[0], node.binding.materialized)
            self.bindings[id(node.binding)] = binding
            return Reference(binding, node.columns)
        own = expressions(node)
        anew = with_inputs(node, below)
        if not any(queries_in(expr) for expr in own):
            return anew
        return with_expressions(anew, [self._expression(expr) for expr in own])

    def _expression(self, expr: Expr) -> Expr:
        """The expression with the relations inside it made anew."""
        return rebuilt_expression(expr, self._part) if queries_in(expr) else expr

    def _part(self, part: Expr, inner: list[Expr]) -> Expr:
        match part:
            case ScalarQuery():
                if id(part) not in self.scalars:
                    self.scalars[id(part)] = ScalarQuery(self.relation(part.relation), part.type)
                return self.scalars[id(part)]
            case InTable():
                return InTable(inner[0], self.relation(part.relation), part.negated, part.fold)
            case _:
                return with_children(part, inner) if inner else part
