"""Every message about writing a rule in another form, one factory each: BTK0280 to BTK0299.

An error is something that the rule does and the target cannot; a warning is something said that changes no alert.
"""

from collections.abc import Sequence

from bluetick.diagnostics.model import Diagnostic, Severity, Span

_START = Span(0, 0)


def out_of_range(key: str, length: str, least: str, most: str, target: str) -> Diagnostic:
    return Diagnostic("BTK0280", f"the {key} of {length} does not fit {target}, which takes {least} to {most}", _START)


def frequency_over_lookback(frequency: str, lookback: str, target: str) -> Diagnostic:
    message = f"the frequency {frequency} is longer than the lookback {lookback}; {target} refuses that"
    return Diagnostic("BTK0281", message, _START)


def query_too_long(span: Span, length: int, limit: int, target: str) -> Diagnostic:
    message = f"the query has {length:,} characters; {target} takes {limit:,}"
    return Diagnostic("BTK0282", message, span, hint="put a part of it into a saved function")


def query_refused(span: Span, form: str, target: str) -> Diagnostic:
    return Diagnostic("BTK0283", f"{target} refuses '{form}' in the query of a rule", span)


def too_many(what: str, count: int, limit: int, target: str) -> Diagnostic:
    return Diagnostic("BTK0284", f"the rule has {count} {what}; {target} takes {limit}", _START)


def no_place(what: str, target: str, hint: str = "") -> Diagnostic:
    return Diagnostic("BTK0285", f"{target} has no place for {what}", _START, hint=hint)


def lacks(key: str, target: str) -> Diagnostic:
    return Diagnostic(
        "BTK0286",
        f"the rule has no {key}, which {target} requires",
        _START,
        hint="say it in the overlay of the document",
    )


def unfitting_schedule(schedule: str, target: str, pairs: Sequence[str]) -> Diagnostic:
    hint = f"{target} runs at {', '.join(pairs)}, or continuously"
    return Diagnostic("BTK0287", f"{target} does not run a rule {schedule}", _START, hint=hint)


def result_lacks(span: Span, column: str, target: str) -> Diagnostic:
    return Diagnostic("BTK0288", f"the result of the query has no column {column}, which {target} requires", span)


def left_out(keys: Sequence[str], target: str) -> Diagnostic:
    message = f"{target} has no place for {', '.join(keys)}; no alert hangs on that"
    return Diagnostic("BTK0289", message, _START, Severity.WARNING)


def other_tables(span: Span, target: str) -> Diagnostic:
    return Diagnostic(
        "BTK0290",
        f"the query is written for Defender's tables; in {target} their time column is TimeGenerated, not Timestamp",
        span,
    )


def reads_back_otherwise(keys: Sequence[str], target: str) -> Diagnostic:
    return Diagnostic("BTK0291", f"{target} would read back otherwise: {', '.join(keys)}", _START)


def result_unknown(span: Span, target: str) -> Diagnostic:
    message = f"the query does not bind here, so that the columns which {target} requires cannot be looked for"
    return Diagnostic("BTK0292", message, span, Severity.WARNING, hint="`bluetick check` says why")
