"""A bound subquery made to run over each partition of its rows by itself, all at once.

mv-apply and partition bind their subquery over all rows. Here every node of it gets the partition's keys: an aggregate
groups by them too, a limit counts within them, a window is cut by them. A partition without rows gives nothing.
"""

from dataclasses import dataclass, field, replace

from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.functions.aggregates.carried import CARRIED
from bluetick.plan.expressions import Column, ColumnRef, Expr, InTable, ScalarQuery, children, walk
from bluetick.plan.rebuilding import with_children, with_expressions
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
    Reference,
    Relation,
    Serialize,
    Sort,
    SortKey,
    Union,
    Window,
    expressions,
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
        if isinstance(relation, Union) and all(self._is_of_it(leg) for leg, _ in relation.legs):
            return self._union(relation)
        if isinstance(relation, Reference) and self._is_of_it(relation):
            return self._reference(relation)
        if not isinstance(relation, _HANDLED) or not self._is_cuttable(relation):
            self.env.report(
                codes.form_not_supported(self.span, f"{_word(relation)} in the subquery of {self.operator}")
            )
            return None
        inner = self.apply(inputs(relation)[0])
        if inner is None:
            return None
        if not any(self._is_of_it(query) for query in _queries(relation)):
            return self._over(relation, inner)
        return self._with_scalars(relation, inner)

    def _with_scalars(self, relation: Relation, inner: Partitioned) -> Partitioned | None:
        """toscalar() over the partition's own rows: one value for each partition, joined to its rows."""
        values: dict[int, Column] = {}
        for part in (p for e in expressions(relation) for p in walk(e)):
            if isinstance(part, InTable) and self._is_of_it(part.relation):
                what = "a list taken out of the partition's own rows"
            elif not isinstance(part, ScalarQuery) or not self._is_of_it(part.relation):
                continue
            elif not isinstance(relation, Filter | Project) or not self._is_one_row(part.relation):
                what = "this kind of value taken out of the partition's own rows"
            else:
                found = self.apply(part.relation)
                if found is None:
                    return None
                inner, values[id(part)] = self._beside(inner, found, part.relation.columns[0])
                continue
            self.env.report(codes.form_not_supported(self.span, f"{what} in the subquery of {self.operator}"))
            return None
        new = [_replaced(e, values) for e in expressions(relation)]
        return self._over(with_expressions(relation, new), inner)

    def _is_one_row(self, relation: Relation) -> bool:
        """Whether it is one row for any partition that has rows: an aggregate over all of them."""
        while isinstance(relation, Project | Reference):
            relation = relation.binding.relation if isinstance(relation, Reference) else relation.input
        if not isinstance(relation, Aggregate) or relation.groups:
            return False
        rows = relation.input
        while isinstance(rows, Project | Reference | Sort | Serialize) and rows is not self.base:
            rows = rows.binding.relation if isinstance(rows, Reference) else rows.input
        return rows is self.base

    def _beside(self, inner: Partitioned, scalar: Partitioned, value: Column) -> tuple[Partitioned, Column]:
        keys = tuple((ColumnRef(a), ColumnRef(b)) for a, b in zip(inner.keys, scalar.keys, strict=True))
        own = self.env.state.column(value.name, value.type)
        left = tuple((c, c) for c in inner.relation.columns)
        node = Join(JoinKind.INNER, inner.relation, scalar.relation, keys, left, ((own, value),))
        return replace(inner, relation=node), own

    def _is_of_it(self, relation: Relation) -> bool:
        """Whether the partition's rows go into a relation."""
        return any(part is self.base for part in relations_in(relation))

    def _is_cuttable(self, relation: Relation) -> bool:
        """A join is where its left side is of the partition. Where the right one is not, each left row must stand for
        itself."""
        if not isinstance(relation, Join):
            return True
        kinds = (JoinKind.INNER, JoinKind.LEFTOUTER, JoinKind.LEFTSEMI, JoinKind.LEFTANTI)
        is_shared = self._is_of_it(relation.right)
        return relation.kind in kinds or (is_shared and relation.kind is JoinKind.INNERUNIQUE)

    def _reference(self, relation: Reference) -> Partitioned | None:
        """A name that `as` gave inside: its rows again, with columns of this use."""
        inner = self.apply(relation.binding.relation)
        if inner is None:
            return None
        pairs = tuple(zip(relation.columns, relation.binding.relation.columns, strict=True))
        fresh = self.env.state.column
        keys = tuple((fresh(k.name, k.type), ColumnRef(k)) for k in inner.keys)
        carried = tuple((fresh(c.name, c.type), ColumnRef(c)) for c in inner.carried)
        items = (*((c, ColumnRef(source)) for c, source in pairs), *keys, *carried)
        origins = {c.id: inner.origins[source.id] for c, source in pairs if source.id in inner.origins}
        return Partitioned(
            Project(inner.relation, items), tuple(c for c, _ in keys), tuple(c for c, _ in carried), origins
        )

    def _union(self, relation: Union) -> Partitioned | None:
        """Legs that are all of the partition."""
        parts = [self.apply(leg) for leg, _ in relation.legs]
        done = [part for part in parts if part is not None]
        if len(done) < len(parts):
            return None
        fresh = self.env.state.column
        keys = tuple(fresh(k.name, k.type) for k in done[0].keys)
        carried = tuple(fresh(c.name, c.type) for c in done[0].carried)
        legs = tuple(
            (part.relation, (*cells, *(ColumnRef(c) for c in (*part.keys, *part.carried))))
            for part, (_, cells) in zip(done, relation.legs, strict=True)
        )
        return Partitioned(Union((*relation.columns, *keys, *carried), legs), keys, carried)

    def _over(self, relation: Relation, inner: Partitioned) -> Partitioned | None:
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

    def _join(self, relation: Join, inner: Partitioned) -> Partitioned | None:
        """A right side that is of the partition too is joined on its keys as well."""
        fresh = self.env.state.column
        keys = tuple((fresh(k.name, k.type), k) for k in inner.keys)
        carried = tuple((fresh(c.name, c.type), c) for c in inner.carried)
        node = replace(relation, left=inner.relation, left_items=(*relation.left_items, *keys, *carried))
        if self._is_of_it(relation.right):
            right = self.apply(relation.right)
            if right is None:
                return None
            shared = tuple((ColumnRef(a), ColumnRef(b)) for a, b in zip(inner.keys, right.keys, strict=True))
            node = replace(node, right=right.relation, keys=(*node.keys, *shared))
        origins = {o.id: inner.origins[i.id] for o, i in relation.left_items if i.id in inner.origins}
        return Partitioned(node, tuple(o for o, _ in keys), tuple(o for o, _ in carried), origins)


_HANDLED = (Filter, Serialize, Expand, Sort, Limit, Window, PythonOperator, Project, Join, Aggregate)


def _origins(items: tuple[tuple[Column, Expr], ...], origins: dict[int, Column]) -> dict[int, Column]:
    return {
        column.id: origins[value.column.id]
        for column, value in items
        if isinstance(value, ColumnRef) and value.column.id in origins
    }


def _replaced(expr: Expr, values: dict[int, Column]) -> Expr:
    """The expression with a column in place of each of these parts (by id)."""
    if id(expr) in values:
        return ColumnRef(values[id(expr)])
    parts = children(expr)
    return with_children(expr, [_replaced(part, values) for part in parts]) if parts else expr


def _queries(relation: Relation) -> list[Relation]:
    """The relations of toscalar() and `in (table)` in a node's own expressions."""
    parts = [part for expr in expressions(relation) for part in walk(expr)]
    return [part.relation for part in parts if isinstance(part, ScalarQuery | InTable)]


def _word(relation: Relation) -> str:
    words = {
        "Join": "this kind of join",
        "Reference": "a table",
        "ProviderLookup": "FileProfile",
        "Union": "a union with another table",
    }
    return words.get(type(relation).__name__, type(relation).__name__.lower())
