"""set and restrict: statements about those that follow.

https://learn.microsoft.com/kusto/query/set-statement, https://learn.microsoft.com/kusto/query/restrict-statement
"""

from bluetick.binder.lambdas import gives_table
from bluetick.binder.places import fitting, is_elsewhere, local_name
from bluetick.binder.scope import Env, FunctionSymbol, PatternSymbol, Symbol, TabularSymbol
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Invalid, Literal
from bluetick.syntax.expressions import Expression, NamePattern, NameReference
from bluetick.syntax.statements import RestrictStatement, SetStatement
from bluetick.types import Type

# --- set: request properties (https://learn.microsoft.com/kusto/api/rest/request-properties) -------------------------

_HONOURED: dict[str, frozenset[Type]] = {
    "best_effort": frozenset({Type.BOOL}),
    "query_take_max_records": frozenset({Type.LONG, Type.INT}),
    "query_results_apply_getschema": frozenset({Type.BOOL}),
    "query_bin_auto_size": frozenset({Type.LONG, Type.INT, Type.REAL, Type.TIMESPAN}),
    "query_bin_auto_at": frozenset({Type.LONG, Type.INT, Type.REAL, Type.TIMESPAN, Type.DATETIME}),
}

# About speed, memory, transport and the caller: the rows are the same. Nothing is truncated here, so that to lift the
# service's limits changes nothing either.
_WITHOUT_EFFECT = frozenset(
    {
        "client_max_redirect_count", "client_results_reader_allow_varying_row_widths",
        "materialized_view_shuffle", "materialized_view_shuffle_query", "max_memory_consumption_per_iterator",
        "max_memory_consumption_per_query_per_node", "maxmemoryconsumptionperiterator", "maxoutputcolumns",
        "norequesttimeout", "notruncation", "push_selection_through_aggregation", "query_datascope",
        "query_distribution_nodes_span", "query_fanout_nodes_percent", "query_fanout_threads_percent",
        "query_log_query_parameters", "query_max_entities_in_union", "query_optimize_fts_at_relop",
        "query_results_cache_force_refresh", "query_results_cache_max_age", "query_results_cache_per_shard",
        "query_results_progressive_row_count", "query_results_progressive_update_period",
        "query_weakconsistency_session_id", "queryconsistency", "request_app_name", "request_description",
        "request_readonly", "request_readonly_hardline", "request_remote_entities_disabled",
        "request_sandboxed_execution_disabled", "request_user", "results_error_reporting_placement",
        "results_progressive_enabled", "results_v2_fragment_primary_tables",
        "results_v2_newlines_between_frames", "servertimeout",
    }
)  # fmt: skip

_REFUSED = {
    "query_now": "give the instant with the request",
    "query_datetimescope_column": "give the time scope with the request",
    "query_datetimescope_from": "give the time scope with the request",
    "query_datetimescope_to": "give the time scope with the request",
    "query_cursor_after_default": "when a row arrived is not kept",
    "query_cursor_before_or_at_default": "when a row arrived is not kept",
    "query_cursor_current": "when a row arrived is not kept",
    "query_cursor_scoped_tables": "when a row arrived is not kept",
    "query_language": "only KQL is understood",
    "query_python_debug": "",
    "request_external_data_disabled": "externaldata reads only the copies that are registered",
    "validate_permissions": "",
    "validatepermissions": "",
}


def bind_set(env: Env, node: SetStatement) -> None:
    """A request property: honoured, of no effect on rows, or refused; one that is not known has no effect."""
    name = node.name.text.lower()
    if name in _WITHOUT_EFFECT:
        return
    if name in _REFUSED:
        env.report(codes.form_not_supported(node.span, f"the request property '{name}'", _REFUSED[name]))
        return
    if name not in _HONOURED:
        env.report(codes.ignored(node.span, f"the request property '{name}'"))
        return
    value = Literal(True, Type.BOOL) if node.value is None else env.expression(node.value)
    if isinstance(value, Invalid):
        return
    wanted = _HONOURED[name]
    if not isinstance(value, Literal) or value.value is None:
        env.report(codes.constant_expected(node.span, f"'{name}'"))
    elif value.type not in wanted:
        env.report(codes.wrong_type(node.span, f"'{name}'", " or ".join(sorted(map(str, wanted))), str(value.type)))
    else:
        env.state.options[name] = value


# --- restrict --------------------------------------------------------------------------------------------------------


def bind_restrict(env: Env, node: RestrictStatement) -> None:
    """Hides the tables, and the tabular lets, functions and patterns, that are not named. A bare pattern stands for
    lets, one behind a place for tables. What was declared before still sees all."""
    kept: set[str] = set()
    tables: set[str] = set()
    for entity in node.entities:
        _allow(env, entity, kept, tables)
    scope = env.scope
    for name, symbol in list(scope.names.items()):
        if name not in kept and _is_entity(env, symbol):
            del scope.names[name]
    scope.tables = frozenset(tables) if scope.tables is None else scope.tables & tables


def _allow(env: Env, entity: Expression, kept: set[str], tables: set[str]) -> None:
    match entity:
        case NameReference(name=name) if name in env.scope.names:
            kept.add(name)
        case NameReference(name=name):
            _allow_table(env, entity, name, tables)
        case NamePattern(pattern=pattern):
            kept.update(fitting(pattern, env.scope.names))
        case _ if is_elsewhere(entity):
            found = local_name(env, entity)
            if found is not None and "*" in found:
                tables.update(fitting(found, env.state.catalog.names()))
            elif found is not None:
                _allow_table(env, entity, found, tables)
        case _:
            env.report(codes.tabular_expected(entity.span))


def _allow_table(env: Env, entity: Expression, name: str, tables: set[str]) -> None:
    if env.state.catalog.find(name) is None and not isinstance(env.scope.find(name), FunctionSymbol):
        env.report(codes.unresolved_table(entity.span, name, (*env.state.catalog.names(), *env.scope.names)))
        return
    tables.add(name)


def _is_entity(env: Env, symbol: Symbol) -> bool:
    match symbol:
        case TabularSymbol() | PatternSymbol():
            return True
        case FunctionSymbol():
            return gives_table(env, symbol)
        case _:
            return False
