"""Conditions on the rows of a table, or of a result, that stand in another text than the query."""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.binder.bind import new_env
from bluetick.binder.schema import CatalogSchema
from bluetick.binder.scope import TooLargeError
from bluetick.diagnostics import Diagnostic, SourceText, Span, codes, has_errors, tuning_codes
from bluetick.diagnostics.errors import TuningError
from bluetick.functions.definition import Lowering, ScalarFunction
from bluetick.plan.expressions import Expr, InTable, Invalid, ScalarQuery, walk
from bluetick.plan.relations import Relation
from bluetick.syntax.expressions import Expression
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Rows that a run leaves out: those of `table` (of the result, where it is None) for which `where` is true.

    The condition stands at `span` of `text`, and so do all spans in it; the table's name stands at `table_span`.
    """

    table: str | None
    where: Expression
    span: Span
    table_span: Span
    text: SourceText


def bind_exclusion(
    exclusion: Exclusion, over: Relation, catalog: CatalogSchema, lowering: Callable[[ScalarFunction], Lowering] | None
) -> Expr:
    """The condition over the columns of a relation; TuningError says what is wrong with it, and where."""
    env = new_env(catalog)
    env.state.lowering = lowering
    try:
        value = env.over(over).expression(exclusion.where)
    except (RecursionError, TooLargeError):
        env.report(codes.plan_too_large(exclusion.span, "too many expressions"))
        value = Invalid()
    found = [*env.state.diagnostics, *_beyond_the_row(exclusion, value)]
    if not found and value.type is not Type.BOOL:
        found.append(tuning_codes.no_condition(exclusion.span, str(value.type)))
    if has_errors(found):
        raise TuningError(sorted(found, key=lambda d: d.span.start), exclusion.text)
    return value


def _beyond_the_row(exclusion: Exclusion, value: Expr) -> list[Diagnostic]:
    """A condition that reads another table: what it leaves out would change with rows that nobody looks at."""
    if any(isinstance(part, ScalarQuery | InTable) for part in walk(value)):
        return [tuning_codes.reads_a_table(exclusion.span)]
    return []
