"""Rules about steps that cannot change the result, or that leave nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bluetick.detections.linting.model import LintRule, Subject
from bluetick.diagnostics import Diagnostic, Span, lint_codes
from bluetick.plan.conditions import Fact, contradicts, facts_of, implies
from bluetick.plan.evaluation import folded
from bluetick.plan.expressions import ColumnRef, Expr, InTable, Literal, walk
from bluetick.plan.lineage import LEFT_ROWS
from bluetick.plan.readings import Reading, Readings, must_have
from bluetick.plan.relations import (
    Aggregate,
    Computed,
    Expand,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    ProviderLookup,
    Reference,
    Relation,
    Serialize,
    Sort,
    Window,
)
from bluetick.syntax.expressions import CallExpression, Name, NameReference
from bluetick.syntax.expressions import Literal as WrittenLiteral
from bluetick.syntax.statements import LetStatement
from bluetick.types import Type

# Of one query; published ones stay far below, and what compares each with each would take long.
_MOST_CONDITIONS, _MOST_LOOKUPS = 300, 40
_ROWS_OF_INPUT = (Sort, Serialize, Limit, Window, Computed, Expand, ProviderLookup, Project, Aggregate)


# --- lets -----------------------------------------------------------------------------------------------------------


def _unused_lets(subject: Subject) -> Iterator[Diagnostic]:
    lets = [statement for statement in subject.tree.statements if isinstance(statement, LetStatement)]
    if not lets:
        return
    used: set[str] = set()
    for node in subject.syntax:
        match node:
            case NameReference(name=name):
                used.add(name)
            case CallExpression(name=Name(text=text)):
                used.add(text)
            case WrittenLiteral(value=str() as text):  # table("name")
                used.add(text)
    for statement in lets:
        if statement.name.text not in used:
            yield lint_codes.unused_let(statement.name.span, statement.name.text)


# --- conditions -----------------------------------------------------------------------------------------------------


def _conditions(subject: Subject) -> Iterator[Diagnostic]:
    """Conditions that what stands before them implies or excludes. What is said holds for each use of the text: a
    function's body may be bound many times."""
    verdicts: dict[Span, set[Diagnostic | None]] = {}
    filters = [node for node in subject.nodes if isinstance(node, Filter)]
    if sum(len(node.predicates) for node in filters) > _MOST_CONDITIONS:
        return
    follow = subject.lineage.follow
    told = {id(node): [facts_of(follow(predicate)) for predicate in node.predicates] for node in filters}
    for node in filters:
        held = [fact for below in _filters_below(node.input) for facts in told.get(id(below), ()) for fact in facts]
        for predicate, facts, span in zip(node.predicates, told[id(node)], node.spans, strict=False):
            verdicts.setdefault(span, set()).add(_verdict(subject, predicate, facts, held, span))
            held += facts
    for found in verdicts.values():
        (only, *others) = found
        if only is not None and not others:
            yield only


def _verdict(
    subject: Subject, predicate: Expr, facts: Sequence[Fact], held: Sequence[Fact], span: Span
) -> Diagnostic | None:
    if not any(isinstance(part, ColumnRef) for part in walk(predicate)):
        value = folded(predicate)
        is_switch = any(letter.isalpha() for letter in subject.written(span).replace("true", "").replace("false", ""))
        if isinstance(value, Literal) and not is_switch:  # a let that switches a step on or off is meant
            return lint_codes.constant_filter(span, is_true=value.value is True)
        return None
    if all(implies(held, fact) for fact in facts):
        return lint_codes.implied_filter(span)
    if any(contradicts(held, fact) for fact in facts):
        return lint_codes.contradicting_filter(span)
    return None


def _filters_below(relation: Relation) -> Iterator[Filter]:
    """The filters whose conditions hold for every row of a relation, over the columns where they are born."""
    while True:
        match relation:
            case Filter(input=below):
                yield relation
                relation = below
            case Join(kind=kind, left=left) if kind in LEFT_ROWS:
                relation = left
            case Reference(binding=binding):
                relation = binding.relation
            case _ if isinstance(relation, _ROWS_OF_INPUT):
                relation = relation.input
            case _:
                return


