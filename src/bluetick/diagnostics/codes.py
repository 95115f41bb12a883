"""Every message of the binder and lowering, one factory each: Kusto's code where Kusto has one, else BTK."""

from collections.abc import Iterable

from bluetick.diagnostics import habits
from bluetick.diagnostics.model import Diagnostic, Severity, Span
from bluetick.diagnostics.nearest import did_you_mean, near_hint, nearest


def unresolved_column(span: Span, name: str, candidates: Iterable[str], where: str = "", hint: str = "") -> Diagnostic:
    """`hint`: a better one than a name that is near."""
    return Diagnostic(
        "SEM0100",
        f"failed to resolve column or scalar expression named '{name}'",
        span,
        note=where,
        hint=hint or habits.NAMES.get(name, "") or near_hint(name, candidates),
    )


def is_missing_column(diagnostic: Diagnostic) -> bool:
    """Whether it says that a column does not exist."""
    return diagnostic.code == "SEM0100" and diagnostic.message.startswith(("failed to resolve column", "no column"))


def unresolved_table(span: Span, name: str, candidates: Iterable[str], hint: str = "") -> Diagnostic:
    return Diagnostic(
        "SEM0100",
        f"failed to resolve table or tabular expression named '{name}'",
        span,
        note="no table, let or function of this name",
        hint=hint or near_hint(name, candidates),
    )


def is_missing_table(diagnostic: Diagnostic) -> bool:
    """Whether it says that a table, a function or a watchlist does not exist."""
    words = ("failed to resolve table", "unknown function", "none of the tables of this union")
    return diagnostic.code == "BTK0122" or any(word in diagnostic.message for word in words)


def pattern_matches_nothing(span: Span, pattern: str) -> Diagnostic:
    return Diagnostic("SEM0100", f"no column matches '{pattern}'", span)


def unknown_function(span: Span, name: str, candidates: Iterable[str]) -> Diagnostic:
    ours = habits.FUNCTIONS.get(name.lower())
    hint = f"KQL has '{ours}' for it" if ours else near_hint(name, candidates)
    return Diagnostic("SEM0260", f"unknown function '{name}'", span, hint=hint)


def function_not_supported(span: Span, name: str, reason: str = "") -> Diagnostic:
    """`reason`: why it never will be."""
    return Diagnostic("BTK0106", f"function '{name}' is not supported{'' if reason else ' yet'}", span, hint=reason)


def operator_not_supported(span: Span, name: str, hint: str = "") -> Diagnostic:
    return Diagnostic(
        "BTK0100", f"operator '{name}' is not supported yet", span, hint=hint or habits.REFUSED.get(name, "")
    )


