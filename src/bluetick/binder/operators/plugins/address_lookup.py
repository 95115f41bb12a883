"""The plugins ipv4_lookup and ipv6_lookup: rows beside every network of a table that holds their address.

https://learn.microsoft.com/kusto/query/ipv4-lookup-plugin , ipv6-lookup-plugin

An address and a network match where their first bits are the same, as many as the shorter prefix has. So each distinct
address is cut to every length that a network has, and then it is an equality; the same the other way round for the few
addresses that have a prefix of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.binder.calls import call_operator
from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr
from bluetick.plan.relations import Binding, Join, JoinKind, Relation
from bluetick.syntax.expressions import Argument, Expression, NameReference
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Family:
    """How KQL tells an address of a text, its prefix, and its first bits."""

    bits: int
    value: str
    prefix: str
    key: Callable[[str, str], str]
    takes_keys: bool


_IPV4 = Family(
    32, "parse_ipv4(x)", "ipv4_netmask_suffix(x)", lambda v, bits: f"binary_shift_right({v}, 32 - {bits})", True
)
# ::a.b.c.d is the IPv4 address a.b.c.d, and so are the bits of its prefix.
_IPV6 = Family(
    128,
    "parse_ipv6(x)",
    r'coalesce(ipv4_netmask_suffix(replace_regex(x, @"^\s*::(\d+\.)", @"\1")) + 96,'
    r' tolong(extract(@"/(\d+)\s*$", 1, x)), 128)',
    lambda v, bits: f"parse_ipv6_mask({v}, {bits})",
    False,
)


def bind_ipv4_lookup(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """ipv4_lookup(table, ip, network [, key ...] [, return_unmatched]): with the last, rows that no network holds stay
    as well. The columns are those that lookup gives, the networks included."""
    return _bind(Call(env, node, rows), _IPV4)


def bind_ipv6_lookup(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """ipv6_lookup(table, ip, network [, return_unmatched]): the same; IPv4 addresses count as those mapped to them."""
    return _bind(Call(env, node, rows), _IPV6)


def _bind(call: Call, family: Family) -> Relation | None:
    arguments = call.arguments
    flag = _flag(arguments)
    if not call.count_is(3, None if family.takes_keys else 3 + (flag is not None)):
        return None
    table = call.env.without_row().tabular(arguments[0].value)
    keeps_unmatched = flag is not None and call.literal(flag, Type.BOOL)
    if table is None or keeps_unmatched is None:
        return None
    address, network = _address(call, arguments[1].value, call.rows), _address(call, arguments[2].value, table)
    extra = [a.value for a in arguments[3:] if a is not flag]
    keys = [(_named(call, key, call.rows), _named(call, key, table)) for key in extra]
    found = [(a, b) for a, b in ((address, network), *keys) if a is not None and b is not None]
    if len(found) < 1 + len(keys):
        return None
    kind = JoinKind.LEFTOUTER if keeps_unmatched and keeps_unmatched.value else JoinKind.INNER
    return _joined(call, family, table, found, kind)


def _joined(
    call: Call, family: Family, table: Relation, pairs: list[tuple[Column, Column]], kind: JoinKind
) -> Relation | None:
    """The rows with the networks of their address, where the other pairs are equal as well."""
    env = call.env
    (address, network), *keys = pairs
    shared = Binding("looked_up", call.rows)
    places = {c.id: place for place, c in enumerate(call.rows.columns)}
    left, again = env.refer(shared), env.refer(shared)
    cells = {f"c{i}": c for i, c in enumerate(table.columns)}
    tables = {
        "Rows": chosen(env, again, {"x": _as_text(call, again.columns[places[address.id]])}),
        "Networks": chosen(env, table, {"x": _as_text(call, network), **cells}),
    }
    matched = bind_macro(env, call.node.span, _text(family, ", ".join(cells)), tables, {})
    if matched is None:
        return None
    right = dict(zip((c.id for c in table.columns), matched.columns[1:], strict=True))
    on: list[tuple[Expr, Expr]] = [
        (_as_text(call, left.columns[places[address.id]]), ColumnRef(matched.columns[0])),
        *((ColumnRef(left.columns[places[a.id]]), ColumnRef(right[b.id])) for a, b in keys),
    ]
    dropped = {b.id for _, b in keys}
    names, fresh = Names(), env.state.column
    left_items = tuple((fresh(names.claim(c.name), c.type), c) for c in left.columns)
    right_items = tuple((fresh(names.claim(c.name), c.type), right[c.id]) for c in table.columns if c.id not in dropped)
    return Join(kind, left, matched, tuple(on), left_items, right_items)


def _as_text(call: Call, column: Column) -> Expr:
    """An address may be the element of an array."""
    value = ColumnRef(column)
    return call_operator(call.env, "tostring", (value,), call.node.span) if column.type is Type.DYNAMIC else value


def _text(family: Family, cells: str) -> str:
    """Each distinct address beside the columns of each network that it matches."""
    key = family.key
    parsed = f"extend p = {family.prefix}, v = {family.value} | where isnotempty(v) and isnotnull(p)"
    return f"""
    let A = materialize(Rows | distinct x | {parsed});
    let N = materialize(Networks | {parsed} | project p, v, {cells});
    let Short = A | where p < {family.bits};
    let Lengths = N | summarize by l = p, k = 1;
    let Cut = A | extend k = 1 | join kind=inner Lengths on k | where l <= p
      | project x, l, b = {key("v", "l")};
    let CutNetworks = N | extend k = 1
      | join kind=inner (Short | summarize by l = p, k = 1) on k | where l < p
      | project l, b = {key("v", "l")}, {cells};
    union
      (Cut | join kind=inner (N | project l = p, b = {key("v", "p")}, {cells}) on l, b | project x, {cells}),
      (Short | project x, l = p, b = {key("v", "p")} | join kind=inner CutNetworks on l, b | project x, {cells})"""


def _named(call: Call, node: Expression, rows: Relation) -> Column | None:
    """The column that an argument names."""
    name = node.name if isinstance(node, NameReference) else ""
    column = next((c for c in rows.columns if c.name == name), None)
    if column is None:
        call.env.report(codes.unresolved_column(node.span, name, (c.name for c in rows.columns)))
    return column


def _address(call: Call, node: Expression, rows: Relation) -> Column | None:
    column = _named(call, node, rows)
    if column is not None and column.type not in (Type.STRING, Type.DYNAMIC):
        what = f"column '{column.name}' in {call.name}"
        call.env.report(codes.wrong_type(node.span, what, "string", str(column.type)))
        return None
    return column


def _flag(arguments: tuple[Argument, ...]) -> Argument | None:
    """return_unmatched, by its name or as the last argument that is none."""
    last = arguments[-1] if len(arguments) > 3 else None
    if last is None:
        return None
    if last.name is not None:
        return last if last.name.text == "return_unmatched" else None
    return None if isinstance(last.value, NameReference) else last
