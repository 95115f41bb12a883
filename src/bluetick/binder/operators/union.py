"""union, as an operator and as a source: all rows of every leg."""

import re
from dataclasses import dataclass

from bluetick.binder.names import Names
from bluetick.binder.operators.join import word
from bluetick.binder.scope import Env, FunctionSymbol
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Literal
from bluetick.plan.relations import Binding, Reference, Relation, Scan, Union
from bluetick.syntax.expressions import NamePattern, NameReference
from bluetick.syntax.operators import (
    AsOperator,
    ExpressionSource,
    OperatorParameter,
    Pipeline,
    UnionOperator,
)
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg and the name that withsource gives its rows."""

    relation: Relation
    source: str


def bind_union(env: Env, node: UnionOperator, rows: Relation | None) -> Relation | None:
    options = {p.name: p for p in node.parameters}
    fuzzy = _is_fuzzy(options)
    legs: list[Leg] = [Leg(rows, _name_of(rows))] if rows is not None else []
    failed = False
    outside = env.without_row() if rows is not None else env
    for leg in node.legs:
        found = _bind_leg(outside, leg, fuzzy, len(legs))
        failed |= found is None
        legs.extend(found or ())
    if failed:
        return None
    if not legs:
        env.report(codes.unresolved_table(node.span, "union", ()))
        return None
    kind = options.get("kind")
    inner = kind is not None and word(kind) == "inner"
    if kind is not None and word(kind) not in ("inner", "outer"):
        env.report(codes.bad_parameter(kind.span, "kind", "inner, outer"))
        return None
    source = options.get("withsource") or options.get("with_source")
    return combine(env, legs, word(source) if source is not None else "", inner=inner)


def _name_of(rows: Relation) -> str:
    """The name of a piped table, let or `as`; of other rows the one that Kusto generates."""
    match rows:
        case Scan(table=name) | Reference(binding=Binding(name=name)):
            return name
        case _:
            return "union_arg0"


def _is_fuzzy(options: dict[str, OperatorParameter]) -> bool:
    return "isfuzzy" in options and word(options["isfuzzy"]) == "true"


def _bind_leg(env: Env, leg: Pipeline, fuzzy: bool, index: int) -> list[Leg] | None:
    source = leg.source
    if isinstance(source, ExpressionSource) and isinstance(source.expression, NamePattern):
        return _bind_pattern(env, leg, source.expression)
    before = len(env.state.diagnostics)
    relation = env.pipeline(leg)
    if relation is not None:
        return [Leg(relation, _source_name(leg, index))]
    if not fuzzy or not isinstance(source, ExpressionSource) or not isinstance(source.expression, NameReference):
        return None
    if env.is_tabular(source.expression):
        return None
    del env.state.diagnostics[before:]
    env.report(codes.unresolved_leg(source.span, source.expression.name))
    return []


def _bind_pattern(env: Env, leg: Pipeline, node: NamePattern) -> list[Leg] | None:
    """Every table, and every let declared with `view`, whose name fits."""
    wanted = re.compile(".*".join(re.escape(part) for part in node.pattern.split("*")))
    names = [n for n in env.state.catalog.names() if wanted.fullmatch(n)]
    names += [n for n in dict.fromkeys(env.scope.all_names()) if wanted.fullmatch(n) and _is_view(env, n)]
    if not names:
        env.report(codes.unresolved_table(node.span, node.pattern, ()))
        return None
    legs = []
    for name in sorted(names):
        relation = env.tabular(NameReference(node.span, name))
        if relation is None:
            return None
        legs.append(Leg(relation, name))
    return legs


def _is_view(env: Env, name: str) -> bool:
    symbol = env.scope.find(name)
    return isinstance(symbol, FunctionSymbol) and symbol.declaration.is_view and not symbol.declaration.parameters


def _source_name(leg: Pipeline, index: int) -> str:
    """The table's or let's name, the name given by `as`, else union_argN."""
    named = next((o.name.text for o in reversed(leg.operators) if isinstance(o, AsOperator)), "")
    if named:
        return named
    if isinstance(leg.source, ExpressionSource) and isinstance(leg.source.expression, NameReference):
        return leg.source.expression.name
    return f"union_arg{index}"


def combine(env: Env, legs: list[Leg], source: str, *, inner: bool = False) -> Relation:
    """The union of bound legs: columns by first appearance; a name with several types splits into name_type."""
    types: dict[str, list[Type]] = {}
    for leg in legs:
        for column in leg.relation.columns:
            seen = types.setdefault(column.name, [])
            if column.type not in seen:
                seen.append(column.type)
    if inner:
        shared = set.intersection(*({(c.name, c.type) for c in leg.relation.columns} for leg in legs))
        types = {n: kept for n, ts in types.items() if (kept := [t for t in ts if (n, t) in shared])}
    names = Names()
    names.taken |= {name for name, found in types.items() if len(found) == 1}  # these keep theirs, as the engine does
    output: list[tuple[Column, str]] = []
    for name, found in types.items():
        for type_ in found:
            split = name if len(found) == 1 else names.claim(f"{name}_{type_}")
            output.append((env.state.column(split, type_), name))
    columns = tuple(column for column, _ in output)
    marker = (env.state.column(source, Type.STRING),) if source else ()
    filled = tuple((leg.relation, (*_mark(leg, source), *_fill(leg.relation, output))) for leg in legs)
    return Union(marker + columns, filled)


def _mark(leg: Leg, source: str) -> tuple[Expr, ...]:
    return (Literal(leg.source, Type.STRING),) if source else ()


def _fill(relation: Relation, output: list[tuple[Column, str]]) -> tuple[Expr, ...]:
    have = {(c.name, c.type): c for c in relation.columns}
    return tuple(
        ColumnRef(have[name, column.type])
        if (name, column.type) in have
        else Literal("" if column.type is Type.STRING else None, column.type)
        for column, name in output
    )
