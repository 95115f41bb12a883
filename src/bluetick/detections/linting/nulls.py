"""Rules about comparisons that drop rows of which nothing is known."""

from collections.abc import Iterator

from bluetick.detections.linting.model import LintRule, Subject
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Literal, Promote, walk
from bluetick.plan.relations import Filter, Join, JoinKind, ProviderLookup, Relation
from bluetick.plan.uniqueness import row_count
from bluetick.types import Type

# https://learn.microsoft.com/defender-xdr/advanced-hunting-fileprofile-function: 100 unless said otherwise.
_FEW = 100
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def _dropping(subject: Subject) -> Iterator[Diagnostic]:
    """A comparison that asks for few, for none or for new, on a column that is null where nothing is known: the row of
    which nothing is known is the fewest and the newest of all, and goes."""
    unknown = _unknown(subject)
    if not unknown:
        return
    guarded = _guarded(subject)
    for node in subject.nodes:
        if not isinstance(node, Filter):
            continue
        for predicate, span in zip(node.predicates, node.spans, strict=False):
            for column in _small(predicate):
                born = _born(subject, column)
                if born.id in unknown and born.id not in guarded:
                    yield lint_codes.null_dropping(span, column.name, *_reason(unknown[born.id], column.name))


def _unknown(subject: Subject) -> dict[int, Relation]:
    """Columns that are null where a provider or the other side of a join knows nothing; a string is never null."""
    found: dict[int, Relation] = {}
    for node in subject.nodes:
        match node:
            case ProviderLookup(added=added):
                found.update((column.id, node) for column in added if column.type is not Type.STRING)
            case Join(kind=JoinKind.LEFTOUTER | JoinKind.FULLOUTER, right_items=items) if node.span is not None:
                found.update((column.id, node) for column, _ in items if column.type is not Type.STRING)
            case _:
                continue
    return found


def _reason(node: Relation, column: str) -> tuple[str, str]:
    if isinstance(node, ProviderLookup):
        reason = f"{node.provider} has no value for what it has never seen, and the rarest of all is lost"
        return reason, f"write: isnull({column}) or ..."
    reason = "an outer join leaves it null where it finds nothing, and this makes an inner join of it"
    return reason, f"write: isnull({column}) or ..., or coalesce({column}, 0)"


def _born(subject: Subject, column: Column) -> Column:
    followed = subject.lineage.follow(ColumnRef(column))
    return followed.column if isinstance(followed, ColumnRef) else column


def _guarded(subject: Subject) -> set[int]:
    """Columns whose null a condition asks for: somebody has thought of it."""
    found: set[int] = set()
    for node in subject.nodes:
        for predicate in node.predicates if isinstance(node, Filter) else ():
            for part in walk(predicate):
                if isinstance(part, Call) and part.function.name in ("isnull", "isnotnull", "isempty", "isnotempty"):
                    inner = [one.column for one in walk(part) if isinstance(one, ColumnRef)]
                    found.update(_born(subject, column).id for column in inner)
    return found


def _small(predicate: Expr) -> Iterator[Column]:
    """The column of which a condition asks that it be small, nothing, or another than something; a time: that it be
    late."""
    if not isinstance(predicate, Call) or len(predicate.args) != 2 or predicate.function.name not in _TURNED:
        return
    name, (left, right) = predicate.function.name, predicate.args
    if not isinstance(_plain(left), ColumnRef):
        left, right, name = right, left, _TURNED[name]
    plain = _plain(left)
    if not isinstance(plain, ColumnRef) or any(isinstance(part, ColumnRef) for part in walk(right)):
        return
    is_late = plain.type is Type.DATETIME and name in (">", ">=")
    is_few = plain.type is not Type.DATETIME and name in ("<", "<=", "!=")
    is_none = name == "==" and isinstance(right, Literal) and right.value in (0, False)
    if is_late or is_few or is_none:
        yield plain.column


def _plain(expr: Expr) -> Expr:
    while isinstance(expr, Promote):
        expr = expr.value
    return expr


def _few_profiles(subject: Subject) -> Iterator[Diagnostic]:
    """A provider that is asked for as few values as it is without a number, and a condition on what it says."""
    asked = {
        column.id: node
        for node in subject.nodes
        if isinstance(node, ProviderLookup) and node.limit <= _FEW and row_count(node.input).most is None
        for column in node.added
    }
    for node in subject.nodes if asked else ():
        if not isinstance(node, Filter):
            continue
        for predicate, span in zip(node.predicates, node.spans, strict=False):
            followed = walk(subject.lineage.follow(predicate))
            lookups = [asked[p.column.id] for p in followed if isinstance(p, ColumnRef) and p.column.id in asked]
            if lookups:
                yield lint_codes.few_profiles(span, lookups[0].provider, lookups[0].limit)
                return


RULES = (
    LintRule("BTL006", "null-dropping-comparison", "A comparison drops what is not known.", _dropping),
    LintRule("BTL024", "few-profiles", "A provider is asked for fewer values than there may be.", _few_profiles),
)
