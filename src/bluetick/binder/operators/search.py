"""search and find: rows of many tables in which a word stands, and the predicates over every column that they bring.

A bare text looks in every string and dynamic column. Whether Kusto compares a number, a time or a guid by its text is
not documented, so a text that could be one is refused where a table has such a column.
"""

import re
from functools import reduce

from bluetick.binder.calls import call_operator
from bluetick.binder.expressions import bind_predicate
from bluetick.binder.operators.join import word
from bluetick.binder.operators.project import keep
from bluetick.binder.operators.union import Leg, combine
from bluetick.binder.scope import Env, TabularSymbol
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Filter, Limit, Project, Reference, Relation, Scan, Sort
from bluetick.syntax import expressions as syntax
from bluetick.syntax.expressions import Expression, NamePattern, NameReference
from bluetick.syntax.operators import FindOperator, OperatorParameter, SearchOperator
from bluetick.types import Type

_TEXTS = (Type.STRING, Type.DYNAMIC)
# What the text of a value can look like, whole or in part.
_LOOKS = {
    Type.INT: re.compile(r"-?\d+"),
    Type.LONG: re.compile(r"-?\d+"),
    Type.REAL: re.compile(r"[-+]?[\d.e+-]+|nan|[-+]?inf\w*", re.IGNORECASE),
    Type.DECIMAL: re.compile(r"-?[\d.]+"),
    Type.BOOL: re.compile(r"t?r?u?e?|f?a?l?s?e?|[01]", re.IGNORECASE),
    Type.DATETIME: re.compile(r"[\dTZ:. /-]+", re.IGNORECASE),
    Type.TIMESPAN: re.compile(r"[-\d:.]+"),
    Type.GUID: re.compile(r"[0-9a-f-]+", re.IGNORECASE),
}


def bind_search(env: Env, node: SearchOperator, rows: Relation | None) -> Relation | None:
    """$table first, then the columns of all tables; as an operator it searches the rows before it."""
    legs = _legs(env, node.tables, node.span) if rows is None or node.tables else _own_leg(env, node, rows)
    if not legs:
        return None
    found = combine(env, legs, "$table")
    is_exact = _is_case_sensitive(node.parameters)
    predicate = any_column_predicate(env.over(found), node.predicate, found.columns[1:], exact=is_exact)
    return None if isinstance(predicate, Invalid) else Filter(found, (predicate,))


def bind_find(env: Env, node: FindOperator, rows: Relation | None) -> Relation | None:
    """find with its columns listed; source_ first."""
    if node.project is None or node.pack or node.project_smart or node.project_away:
        hint = "list the columns after 'project', without pack(*)"
        env.report(codes.form_not_supported(node.span, "find with packed columns", hint))
        return None
    if rows is not None:
        env.report(codes.form_not_supported(node.span, "find behind a pipe"))
        return None
    legs = _legs(env, node.tables, node.span)
    if not legs:
        return None
    marker = next((p for p in node.parameters if p.name in ("withsource", "with_source")), None)
    found = combine(env, legs, word(marker) if marker is not None else "source_")
    predicate = any_column_predicate(env.over(found), node.predicate, found.columns[1:], exact=False)
    if isinstance(predicate, Invalid):
        return None
    kept = [found.columns[0]]
    for declared in node.project:
        column = next((c for c in found.columns[1:] if c.name == declared.name.text), None)
        if column is None:
            env.report(codes.unresolved_column(declared.span, declared.name.text, (c.name for c in found.columns)))
            return None
        if declared.type is not None and declared.type is not column.type:
            env.report(codes.form_not_supported(declared.span, "a find column of another type than the table's"))
            return None
        kept.append(column)
    return Project(Filter(found, (predicate,)), tuple(keep(kept)))


def _is_case_sensitive(parameters: tuple[OperatorParameter, ...]) -> bool:
    return any(p.name == "kind" and word(p) == "case_sensitive" for p in parameters)


def _legs(env: Env, tables: tuple[Expression, ...], span: Span) -> list[Leg]:
    """The tables that are named, or all of the catalog."""
    legs: list[Leg] = []
    for name in _table_names(env, tables, span):
        relation = env.tabular(NameReference(span, name))
        if relation is None:
            return []
        legs.append(Leg(relation, name))
    if not legs and not tables:
        env.report(codes.unresolved_table(span, "search", ()))
    return legs


def _table_names(env: Env, tables: tuple[Expression, ...], span: Span) -> list[str]:
    if not tables:
        return sorted(env.state.catalog.names())
    names: list[str] = []
    for table in tables:
        match table:
            case NameReference(name=name):
                names.append(name)
            case NamePattern(pattern=pattern):
                wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
                found = sorted(n for n in env.state.catalog.names() if wanted.fullmatch(n))
                if not found:
                    env.report(codes.unresolved_table(table.span, pattern, ()))
                names += found
            case _:
                env.report(codes.form_not_supported(span, "this kind of table in 'in (...)'"))
                return []
    return list(dict.fromkeys(names))


def _own_leg(env: Env, node: SearchOperator, rows: Relation) -> list[Leg]:
    name = _table_of(env, rows)
    if not name:
        env.report(codes.form_not_supported(node.span, "search behind operators that hide which table a row is of"))
        return []
    return [Leg(rows, name)]


