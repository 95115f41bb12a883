"""Rules about joins: on what, and which rows of the left side survive."""

import re
from collections.abc import Iterator

from bluetick.detections.linting.model import WHOLE, LintRule, Subject
from bluetick.diagnostics import Diagnostic, Span, lint_codes
from bluetick.plan.deciding import used_ids
from bluetick.plan.expressions import Column, ColumnRef, Expr, walk
from bluetick.plan.relations import (
    Aggregate,
    External,
    Filter,
    Join,
    JoinKind,
    PickRow,
    Relation,
    Scan,
    Values,
)
from bluetick.plan.traversal import relations_in
from bluetick.plan.uniqueness import is_unique
from bluetick.syntax.operators import JoinOperator
from bluetick.types import Type

_COMBINING = (
    JoinKind.INNER,
    JoinKind.INNERUNIQUE,
    JoinKind.LEFTOUTER,
    JoinKind.RIGHTOUTER,
    JoinKind.FULLOUTER,
)
# Columns of few values, by whole names without case: countries, kinds of action, protocols, systems, levels.
_FEW_VALUES = re.compile(
    r"(remote|source|src|destination|dest|dst|client|sender|ip|geo|user|caller)?_?(country|countrycode|countryname|"
    r"countryorregion|region|continent)|countrycode|isocode|direction|emaildirection|actiontype|protocol|"
    r"networkprotocol|ipprotocol|transportprotocol|osplatform|ostype|osfamily|severity|alertseverity|loglevel|level|"
    r"logontype|signinstatus|eventoutcome|eventresult|resulttype|operationtype|devicetype|remoteiptype|localiptype",
    re.IGNORECASE,
)


def _low_cardinality(subject: Subject) -> Iterator[Diagnostic]:
    """A join that puts rows together by values that most of them share."""
    for node in subject.nodes:
        if not isinstance(node, Join) or node.span is None or node.kind not in _COMBINING:
            continue
        names = [_name(subject, left) for left, _ in node.keys]
        if not all(names) or not node.right_items or not node.left_items:
            continue
        sides = ((node.left, [a for a, _ in node.keys]), (node.right, [b for _, b in node.keys]))
        if not any(is_unique(side, keys) or _is_list(side) for side, keys in sides):
            yield lint_codes.low_cardinality_join(node.span, names)


def _name(subject: Subject, key: Expr) -> str:
    """The name of a key of few values; empty for any other."""
    if not isinstance(key, ColumnRef):
        return ""
    followed = subject.lineage.follow(key)
    if not any(isinstance(part, ColumnRef) for part in walk(followed)):
        return ""  # a constant on either side: every row with every row, which is what was wanted
    origin = subject.lineage.origin(key.column)
    names = [key.column.name, *([] if origin is None else [origin[1]])]
    is_few = key.type is Type.BOOL or any(_FEW_VALUES.fullmatch(name) for name in names)
    return key.column.name if is_few else ""


def _is_list(relation: Relation) -> bool:
    """Whether all rows are written out or read from a file: a list to look things up in."""
    leaves = [node for node in relations_in(relation) if isinstance(node, Values | External)]
    return bool(leaves) and not any(isinstance(node, Scan) for node in relations_in(relation))


def _silent(subject: Subject) -> set[Span]:
    """The joins that name no kind."""
    return {
        node.span
        for node in subject.syntax
        if isinstance(node, JoinOperator)
        and node.keyword == "join"
        and all(parameter.name != "kind" for parameter in node.parameters)
    }


def _without_kind(subject: Subject) -> Iterator[Diagnostic]:
    silent = _silent(subject)
    for node, lost, keys in _dropping_joins(subject):
        if node.span in silent:
            yield lint_codes.join_without_kind(node.span or WHOLE, lost, keys)


def _arbitrary(subject: Subject) -> Iterator[Diagnostic]:
    silent = _silent(subject)
    for node, lost, keys in _dropping_joins(subject):
        if node.span not in silent:
            yield lint_codes.arbitrary_left(node.span or WHOLE, lost, keys)
    yield from _arbitrary_picks(subject)


def _dropping_joins(subject: Subject) -> Iterator[tuple[Join, list[str], list[str]]]:
    """Joins that drop left rows with the same keys, where more of those rows is used than the keys: the join, the
    columns that come from the row that is left, the keys."""
    joins = [
        node
        for node in subject.nodes
        if isinstance(node, Join) and node.kind is JoinKind.INNERUNIQUE and node.span is not None
        if not is_unique(node.left, [left for left, _ in node.keys])
    ]
    used = used_ids(subject.nodes, [column.id for column in subject.result]) if joins else set()
    for node in joins:
        keys = [left for left, _ in node.keys]
        same = {part.column.id for key in keys for part in walk(key) if isinstance(part, ColumnRef)}
        lost = [column.name for column, below in node.left_items if below.id not in same and column.id in used]
        if lost:
            yield node, lost, [column.name for _, column in node.left_items if column.id in same]


def _arbitrary_picks(subject: Subject) -> Iterator[Diagnostic]:
    """take_any() of what a condition or an entity of the alert is made of. As something to look at any value will do;
    what decides should not be arbitrary."""
    decided = _filtered_ids(subject)
    mapped = {name for entity in subject.detection.entities for _, name in entity.columns}
    shown = {column.id for column in subject.result if column.name in mapped}
    for node in subject.nodes:
        if not isinstance(node, Aggregate) or node.span is None or not node.groups:
            continue
        picked = [
            column for item in node.items if isinstance(item, PickRow) and item.by is None for column in item.columns
        ]
        deciding = [column for column in picked if column.id in decided]
        named = [column for column in picked if column.id in shown and column not in deciding]
        if deciding:
            yield lint_codes.arbitrary_pick(node.span, _names(deciding), "a condition decides by them")
        if named:
            yield lint_codes.arbitrary_pick(node.span, _names(named), "the alert's entities are made of them")


def _filtered_ids(subject: Subject) -> set[int]:
    found: set[int] = set()
    for node in subject.nodes:
        if isinstance(node, Filter):
            for predicate in node.predicates:
                followed = subject.lineage.follow(predicate)
                found.update(part.column.id for part in walk(followed) if isinstance(part, ColumnRef))
    return found


def _names(columns: list[Column]) -> list[str]:
    return [column.name for column in columns]


RULES = (
    LintRule("BTL004", "low-cardinality-join", "A join on few values puts unrelated rows together.", _low_cardinality),
    LintRule("BTL007", "arbitrary-survivor", "Columns come from an arbitrary row.", _arbitrary),
    LintRule("BTL010", "join-without-kind", "A join without a kind drops left rows.", _without_kind),
)
