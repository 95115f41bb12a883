"""A bound subquery made to run over each partition of its rows by itself, all at once.

mv-apply and partition bind their subquery over all rows. Here every node of it gets the partition's keys: an aggregate
groups by them too, a limit counts within them, a window is cut by them. A partition without rows gives nothing.
"""

from dataclasses import dataclass, field, replace

from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.functions.aggregates.carried import CARRIED
from bluetick.plan.expressions import Column, ColumnRef, Expr
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Expand,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    PythonOperator,
    Relation,
    Serialize,
    Sort,
    SortKey,
    Window,
    inputs,
)
from bluetick.plan.traversal import relations_in


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A subquery's rows of all partitions. `keys` tell the partitions apart; `carried` gives, for each outer column,
    where its value stands now; `origins` which base column an output column still is."""

    relation: Relation
    keys: tuple[Column, ...]
    carried: tuple[Column, ...]
    origins: dict[int, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partitioning:
    """`base` is the relation that the subquery was bound over, `rows` what stands in its place."""

    env: Env
    span: Span
    operator: str
    base: Relation
    rows: Partitioned

    def apply(self, relation: Relation) -> Partitioned | None:
        """The subquery over every partition; None once reported that it cannot be cut."""
        if relation is self.base:
            return self.rows
        if not isinstance(relation, _HANDLED) or not self._is_cuttable(relation):
            self.env.report(
                codes.form_not_supported(self.span, f"{_word(relation)} in the subquery of {self.operator}")
            )
            return None
        inner = self.apply(inputs(relation)[0])
        return None if inner is None else self._over(relation, inner)

    def _is_cuttable(self, relation: Relation) -> bool:
        """A join is where only its left side is of the partition, and each left row stands for itself."""
        if not isinstance(relation, Join):
            return True
        kinds = (JoinKind.INNER, JoinKind.LEFTOUTER, JoinKind.LEFTSEMI, JoinKind.LEFTANTI)
        return relation.kind in kinds and all(part is not self.base for part in relations_in(relation.right))

    def _over(self, relation: Relation, inner: Partitioned) -> Partitioned:
        match relation:
            case Filter() | Serialize() | Expand():
                return replace(inner, relation=replace(relation, input=inner.relation))
            case Sort(keys=keys):
                first = tuple(SortKey(ColumnRef(k), descending=False, nulls_first=True) for k in inner.keys)
                return replace(inner, relation=Sort(inner.relation, (*first, *keys)))
            case Limit(count=count, partition=own):
                return replace(inner, relation=Limit(inner.relation, count, (*inner.keys, *own)))
            case Window(items=items, partition=own):
                return replace(inner, relation=Window(inner.relation, items, (*inner.keys, *own)))
            case PythonOperator(partition=own):
                return replace(inner, relation=replace(relation, input=inner.relation, partition=(*inner.keys, *own)))
            case Project(items=items):
                hidden = tuple((c, ColumnRef(c)) for c in (*inner.keys, *inner.carried))
                return replace(
                    inner, relation=Project(inner.relation, (*items, *hidden)), origins=_origins(items, inner.origins)
                )
            case Join():
                return self._join(relation, inner)
            case Aggregate():
                return self._aggregate(relation, inner)
            case _:
                raise AssertionError(f"{type(relation).__name__} was refused before")

    def _aggregate(self, relation: Aggregate, inner: Partitioned) -> Partitioned:
        keys = tuple((k, ColumnRef(k)) for k in inner.keys)
        fresh = self.env.state.column
        carried = tuple(AggregateCall(fresh(c.name, c.type), CARRIED, (ColumnRef(c),)) for c in inner.carried)
        node = Aggregate(inner.relation, (*relation.groups, *keys), (*relation.items, *carried))
        return Partitioned(node, inner.keys, tuple(c.column for c in carried), _origins(relation.groups, inner.origins))

    def _join(self, relation: Join, inner: Partitioned) -> Partitioned:
        fresh = self.env.state.column
        keys = tuple((fresh(k.name, k.type), k) for k in inner.keys)
        carried = tuple((fresh(c.name, c.type), c) for c in inner.carried)
        node = replace(relation, left=inner.relation, left_items=(*relation.left_items, *keys, *carried))
        origins = {o.id: inner.origins[i.id] for o, i in relation.left_items if i.id in inner.origins}
        return Partitioned(node, tuple(o for o, _ in keys), tuple(o for o, _ in carried), origins)


_HANDLED = (Filter, Serialize, Expand, Sort, Limit, Window, PythonOperator, Project, Join, Aggregate)


def _origins(items: tuple[tuple[Column, Expr], ...], origins: dict[int, Column]) -> dict[int, Column]:
    return {
        column.id: origins[value.column.id]
        for column, value in items
        if isinstance(value, ColumnRef) and value.column.id in origins
    }


def _word(relation: Relation) -> str:
    words = {"Join": "this kind of join", "Reference": "'as' or a table", "ProviderLookup": "FileProfile"}
    return words.get(type(relation).__name__, type(relation).__name__.lower())
