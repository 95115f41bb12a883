"""Puts something in the place of the scans of a plan."""

from collections.abc import Callable
from dataclasses import replace

from bluetick.plan.relations import QueryPlan, Relation, Scan
from bluetick.rewrite.everywhere import Rebuilding


def with_scans(plan: QueryPlan, change: Callable[[Scan], Relation]) -> QueryPlan:
    """The plan with each scan changed, those inside expressions too. What `change` gives has the scan's columns."""
    work = Rebuilding(lambda node: change(node) if isinstance(node, Scan) else node)
    return replace(plan, statements=tuple(work.statement(statement) for statement in plan.statements))
