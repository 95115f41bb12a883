"""Every message of the lint, one factory each: BTL001 and on. What each means stands in docs/lint.md."""

from collections.abc import Sequence
from datetime import timedelta

from bluetick.diagnostics.model import Diagnostic, Severity, Span


def _finding(code: str, message: str, span: Span, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, span, Severity.WARNING, hint=hint)


def duration(value: timedelta) -> str:
    """A duration in the largest units that tell it: 30 d, 1 h, 1 d 12 h."""
    seconds = int(value.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts) or "0 s"


def listed(words: Sequence[str], limit: int = 5) -> str:
    """Words with commas; of many the first."""
    more = f" and {len(words) - limit} more" if len(words) > limit else ""
    return ", ".join(words[:limit]) + more


def lookback_too_long(span: Span, lookback: timedelta, limit: timedelta) -> Diagnostic:
    return _finding(
        "BTL002",
        f"the lookback of {duration(lookback)} is longer than the {duration(limit)} that Sentinel allows",
        span,
        "Sentinel refuses the rule, or reads less than it asks for",
    )


def outside_limits(span: Span, what: str, value: timedelta, least: timedelta, most: timedelta) -> Diagnostic:
    return _finding(
        "BTL002",
        f"the {what} of {duration(value)} is outside of Sentinel's {duration(least)} to {duration(most)}",
        span,
    )


def defender_lookback(span: Span, frequency: timedelta, lookback: timedelta, given: timedelta) -> Diagnostic:
    return _finding(
        "BTL002",
        f"the lookback is {duration(lookback)}, but Defender gives a rule that runs every {duration(frequency)} the "
        f"last {duration(given)}",
        span,
    )


def gap_between_runs(span: Span, frequency: timedelta, lookback: timedelta) -> Diagnostic:
    return _finding(
        "BTL003",
        f"it runs every {duration(frequency)} and looks back {duration(lookback)}: "
        f"{duration(frequency - lookback)} before each run are never looked at",
        span,
        "make the lookback at least as long as the frequency",
    )


def gap_in_query(span: Span, frequency: timedelta, reach: timedelta) -> Diagnostic:
    return _finding(
        "BTL003",
        f"it runs every {duration(frequency)} and the query looks back {duration(reach)}: "
        f"{duration(frequency - reach)} before each run are never looked at",
        span,
        "let the query look back at least as long as the frequency",
    )


def unbounded_time(span: Span, table: str, column: str, places: int) -> Diagnostic:
    often = f", in {places} places" if places > 1 else ""
    return _finding(
        "BTL001",
        f"'{table}' is read for all times{often}: nothing bounds '{column}', and the document states no lookback",
        span,
        f"add: where {column} > ago(...), or state how far the rule looks back",
    )


def clipped_by_lookback(span: Span, asked: timedelta, given: timedelta) -> Diagnostic:
    return _finding(
        "BTL001",
        f"this asks for {duration(asked)} of events, but the rule sees only {duration(given)}",
        span,
        "the service cuts every table to the lookback; state the longer one, or ask for less",
    )


def late_time_filter(span: Span, table: str, column: str) -> Diagnostic:
    return _finding(
        "BTL012",
        f"the bound on '{column}' stands behind a join, which reads '{table}' for all times",
        span,
        "filter each table by its time before joining",
    )


def low_cardinality_join(span: Span, columns: Sequence[str]) -> Diagnostic:
    return _finding(
        "BTL004",
        f"the join is on {listed(columns)} alone, which many unrelated rows share: "
        "each row of one side meets every row of the other that has the same value",
        span,
        "join on what identifies the event too, such as device, account or address",
    )


def unused_let(span: Span, name: str) -> Diagnostic:
    return _finding("BTL005", f"'{name}' is never used", span, "remove it, or use it where it was meant")


def implied_filter(span: Span) -> Diagnostic:
    return _finding("BTL005", "this condition removes nothing: what stands before it implies it already", span)


