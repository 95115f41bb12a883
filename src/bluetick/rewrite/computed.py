"""Takes calls that Python computes out of the expressions in which they stand, and puts them into nodes of their own.

Exact because the functions are pure and never fail: computing one for rows that would not have needed it changes
nothing. A call of constants is computed at once. A filter's other conditions stay below, so that fewer rows are asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError
from bluetick.functions.definition import ScalarFunction
from bluetick.plan.computing import computing, finishing, result_types
from bluetick.plan.evaluation import logical, physical
from bluetick.plan.expressions import (
    Call,
    Column,
    ColumnRef,
    Expr,
    InTable,
    Literal,
    PartOf,
    ScalarQuery,
    walk,
)
from bluetick.plan.rebuilding import (
    expression_inputs,
    rebuilt_expression,
    rebuilt_relation,
    with_children,
    with_expressions,
    with_inputs,
)
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Assertion,
    Binding,
    Columns,
    Computed,
    ComputedItem,
    Filter,
    PickRow,
    Project,
    QueryPlan,
    Reference,
    Relation,
    TabularStatement,
    Values,
    expressions,
)
from bluetick.plan.traversal import queries_in, relations_in
from bluetick.types import Type

# What gives each resource of a session, by its name.
Resources: TypeAlias = Mapping[str, Callable[[], object]]


def with_computed(plan: QueryPlan, resources: Resources | None) -> QueryPlan:
    """The plan with every such call in a `Computed` node; the same plan where there is none.

    A function that needs a resource gets it here, or a SourceError says how to give it. Without `resources` the plan
    is only checked, and asks for none.
    """
    if not any(_has_computed(statement) for statement in plan.statements):
        return plan
    work = _Rewrite(resources)
    return replace(plan, statements=tuple(work.statement(statement) for statement in plan.statements))


def _has_computed(statement: TabularStatement) -> bool:
    roots = [statement.relation]
    for assertion in statement.assertions:
        roots += [query.relation for query in queries_in(assertion.condition)]
    return any(_stands_in(assertion.condition) for assertion in statement.assertions) or any(
        _is_finished(node) or any(_stands_in(e) for e in expressions(node))
        for root in roots
        for node in relations_in(root, scalars=True)
    )


def _is_finished(node: Relation) -> bool:
    """Whether Python finishes one of the node's aggregates."""
    return isinstance(node, Aggregate) and any(
        isinstance(item, AggregateCall) and item.function.finish is not None for item in node.items
    )


def _stands_in(expr: Expr) -> bool:
    """Whether such a call stands in the expression itself; queries inside it are rewritten on their own."""
    if isinstance(expr, ColumnRef):
        return False
    return any(isinstance(part, Call) and part.function.compute is not None for part in walk(expr))


def _is_changed(expr: Expr) -> bool:
    return _stands_in(expr) or bool(queries_in(expr))


Made: TypeAlias = tuple[Call, Columns]


@dataclass(slots=True)
class _Calls:
    """The calls taken out of expressions over one input, those that need another's result in a later layer."""

    layers: list[list[ComputedItem]] = field(default_factory=list)
    made: dict[int, Made] = field(default_factory=dict)  # id of the call as it was written
    given: list[tuple[Call, Columns, tuple[Expr, ...]]] = field(default_factory=list)  # with its rewritten arguments

    def over(self, relation: Relation) -> Relation:
        for layer in self.layers:
            relation = Computed(relation, tuple(layer))
        return relation

    def same(self, function: ScalarFunction, args: tuple[Expr, ...]) -> "Made | None":
        """What was made of an equal call that was written elsewhere."""
        for call, columns, given in self.given:
            if call.function is function and given == args:
                return call, columns
        return None

    def level_of(self, args: Sequence[Expr]) -> int:
        mine = {c.id: depth for depth, layer in enumerate(self.layers) for item in layer for c in item.columns}
        found = [mine[p.column.id] for a in args for p in walk(a) if isinstance(p, ColumnRef) and p.column.id in mine]
        return max(found, default=-1) + 1


