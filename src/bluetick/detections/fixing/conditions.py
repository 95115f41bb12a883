"""BTL006 and BTL011: conditions that lose rows which the rule is about."""

from collections.abc import Iterator

from bluetick.detections.fixing.repairs import Edit, Fix
from bluetick.detections.linting.model import Subject
from bluetick.diagnostics import Diagnostic, Span, lint_codes
from bluetick.plan.expressions import Call, ColumnRef, Expr, Promote
from bluetick.plan.relations import Filter
from bluetick.syntax.expressions import BinaryExpression, ListExpression, NameReference
from bluetick.syntax.operators import WhereOperator
from bluetick.syntax.walking import written_nodes

_ANY_CASE = {"==": "=~", "!=": "!~", "in": "in~", "!in": "!in~"}


def fix_null_dropping(subject: Subject, finding: Diagnostic) -> Fix | None:
    """`a <= 5` becomes `a <= 5 or isnull(a)`."""
    written = _column(subject, finding.span)
    if written is None:
        return None
    span = finding.span
    kept = f" or isnull({written})"
    is_alone = any(isinstance(n, WhereOperator) and n.predicate.span == span for n in written_nodes(subject.tree))
    edits: tuple[Edit, ...] = (Edit(Span(span.end, span.end), kept),)
    if not is_alone:
        edits = (Edit(Span(span.start, span.start), "("), Edit(Span(span.end, span.end), f"{kept})"))
    effect = f"rows in which nothing is known of {written} are kept"
    return Fix(finding.code, span, f"keep the rows in which {written} is null", effect, edits)


def _column(subject: Subject, span: Span) -> str | None:
    """The one column that a comparison at a span is of, as it is written there."""
    names = {
        part.column.name
        for node in subject.nodes
        if isinstance(node, Filter)
        for predicate, place in zip(node.predicates, node.spans, strict=False)
        if place == span and isinstance(predicate, Call)
        for part in map(_plain, predicate.args)
        if isinstance(part, ColumnRef)
    }
    if len(names) != 1:
        return None
    (name,) = names
    inside = (n for n in written_nodes(subject.tree) if isinstance(n, NameReference) and n.name == name)
    return next(
        (subject.written(n.span) for n in inside if span.start <= n.span.start and n.span.end <= span.end), None
    )


def _plain(expr: Expr) -> Expr:
    while isinstance(expr, Promote):
        expr = expr.value
    return expr


def fix_case(subject: Subject, finding: Diagnostic) -> Fix | None:
    """`FileName == "a.exe"` becomes `FileName =~ "a.exe"`."""
    for name, operator, place in _comparisons(subject, finding.span):
        other = _ANY_CASE.get(operator)
        if other is not None and lint_codes.case_sensitive(finding.span, name, operator, other) == finding:
            effect = f"rows in which {name} is spelt in other letters' case count too"
            return Fix(finding.code, finding.span, f"compare {name} in any case", effect, (Edit(place, other),))
    return None


def _comparisons(subject: Subject, span: Span) -> Iterator[tuple[str, str, Span]]:
    """(column, operator, place of the operator) of the comparisons inside a span."""
    for node in written_nodes(subject.tree):
        match node:
            case BinaryExpression(left=NameReference(name=name)) | ListExpression(left=NameReference(name=name)) if (
                span.start <= node.span.start and node.span.end <= span.end
            ):
                yield name, node.operator, node.operator_span
            case _:
                continue
