"""Plugins that KQL itself can say: a text of ours over tables and values that the call gives."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from bluetick.binder.lambdas import declare_let
from bluetick.binder.scope import Env, ScalarSymbol, Scope, TabularSymbol
from bluetick.diagnostics import Span
from bluetick.plan.expressions import Column, ColumnRef, Expr
from bluetick.plan.rebuilding import with_inputs
from bluetick.plan.relations import (
    Aggregate,
    Binding,
    Filter,
    Join,
    Limit,
    Project,
    Reference,
    Relation,
    Sort,
    inputs,
)
from bluetick.syntax.parser import parse
from bluetick.syntax.statements import LetStatement, Query, QueryStatement


def bind_macro(
    env: Env, span: Span, text: str, tables: Mapping[str, Relation], values: Mapping[str, Expr]
) -> Relation | None:
    """The relation that a text gives, with these names and no others in sight; problems are told at `span`."""
    scope = Scope()
    given = {name: Binding(name, relation) for name, relation in tables.items()}
    scope.names |= {name: TabularSymbol(binding) for name, binding in given.items()}
    scope.names |= {name: ScalarSymbol(value) for name, value in values.items()}
    inner = replace(env, scope=scope, row=None, windows=None, hidden=None, ungrouped=None)
    reported = env.state.diagnostics
    before = len(reported)
    relation = None
    for statement in _parsed(text).statements:
        match statement:
            case LetStatement():
                declare_let(inner, statement)
            case QueryStatement(pipeline=pipeline):
                relation = inner.pipeline(pipeline)
    span = env.state.place(span)
    reported[before:] = [replace(diagnostic, span=span) for diagnostic in reported[before:]]
    return None if relation is None else _placed(relation, span, {id(b): b for b in given.values()})


def _placed(relation: Relation, span: Span, done: dict[int, Binding]) -> Relation:
    """The relation with its filters at the call, and other steps nowhere: their own places are in a text that the user
    does not see."""
    if isinstance(relation, Reference):
        old = relation.binding
        if id(old) not in done:
            done[id(old)] = Binding(old.name, _placed(old.relation, span, done), old.materialized)
        return Reference(done[id(old)], relation.columns)
    anew = with_inputs(relation, [_placed(below, span, done) for below in inputs(relation)])
    match anew:
        case Filter(predicates=predicates):
            return replace(anew, spans=(span,) * len(predicates))
        case Aggregate() | Join() | Limit() | Sort():
            return replace(anew, span=None)
        case _:
            return anew


def renamed(env: Env, rows: Relation, names: list[str]) -> Relation:
    """The relation with its columns under these names."""
    items = [(env.state.column(name, c.type), ColumnRef(c)) for name, c in zip(names, rows.columns, strict=True)]
    return Project(rows, tuple(items))


def chosen(env: Env, rows: Relation, columns: Mapping[str, Column | Expr]) -> Project:
    """Columns of the rows, or expressions over them, under the names that a text has for them."""
    items = []
    for name, given in columns.items():
        value = ColumnRef(given) if isinstance(given, Column) else given
        items.append((env.state.column(name, value.type), value))
    return Project(rows, tuple(items))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Query:
    query, problems = parse(text)
    if problems:
        raise AssertionError(f"a plugin's own text does not parse: {problems[0].message}\n{text}")
    return query
