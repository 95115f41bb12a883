"""summarize: groups, aggregates, arithmetic over aggregates, arg_max and its kin."""

from dataclasses import dataclass, field, replace

from bluetick.binder.calls import choose, promote, with_constants
from bluetick.binder.names import Names, default_name
from bluetick.binder.operators.aggregation import bind_keys
from bluetick.binder.operators.picks import PERCENTILES, PICKS, bind_percentiles, bind_pick
from bluetick.binder.operators.tuples import spread_parts
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_aggregate
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Invalid
from bluetick.plan.relations import Aggregate, AggregateCall, PickRow, Project, Relation
from bluetick.syntax import expressions as syntax
from bluetick.syntax.expressions import CallExpression, NamedExpression
from bluetick.syntax.operators import SummarizeOperator


@dataclass(slots=True)
class Summary:
    """What a summarize gathers: the aggregates to compute, and the output items over groups and aggregates."""

    env: Env
    rows: Relation
    names: Names
    groups: list[tuple[Column, Expr]] = field(default_factory=list)
    group_names: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)  # names that the text gives to aggregates
    aggregates: list[AggregateCall | PickRow] = field(default_factory=list)
    items: list[tuple[Column, Expr]] = field(default_factory=list)


def bind_summarize(env: Env, node: SummarizeOperator, rows: Relation) -> Relation | None:
    summary = Summary(env.over(rows), rows, Names())
    before = len(env.state.diagnostics)
    for item in node.by:
        bind_group(summary, item)
    for item in node.aggregates:
        bind_item(summary, item)
    if any(d.is_error for d in env.state.diagnostics[before:]):
        return None
    aggregate = Aggregate(rows, tuple(summary.groups), tuple(summary.aggregates), env.state.place(node.span))
    wanted = [c for c, _ in summary.groups] + [c for c, _ in summary.items]
    if list(aggregate.columns) == wanted:
        return aggregate
    groups = [(c, ColumnRef(c)) for c, _ in summary.groups]
    return Project(aggregate, (*groups, *summary.items))


def bind_group(summary: Summary, item: NamedExpression) -> None:
    """An item of `by`; what is wrong with it is reported."""
    for group in bind_keys(summary.env, item, summary.names):
        if group is not None:
            summary.groups.append(group)
            summary.group_names.add(group[0].name)


def bind_item(summary: Summary, item: NamedExpression) -> None:
    """One aggregate, or an expression over aggregates; what is wrong with it is reported."""
    call = item.value
    if isinstance(call, CallExpression) and call.base is None:
        name = call.name.text
        if name in PICKS:
            pick = bind_pick(summary.env, call, item, summary.rows, summary.names, _grouped(summary))
            if pick is not None:
                summary.aggregates.append(pick)
                summary.items.extend((c, ColumnRef(c)) for c in pick.columns)
            return
        if name in PERCENTILES:
            for each in bind_percentiles(summary.env, call, item, summary.names):
                summary.aggregates.append(each)
                summary.items.append((each.column, ColumnRef(each.column)))
            return
    _bind_expression_item(summary, item)


def _grouped(summary: Summary) -> set[str]:
    """The columns that stand for groups as they are: a star does not give them again, but what a group computes of."""
    return {value.column.name for _, value in summary.groups if isinstance(value, ColumnRef)}


def _bind_expression_item(summary: Summary, item: NamedExpression) -> None:
    """An aggregate, or an expression over aggregates: sum(a) / count()."""
    known = len(summary.aggregates)
    value = _Aggregates(summary).bind(item.value)
    if isinstance(value, Invalid):
        return
    if len(summary.aggregates) == known:
        summary.env.report(codes.not_an_aggregate(item.span))
        return
    if isinstance(value, Call) and value.function.parts:
        summary.items.extend(spread_parts(summary.env, item, value, summary.names) or ())
        return
    if item.tuple_form or len(item.names) > 1:
        summary.env.report(codes.form_not_supported(item.span, "several names for one aggregate"))
        return
    if item.names:
        name = item.names[0].text
        if name in summary.written or name in summary.group_names:
            summary.env.report(codes.duplicate_column(item.span, name))
            return
        summary.written.add(name)
        name = summary.names.claim(name)  # the columns of a star keep their names, and this one is numbered
    else:
        own = default_name(item.value)
        name = summary.names.claim(own) if own else summary.names.generate(summary.env.state.unnamed)
    if isinstance(value, ColumnRef) and value.column == summary.aggregates[-1].columns[0]:
        last = summary.aggregates.pop()
        if isinstance(last, AggregateCall):
            column = summary.env.state.column(name, value.type)
            summary.aggregates.append(AggregateCall(column, last.function, last.args))
            summary.items.append((column, ColumnRef(column)))
            return
    summary.items.append((summary.env.state.column(name, value.type), value))


