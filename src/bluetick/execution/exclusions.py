"""Rows that a run leaves out though its query says nothing of them: a filter above each scan of their table, or above
the result. A row is left out where the condition is true; null is not true."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bluetick.binder.exclusions import Exclusion, bind_exclusion
from bluetick.binder.schema import CatalogSchema
from bluetick.diagnostics import tuning_codes
from bluetick.diagnostics.errors import TuningError
from bluetick.functions.definition import Lowering, ScalarFunction
from bluetick.functions.registry import find_aggregate, find_scalar
from bluetick.plan.expressions import Call, Column, Expr, Literal
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Filter,
    QueryPlan,
    Relation,
    Scan,
    TabularStatement,
)
from bluetick.plan.traversal import relations_in
from bluetick.rewrite.scans import with_scans
from bluetick.types import Type

_FIRST_ID = 1 << 30  # of the columns that counting adds: above those of any plan
Choice = Callable[[ScalarFunction], Lowering]


def without_rows(plan: QueryPlan, exclusions: Sequence[Exclusion], catalog: CatalogSchema, choose: Choice) -> QueryPlan:
    """The plan without the rows that are excluded, of the tables and of its last result. TuningError says which
    condition does not bind."""
    plan = without_table_rows(plan, exclusions, catalog, choose)
    of_result = [one for one in exclusions if one.table is None]
    if not of_result or not plan.statements:
        return plan
    last = plan.statements[-1]
    kept = replace(last, relation=_without(last.relation, of_result, catalog, choose))
    return replace(plan, statements=(*plan.statements[:-1], kept))


def without_table_rows(
    plan: QueryPlan, exclusions: Sequence[Exclusion], catalog: CatalogSchema, choose: Choice
) -> QueryPlan:
    """The same of the tables alone, as rows are read while a query is bound."""
    by_table: dict[str, list[Exclusion]] = {}
    for one in exclusions:
        if one.table is not None:
            by_table.setdefault(one.table, []).append(one)
    if not by_table:
        return plan
    _refuse_unknown(plan, by_table, catalog)

    def change(scan: Scan) -> Relation:
        found = by_table.get(scan.table)
        return scan if found is None else _without(scan, found, catalog, choose)

    return with_scans(plan, change)


def counting(plan: QueryPlan, exclusions: Sequence[Exclusion], catalog: CatalogSchema, choose: Choice) -> QueryPlan:
    """A plan that counts, in columns named by the places of the exclusions, the rows that each would leave out by
    itself: of a table in the time scope, of the result as the tables' exclusions leave it. A table that the plan does
    not read has no statement."""
    by_table: dict[str | None, list[tuple[int, Exclusion]]] = {}
    for place, one in enumerate(exclusions):
        by_table.setdefault(one.table, []).append((place, one))
    relations: list[tuple[Relation, list[tuple[int, Exclusion]]]] = [
        (scan, by_table.pop(scan.table)) for scan in _first_scans(plan) if scan.table in by_table
    ]
    last = without_table_rows(plan, exclusions, catalog, choose).statements[-1:]
    if last and None in by_table:
        relations.append((last[0].relation, by_table[None]))
    counted = (TabularStatement("Excluded", _counted(over, found, catalog, choose)) for over, found in relations)
    return replace(plan, statements=tuple(counted))


def _first_scans(plan: QueryPlan) -> list[Scan]:
    """One scan of each table that the plan reads."""
    found: dict[str, Scan] = {}
    for statement in plan.statements:
        for node in relations_in(statement.relation, scalars=True):
            if isinstance(node, Scan):
                found.setdefault(node.table, node)
    return list(found.values())


def _refuse_unknown(plan: QueryPlan, by_table: dict[str, list[Exclusion]], catalog: CatalogSchema) -> None:
    """A table that the query reads, or that is known and it does not read: then there is nothing to leave out."""
    read = {scan.table for scan in _first_scans(plan)}
    for name, exclusions in by_table.items():
        if name not in read and catalog.find(name) is None:
            first = exclusions[0]
            near = (*sorted(read), *catalog.names())
            raise TuningError((tuning_codes.unknown_table(first.table_span, name, near),), first.text)


def _without(over: Relation, exclusions: Sequence[Exclusion], catalog: CatalogSchema, choose: Choice) -> Filter:
    return Filter(over, tuple(_is_kept(bind_exclusion(one, over, catalog, choose)) for one in exclusions))


def _is_kept(condition: Expr) -> Expr:
    """True where a condition is false or null."""
    choice = find_scalar("iff")
    if choice is None:
        raise AssertionError("iff is a function of the language")
    return Call(choice, (condition, Literal(False, Type.BOOL), Literal(True, Type.BOOL)), Type.BOOL)


def _counted(
    over: Relation, exclusions: Sequence[tuple[int, Exclusion]], catalog: CatalogSchema, choose: Choice
) -> Aggregate:
    count = find_aggregate("countif")
    if count is None:
        raise AssertionError("countif is a function of the language")
    items = (
        AggregateCall(
            Column(_FIRST_ID + place, str(place), Type.LONG), count, (bind_exclusion(one, over, catalog, choose),)
        )
        for place, one in exclusions
    )
    return Aggregate(over, (), tuple(items))
