"""union, as an operator and as a source: all rows of every leg."""

from dataclasses import dataclass

from bluetick.binder.names import Names
from bluetick.binder.operators.join import word
from bluetick.binder.places import fitting, is_elsewhere, warn_of
from bluetick.binder.scope import Env, FunctionSymbol
from bluetick.binder.stored_functions import may_give_rows
from bluetick.diagnostics import Diagnostic, Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Literal
from bluetick.plan.relations import Binding, Reference, Relation, Scan, Union, Values
from bluetick.plan.traversal import relations_in
from bluetick.syntax.expressions import CallExpression, Expression, Name, NamePattern, NameReference, PathExpression
from bluetick.syntax.operators import (
    AsOperator,
    ExpressionSource,
    OperatorParameter,
    Pipeline,
    UnionOperator,
)
from bluetick.types import Type

_MOST_CHECKED = 60


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg and the name that withsource gives its rows."""

    relation: Relation
    source: str


def bind_union(env: Env, node: UnionOperator, rows: Relation | None) -> Relation | None:
    options = {p.name: p for p in node.parameters}
    kind = options.get("kind")
    if kind is not None and word(kind) not in ("inner", "outer"):
        env.report(codes.bad_parameter(kind.span, "kind", "inner, outer"))
        return None
    legs: list[Leg] = [Leg(rows, _name_of(rows))] if rows is not None else []
    is_sound = True
    outside = env.without_row() if rows is not None else env
    for leg in node.legs:
        found = _bind_leg(outside, leg, legs, fuzzy=_is_fuzzy(env, options))
        is_sound &= found is not None
        legs.extend(found or ())
    if not is_sound:
        return None
    if not legs:
        if env.state.observer is not None:
            env.report(codes.no_leg(node.span))
            return None
        env.state.is_open = True  # a check: the tables may exist where the query will run
        return Values((), ())
    source = options.get("withsource") or options.get("with_source")
    inner = kind is not None and word(kind) == "inner"
    return combine(env, legs, word(source) if source is not None else "", node.span, inner=inner)


def _name_of(rows: Relation) -> str:
    """The name of a piped table, let or `as`; of other rows the one that Kusto generates."""
    match rows:
        case Scan(table=name) | Reference(binding=Binding(name=name)):
            return name
        case _:
            return "union_arg0"


def _is_fuzzy(env: Env, options: dict[str, OperatorParameter]) -> bool:
    if "best_effort" in env.state.options:
        return bool(env.state.options["best_effort"].value)
    return "isfuzzy" in options and word(options["isfuzzy"]) == "true"


def _bind_leg(env: Env, leg: Pipeline, before: list[Leg], *, fuzzy: bool) -> list[Leg] | None:
    """The legs that one stands for; None once reported."""
    source = leg.source.expression if isinstance(leg.source, ExpressionSource) else None
    pattern = _pattern_of(env, source)
    if source is not None and pattern is not None:
        return _bind_pattern(env, source, pattern, before)
    reported = len(env.state.diagnostics)
    relation = env.pipeline(leg)
    if relation is not None:
        if _is_repeated(env, relation, before):
            env.report(codes.repeated_leg(leg.span, _name_of(relation)))
            return []
        return [Leg(relation, _source_name(leg, relation, len(before)))]
    missing = _missing_name(env, source, env.state.diagnostics[reported:]) if fuzzy else ""
    if not missing or source is None:
        return None
    errors = [d for d in env.state.diagnostics[reported:] if d.is_error]
    why = next((d.message for d in errors if not codes.is_missing_table(d)), "")
    del env.state.diagnostics[reported:]
    env.state.is_open |= env.state.observer is None  # its columns may exist where the query will run
    env.report(codes.unchecked_leg(source.span, missing, why) if why else codes.unresolved_leg(source.span, missing))
    return []


def _missing_name(env: Env, source: Expression | None, found: list[Diagnostic]) -> str:
    """The name of a table or function that does not exist, here or as that of another place, or of the function that
    asks for one; empty where that is not the fault. In a stored function that reads no table that is here, whatever is
    wrong is passed over."""
    match source:
        case NameReference(name=name) if not env.is_tabular(source):
            return name
        case PathExpression(name=name) if is_elsewhere(source) and env.state.catalog.find(name.text) is None:
            return name.text
        case NameReference(name=name) | CallExpression(name=Name(text=name)):
            errors = [diagnostic for diagnostic in found if diagnostic.is_error]
            return name if all(map(codes.is_missing_table, errors)) or not may_give_rows(env, name) else ""
        case _:
            return ""


def _is_repeated(env: Env, relation: Relation, before: list[Leg]) -> bool:
    """Whether a table of several places has come already: here it is one."""
    if not isinstance(relation, Scan):
        return False
    same = [r for leg in before if isinstance(r := leg.relation, Scan) and r.table == relation.table]
    return bool(same) and any(r.columns[0].id in env.state.foreign for r in (*same, relation) if r.columns)


def _pattern_of(env: Env, source: Expression | None) -> str | None:
    """The pattern of names that a leg is: T*, *, database('x').T*."""
    match source:
        case NamePattern(pattern=pattern):
            return pattern
        case PathExpression(name=name) if "*" in name.text and is_elsewhere(source):
            return name.text
        case _:
            return None


def _bind_pattern(env: Env, node: Expression, pattern: str, before: list[Leg]) -> list[Leg] | None:
    """Every table, and every let declared with `view`, whose name fits."""
    names = fitting(pattern, env.state.table_names(env.scope))
    is_outside = is_elsewhere(node)
    if is_outside:
        warn_of(env, node, pattern)
    else:
        lets = [n for n in dict.fromkeys(env.scope.all_names()) if _is_view(env, n)]
        names = sorted({*names, *fitting(pattern, lets)})
    if not names:
        env.report(codes.unresolved_table(node.span, pattern, ()))
        return None
    checked = checked_legs(env, names)
    if checked is not None:
        return checked
    legs = []
    for name in names:
        relation = env.tabular(NameReference(node.span, name))
        if relation is None:
            return None
        if is_outside:
            env.state.foreign.update(c.id for c in relation.columns[:1])
        if _is_repeated(env, relation, before):
            env.report(codes.repeated_leg(node.span, name))
            continue
        legs.append(Leg(relation, name))
    return legs


def checked_legs(env: Env, names: list[str]) -> list[Leg] | None:
    """A check knows every table there is, a run those that have data. Very many tables a check takes for two that have
    no rows: one with the columns of all, and one with those that all have. None where each is to be taken."""
    if env.state.observer is not None or len(names) <= _MOST_CHECKED:
        return None
    env.state.is_open = True  # a name of several types splits, and the tables of a run are others
    faces = [face for name in names if (face := env.state.catalog.find(name)) is not None]
    columns = dict.fromkeys(column for face in faces for column in face.columns)
    shared = set.intersection(*(set(face.columns) for face in faces)) if faces else set()
    tables = (list(columns), [column for column in columns if column in shared])
    return [
        Leg(Values(tuple(env.state.column(name, type_) for name, type_ in table), ()), f"{len(names)} tables")
        for table in tables
    ]


def _is_view(env: Env, name: str) -> bool:
    symbol = env.scope.find(name)
    return isinstance(symbol, FunctionSymbol) and symbol.declaration.is_view and not symbol.declaration.parameters


def _source_name(leg: Pipeline, relation: Relation, index: int) -> str:
    """The table's or let's name, the name given by `as`, else union_argN."""
    named = next((o.name.text for o in reversed(leg.operators) if isinstance(o, AsOperator)), "")
    if named:
        return named
    if isinstance(leg.source, ExpressionSource) and isinstance(leg.source.expression, NameReference):
        return leg.source.expression.name
    if isinstance(leg.source, ExpressionSource) and is_elsewhere(leg.source.expression):
        name = next((node.table for node in relations_in(relation) if isinstance(node, Scan)), "")
        return name or f"union_arg{index}"
    return f"union_arg{index}"


def combine(env: Env, legs: list[Leg], source: str, span: Span, *, inner: bool = False) -> Relation:
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
    env.state.spend(len(output) * (len(legs) + 2) // 4, span)
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