def _table_of(env: Env, rows: Relation) -> str:
    match rows:
        case Scan(table=table):
            return table
        case Reference(binding=binding):
            symbol = env.scope.find(binding.name)
            return binding.name if isinstance(symbol, TabularSymbol) else ""
        case Filter(input=inner) | Project(input=inner) | Sort(input=inner) | Limit(input=inner):
            return _table_of(env, inner)
        case _:
            return ""


# --- predicates over every column ----------------------------------------------------------------------------


def any_column_predicate(env: Env, node: Expression, columns: tuple[Column, ...], *, exact: bool) -> Expr:
    """A predicate in which a text alone, and `*`, stand for every column; Invalid once reported."""
    match node:
        case syntax.Literal(value=str() as text, type=Type.STRING):
            return _any_has(env, text, columns, node.span, exact=exact)
        case syntax.BinaryExpression(operator="and" | "or" as operator, left=left, right=right):
            sides = [any_column_predicate(env, side, columns, exact=exact) for side in (left, right)]
            return call_operator(env, operator, sides, node.span)
        case syntax.BinaryExpression(operator=":", left=left, right=syntax.Literal(value=str() as text)):
            return _column_has(env, left, text, columns, node.span, exact=exact)
        case syntax.BinaryExpression(operator=operator, left=syntax.Star(), right=right):
            return _any_compares(env, operator, env.expression(right), columns, node.span)
        case syntax.CallExpression(name=syntax.Name(text="not"), arguments=(argument,), base=None):
            inner = any_column_predicate(env, argument.value, columns, exact=exact)
            return call_operator(env, "not", (inner,), node.span)
        case _:
            return bind_predicate(env, node, "the predicate")


def has_star(node: Expression) -> bool:
    """Whether `*` stands for every column somewhere in a predicate."""
    match node:
        case syntax.BinaryExpression(operator="and" | "or", left=left, right=right):
            return has_star(left) or has_star(right)
        case syntax.BinaryExpression(left=syntax.Star()):
            return True
        case syntax.CallExpression(name=syntax.Name(text="not"), arguments=(argument,)):
            return has_star(argument.value)
        case _:
            return False


def _column_has(env: Env, left: Expression, text: str, columns: tuple[Column, ...], span: Span, *, exact: bool) -> Expr:
    if isinstance(left, syntax.Star):
        return _any_has(env, text, columns, span, exact=exact)
    value = env.expression(left)
    if isinstance(value, Invalid):
        return value
    if value.type not in _TEXTS:
        env.report(codes.form_not_supported(span, f"':' with a column of type {value.type}", "use '=='"))
        return Invalid()
    return _wildcard(env, value, text, span, exact=exact)


def _any_has(env: Env, text: str, columns: tuple[Column, ...], span: Span, *, exact: bool) -> Expr:
    texts = _text_columns(env, text.strip("*"), columns, span)
    if texts is None:
        return Invalid()
    return _any_of(env, [_wildcard(env, ColumnRef(c), text, span, exact=exact) for c in texts], span)


def _any_compares(env: Env, operator: str, value: Expr, columns: tuple[Column, ...], span: Span) -> Expr:
    if isinstance(value, Invalid):
        return value
    if not isinstance(value, Literal) or value.type is not Type.STRING:
        env.report(codes.form_not_supported(span, "'*' compared with anything but a constant text"))
        return Invalid()
    if operator.startswith("!"):
        env.report(codes.form_not_supported(span, f"'*' with '{operator}'"))
        return Invalid()
    texts = _text_columns(env, str(value.value), columns, span)
    if texts is None:
        return Invalid()
    tests = [call_operator(env, operator, (_as_text(env, ColumnRef(c), span), value), span) for c in texts]
    return _any_of(env, tests, span)


def _text_columns(env: Env, text: str, columns: tuple[Column, ...], span: Span) -> list[Column] | None:
    """The columns to look in; None once reported that the text could be the value of another one."""
    for column in columns:
        look = _LOOKS.get(column.type)
        if text and look is not None and look.fullmatch(text):
            what = f"a search for '{text}' in column '{column.name}' of type {column.type}"
            env.report(codes.form_not_supported(span, what, "search the columns that you mean, by name"))
            return None
    return [c for c in columns if c.type in _TEXTS]


def _as_text(env: Env, value: Expr, span: Span) -> Expr:
    return value if value.type is Type.STRING else call_operator(env, "tostring", (value,), span)


def _wildcard(env: Env, value: Expr, text: str, span: Span, *, exact: bool) -> Expr:
    """A word; with `*` at an end the beginning, the end or a part of one."""
    bare = text.strip("*")
    if "*" in bare:
        env.report(codes.form_not_supported(span, "'*' inside a searched text"))
        return Invalid()
    if not bare:
        return Literal(True, Type.BOOL)
    match text.startswith("*"), text.endswith("*"):
        case True, True:
            operator = "contains"
        case True, False:
            operator = "hassuffix"
        case False, True:
            operator = "hasprefix"
        case _:
            operator = "has"
    name = f"{operator}_cs" if exact else operator
    return call_operator(env, name, (_as_text(env, value, span), Literal(bare, Type.STRING)), span)


def _any_of(env: Env, tests: list[Expr], span: Span) -> Expr:
    if not tests:
        return Literal(False, Type.BOOL)
    return reduce(lambda one, other: call_operator(env, "or", (one, other), span), tests)
