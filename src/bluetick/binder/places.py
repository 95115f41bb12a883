"""Tables of other places: database('x').T, cluster('c').database('d').T, workspace('w').T and their kin.

There is one place here, the session's catalog: a table that it has stands for that of any other place, with a warning;
one that it does not have is refused.
https://learn.microsoft.com/kusto/query/cross-cluster-or-database-queries
"""

import re
from collections.abc import Iterable

from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Literal
from bluetick.syntax.expressions import CallExpression, Expression, PathExpression

PLACES = frozenset({"database", "cluster", "workspace", "app", "resource", "adx", "arg"})
VIEWS = frozenset({"materialized_view", "external_table"})


def is_elsewhere(node: Expression | None) -> bool:
    """A table, or a function, behind a place and a dot; a place itself; a view by its name."""
    match node:
        case CallExpression(name=name, base=None):
            return name.text in PLACES or name.text in VIEWS
        case CallExpression(base=base) | PathExpression(base=base):
            return is_elsewhere(base)
        case _:
            return False


def local_name(env: Env, node: Expression) -> str | None:
    """The name, or the pattern of names, that such a reference ends in; None once reported that it is no table's."""
    match node:
        case PathExpression(name=name):
            found = name.text
        case CallExpression(name=name, arguments=(argument,), base=base) if (
            name.text == "table" and base is not None
        ) or name.text == "materialized_view":
            value = env.expression(argument.value)
            found = str(value.value) if isinstance(value, Literal) else ""
        case CallExpression(name=name):
            env.report(codes.outside_reference(node.span, f"'{name.text}(...)'"))
            return None
        case _:
            found = ""
    if not found:
        env.report(codes.outside_reference(node.span, "a table without a constant name"))
        return None
    return found


def warn_of(env: Env, node: Expression, name: str) -> None:
    """Says once that a table here stands for one of another place."""
    if not _is_own(node):
        env.state.report_once(codes.local_table(node.span, name))


def _is_own(node: Expression | None) -> bool:
    """database().T is the query's own database; so is a materialized view's."""
    match node:
        case PathExpression(base=base) | CallExpression(base=base) if base is not None:
            return _is_own(base)
        case CallExpression(name=name, arguments=()):
            return name.text == "database"
        case CallExpression(name=name):
            return name.text == "materialized_view"
        case _:
            return False


def fitting(pattern: str, names: Iterable[str]) -> list[str]:
    """The names that a pattern with stars stands for, in their order by name."""
    wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
    return sorted(name for name in names if wanted.fullmatch(name))
