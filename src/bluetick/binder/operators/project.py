"""project, extend, project-away, project-keep, project-rename, project-reorder."""

import re
from collections.abc import Iterable

from bluetick.binder.names import Names, own_name
from bluetick.binder.operators.tuples import spread_tuples
from bluetick.binder.operators.windows import over_rows, with_windows
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
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

Items = list[tuple[Column, Expr]]


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


def computed(env: Env, item: NamedExpression, names: Names) -> tuple[Column, Expr] | None:
    """One named or unnamed item as an output column; a name that stands twice is reported."""
    value = env.expression(item.value)
    if isinstance(value, Invalid):
        return None
    if len(item.names) > 1 or item.tuple_form:
        env.report(codes.form_not_supported(item.span, "several names for one expression"))
        return None
    if item.names:
        name = item.names[0].text
        if name in names.taken:
            env.report(codes.duplicate_column(item.span, name))
            return None
        names.taken.add(name)
    else:
        own = own_name(item.value, value)
        name = names.claim(own) if own else names.generate(env.state.unnamed)
    return env.state.column(name, value.type), value


def _bind_list(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    here, calls = over_rows(env, rows)
    names = Names()
    items = [computed(here, item, names) for item in spread_tuples(env, node.items)]
    done = [item for item in items if item is not None]
    if len(done) < len(items):
        return None
    return Project(with_windows(rows, calls), tuple(done))


def _bind_extend(env: Env, node: ProjectOperator, rows: Relation) -> Relation | None:
    """A name that exists is replaced where it stands; new ones follow. Siblings do not see each other."""
    here, calls = over_rows(env, rows)
    existing = {column.name for column in rows.columns}
    names = Names(existing)
    replaced: dict[str, tuple[Column, Expr]] = {}
    added: Items = []
    failed = False
    for item in spread_tuples(env, node.items):
        done = computed(here, item, names)
        if done is None:
            failed = True
        elif done[0].name in existing:
            replaced[done[0].name] = done
        else:
            added.append(done)
    if failed:
        return None
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
    """Listed columns first; the columns of a pattern as they stand, or sorted by name where asked for."""
    front: list[Column] = []
    for item in node.items:
        found = matching(env, item.value, [c for c in rows.columns if c not in front])
        if found is None:
            return None
        front.extend(_sorted_by_name(item, found))
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