class _Aggregates:
    """Binds an expression in which aggregate calls stand: each becomes a column of the Aggregate node, and the
    expression around them is bound over those columns."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary
        self.stand_ins: dict[str, Column] = {}

    def bind(self, node: syntax.Expression) -> Expr:
        rewritten = self._lift(node)
        summary = self.summary
        row = summary.env.row
        if row is None:
            return Invalid()
        if isinstance(rewritten, syntax.NameReference) and rewritten.name in self.stand_ins:
            return ColumnRef(self.stand_ins[rewritten.name])
        groups = {c.name: c for c, _ in summary.groups}
        over = replace(summary.env.columns({**groups, **self.stand_ins}), ungrouped=row)
        return over.expression(rewritten)

    def _lift(self, node: syntax.Expression) -> syntax.Expression:  # noqa: PLR0911 - one match over the nodes
        """The expression with every aggregate call replaced by a name that no user can write."""
        match node:
            case CallExpression(base=None, name=name) if _is_aggregate(name.text):
                return self._stand_in(node)
            case CallExpression(span=span, name=name, arguments=arguments, base=base):
                lifted = tuple(syntax.Argument(a.span, self._lift(a.value), a.name) for a in arguments)
                return CallExpression(span, name, lifted, base)
            case syntax.BinaryExpression(span, operator, operator_span, left, right):
                return syntax.BinaryExpression(span, operator, operator_span, self._lift(left), self._lift(right))
            case syntax.UnaryExpression(span, operator, operand):
                return syntax.UnaryExpression(span, operator, self._lift(operand))
            case syntax.PathExpression(span, base, name):
                return syntax.PathExpression(span, self._lift(base), name)
            case syntax.ElementExpression(span, base, index):
                return syntax.ElementExpression(span, self._lift(base), self._lift(index))
            case syntax.BetweenExpression(span, operator, operator_span, value, low, high):
                return syntax.BetweenExpression(
                    span, operator, operator_span, self._lift(value), self._lift(low), self._lift(high)
                )
            case syntax.ListExpression(span, operator, operator_span, left, items):
                return syntax.ListExpression(
                    span, operator, operator_span, self._lift(left), tuple(self._lift(i) for i in items)
                )
            case _:
                return node

    def _stand_in(self, node: CallExpression) -> syntax.Expression:
        bound = bind_aggregate(self.summary.env, node)
        if bound is None:
            return syntax.MissingExpression(node.span)
        self.summary.aggregates.append(bound)
        name = f"\0{bound.column.id}"
        self.stand_ins[name] = bound.column
        return syntax.NameReference(node.span, name)


def _is_aggregate(name: str) -> bool:
    return find_aggregate(name) is not None


def bind_aggregate(env: Env, node: CallExpression) -> AggregateCall | None:
    """One aggregate call over the rows; None once reported."""
    function = find_aggregate(node.name.text)
    if function is None:
        return None
    written = [a.value for a in node.arguments if not isinstance(a.value, syntax.Star)]
    args = with_constants(function, [env.expression(a) for a in written])
    if any(isinstance(a, Invalid) for a in args):
        return None
    match = choose(env, function, args, node.span)
    if match is None:
        return None
    promoted = tuple(promote(a, t) for a, t in zip(args, match.types, strict=True))
    column = env.state.column(node.name.text, match.signature.result(match.types))
    return AggregateCall(column, function, promoted)