def constant_filter(span: Span, *, is_true: bool) -> Diagnostic:
    what = "is true for every row: it removes nothing" if is_true else "is true for no row: nothing ever passes it"
    return _finding("BTL005", f"this condition {what}", span)


def contradicting_filter(span: Span) -> Diagnostic:
    return _finding("BTL005", "no row passes this condition together with what stands before it", span)


def implied_exclusion(span: Span, *, is_later: bool) -> Diagnostic:
    other = "a later step" if is_later else "an earlier step"
    return _finding(
        "BTL005",
        f"this step cannot change the result: whatever it removes {other} removes too",
        span,
        "what it excludes is a part of what the other excludes: as many rows at least, of a window within the "
        "other's, grouped by the same keys and more",
    )


def never_removes(span: Span) -> Diagnostic:
    return _finding(
        "BTL005", "this step removes nothing: it looks for each row among rows of which it is one itself", span
    )


def null_dropping(span: Span, column: str, reason: str, advice: str) -> Diagnostic:
    return _finding("BTL006", f"rows in which '{column}' is null do not pass: {reason}", span, advice)


def few_profiles(span: Span, provider: str, limit: int) -> Diagnostic:
    return _finding(
        "BTL024",
        f"{provider} is asked for {limit} values only: rows of any further one have no profile when this is decided",
        span,
        f"give the most that it takes: {provider}(..., 1000), and have fewer rows before it",
    )


def arbitrary_left(span: Span, columns: Sequence[str], keys: Sequence[str]) -> Diagnostic:
    return _finding(
        "BTL007",
        f"of left rows with the same {listed(keys)} innerunique keeps an arbitrary one, and with it its "
        f"{listed(columns)}",
        span,
        "summarize the left side to what must be kept, or use kind=inner",
    )


def arbitrary_pick(span: Span, columns: Sequence[str], use: str) -> Diagnostic:
    return _finding(
        "BTL007",
        f"of each group an arbitrary row gives {listed(columns)}, and {use}",
        span,
        "choose the row: arg_max(time, ...), or keep all values: make_set(...)",
    )


def no_entities(span: Span) -> Diagnostic:
    return _finding(
        "BTL008",
        "the rule maps no entity: its alerts name no account, host or address, and are never grouped by them",
        span,
        "map the columns that identify who and what is concerned",
    )


def unknown_mapped_column(span: Span, what: str, column: str, hint: str) -> Diagnostic:
    return _finding("BTL008", f"{what} is taken from '{column}', which is no column of the result", span, hint)


def unknown_entity(span: Span, kind: str, hint: str) -> Diagnostic:
    return _finding("BTL008", f"'{kind}' is not an entity type of Sentinel", span, hint)


def unknown_identifier(span: Span, kind: str, identifier: str, known: Sequence[str]) -> Diagnostic:
    hint = f"it has {listed(known, 20)}"
    return _finding("BTL008", f"an entity of type {kind} has no identifier '{identifier}'", span, hint)


def lacking_identifier(span: Span, kind: str, needed: Sequence[str]) -> Diagnostic:
    return _finding("BTL008", f"an entity of type {kind} is identified by {' or '.join(needed)}: none is mapped", span)


def too_many_mappings(span: Span, what: str, count: int, most: int) -> Diagnostic:
    return _finding("BTL008", f"{count} {what} are more than the {most} that Sentinel allows", span)


def technique_of_other_tactic(span: Span, technique: str, tactics: Sequence[str]) -> Diagnostic:
    return _finding(
        "BTL009",
        f"{technique} serves {listed(tactics)} in ATT&CK, none of which is a tactic of the document",
        span,
        "name the tactic, or the technique that was meant",
    )


def unknown_technique(span: Span, technique: str, version: str) -> Diagnostic:
    return _finding(
        "BTL009",
        f"{technique} is not a technique of ATT&CK {version}: never one, or revoked since",
        span,
        "look it up: what was revoked has a successor",
    )


