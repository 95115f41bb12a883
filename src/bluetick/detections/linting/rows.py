"""Rules about how many rows there are, which ones, and in which order."""

from collections.abc import Iterator

from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.detections.model import Comparison, Threshold
from bluetick.diagnostics import Diagnostic, lint_codes
from bluetick.plan.expressions import Literal
from bluetick.plan.relations import (
    Aggregate,
    Computed,
    Filter,
    Join,
    Limit,
    PickRow,
    Project,
    ProviderLookup,
    Reference,
    Relation,
    Serialize,
    Sort,
    Window,
)
from bluetick.plan.uniqueness import RowCount, row_count
from bluetick.syntax.operators import TakeOperator

_WORDS = {
    Comparison.GREATER: "more than",
    Comparison.LESS: "fewer than",
    Comparison.EQUAL: "exactly",
    Comparison.NOT_EQUAL: "any number but",
}


def _threshold(subject: Subject) -> Iterator[Diagnostic]:
    detection, statement = subject.detection, subject.statement
    if statement is None or not (detection.threshold.declared or detection.frequency is not None):
        return
    count = row_count(statement.relation)
    if not any(_is_met(detection.threshold, count)):
        yield lint_codes.threshold_never_met(WHOLE, _told(detection.threshold), _rows(count))
    elif all(_is_met(detection.threshold, count)) and count.least > 0:
        yield lint_codes.threshold_always_met(WHOLE, _told(detection.threshold), _rows(count))


def _is_met(threshold: Threshold, count: RowCount) -> list[bool]:
    """Whether each possible number of rows meets it; far past the threshold's value all are alike."""
    most = max(count.least, threshold.value) + 2
    if count.most is not None:
        most = min(most, count.most)
    return [threshold.is_met(number) for number in {count.least, most, *_around(threshold.value, count.least, most)}]


def _around(value: int, least: int, most: int) -> list[int]:
    return [number for number in (value - 1, value, value + 1) if least <= number <= most]


def _told(threshold: Threshold) -> str:
    return f"{_WORDS[threshold.operator]} {threshold.value} {'row' if threshold.value == 1 else 'rows'}"


def _rows(count: RowCount) -> str:
    if count.most is None:
        return f"at least {count.least}"
    if count.least == count.most:
        return f"always {count.most}"
    return f"at most {count.most}"


def _taken(subject: Subject) -> Iterator[Diagnostic]:
    """take and limit of rows in no order. sample says by its name what it does."""
    words = {node.span: node.kind for node in subject.syntax if isinstance(node, TakeOperator)}
    for node in subject.nodes:
        if not isinstance(node, Limit) or node.span is None or words.get(node.span, "sample") == "sample":
            continue
        most = row_count(node.input).most
        fits = most is not None and isinstance(node.count, Literal) and most <= node.count.value
        if not _is_ordered(node.input) and not fits:
            yield lint_codes.arbitrary_rows(node.span, words[node.span])


def _is_ordered(relation: Relation) -> bool:
    while not isinstance(relation, Sort):
        match relation:
            case Reference(binding=binding):
                relation = binding.relation
            case Filter() | Project() | Serialize() | Window() | Computed() | ProviderLookup() | Limit():
                relation = relation.input
            case _:
                return False
    return True


def _lost_order(subject: Subject) -> Iterator[Diagnostic]:
    """A sort whose order the next step does not keep, and by which it does not choose."""
    for node in subject.nodes:
        match node:
            case Aggregate(input=below) if not _minds_order(node):
                after = "summarize" if node.items else "distinct"
            case Sort(input=below):
                after = "another sort"
            case Join(left=below):
                after = "a join"
            case _:
                continue
        while isinstance(below, Project | Filter):
            below = below.input
        if isinstance(below, Sort) and below.span is not None and node.span is not None:
            yield lint_codes.lost_order(below.span, after)


def _minds_order(node: Aggregate) -> bool:
    """What picks an arbitrary row is read as picking the first."""
    return any(isinstance(item, PickRow) or item.function.needs_order for item in node.items)


RULES = (
    LintRule("BTL016", "pointless-threshold", "The number of rows never, or always, meets the threshold.", _threshold),
    LintRule("BTL017", "arbitrary-rows", "take and limit keep arbitrary rows.", _taken),
    LintRule("BTL021", "lost-order", "A sort whose order the next step does not keep.", _lost_order),
)