@dataclass(slots=True)
class _Rewrite:
    """New columns have numbers below zero, which no binder gives."""

    resources: Resources | None
    last: int = 0
    bindings: dict[int, Binding] = field(default_factory=dict)
    scalars: dict[int, ScalarQuery] = field(default_factory=dict)
    keep: list[object] = field(default_factory=list)  # what the ids above belong to stays alive

    def statement(self, statement: TabularStatement) -> TabularStatement:
        assertions = tuple(Assertion(self._rowless(a.condition), a.message) for a in statement.assertions)
        return replace(statement, relation=self.relation(statement.relation), assertions=assertions)

    def relation(self, root: Relation) -> Relation:
        return rebuilt_relation(root, self.bindings, self._node)

    def _node(self, node: Relation, below: list[Relation]) -> Relation:
        if isinstance(node, Reference):
            if id(node.binding) not in self.bindings:
                self.bindings[id(node.binding)] = replace(node.binding, relation=below[0])
                self.keep.append(node.binding)
            return Reference(self.bindings[id(node.binding)], node.columns)
        if isinstance(node, Aggregate) and _is_finished(node):
            return self._finished(node, below)
        own = expressions(node)
        if not any(_is_changed(e) for e in own):
            return with_inputs(node, below)
        if isinstance(node, Filter):
            return self._filter(node, below[0])
        calls = [_Calls() for _ in below]
        new = [
            self._rowless(e) if source is None else self._expression(e, calls[source])
            for e, source in zip(own, expression_inputs(node), strict=True)
        ]
        anew = with_inputs(node, [found.over(one) for found, one in zip(calls, below, strict=True)])
        return _with_columns(with_expressions(anew, new), node.columns)

    def _finished(self, node: Aggregate, below: list[Relation]) -> Relation:
        """The engine gathers what such an aggregate needs, and a call behind the node makes its value of that."""
        gathered: list[AggregateCall | PickRow] = []
        calls: list[ComputedItem] = []
        for item in node.items:
            if isinstance(item, AggregateCall) and item.function.finish is not None:
                function = item.function
                column = self._column(item.column.name, Type.DYNAMIC)
                gathered.append(AggregateCall(column, replace(function, finish=None), item.args))
                calls.append(ComputedItem((item.column,), finishing(function), (ColumnRef(column),)))
            else:
                gathered.append(item)
        anew = self._node(replace(node, items=tuple(gathered)), below)
        return _with_columns(Computed(anew, tuple(calls)), node.columns)

    def _filter(self, node: Filter, below: Relation) -> Relation:
        spans = node.spans or (None,) * len(node.predicates)
        pairs = list(zip(node.predicates, spans, strict=True))
        plain = [pair for pair in pairs if not _stands_in(pair[0])]
        others = [pair for pair in pairs if _stands_in(pair[0])]
        if plain:
            below = _filtered(below, [(self._expression(predicate, _Calls()), span) for predicate, span in plain])
        if not others:
            return below
        calls = _Calls()
        changed = [(self._expression(predicate, calls), span) for predicate, span in others]
        return _with_columns(_filtered(calls.over(below), changed), node.columns)

    # --- expressions ---

    def _expression(self, expr: Expr, calls: _Calls) -> Expr:
        """The expression with its calls taken out."""
        return rebuilt_expression(expr, lambda part, inner: self._part(part, inner, calls))

    def _part(self, part: Expr, inner: list[Expr], calls: _Calls) -> Expr:
        match part:
            case ScalarQuery():
                return self._scalar(part)
            case InTable():
                return InTable(inner[0], self.relation(part.relation), part.negated, part.fold)
            case Call(function=function) if function.compute is not None:
                return self._result(part, tuple(inner), calls, 0)
            case PartOf(call=call, index=index):
                made = calls.made.get(id(call))
                return inner[0] if made is None else ColumnRef(made[1][index])
            case _ if inner:
                return with_children(part, inner)
            case _:
                return part

    def _result(self, call: Call, args: tuple[Expr, ...], calls: _Calls, index: int) -> Expr:
        types = result_types(call.function, call.type)
        made = calls.made.get(id(call)) or calls.same(call.function, args)
        if made is None:
            function = self._supplied(call.function)
            if function.resource is None and len(types) == 1:
                folded = _folded(replace(call, function=function), args)
                if folded is not None:
                    return folded
            columns = tuple(self._column(call.function.name, type_) for type_ in types)
            level = calls.level_of(args)
            while len(calls.layers) <= level:
                calls.layers.append([])
            calls.layers[level].append(ComputedItem(columns, function, args))
            calls.given.append((call, columns, args))
            made = (call, columns)
        calls.made[id(call)] = made
        return ColumnRef(made[1][index])

    def _supplied(self, function: ScalarFunction) -> ScalarFunction:
        """The function with its resource, where it needs one."""
        if function.resource is None or function.compute is None or self.resources is None:
            return function
        given = self.resources.get(function.resource.name)
        if given is None:
            raise SourceError(f"'{function.name}' has no data here: {function.resource.how}")
        return replace(function, compute=partial(function.compute, given()), resource=None)

    def _scalar(self, query: ScalarQuery) -> ScalarQuery:
        found = self.scalars.get(id(query))
        if found is None:
            found = self.scalars[id(query)] = ScalarQuery(self.relation(query.relation), query.type)
            self.keep.append(query)
        return found

    def _rowless(self, expr: Expr) -> Expr:
        """An expression that sees no row: what is not constant becomes a scalar step of its own."""
        calls = _Calls()
        value = self._expression(expr, calls)
        if not calls.layers:
            return value
        row = calls.over(Values((), ((),)))
        return ScalarQuery(Project(row, ((self._column("value", value.type), value),)), value.type)

    def _column(self, name: str, type_: Type) -> Column:
        self.last -= 1
        return Column(self.last, name, type_)


def _filtered(below: Relation, pairs: Sequence[tuple[Expr, Span | None]]) -> Filter:
    predicates = tuple(predicate for predicate, _ in pairs)
    return Filter(below, predicates, tuple(span for _, span in pairs if span is not None))


def _with_columns(relation: Relation, columns: tuple[Column, ...]) -> Relation:
    """The relation with just these columns: nodes that pass their input on pass the new columns on too."""
    if relation.columns == columns:
        return relation
    return Project(relation, tuple((column, ColumnRef(column)) for column in columns))


def _folded(call: Call, args: tuple[Expr, ...]) -> Literal | None:
    """The value of a call of constants; None of any other, and where a package is missing, which the run reports."""
    values = [physical(arg.value, arg.type) for arg in args if isinstance(arg, Literal)]
    if len(values) < len(args):
        return None
    try:
        (value,) = computing(call.function, [arg.type for arg in args], (call.type,))(*values)
    except ModuleNotFoundError:
        return None
    return Literal(logical(value, call.type), call.type)
