"""The plugin ipv4_lookup: rows beside every network of a table that holds their address.

https://learn.microsoft.com/kusto/query/ipv4-lookup-plugin
"""

from bluetick.binder.calls import call_operator
from bluetick.binder.names import Names
from bluetick.binder.operators.apply import numbered
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Binding, Filter, Join, JoinKind, Project, Reference, Relation
from bluetick.syntax.expressions import Argument, Expression, NameReference
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import Type


def bind_ipv4_lookup(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """ipv4_lookup(table, ip, network [, key ...] [, return_unmatched]): with the last, rows that no network holds stay
    as well. The columns are those that lookup gives, the networks included."""
    arguments = node.call.arguments
    if len(arguments) < 3:
        env.report(codes.wrong_argument_count(node.call.span, "ipv4_lookup", "at least 3 arguments", len(arguments)))
        return None
    table = env.without_row().tabular(arguments[0].value)
    unmatched = _return_unmatched(env, arguments[3:])
    if table is None or unmatched is None:
        return None
    counted, _ = numbered(env, rows)
    shared = Binding("looked_up", counted)
    left, all_rows = env.refer(shared), env.refer(shared)
    addresses = _named(env, arguments[1].value, left), _named(env, arguments[2].value, table)
    extra = arguments[3 : len(arguments) - (1 if _is_flag(arguments[3:]) else 0)]
    keys = [(_named(env, a.value, left), _named(env, a.value, table)) for a in extra]
    found = [(a, b) for a, b in (addresses, *keys) if a is not None and b is not None]
    if len(found) < 1 + len(keys):
        return None
    matched = _matched(env, node.span, left, table, found)
    return None if matched is None else _with_rows(env, rows, all_rows, matched, unmatched=unmatched)


def _matched(
    env: Env, span: Span, left: Reference, table: Relation, pairs: list[tuple[Column, Column]]
) -> Relation | None:
    """The number of each row beside each row of the table that it fits; the first pair are the addresses."""
    fresh = env.state.column
    (address, network), *keys = pairs
    left_items = tuple((fresh(c.name, c.type), c) for c in (left.columns[-1], address))
    right_items = tuple((fresh(c.name, c.type), c) for c in table.columns)
    on: tuple[tuple[Expr, Expr], ...] = tuple((ColumnRef(a), ColumnRef(b)) for a, b in keys)
    joined = Join(JoinKind.INNER, left, table, on, left_items, right_items)
    held_by = next(o for o, i in right_items if i.id == network.id)
    test = call_operator(env, "ipv4_is_match", (ColumnRef(left_items[1][0]), ColumnRef(held_by)), span)
    if isinstance(test, Invalid):
        return None
    dropped = {b.id for _, b in keys}
    kept = [left_items[0][0], *(o for o, i in right_items if i.id not in dropped)]
    return Project(Filter(joined, (test,)), tuple((c, ColumnRef(c)) for c in kept))


def _with_rows(env: Env, rows: Relation, left: Reference, matched: Relation, *, unmatched: bool) -> Relation:
    names = Names()
    fresh = env.state.column
    left_items = tuple((fresh(names.claim(c.name), c.type), c) for c in left.columns[: len(rows.columns)])
    right_items = tuple((fresh(names.claim(c.name), c.type), c) for c in matched.columns[1:])
    key = (ColumnRef(left.columns[-1]), ColumnRef(matched.columns[0]))
    kind = JoinKind.LEFTOUTER if unmatched else JoinKind.INNER
    return Join(kind, left, matched, (key,), left_items, right_items)


def _named(env: Env, node: Expression, rows: Relation) -> Column | None:
    """The column that an argument names."""
    name = node.name if isinstance(node, NameReference) else ""
    column = next((c for c in rows.columns if c.name == name), None)
    if column is None:
        env.report(codes.unresolved_column(node.span, name, (c.name for c in rows.columns)))
    return column


def _is_flag(arguments: tuple[Argument, ...]) -> bool:
    if not arguments:
        return False
    last = arguments[-1]
    if last.name is not None:
        return last.name.text == "return_unmatched"
    return not isinstance(last.value, NameReference)


def _return_unmatched(env: Env, arguments: tuple[Argument, ...]) -> bool | None:
    if not _is_flag(arguments):
        return False
    value = env.without_row().expression(arguments[-1].value)
    if not isinstance(value, Literal) or value.type is not Type.BOOL:
        env.report(codes.constant_expected(arguments[-1].span, "return_unmatched"))
        return None
    return bool(value.value)
