"""find: rows of many tables that a predicate holds for, with the columns that matter and a bag of the others.

https://learn.microsoft.com/kusto/query/find-operator
"""

from functools import reduce

from bluetick.binder.calls import call_operator
from bluetick.binder.names import Names
from bluetick.binder.operators.any_column import any_column_predicate, names_every_column
from bluetick.binder.operators.conversion import CONVERSIONS
from bluetick.binder.operators.join import word
from bluetick.binder.operators.searched_tables import searched_legs
from bluetick.binder.operators.union import Leg, combine
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, walk
from bluetick.plan.relations import Filter, Project, Relation
from bluetick.syntax.expressions import ColumnDeclaration
from bluetick.syntax.operators import FindOperator
from bluetick.types import Type

Face = tuple[str, Type]  # a column's name and type


def bind_find(env: Env, node: FindOperator, rows: Relation | None) -> Relation | None:
    """The table's name, the chosen columns, then pack_ with the others. Tables that have no column of the predicate
    are left out."""
    if rows is not None or node.project_away:
        what = "find behind a pipe" if rows is not None else "project-away in find"
        env.report(codes.form_not_supported(node.span, what))
        return None
    legs = searched_legs(env, node.tables, node.span)
    marker = next((p for p in node.parameters if p.name in ("withsource", "with_source")), None)
    source = word(marker) if marker is not None else "source_"
    explicit = _explicit(env, node, legs) if legs else None
    if explicit is None:
        return None
    if not names_every_column(node.predicate):
        names = {name for name, _ in explicit}
        legs = [leg for leg in legs if any(c.name in names for c in leg.relation.columns)] or legs
    chosen = _chosen(legs, explicit) if node.project is None else {d.name.text for d in node.project}
    is_packed = node.pack or (node.project is None and _has_more(legs, chosen))
    pack = _pack_name(legs) if is_packed else ""
    packed = [_with_pack(env, node, leg, chosen, pack) for leg in legs] if pack else legs
    found = combine(env, packed, source, node.span)
    searched = tuple(c for c in found.columns[1:] if c.name != pack)
    predicate = any_column_predicate(env.over(found), node.predicate, searched, exact=False)
    items = _declared(env, node.project, searched) if node.project is not None else _listed(searched, chosen)
    if isinstance(predicate, Invalid) or items is None:
        return None
    last = tuple((c, ColumnRef(c)) for c in found.columns if pack and c.name == pack)
    return Project(Filter(found, (predicate,)), ((found.columns[0], ColumnRef(found.columns[0])), *items, *last))


def _explicit(env: Env, node: FindOperator, legs: list[Leg]) -> list[Face] | None:
    """The columns that the predicate names, as they come; None once reported."""
    found = combine(env, legs, "", node.span)
    bound = any_column_predicate(env.over(found), node.predicate, (), exact=False)
    if isinstance(bound, Invalid):
        return None
    columns = (part.column for part in walk(bound) if isinstance(part, ColumnRef))
    return list(dict.fromkeys((c.name, c.type) for c in columns))


def _chosen(legs: list[Leg], explicit: list[Face]) -> list[Face]:
    """project-smart: what all tables have, in the first one's order, then what the predicate names."""
    shared = set.intersection(*({(c.name, c.type) for c in leg.relation.columns} for leg in legs))
    common = [(c.name, c.type) for c in legs[0].relation.columns if (c.name, c.type) in shared]
    return list(dict.fromkeys((*common, *explicit)))


def _has_more(legs: list[Leg], chosen: list[Face] | set[str]) -> bool:
    return any(_rest(leg, chosen) for leg in legs)


def _rest(leg: Leg, chosen: list[Face] | set[str]) -> list[Column]:
    """The columns of a table that are not chosen, by name and type or by name alone."""
    return [c for c in leg.relation.columns if c.name not in chosen and (c.name, c.type) not in chosen]


def _pack_name(legs: list[Leg]) -> str:
    names = Names()
    names.taken = {c.name for leg in legs for c in leg.relation.columns}
    return names.claim("pack_")


def _with_pack(env: Env, node: FindOperator, leg: Leg, chosen: list[Face] | set[str], pack: str) -> Leg:
    """The table with a bag of its own other columns."""
    args: list[Expr] = []
    for column in _rest(leg, chosen):
        args += [Literal(column.name, Type.STRING), ColumnRef(column)]
    bag = call_operator(env, "bag_pack", args, node.span) if args else Literal({}, Type.DYNAMIC)
    kept = tuple((c, ColumnRef(c)) for c in leg.relation.columns)
    return Leg(Project(leg.relation, (*kept, (env.state.column(pack, Type.DYNAMIC), bag))), leg.source)


def _listed(columns: tuple[Column, ...], chosen: list[Face] | set[str]) -> list[tuple[Column, Expr]] | None:
    by_face = {(c.name, c.type): c for c in columns}
    return [(by_face[face], ColumnRef(by_face[face])) for face in chosen if face in by_face]


# --- columns that are listed -----------------------------------------------------------------------------------------


def _declared(
    env: Env, declared: tuple[ColumnDeclaration, ...], columns: tuple[Column, ...]
) -> list[tuple[Column, Expr]] | None:
    """The columns after `project`, each as the type that is written; None once reported."""
    items = [_declared_column(env, declaration, columns) for declaration in declared]
    done = [item for item in items if item is not None]
    return done if len(done) == len(items) else None


def _declared_column(env: Env, declared: ColumnDeclaration, columns: tuple[Column, ...]) -> tuple[Column, Expr] | None:
    name = declared.name.text
    found = [c for c in columns if c.name == name]
    split = [c for t in Type for c in columns if c.name == f"{name}_{t}" and c.type is t] if not found else []
    if not found and len(split) < 2:
        env.report(codes.unresolved_column(declared.span, name, (c.name for c in columns)))
        return None
    if declared.type is None and split:
        hint = f"write the type that it is to have, as in {name}:string"
        env.report(codes.form_not_supported(declared.span, f"column '{name}', of several types here,", hint))
        return None
    if declared.type is None or (found and found[0].type is declared.type):
        return found[0], ColumnRef(found[0])
    wanted = declared.type
    values = [_converted(env, declared, c, wanted) for c in (*found, *split)]
    operator = "strcat" if wanted is Type.STRING else "coalesce"
    value = reduce(lambda a, b: call_operator(env, operator, (a, b), declared.span), values)
    return None if isinstance(value, Invalid) else (env.state.column(name, wanted), value)


def _converted(env: Env, declared: ColumnDeclaration, column: Column, wanted: Type) -> Expr:
    """Of a table that does not have the column it is null, and of a text empty."""
    if column.type is wanted:
        return ColumnRef(column)
    return call_operator(env, CONVERSIONS[wanted], (ColumnRef(column),), declared.span)
