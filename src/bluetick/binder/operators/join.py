"""join and lookup."""

from dataclasses import dataclass

from bluetick.binder.calls import promote
from bluetick.binder.names import Names
from bluetick.binder.scope import Env, Row
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid
from bluetick.plan.relations import Join, JoinKind, Relation
from bluetick.syntax.expressions import BinaryExpression, Expression, Literal, NameReference, PathExpression
from bluetick.syntax.operators import JoinOperator, OperatorParameter
from bluetick.types import Type

_KINDS: dict[str, JoinKind] = {
    **{kind.value: kind for kind in JoinKind},
    "anti": JoinKind.LEFTANTI,
    "leftantisemi": JoinKind.LEFTANTI,
    "rightantisemi": JoinKind.RIGHTANTI,
}
_LEFT_ONLY = (JoinKind.LEFTSEMI, JoinKind.LEFTANTI)
_RIGHT_ONLY = (JoinKind.RIGHTSEMI, JoinKind.RIGHTANTI)


@dataclass(frozen=True, slots=True)
class Key:
    """One equality: expressions over both sides, and the right column where the condition is a plain column."""

    left: Expr
    right: Expr
    right_column: Column | None


def bind_join(env: Env, node: JoinOperator, rows: Relation) -> Relation | None:
    kind = _kind(env, node)
    right = env.without_row().pipeline(node.right)
    if kind is None or right is None:
        return None
    if isinstance(right, type(rows)) and right is rows:
        return None
    env.state.spend(len(rows.columns) + len(right.columns), node.span)
    keys = _keys(env, node, rows, right)
    if keys is None:
        return None
    dropped = {k.right_column.id for k in keys if k.right_column is not None} if node.keyword == "lookup" else set()
    left_items, right_items = _items(env, kind, rows, right, dropped)
    pairs = tuple((k.left, k.right) for k in keys)
    return Join(kind, rows, right, pairs, left_items, right_items, env.state.place(node.span))


def _kind(env: Env, node: JoinOperator) -> JoinKind | None:
    default = JoinKind.INNERUNIQUE if node.keyword == "join" else JoinKind.LEFTOUTER
    written = next((p for p in node.parameters if p.name == "kind"), None)
    if written is None:
        return default
    name = word(written)
    kind = _KINDS.get(name)
    allowed = tuple(_KINDS) if node.keyword == "join" else ("leftouter", "inner")
    if kind is None or name not in allowed:
        env.report(codes.bad_parameter(written.span, "kind", ", ".join(allowed)))
        return None
    return kind


def word(parameter: OperatorParameter) -> str:
    """The text of a parameter's value: a bare word or a string."""
    match parameter.value:
        case NameReference(name=name):
            return name
        case Literal(value=str() as text):
            return text
        case Literal(value=value):
            return str(value).lower()
        case _:
            return ""


def _items(
    env: Env, kind: JoinKind, left: Relation, right: Relation, dropped: set[int]
) -> tuple[tuple[tuple[Column, Column], ...], tuple[tuple[Column, Column], ...]]:
    """Output columns: the left's under their names, then the right's; one of these that collides with a left one takes
    the smallest numeric suffix that is free on both sides."""
    names = Names()
    fresh = env.state.column
    left_items: list[tuple[Column, Column]] = []
    right_items: list[tuple[Column, Column]] = []
    if kind not in _RIGHT_ONLY:
        left_items = [(fresh(names.claim(c.name), c.type), c) for c in left.columns]
    if kind not in _LEFT_ONLY:
        kept = [c for c in right.columns if c.id not in dropped]
        taken = frozenset(names.taken)
        chosen = {c.id: names.claim(c.name) for c in sorted(kept, key=lambda c: c.name in taken)}
        right_items = [(fresh(chosen[c.id], c.type), c) for c in kept]
    return tuple(left_items), tuple(right_items)


def _keys(env: Env, node: JoinOperator, left: Relation, right: Relation) -> list[Key] | None:
    keys: list[Key] = []
    for condition in _flatten(node.conditions):
        key = _key(env, condition, left, right)
        if key is None:
            return None
        keys.append(key)
    if not keys:
        env.report(codes.join_condition(node.span))
        return None
    return keys


def _flatten(conditions: tuple[Expression, ...]) -> list[Expression]:
    found: list[Expression] = []
    pending = list(reversed(conditions))
    while pending:
        node = pending.pop()
        if isinstance(node, BinaryExpression) and node.operator == "and":
            pending += [node.right, node.left]
        else:
            found.append(node)
    return found


def _key(env: Env, node: Expression, left: Relation, right: Relation) -> Key | None:
    match node:
        case NameReference(name=name, span=span):
            a, b = _column(env, left, name, span), _column(env, right, name, span)
            if a is None or b is None:
                return None
            return _same_type(env, ColumnRef(a), ColumnRef(b), span)
        case BinaryExpression(operator="==", left=one, right=other, span=span):
            return _equality(env, one, other, left, right, span)
        case _:
            env.report(codes.join_condition(node.span))
            return None


def _column(env: Env, side: Relation, name: str, span: Span) -> Column | None:
    column = next((c for c in side.columns if c.name == name), None)
    if column is None:
        env.report(codes.unresolved_column(span, name, (c.name for c in side.columns), "both sides must have it"))
    return column


def _equality(env: Env, one: Expression, other: Expression, left: Relation, right: Relation, span: Span) -> Key | None:
    """$left.a == $right.b, in either order; each side is a column of its relation."""
    row = Row({}, {"$left": {c.name: c for c in left.columns}, "$right": {c.name: c for c in right.columns}})
    sides = (_side(one), _side(other))
    if set(sides) != {"$left", "$right"}:
        env.report(codes.join_condition(span))
        return None
    here = env.with_row(row)
    a, b = here.expression(one), here.expression(other)
    if isinstance(a, Invalid) or isinstance(b, Invalid):
        return None
    return _same_type(env, a, b, span) if sides[0] == "$left" else _same_type(env, b, a, span)


def _side(node: Expression) -> str:
    if isinstance(node, PathExpression) and isinstance(node.base, NameReference):
        return node.base.name
    return ""


def _same_type(env: Env, left: Expr, right: Expr, span: Span) -> Key | None:
    column = right.column if isinstance(right, ColumnRef) else None
    if Type.DYNAMIC in (left.type, right.type):
        env.report(codes.dynamic_key(span, "a join key"))
        return None
    if left.type is right.type:
        return Key(left, right, column)
    if {left.type, right.type} == {Type.INT, Type.LONG}:
        return Key(promote(left, Type.LONG), promote(right, Type.LONG), column)
    env.report(codes.join_key_types(span, str(left.type), str(right.type)))
    return None
