"""Plugins that count the ids seen in each period of a timeline; a period without any row gives no row.

https://learn.microsoft.com/kusto/query/user-analytics
"""

from bluetick.binder.operators.plugins.timeline import Kind, Shape, TimelinePlugin, timeline_binder

_ANALYSIS = (("Start", Kind.POINT), ("End", Kind.POINT))


def _active_users(shape: Shape) -> str:
    """Of a user's times in one period and one bin the earliest sees furthest back: it stands for all of them."""
    by = shape.by("id")
    return f"""
    let Seen = materialize(T | where t > Start - LookbackWindow and t <= End
      | extend p = bin_at(t, Period, Start), b = {shape.bin("t")});
    let Periods = Seen | summarize latest = max(t) by {by}, q = p;
    Seen | where t >= Start | summarize at = min(t) by {by}, p, b
      | join kind=inner Periods on {by}
      | where q <= p and latest > at - LookbackWindow
      | summarize periods = count() by {by}, p, b
      | where periods >= ActivePeriodsCount
      | summarize dcount = count_distinct(id) by {shape.by("b")}
      | sort by {shape.ascending("b")}"""


def _activity_counts(shape: Shape) -> str:
    by = shape.by("id")
    changes = [f"(isnull({d}) != isnull(prev({d}))) or ({d} != prev({d}))" for d in shape.dims]
    restart = f", {' or '.join(changes)}" if changes else ""
    return f"""
    let Seen = materialize(
      T | where t >= Start and t <= End | summarize n = count() by {by}, b = {shape.bin("t")});
    Seen | join kind=inner (Seen | summarize first = min(b) by {by}) on {by}
      | summarize rows = sum(n), ids = count(), new = countif(first == b) by {shape.by("b")}
      | sort by {", ".join(f"{name} asc" for name in (*shape.dims, "b"))}
      | extend total = row_cumsum(new{restart})
      | project {shape.by("b")}, rows, ids, new, total
      | sort by {shape.ascending("b")}"""


def _activity_metrics(shape: Shape) -> str:
    """An id is retained where it was seen in the period before as well."""
    by = shape.by("id", "b")
    return f"""
    let Seen = materialize(
      T | where t >= Start and t <= End | distinct {shape.by("id")}, b = {shape.bin("t")});
    let Before = Seen | project {shape.by("id")}, b = {shape.shift("b", "1")}, was = 1;
    let Sizes = Before | summarize size = count() by {shape.by("b")};
    Seen | join kind=leftouter Before on {by}
      | summarize ids = count(), retained = countif(was == 1) by {shape.by("b")}
      | join kind=leftouter Sizes on {shape.by("b")}
      | extend rate = todouble(retained) / coalesce(size, 0)
      | project {shape.by("b")}, ids, new = ids - retained, rate, churn = 1.0 - rate
      | sort by {shape.ascending("b")}"""


def _windows(shape: Shape, measures: str) -> str:
    """Each period's ids count in all the windows that it lies in: its own and the next ones."""
    return f"""
      | mv-expand i = range(0, {shape.periods_in("LookbackWindow")} - 1, 1) to typeof(long)
      | extend w = {shape.shift("b", "i")}
      | where w >= {shape.bin("Start")} and w <= End and w - b < LookbackWindow
      | summarize {measures} by {shape.by("w")}
      | sort by {shape.ascending("w")}"""


def _sliding_window_counts(shape: Shape) -> str:
    return f"""
    T | where t > Start - LookbackWindow and t <= End
      | summarize n = count() by {shape.by("id")}, b = {shape.bin("t")}
      {_windows(shape, "rows = sum(n), ids = count_distinct(id)")} | project {shape.by("w")}, rows, ids"""


def _activity_engagement(shape: Shape) -> str:
    return f"""
    T | where t > Start - LookbackWindow and t <= End
      | distinct {shape.by("id")}, b = {shape.bin("t")}
      {_windows(shape, "inside = countif(i == 0), outside = count_distinct(id)")}
      | project {shape.by("w")}, inside, outside, ratio = todouble(inside) / outside"""


bind_active_users_count = timeline_binder(
    TimelinePlugin(
        (
            *_ANALYSIS,
            ("LookbackWindow", Kind.LENGTH),
            ("Period", Kind.LENGTH),
            ("ActivePeriodsCount", Kind.COUNT),
            ("Step", Kind.STEP),
        ),
        ("dcount",),
        _active_users,
    )
)
bind_activity_counts_metrics = timeline_binder(
    TimelinePlugin(
        (*_ANALYSIS, ("Step", Kind.STEP)), ("count", "dcount", "new_dcount", "aggregated_dcount"), _activity_counts
    )
)
bind_activity_metrics = timeline_binder(
    TimelinePlugin(
        (*_ANALYSIS, ("Step", Kind.STEP)),
        ("dcount_values", "dcount_newvalues", "retention_rate", "churn_rate"),
        _activity_metrics,
        is_open=True,
    )
)
bind_activity_engagement = timeline_binder(
    TimelinePlugin(
        (*_ANALYSIS, ("Step", Kind.LENGTH), ("LookbackWindow", Kind.LENGTH)),
        ("dcount_activities_inner", "dcount_activities_outer", "activity_ratio"),
        _activity_engagement,
        is_open=True,
    )
)
bind_sliding_window_counts = timeline_binder(
    TimelinePlugin(
        (*_ANALYSIS, ("LookbackWindow", Kind.LENGTH), ("Step", Kind.STEP)), ("Count", "Dcount"), _sliding_window_counts
    )
)
