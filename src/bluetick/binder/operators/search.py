"""search: rows of many tables in which a word stands.

https://learn.microsoft.com/kusto/query/search-operator
"""

from bluetick.binder.operators.any_column import any_column_predicate
from bluetick.binder.operators.join import word
from bluetick.binder.operators.searched_tables import searched_legs
from bluetick.binder.operators.union import Leg, combine
from bluetick.binder.scope import Env, TabularSymbol
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Invalid
from bluetick.plan.relations import Filter, Limit, Project, Reference, Relation, Scan, Sort
from bluetick.syntax.operators import SearchOperator

_KINDS = ("default", "case_insensitive", "case_sensitive")


def bind_search(env: Env, node: SearchOperator, rows: Relation | None) -> Relation | None:
    """$table first, then the columns of all tables; as an operator it searches the rows before it."""
    kind = next((p for p in node.parameters if p.name == "kind"), None)
    if kind is not None and word(kind) not in _KINDS:
        env.report(codes.bad_parameter(kind.span, "kind", ", ".join(_KINDS)))
        return None
    if rows is not None and node.tables:
        env.report(codes.bad_argument(node.span, "search", "behind a pipe it searches the rows before it, not tables"))
        return None
    legs = searched_legs(env, node.tables, node.span) if rows is None else [Leg(rows, _table_of(env, rows))]
    if not legs:
        return None
    if any(column.name == "$table" for leg in legs for column in leg.relation.columns):
        env.report(codes.form_not_supported(node.span, "search over what a search has found", "join them by 'and'"))
        return None
    found = combine(env, legs, "$table", node.span)
    is_exact = kind is not None and word(kind) == "case_sensitive"
    predicate = any_column_predicate(env.over(found), node.predicate, found.columns[1:], exact=is_exact)
    return None if isinstance(predicate, Invalid) else Filter(found, (predicate,))


def _table_of(env: Env, rows: Relation) -> str:
    """The table's or let's name; of rows that are of none, the name that union gives."""
    match rows:
        case Scan(table=table):
            return table
        case Reference(binding=binding) if isinstance(env.scope.find(binding.name), TabularSymbol):
            return binding.name
        case Filter(input=inner) | Project(input=inner) | Sort(input=inner) | Limit(input=inner):
            return _table_of(env, inner)
        case _:
            return "union_arg0"
