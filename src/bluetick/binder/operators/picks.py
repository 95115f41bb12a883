"""arg_max, arg_min, take_any (one row of each group) and percentiles (several columns): Kusto's own naming rules."""

from dataclasses import dataclass

from bluetick.binder.calls import choose, promote
from bluetick.binder.names import Names, default_name
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_aggregate
from bluetick.plan.evaluation import folded
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import AggregateCall, PickRow, Relation
from bluetick.syntax.expressions import CallExpression, Expression, NamedExpression, Star


@dataclass(frozen=True, slots=True)
class Pick:
    """descending None: no maximised expression. `conditional`: the last argument is a predicate."""

    descending: bool | None
    prefix: str
    conditional: bool = False


PICKS: dict[str, Pick] = {
    "arg_max": Pick(True, "max"),
    "argmax": Pick(True, "max"),
    "arg_min": Pick(False, "min"),
    "argmin": Pick(False, "min"),
    "take_any": Pick(None, ""),
    "any": Pick(None, "any"),
    "take_anyif": Pick(None, "", conditional=True),
    "anyif": Pick(None, "anyif", conditional=True),
}


def bind_pick(
    env: Env, call: CallExpression, item: NamedExpression, rows: Relation, names: Names, groups: set[str]
) -> PickRow | None:
    pick = PICKS[call.name.text]
    arguments = [a.value for a in call.arguments]
    own_names = [a.name.text if a.name is not None else "" for a in call.arguments]
    if len(arguments) < (1 if pick.descending is None else 2) + pick.conditional and not (
        pick.descending is not None and len(arguments) == 1
    ):
        env.report(codes.wrong_argument_count(call.span, call.name.text, "at least 1 argument", len(arguments)))
        return None
    condition = env.expression(arguments.pop()) if pick.conditional else None
    by = env.expression(arguments[0]) if pick.descending is not None else None
    given = [name.text for name in item.names]
    items: list[tuple[Column, Expr]] = []
    covered: set[str] = set(groups)
    for index, argument in enumerate(arguments):
        if isinstance(argument, Star):
            items.extend(_star(env, rows, covered, names, pick))
            continue
        value = by if by is not None and index == 0 else env.expression(argument)
        if isinstance(value, Invalid):
            return None
        own = own_names[index] or _own_name(pick, argument, is_maximised=by is not None and index == 0)
        if isinstance(value, ColumnRef):
            covered.add(value.column.name)
        name = given[index] if index < len(given) else own
        chosen = names.claim(name) if name else names.generate(env.state.unnamed)
        items.append((env.state.column(chosen, value.type), value))
    if isinstance(by, Invalid) or isinstance(condition, Invalid):
        return None
    return PickRow(by, bool(pick.descending), tuple(items), condition)


def _own_name(pick: Pick, argument: Expression, *, is_maximised: bool) -> str:
    """arg_max(t, a) gives t and a under their own names; arg_max(a + 1, b) gives max_; any(x) gives any_x."""
    own = default_name(argument)
    if is_maximised:
        return own or f"{pick.prefix}_"
    if pick.prefix in ("any", "anyif"):
        return f"{pick.prefix}_{own}"
    return own


def _star(env: Env, rows: Relation, covered: set[str], names: Names, pick: Pick) -> list[tuple[Column, Expr]]:
    """Every column that is neither a group key nor named already."""
    prefix = f"{pick.prefix}_" if pick.prefix in ("any", "anyif") else ""
    return [
        (env.state.column(names.claim(prefix + c.name), c.type), ColumnRef(c))
        for c in rows.columns
        if c.name not in covered
    ]


# How many arguments of a row stand before the percentiles, and which aggregate gives one of them.
PERCENTILES: dict[str, tuple[int, str]] = {"percentiles": (1, "percentile"), "percentilesw": (2, "percentilew")}


def bind_percentiles(env: Env, call: CallExpression, item: NamedExpression, names: Names) -> list[AggregateCall]:
    """percentiles(a, 50, 95): one column each, percentile_a_50 and percentile_a_95; so with weights."""
    leading, name = PERCENTILES[call.name.text]
    function = find_aggregate(name)
    if function is None or len(call.arguments) <= leading:
        expected = f"at least {leading + 1} arguments"
        env.report(codes.wrong_argument_count(call.span, call.name.text, expected, len(call.arguments)))
        return []
    values = [env.expression(argument.value) for argument in call.arguments[:leading]]
    own = default_name(call.arguments[0].value)
    found: list[AggregateCall] = []
    for index, argument in enumerate(call.arguments[leading:]):
        rank = folded(env.expression(argument.value))
        args = (*values, rank)
        if any(isinstance(arg, Invalid) for arg in args):
            return []
        match = choose(env, function, args, call.span)
        if match is None or not isinstance(rank, Literal):
            return []
        written = str(rank.value).replace(".", "_")
        wanted = item.names[index].text if index < len(item.names) else f"percentile_{own}_{written}"
        column = env.state.column(names.claim(wanted), match.signature.result(match.types))
        promoted = tuple(promote(arg, type_) for arg, type_ in zip(args, match.types, strict=True))
        found.append(AggregateCall(column, function, promoted))
    return found
