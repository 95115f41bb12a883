"""Which conditions of a rule its samples look at: each is taken away in turn, and a sample must notice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Final

from bluetick.detections.model import Detection
from bluetick.detections.samples.model import Sample
from bluetick.detections.samples.running import NOTHING_MORE, Surroundings, each_outcome
from bluetick.diagnostics import Span
from bluetick.syntax import parse
from bluetick.syntax.expressions import BinaryExpression, CallExpression, Expression, NameReference
from bluetick.syntax.literals import LiteralProblem, parse_timespan
from bluetick.syntax.operators import JoinOperator, WhereOperator
from bluetick.syntax.statements import LetStatement, Query
from bluetick.syntax.walking import written_nodes

# Functions that choose by a condition, and the place of it among their arguments; of `case` it is every other.
_CHOICES: Final = ("iff", "iif")
_COUNTED: Final = {
    "countif": 0,
    **dict.fromkeys(("dcountif", "sumif", "avgif", "minif", "maxif", "stdevif", "varianceif"), 1),
    **dict.fromkeys(("make_set_if", "make_list_if", "take_anyif"), 1),
}
_SIDES: Final = frozenset({"leftanti", "leftantisemi", "anti", "leftsemi"})
_TIMES: Final = frozenset({"TimeGenerated", "Timestamp"})


class Change(Enum):
    """What is done to a condition."""

    ALWAYS = "left out"
    NEVER = "never true"
    NO_JOIN = "join left out"


_INSTEAD: Final = {Change.ALWAYS: "true", Change.NEVER: "false", Change.NO_JOIN: "where true"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A condition of a rule and what is done to it; `span` is one of the query."""

    span: Span
    text: str
    change: Change

    def of(self, detection: Detection) -> Detection:
        """The rule with the condition changed."""
        query = detection.query
        return replace(detection, query=f"{query[: self.span.start]}{_INSTEAD[self.change]}{query[self.span.end :]}")


def mutants(detection: Detection) -> tuple[Mutant, ...]:
    """Every condition of `where`, `case`, `iff` and the aggregates that have one, and the joins that only keep or
    remove rows. A bound of time that the rule's lookback sets as well is left out: without it the rule is the same."""
    query, _ = parse(detection.query)
    found: dict[Span, Change] = {}
    for root, change in _conditions(query):
        for leaf, its in _leaves(root, change):
            if not _is_lookback(leaf, query, detection):
                found.setdefault(leaf.span, its)
    for node in written_nodes(query):
        if isinstance(node, JoinOperator) and _kind(node, detection.query) in _SIDES:
            found.setdefault(node.span, Change.NO_JOIN)
    ordered = sorted(found.items(), key=lambda item: item[0].start)
    return tuple(Mutant(span, detection.query[span.start : span.end], change) for span, change in ordered)


def unnoticed(
    detection: Detection, samples: Sequence[Sample], surroundings: Surroundings = NOTHING_MORE
) -> Iterator[Mutant | None]:
    """For each mutant itself, where all samples still pass, or None."""
    for mutant in mutants(detection):
        outcomes = each_outcome(mutant.of(detection), samples, surroundings, explains=False)
        yield mutant if all(outcome.passed for outcome in outcomes) else None


def _conditions(query: Query) -> Iterator[tuple[Expression, Change]]:
    """Each whole condition, and what takes it away."""
    for node in written_nodes(query):
        match node:
            case WhereOperator(predicate=predicate):
                yield predicate, Change.ALWAYS
            case CallExpression(name=name, arguments=arguments) if name.text in _CHOICES and arguments:
                yield arguments[0].value, Change.NEVER
            case CallExpression(name=name, arguments=arguments) if name.text == "case":
                for argument in arguments[:-1:2]:
                    yield argument.value, Change.NEVER
            case CallExpression(name=name, arguments=arguments) if len(arguments) > _COUNTED.get(name.text, 99):
                yield arguments[_COUNTED[name.text]].value, Change.ALWAYS


def _leaves(root: Expression, change: Change) -> Iterator[tuple[Expression, Change]]:
    """The parts of a condition: of `and` each is left out, of `or` each is made untrue."""
    pending = [(root, change)]
    while pending:
        node, its = pending.pop()
        if isinstance(node, BinaryExpression) and node.operator in ("and", "or"):
            inner = Change.ALWAYS if node.operator == "and" else Change.NEVER
            pending += [(node.right, inner), (node.left, inner)]
        else:
            yield node, its


def _is_lookback(leaf: Expression, query: Query, detection: Detection) -> bool:
    """Time >= ago(the lookback)."""
    match leaf:
        case BinaryExpression(
            operator=">=" | ">",
            left=NameReference(name=column),
            right=CallExpression(name=function, arguments=(argument,)),
        ) if column in _TIMES and function.text == "ago":
            length = _let_text(argument.value.span, query, detection.query)
            return detection.lookback is not None and length == detection.lookback
    return False


def _let_text(span: Span, query: Query, text: str) -> timedelta | None:
    """The length that a literal, or the name of one, stands for."""
    written = text[span.start : span.end]
    for statement in query.statements:
        if isinstance(statement, LetStatement) and statement.name.text == written:
            written = text[statement.value.span.start : statement.value.span.end]
    try:
        return timedelta(microseconds=parse_timespan(written))
    except LiteralProblem:
        return None


def _kind(node: JoinOperator, text: str) -> str:
    for parameter in node.parameters:
        if parameter.name == "kind":
            return text[parameter.value.span.start : parameter.value.span.end]
    return ""
