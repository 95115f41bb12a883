"""What a lint rule is, and what it looks at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from bluetick.detections.model import Detection
from bluetick.diagnostics import Diagnostic, Span
from bluetick.plan.deciding import statement_relations
from bluetick.plan.lineage import Lineage, lineage_of
from bluetick.plan.relations import Columns, QueryPlan, Relation, TabularStatement
from bluetick.syntax import parse
from bluetick.syntax.statements import Query
from bluetick.syntax.walking import written_nodes

WHOLE = Span(0, 0)
"""The span of a finding about the document rather than a place of its query."""


@dataclass(frozen=True, slots=True)
class LintContext:
    """What a lint needs beside the detection; plain values, so that the same lint says the same tomorrow."""

    today: date


@dataclass(frozen=True, slots=True)
class Subject:
    """One detection as the rules see it: `syntax` are the nodes of its query's tree, `nodes` those of the plan, which
    is None where the query does not bind."""

    detection: Detection
    context: LintContext
    tree: Query
    syntax: tuple[object, ...] = ()
    plan: QueryPlan | None = None
    nodes: tuple[Relation, ...] = ()
    lineage: Lineage = field(default_factory=Lineage)

    @property
    def is_rule(self) -> bool:
        """Whether it is there to run by itself and raise alerts; a hunting query is not."""
        return self.detection.alerting.kind is not None or self.detection.frequency is not None

    @property
    def is_near_real_time(self) -> bool:
        """Whether it has no schedule: each row is looked at once, as it comes in."""
        return self.detection.is_near_real_time

    @property
    def is_open(self) -> bool:
        """Whether the result may have columns that are not known here."""
        return self.plan is None or self.plan.is_open

    @property
    def statement(self) -> TabularStatement | None:
        """The statement whose rows are the detection's."""
        return self.plan.statements[-1] if self.plan is not None and self.plan.statements else None

    @property
    def result(self) -> Columns:
        return () if self.statement is None else self.statement.relation.columns

    @property
    def text(self) -> str:
        return self.detection.query

    def written(self, span: Span) -> str:
        """The text of the query at a span."""
        return self.text[span.start : span.end]


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule. Its id never changes its meaning; a rule that goes leaves its id unused.

    `needs_plan`: the rule is silent about a query that does not bind.
    """

    id: str
    name: str
    summary: str
    check: Callable[[Subject], Iterable[Diagnostic]]
    needs_plan: bool = True

    @property
    def page(self) -> str:
        """Where the manual tells of it."""
        return f"docs/lint.md#{self.id.lower()}-{self.name}"


def subject_of(detection: Detection, plan: QueryPlan | None, context: LintContext) -> Subject:
    nodes = () if plan is None else tuple(node for one in plan.statements for node in statement_relations(one))
    tree = parse(detection.query)[0]
    return Subject(detection, context, tree, tuple(written_nodes(tree)), plan, nodes, lineage_of(nodes))