def form_not_supported(span: Span, what: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0107", f"{what} is not supported yet", span, hint=hint)


def several_results(span: Span, name: str) -> Diagnostic:
    hint = f"give them columns first: extend (a, b) = {name}(...)"
    what = f"'{name}' has several results, and cannot stand inside an expression"
    return Diagnostic("SEM0064", what, span, hint=hint)


def wrong_argument_count(span: Span, name: str, expected: str, given: int) -> Diagnostic:
    return Diagnostic("SEM0219", f"'{name}' takes {expected}, but {given} given", span)


def wrong_argument_types(span: Span, name: str, given: str, hint: str = "") -> Diagnostic:
    way_out = hint or _conversion(name, given.split(", "))
    return Diagnostic("SEM0064", f"'{name}' cannot be applied to ({given})", span, hint=way_out)


_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!=", "between", "!between", "-"})
_OF_TIME = frozenset({"ago", "bin", "floor", "bin_at", "+", "-"})
_NUMBERS = frozenset({"int", "long", "real", "decimal"})


def _conversion(name: str, types: list[str]) -> str:
    """A way out of the mistakes that are made most."""
    given = set(types)
    if name == "case" and len(types) % 2 == 0:
        return "the last argument is the value for the rows that no condition fits"
    if name == "ago" and given & _NUMBERS:
        return "a timespan has a unit: 1d, 12h, 30m"
    if name in _OF_TIME and "string" in given and (name == "ago" or given & {"datetime", "timespan"}):
        return "a timespan is written without quotes: 1d, 12h, 30m"
    if name == "+" and "string" in given:
        return "texts are joined by strcat(...)"
    if name in _COMPARISONS and {"datetime", "string"} <= given:
        return "a time is written datetime(2024-01-31) and converted by todatetime(...)"
    if name in _COMPARISONS and "string" in given:
        return _order_of_texts(given)
    if name in ("=~", "!~") and given & _NUMBERS:
        return "it compares texts; numbers are compared by == and !="
    return _text_wanted(name, types)


def _order_of_texts(given: set[str]) -> str:
    if given == {"string"}:
        return "texts are put in order by strcmp(...): strcmp(a, b) > 0"
    return "a number is written without quotes, and a text converted by tolong(...)" if given & _NUMBERS else ""


def _text_wanted(name: str, types: list[str]) -> str:
    if name[:1] != "!" and not name[:1].isalpha():
        return ""
    is_text_operator = len(types) > 1 and "string" in types[1:] and types[0] not in ("string", "bool", "datetime")
    return "convert it first, for example with tostring(...)" if is_text_operator else ""


def constant_expected(span: Span, what: str) -> Diagnostic:
    return Diagnostic("SEM0088", f"{what} must be a constant", span)


def bad_argument(span: Span, name: str, problem: str) -> Diagnostic:
    return Diagnostic("SEM0089", f"'{name}': {problem}", span)


_CONVERSIONS = {
    ("dynamic", "string"): "parse_json(...) reads JSON, split(...) cuts a text into parts",
    ("bool", "string"): "compare it, or ask isnotempty(...)",
    ("bool", "datetime"): "compare it, or ask isnotnull(...)",
    ("long", "string"): "a number is written without quotes, and a text converted by tolong(...)",
    ("datetime", "string"): "a time is written datetime(2024-01-31) and converted by todatetime(...)",
    ("timespan", "string"): "a timespan is written without quotes: 1d, 12h, 30m",
    ("string", "long"): "a text is written in quotes, and a number converted by tostring(...)",
}


def wrong_type(span: Span, what: str, expected: str, given: str) -> Diagnostic:
    hint = _CONVERSIONS.get((expected, given), "")
    return Diagnostic("SEM0081", f"{what} must be of type {expected}, not {given}", span, hint=hint)


def tabular_expected(span: Span) -> Diagnostic:
    return Diagnostic("SEM0011", "a tabular expression is expected here", span)


def scalar_expected(span: Span) -> Diagnostic:
    return Diagnostic(
        "SEM0012", "a scalar expression is expected here", span, hint="toscalar(...) takes one value out of a table"
    )


def duplicate_column(span: Span, name: str) -> Diagnostic:
    return Diagnostic("SEM0171", f"a column named '{name}' already exists in this list", span)


def dynamic_key(span: Span, what: str) -> Diagnostic:
    return Diagnostic(
        "SEM0116",
        f"{what} cannot be of type dynamic",
        span,
        hint="convert it first, for example with tostring(...)",
    )


def join_key_types(span: Span, left: str, right: str) -> Diagnostic:
    return Diagnostic(
        "SEM0242",
        f"join keys differ in type: {left} and {right}",
        span,
        hint="convert one of them before the join, for example with tostring(...) or tolong(...)",
    )


def join_condition(span: Span) -> Diagnostic:
    what = "a join condition is a column name or $left.a == $right.b, joined by commas or 'and'"
    hint = "for example: join kind=inner (U) on Key, or on $left.Key == $right.OtherKey"
    return Diagnostic("SEM0110", what, span, hint=hint)


def let_declared_twice(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "SEM0079", f"a let named '{name}' is already declared", span, hint="give the second a name of its own"
    )


def bad_parameter(span: Span, name: str, allowed: str) -> Diagnostic:
    return Diagnostic("SEM0030", f"parameter '{name}' must be one of: {allowed}", span)


def unknown_type(span: Span, name: str) -> Diagnostic:
    types = ("bool", "datetime", "decimal", "dynamic", "guid", "int", "long", "real", "string", "timespan")
    meant = habits.TYPES.get(name.lower()) or nearest(name, types)
    return Diagnostic("SEM0008", f"'{name}' is not a type", span, hint=did_you_mean(meant))


def not_serialized(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "SEM0027",
        f"'{name}' needs rows in a fixed order",
        span,
        hint="put sort, top, range or serialize before it",
    )


def row_context(span: Span, name: str) -> Diagnostic:
    return Diagnostic("SEM0100", f"column '{name}' belongs to the rows outside, which cannot be seen here", span)


def not_grouped(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "SEM0100",
        f"column '{name}' is neither a group key nor inside an aggregate",
        span,
        hint=f"group by it, or say which value: max({name}), take_any({name}), make_set({name})",
    )


def aggregate_outside_summarize(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "BTK0125",
        f"aggregate '{name}' may stand only in summarize and its kin",
        span,
        hint=f"summarize first, then use its column: | summarize n = {name}(...) by Key | where n > 1",
    )


def not_an_aggregate(span: Span) -> Diagnostic:
    return Diagnostic("SEM0078", "summarize needs aggregates such as count() or sum(x) here", span)


def too_deep(span: Span, limit: int) -> Diagnostic:
    return Diagnostic("BTK0110", f"the expression nests deeper than {limit} levels", span)


def plan_too_large(span: Span, what: str) -> Diagnostic:
    return Diagnostic("BTK0111", f"after its lets and functions are expanded, the query has {what}", span)


def data_rows(span: Span, columns: int, values: int) -> Diagnostic:
    return Diagnostic("SEM0015", f"{values} values do not fill rows of {columns} columns", span)


def no_query(span: Span) -> Diagnostic:
    return Diagnostic("SEM0010", "the text has no tabular statement to run", span)


def outside_reference(span: Span, what: str, note: str = "") -> Diagnostic:
    hint = "register its tables and use their plain names"
    return Diagnostic("BTK0108", f"{what} is outside the local catalog", span, note=note, hint=hint)


def local_table(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "BTK0155",
        f"tables of other places are read from the local catalog, as here '{name}'",
        span,
        Severity.WARNING,
        hint="the local table must hold the rows of that place too",
    )


def repeated_leg(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "BTK0156", f"table '{name}' of several places is one local table, and is read once", span, Severity.WARNING
    )


def unmatched_pattern(span: Span, name: str, wanted: str) -> Diagnostic:
    return Diagnostic("SEM0036", f"pattern '{name}' has no definition for ({wanted})", span)


def broken_function(span: Span, name: str, problem: str) -> Diagnostic:
    return Diagnostic("BTK0120", f"the stored function '{name}' cannot be used: {problem}", span)


def recursive_function(span: Span, names: Iterable[str]) -> Diagnostic:
    way = " calls ".join(f"'{name}'" for name in names)
    return Diagnostic("BTK0121", f"a function cannot call itself: {way}", span)


def deep_calls(span: Span, most: int) -> Diagnostic:
    return Diagnostic("BTK0124", f"more than {most} stored functions call one another here", span)


def unknown_watchlist(span: Span, alias: str, hint: str) -> Diagnostic:
    return Diagnostic("BTK0122", f"there is no watchlist '{alias}'", span, hint=hint)


def open_watchlist(span: Span, alias: str) -> Diagnostic:
    return Diagnostic(
        "BTK0161",
        f"the watchlist '{alias}' is not here, so its own columns are not checked",
        span,
        Severity.WARNING,
        hint="give the folder of watchlists: --watchlists DIR",
    )


def no_ingestion_time(span: Span, reason: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0123", f"'ingestion_time()' is not known here: {reason}", span, hint=hint)


def time_for_ingestion_time(span: Span, table: str, column: str) -> Diagnostic:
    return Diagnostic(
        "BTK0160",
        f"'{table}' does not keep when a row arrived; '{column}' stands for ingestion_time()",
        span,
        Severity.WARNING,
        hint="a column IngestionTime or _TimeReceived in the data would be used",
    )


def missing_provider(span: Span, name: str) -> Diagnostic:
    return Diagnostic("BTK0104", f"'{name}' has no provider in this session", span)


def undeclared_parameter(name: str) -> Diagnostic:
    return Diagnostic("SEM0300", f"query parameter '{name}' has no value and no default", Span(0, 0))


def own_fault(span: Span, words: str) -> Diagnostic:
    return Diagnostic("BTK0170", words, span)


def graph_expected(span: Span) -> Diagnostic:
    return Diagnostic("BTK0140", "this operator takes a graph, not a table", span, hint="put make-graph before it")


def graph_result(span: Span) -> Diagnostic:
    return Diagnostic(
        "BTK0141",
        "a table is expected here, not a graph",
        span,
        hint="graph-match ... project ..., or graph-to-table nodes, makes a table of it",
    )


def bad_pattern(span: Span, problem: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0142", f"this is no pattern of a graph: {problem}", span, hint=hint)


def outside_pattern(span: Span, name: str) -> Diagnostic:
    return Diagnostic("BTK0143", f"'{name}' stands only in graph-match and graph-shortest-paths", span)


def ignored(span: Span, what: str) -> Diagnostic:
    return Diagnostic("BTK0150", f"{what} has no effect here", span, Severity.WARNING)


def first_table_only(span: Span, name: str) -> Diagnostic:
    return Diagnostic("BTK0157", f"of the tables of '{name}' only the first is given", span, Severity.WARNING)


def no_leg(span: Span) -> Diagnostic:
    return Diagnostic("SEM0100", "none of the tables of this union exists", span)


def unresolved_leg(span: Span, name: str) -> Diagnostic:
    return Diagnostic("BTK0151", f"union leg '{name}' does not exist and is left out (isfuzzy)", span, Severity.WARNING)


def unchecked_leg(span: Span, name: str, why: str) -> Diagnostic:
    return Diagnostic(
        "BTK0162", f"union leg '{name}' is left out (isfuzzy), as no table of it is here: {why}", span, Severity.WARNING
    )


def open_columns(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "BTK0152",
        f"the columns of '{name}' are known only when it runs",
        span,
        Severity.WARNING,
        hint="name them, as in ': (*, Name:string)', and what follows is checked too",
    )


def observed_columns(span: Span, name: str, most: int) -> Diagnostic:
    return Diagnostic("BTK0112", f"'{name}' would give more than {most} columns", span)


def inexact_here(span: Span, name: str, reason: str, hint: str) -> Diagnostic:
    return Diagnostic("BTK0113", f"'{name}' would not give the same on this engine: {reason}", span, hint=hint)


def unknown_plugin(span: Span, name: str, candidates: Iterable[str]) -> Diagnostic:
    return Diagnostic("SEM0261", f"unknown plugin '{name}'", span, hint=near_hint(name, candidates))


def plugin_not_supported(span: Span, name: str, reason: str = "") -> Diagnostic:
    """`reason`: why it never will be."""
    return Diagnostic("BTK0105", f"plugin '{name}' is not supported{'' if reason else ' yet'}", span, hint=reason)


def nameless_column(span: Span, name: str, what: str) -> Diagnostic:
    return Diagnostic("SEM0090", f"'{name}': {what} is empty, and a column cannot have an empty name", span)


def observed_conflict(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "SEM0171",
        f"the bags have a property '{name}', and a column of this name already exists",
        span,
        hint="columnsConflict='replace_source' or 'keep_source' says which to keep",
    )


def capped(span: Span, name: str, most: int) -> Diagnostic:
    return Diagnostic("BTK0153", f"'{name}' looks up at most {most}; further rows stay without", span, Severity.WARNING)
