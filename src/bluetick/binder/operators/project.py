"""project, extend, project-away, project-keep, project-rename, project-reorder."""

import re
from collections.abc import Iterable

from bluetick.binder.names import Names, own_name
from bluetick.binder.operators.tuples import Items, claimed, spread_parts, spread_tuples
from bluetick.binder.operators.windows import over_rows, with_windows
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Call, Column, ColumnRef, Invalid, Literal
from bluetick.plan.relations import Project, Relation
from bluetick.syntax.expressions import (
    CallExpression,
    Expression,
    NamedExpression,
    NamePattern,
    NameReference,
    OrderedExpression,
)
from bluetick.syntax.operators import ProjectOperator, ProjectReorderOperator


def bind_project(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    match node.kind:
        case "project":
            return _bind_list(env, node, rows)
        case "extend":
            return _bind_extend(env, node, rows)
        case "project-away":
            return _bind_away(env, node, rows)
        case "project-keep":
            return _bind_keep(env, node, rows)
        case "project-rename":
            return _bind_rename(env, node, rows)
        case _:
            return _bind_by_names(env, node, rows)


def keep(columns: Iterable[Column]) -> Items:
    return [(column, ColumnRef(column)) for column in columns]


def computed(
    env: Env, item: NamedExpression, names: Names, unnamed: str = "", *, only_named: bool = False
) -> Items | None:
    """One named or unnamed item as output columns: one, or one for each part of a call that has several results.

    A name that stands twice is reported. With `unnamed` an item has no name of its own but this. With `only_named` a
    call whose first results have names gives no others.
    """
    value = env.expression(item.value)
    if isinstance(value, Invalid):
        return None
    if isinstance(value, Call) and value.function.parts:
        return spread_parts(env, item, value, names, only_named=only_named)
    if len(item.names) > 1:
        env.report(codes.form_not_supported(item.span, "several names for one expression"))
        return None
    if item.names:
        if not claimed(env, item, item.names[0].text, names):
            return None
        name = item.names[0].text
    else:
        own = unnamed or own_name(item.value, value)
        name = names.claim(own) if own else names.generate(env.state.unnamed)
    return [(env.state.column(name, value.type), value)]


def computed_all(env: Env, items: Iterable[NamedExpression], names: Names) -> Items | None:
    """The output columns of a list of items; None once something in it is reported."""
    done = [computed(env, item, names) for item in spread_tuples(env, items)]
    found = [columns for columns in done if columns is not None]
    return [column for columns in found for column in columns] if len(found) == len(done) else None


def _bind_list(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    here, calls = over_rows(env, rows)
    names = Names()
    items = computed_all(here, node.items, names)
    return None if items is None else Project(with_windows(rows, calls), tuple(items))


def _bind_extend(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    """A name that exists is replaced where it stands; new ones follow. Siblings do not see each other."""
    here, calls = over_rows(env, rows)
    existing = {column.name for column in rows.columns}
    made = computed_all(here, node.items, Names(existing))
    if made is None:
        return None
    replaced = {column.name: (column, value) for column, value in made if column.name in existing}
    added = [(column, value) for column, value in made if column.name not in existing]
    items = [replaced.get(c.name, (c, ColumnRef(c))) for c in rows.columns]
    return Project(with_windows(rows, calls), (*items, *added))


def matching(env: Env, node: Expression, columns: Iterable[Column]) -> list[Column] | None:
    """The columns that a name or a pattern stands for; None once reported that there are none."""
    match node:
        case NameReference(name=name):
            found = [c for c in columns if c.name == name]
            if not found:
                env.report(codes.unresolved_column(node.span, name, (c.name for c in columns)))
        case NamePattern(pattern=pattern):
            wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
            found = [c for c in columns if wanted.fullmatch(c.name)]
            if not found:
                env.report(codes.pattern_matches_nothing(node.span, pattern))
        case _:
            env.report(codes.form_not_supported(node.span, "an expression here (a column name or pattern is expected)"))
            found = []
    return found or None


def _listed(env: Env, node: ProjectOperator, rows: Relation) -> set[int] | None:
    listed: set[int] = set()
    failed = False
    for item in node.items:
        found = matching(env, item.value, rows.columns)
        failed |= found is None
        listed |= {c.id for c in found or ()}
    return None if failed else listed


def _bind_away(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    listed = _listed(env, node, rows)
    if listed is None:
        return None
    return Project(rows, tuple(keep(c for c in rows.columns if c.id not in listed)))


def _bind_keep(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    listed = _listed(env, node, rows)
    if listed is None:
        return None
    return Project(rows, tuple(keep(c for c in rows.columns if c.id in listed)))


def _bind_by_names(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    """project-by-names: constants that hold names or patterns; what no column has is passed over."""
    listed: list[Column] = []
    for item in node.items:
        names = _constant_names(env, item.value)
        if names is None:
            env.report(codes.constant_expected(item.span, "a list of column names"))
            return None
        for name in names:
            wanted = re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)
            listed += [c for c in rows.columns if wanted.fullmatch(c.name) and c not in listed]
    return Project(rows, tuple(keep(listed)))


def _constant_names(env: Env, node: Expression) -> list[str] | None:
    """The names in a text, an array of texts, or column_names_of(T)."""
    if isinstance(node, CallExpression) and node.name.text == "column_names_of" and len(node.arguments) == 1:
        table = env.without_row().tabular(node.arguments[0].value)
        return None if table is None else [c.name for c in table.columns]
    value = env.without_row().expression(node)
    found = value.value if isinstance(value, Literal) else None
    names = found if isinstance(found, list) else [found]
    return [str(name) for name in names] if all(isinstance(name, str) for name in names) else None


def _bind_rename(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    renamed: dict[int, str] = {}
    for item in node.items:
        found = matching(env, item.value, rows.columns)
        if found is None or not item.names:
            if not item.names:
                env.report(codes.form_not_supported(item.span, "project-rename without a new name"))
            return None
        renamed[found[0].id] = item.names[0].text
    names: set[str] = set()
    items: Items = []
    for column in rows.columns:
        name = renamed.get(column.id, column.name)
        if name in names or (column.id not in renamed and name in renamed.values()):
            env.report(codes.duplicate_column(node.span, name))
            return None
        names.add(name)
        new = env.state.column(name, column.type) if column.id in renamed else column
        items.append((new, ColumnRef(column)))
    return Project(rows, tuple(items))


def bind_reorder(env: Env, node: ProjectReorderOperator, rows: Relation) -> Relation | None:
    """Listed columns first; the columns of a pattern as they stand, or sorted by name where asked for. A column that is
    listed twice stands where it is first."""
    front: list[Column] = []
    for item in node.items:
        found = matching(env, item.value, rows.columns)
        if found is None:
            return None
        front.extend(_sorted_by_name(item, [c for c in found if c not in front]))
    return Project(rows, tuple(keep((*front, *(c for c in rows.columns if c not in front)))))


def _sorted_by_name(item: OrderedExpression, found: list[Column]) -> list[Column]:
    match item.direction:
        case None:
            return found
        case "asc" | "desc":
            return sorted(found, key=lambda c: c.name, reverse=item.direction == "desc")
        case _:
            return sorted(found, key=lambda c: _natural(c.name), reverse=item.direction == "granny-desc")


def _natural(name: str) -> list[tuple[int, int, str]]:
    """granny order: numbers inside names count as numbers (a2 before a10)."""
    return [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in re.split(r"(\d+)", name) if p]