# --- exclusions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A step that keeps rows by whether their keys are in another relation: an anti join, a semi join, `in (table)`.

    `keys` pair expressions over the row with those over the other relation.
    """

    is_exclusion: bool
    left: Relation
    right: Relation
    keys: tuple[tuple[Expr, Expr], ...]
    span: Span


def _lookups(node: Relation) -> Iterator[_Lookup]:
    match node:
        case Join(kind=JoinKind.LEFTANTI | JoinKind.LEFTSEMI as kind, span=Span() as span):
            yield _Lookup(kind is JoinKind.LEFTANTI, node.left, node.right, node.keys, span)
        case Filter(predicates=predicates, spans=spans):
            for predicate, place in zip(predicates, spans, strict=False):
                if isinstance(predicate, InTable) and not predicate.fold and predicate.value.type is Type.STRING:
                    key = ColumnRef(predicate.relation.columns[0])
                    pairs = ((predicate.value, key),)
                    yield _Lookup(predicate.negated, node.input, predicate.relation, pairs, place)


def _exclusions(subject: Subject) -> Iterator[Diagnostic]:
    """Of two exclusions of the same rows one that removes nothing that the other would not."""
    exclusions = [one for node in subject.nodes for one in _lookups(node) if one.is_exclusion]
    if not 2 <= len(exclusions) <= _MOST_LOOKUPS:
        return
    uses, readings = _uses(subject.nodes), Readings()
    for later in exclusions:
        for earlier, is_shared in _earlier(later.left, uses):
            if not is_shared and _covers(subject, readings, earlier, later):
                yield lint_codes.implied_exclusion(earlier.span, is_later=True)
            elif _covers(subject, readings, later, earlier):
                yield lint_codes.implied_exclusion(later.span, is_later=False)


def _earlier(relation: Relation, uses: dict[int, int]) -> Iterator[tuple[_Lookup, bool]]:
    """The exclusions that stand before, with nothing between that depends on which other rows there are; and whether
    anything else uses their rows too."""
    is_shared = False
    while True:
        for lookup in _lookups(relation):
            if lookup.is_exclusion:
                yield lookup, is_shared
        match relation:
            case Filter() | Project() | Sort():
                relation = relation.input
            case Join(kind=JoinKind.LEFTANTI | JoinKind.LEFTSEMI, left=left):
                relation = left
            case Reference(binding=binding):
                is_shared = is_shared or uses.get(id(binding), 0) > 1
                relation = binding.relation
            case _:
                return


def _uses(nodes: Sequence[Relation]) -> dict[int, int]:
    found: dict[int, int] = {}
    for node in nodes:
        if isinstance(node, Reference):
            found[id(node.binding)] = found.get(id(node.binding), 0) + 1
    return found


def _covers(subject: Subject, readings: Readings, weaker: _Lookup, stronger: _Lookup) -> bool:
    """Whether whatever the weaker removes the stronger removes too.

    A row goes because its keys are in the weaker's relation. If some of these keys are the stronger's, and each row of
    the weaker's relation must have one in the stronger's with those keys, it goes there as well.
    """
    one, other = readings.of(weaker.right), readings.of(stronger.right)
    if one is None or other is None:
        return False
    follow = subject.lineage.follow
    known = [(follow(left), one.over_table(right)) for left, right in weaker.keys]
    pairs = []
    for left, right in stronger.keys:
        row, theirs = follow(left), other.over_table(right)
        mine = next((key for at, key in known if key is not None and at == row and key == theirs), None)
        if mine is None or theirs is None:
            return False
        pairs.append((mine, theirs))
    return must_have(one, other, pairs)


# --- baselines ------------------------------------------------------------------------------------------------------


def _self_lookups(subject: Subject) -> Iterator[tuple[_Lookup, Reading, bool]]:
    """Lookups of rows among rows of which they are some themselves; and whether each of them must be found."""
    lookups = [lookup for node in subject.nodes for lookup in _lookups(node)]
    readings = Readings()
    for lookup in lookups if len(lookups) <= _MOST_LOOKUPS else ():
        mine, theirs = readings.of(lookup.left), readings.of(lookup.right)
        if mine is None or theirs is None:
            continue
        pairs = [(mine.over_table(a), theirs.over_table(b)) for a, b in lookup.keys]
        known = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(known) == len(pairs) and must_have(mine, theirs, known, any_count=True):
            yield lookup, theirs, must_have(mine, theirs, known)


def _baselines(subject: Subject) -> Iterator[Diagnostic]:
    for lookup, theirs, is_sure in _self_lookups(subject):
        if lookup.is_exclusion:
            yield (
                lint_codes.baseline_has_all(lookup.span)
                if is_sure
                else lint_codes.baseline_learns(lookup.span, theirs.least)
            )


def _dead(subject: Subject) -> Iterator[Diagnostic]:
    yield from _unused_lets(subject)
    yield from _conditions(subject)
    yield from _exclusions(subject)
    for lookup, _, is_sure in _self_lookups(subject):
        if is_sure and not lookup.is_exclusion:
            yield lint_codes.never_removes(lookup.span)


RULES = (
    LintRule("BTL005", "dead-step", "A step cannot change the result.", _dead),
    LintRule("BTL018", "self-learning-baseline", "A baseline includes the rows that are judged by it.", _baselines),
)