def join_without_kind(span: Span, columns: Sequence[str], keys: Sequence[str]) -> Diagnostic:
    return _finding(
        "BTL010",
        f"a join without a kind is innerunique: of left rows with the same {listed(keys)} it keeps an arbitrary one, "
        f"and with it its {listed(columns)}",
        span,
        "write kind=inner to join every row, or kind=innerunique if one will do",
    )


def case_sensitive(span: Span, column: str, operator: str, other: str) -> Diagnostic:
    return _finding(
        "BTL011",
        f"'{operator}' minds the case of '{column}', which Windows does not: another spelling is not "
        f"{'left out' if operator.startswith('!') else 'found'}",
        span,
        f"use '{other}'",
    )


def result_lacks_columns(span: Span, columns: Sequence[str]) -> Diagnostic:
    return _finding(
        "BTL014",
        f"the result has no column {listed(columns)}, which Defender asks of a custom detection",
        span,
        "keep them through project and summarize: arg_max(Timestamp, *) keeps all columns",
    )


def document_lacks(span: Span, what: Sequence[str], hint: str) -> Diagnostic:
    return _finding("BTL015", f"the document states no {listed(what)}", span, hint)


def threshold_never_met(span: Span, threshold: str, rows: str) -> Diagnostic:
    return _finding("BTL016", f"the rule can never fire: it asks for {threshold}, and the query gives {rows}", span)


def threshold_always_met(span: Span, threshold: str, rows: str) -> Diagnostic:
    return _finding(
        "BTL016",
        f"the rule fires at each run: it asks for {threshold}, and the query gives {rows}",
        span,
        "filter behind the summarize, so that no row is left where nothing happened",
    )


def arbitrary_rows(span: Span, word: str) -> Diagnostic:
    return _finding(
        "BTL017",
        f"'{word}' keeps arbitrary rows: which ones may differ from run to run, and the rest is not looked at",
        span,
        "remove it, or use 'top ... by' to say which rows count",
    )


def lost_order(span: Span, after: str) -> Diagnostic:
    return _finding("BTL021", f"this order is lost: {after} does not keep it", span, "sort at the end, or not at all")


def baseline_has_all(span: Span) -> Diagnostic:
    return _finding(
        "BTL018",
        "nothing is ever left: the rows that are judged are in the baseline themselves",
        span,
        "let the baseline end where the rows that are judged begin",
    )


def baseline_learns(span: Span, least: int) -> Diagnostic:
    return _finding(
        "BTL018",
        f"the baseline includes the rows that are judged: what comes {least} times in them makes itself known and is "
        "never reported",
        span,
        "let the baseline end where the rows that are judged begin",
    )


def text_too_long(span: Span, length: int, most: int) -> Diagnostic:
    return _finding(
        "BTL019",
        f"the query has {length:,} characters; Sentinel takes {most:,}",
        span,
        "move parts into saved functions",
    )


def refused_source(span: Span, form: str) -> Diagnostic:
    return _finding("BTL019", f"Sentinel refuses '{form}' in a rule", span, "name the tables")


def case_never_matches(span: Span, function: str, text: str) -> Diagnostic:
    case = "upper" if function == "tolower" else "lower"
    return _finding("BTL022", f"never true: {function}() gives no text with the {case}-case letters of '{text}'", span)


def allowed_without_reason(span: Span, place: str, rule: str) -> Diagnostic:
    return _finding("BTL023", f"{place}{rule} is allowed without a reason", span, "say why it is right here")


def allowed_unknown(span: Span, place: str, rule: str, hint: str) -> Diagnostic:
    return _finding("BTL023", f"{place}'{rule}' is not a lint rule", span, hint)


def allowed_in_vain(span: Span, place: str, rule: str) -> Diagnostic:
    return _finding("BTL023", f"{place}{rule} is allowed, but finds nothing here", span, "remove the entry")
