"""evaluate: plugins by name."""

from collections.abc import Callable
from typing import TypeAlias

from bluetick.binder.operators.bag_unpack import bind_bag_unpack
from bluetick.binder.operators.narrow import bind_narrow
from bluetick.binder.operators.pivot import bind_pivot
from bluetick.binder.operators.plugins.activity import (
    bind_active_users_count,
    bind_activity_counts_metrics,
    bind_activity_engagement,
    bind_activity_metrics,
    bind_sliding_window_counts,
)
from bluetick.binder.operators.plugins.address_lookup import bind_ipv4_lookup, bind_ipv6_lookup
from bluetick.binder.operators.plugins.dcount_intersect import bind_dcount_intersect
from bluetick.binder.operators.plugins.funnels import bind_funnel_sequence, bind_funnel_sequence_completion
from bluetick.binder.operators.plugins.geo_lookup import bind_geo_line_lookup, bind_geo_polygon_lookup
from bluetick.binder.operators.plugins.mining import (
    bind_autocluster,
    bind_basket,
    bind_diffpatterns,
    bind_diffpatterns_text,
)
from bluetick.binder.operators.plugins.new_activity_metrics import bind_new_activity_metrics
from bluetick.binder.operators.plugins.rolling_percentile import bind_rolling_percentile
from bluetick.binder.operators.plugins.rows_near import bind_rows_near
from bluetick.binder.operators.plugins.sequence_detect import bind_sequence_detect
from bluetick.binder.operators.plugins.session_count import bind_session_count
from bluetick.binder.operators.plugins.simple import (
    bind_estimate_rows_count,
    bind_identity,
    bind_preview,
    bind_schema_merge,
)
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions import refusals
from bluetick.plan.relations import Relation
from bluetick.syntax.operators import EvaluateOperator

PluginBinder: TypeAlias = Callable[[Env, EvaluateOperator, Relation], Relation | None]

PLUGINS: dict[str, PluginBinder] = {
    "active_users_count": bind_active_users_count,
    "activity_counts_metrics": bind_activity_counts_metrics,
    "activity_engagement": bind_activity_engagement,
    "activity_metrics": bind_activity_metrics,
    "autocluster": bind_autocluster,
    "bag_unpack": bind_bag_unpack,
    "basket": bind_basket,
    "dcount_intersect": bind_dcount_intersect,
    "diffpatterns": bind_diffpatterns,
    "diffpatterns_text": bind_diffpatterns_text,
    "estimate_rows_count": bind_estimate_rows_count,
    "funnel_sequence": bind_funnel_sequence,
    "funnel_sequence_completion": bind_funnel_sequence_completion,
    "geo_line_lookup": bind_geo_line_lookup,
    "geo_polygon_lookup": bind_geo_polygon_lookup,
    "identity": bind_identity,
    "ipv4_lookup": bind_ipv4_lookup,
    "ipv6_lookup": bind_ipv6_lookup,
    "narrow": bind_narrow,
    "new_activity_metrics": bind_new_activity_metrics,
    "pivot": bind_pivot,
    "preview": bind_preview,
    "rolling_percentile": bind_rolling_percentile,
    "rows_near": bind_rows_near,
    "schema_merge": bind_schema_merge,
    "sequence_detect": bind_sequence_detect,
    "session_count": bind_session_count,
    "sliding_window_counts": bind_sliding_window_counts,
}


def bind_evaluate(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    name = node.call.name.text
    plugin = PLUGINS.get(name)
    if plugin is not None:
        return plugin(env, node, rows)
    if name in refusals.PLUGINS:
        env.report(codes.plugin_not_supported(node.call.name.span, name, refusals.PLUGINS[name]))
    else:
        env.report(codes.unknown_plugin(node.call.name.span, name, (*PLUGINS, *refusals.PLUGINS)))
    return None
