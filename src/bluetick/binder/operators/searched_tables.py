"""The tables that search and find look in."""

from bluetick.binder.operators.union import Leg, checked_legs
from bluetick.binder.places import fitting, is_elsewhere, local_name, warn_of
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.syntax.expressions import Expression, NamePattern, NameReference, PathExpression, PipelineExpression


def searched_legs(env: Env, tables: tuple[Expression, ...], span: Span) -> list[Leg]:
    """The tables that are named, or all of the catalog; none once reported."""
    legs: list[Leg] = []
    for table in tables or (NamePattern(span, "*"),):
        found = _legs(env, table, span, len(legs))
        if not found:
            return []
        known = {leg.source for leg in legs}
        legs += [leg for leg in found if leg.source not in known]
    return legs


def _legs(env: Env, table: Expression, span: Span, index: int) -> list[Leg]:
    match table:
        case NameReference(name=name):
            return _named(env, [name], table.span)
        case NamePattern(pattern=pattern):
            return _fitting(env, table, pattern, span)
        case PipelineExpression():
            relation = env.tabular(table)
            return [] if relation is None else [Leg(relation, f"union_arg{index}")]
        case PathExpression(name=name) if "*" in name.text and is_elsewhere(table):
            warn_of(env, table, name.text)
            return _fitting(env, table, name.text, span)
        case _ if is_elsewhere(table):
            relation, own = env.tabular(table), local_name(env, table)
            return [] if relation is None or own is None else [Leg(relation, own)]
        case _:
            env.report(codes.form_not_supported(span, "this kind of table in 'in (...)'"))
            return []


def _fitting(env: Env, table: Expression, pattern: str, span: Span) -> list[Leg]:
    names = fitting(pattern, env.state.table_names(env.scope))
    if not names:
        env.report(codes.unresolved_table(span if pattern == "*" else table.span, pattern, ()))
    checked = checked_legs(env, names)
    return _named(env, names, table.span) if checked is None else checked


def _named(env: Env, names: list[str], span: Span) -> list[Leg]:
    legs: list[Leg] = []
    for name in names:
        relation = env.tabular(NameReference(span, name))
        if relation is None:
            return []
        legs.append(Leg(relation, name))
    return legs
