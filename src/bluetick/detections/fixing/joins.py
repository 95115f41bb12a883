"""BTL004 and BTL010: joins on too little, and joins that do not say which rows they keep."""

from collections.abc import Iterator

from bluetick.detections.fixing.repairs import Edit, Fix
from bluetick.detections.linting.model import Subject
from bluetick.diagnostics import Diagnostic, Span
from bluetick.plan.expressions import ColumnRef
from bluetick.plan.relations import Join, JoinKind
from bluetick.syntax.expression_printer import print_name
from bluetick.syntax.operators import JoinOperator
from bluetick.syntax.walking import written_nodes
from bluetick.types import Type

# What identifies; a time or a measure of one side is seldom that of the other.
_IDENTIFYING = (Type.STRING, Type.GUID, Type.LONG, Type.INT)


def fix_without_kind(subject: Subject, finding: Diagnostic) -> Fix | None:
    operator = _operator(subject, finding.span)
    if operator is None or operator.keyword != "join":
        return None
    end = operator.span.start + len(operator.keyword)
    edit = Edit(Span(end, end), " kind=innerunique")
    return Fix(finding.code, finding.span, "write the kind that the join has", "the rows stay the same", (edit,))


def fix_few_values(subject: Subject, finding: Diagnostic) -> Fix | None:
    """The join gets the other columns that both sides have of the same table as keys."""
    operator = _operator(subject, finding.span)
    joins = [node for node in subject.nodes if isinstance(node, Join) and node.span == finding.span]
    if operator is None or len(joins) != 1 or not operator.conditions:
        return None
    names = list(_shared(subject, joins[0]))
    if not names:
        return None
    end = operator.conditions[-1].span.end
    edit = Edit(Span(end, end), "".join(f", {print_name(name)}" for name in names))
    words = ", ".join(names)
    effect = f"only rows of the same {words} are put together; pairs of unrelated rows go"
    if joins[0].kind is JoinKind.INNERUNIQUE:
        effect += ", and those come that innerunique dropped"
    return Fix(finding.code, finding.span, f"join on {words} too", effect, (edit,))


def _operator(subject: Subject, span: Span) -> JoinOperator | None:
    return next((n for n in written_nodes(subject.tree) if isinstance(n, JoinOperator) and n.span == span), None)


def _shared(subject: Subject, join: Join) -> Iterator[str]:
    """Names that both sides have for one column of one table, in the left's order, without the keys."""
    keys = {part.column.id for pair in join.keys for part in pair if isinstance(part, ColumnRef)}
    right = {column.name: column for column in join.right.columns}
    for column in join.left.columns:
        other = right.get(column.name)
        if other is None or column.id in keys or other.id in keys or column.type is not other.type:
            continue
        mine, theirs = subject.lineage.origin(column), subject.lineage.origin(other)
        if mine is None or theirs is None or column.type not in _IDENTIFYING:
            continue
        if (mine[0].table, mine[1]) == (theirs[0].table, theirs[1]):
            yield column.name
