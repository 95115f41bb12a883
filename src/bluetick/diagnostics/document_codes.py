"""Every message about a rule document, one factory each: BTK0200 to BTK0249."""

from collections.abc import Sequence

from bluetick.diagnostics.model import Diagnostic, Severity, Span
from bluetick.diagnostics.nearest import did_you_mean

START = Span(0, 0)


def not_readable(name: str, reason: str) -> Diagnostic:
    return Diagnostic("BTK0200", f"'{name}' cannot be read: {reason}", START)


def too_large(name: str, limit: int) -> Diagnostic:
    return Diagnostic(
        "BTK0201",
        f"'{name}' is larger than {limit:,} bytes, the most a rule document may have",
        START,
        hint="a rule document holds a query and its description; data is registered as a table",
    )


def empty_document(name: str) -> Diagnostic:
    return Diagnostic("BTK0202", f"'{name}' is empty", START)


def binary_document(name: str, offset: int) -> Diagnostic:
    return Diagnostic(
        "BTK0203",
        f"'{name}' is not text: it holds a control character at offset {offset}",
        START,
        hint="save the document as UTF-8; UTF-16 is read only where it begins with a byte order mark",
    )


def undecodable(name: str, encoding: str, offset: int) -> Diagnostic:
    return Diagnostic(
        "BTK0204",
        f"'{name}' is not {encoding}: byte {offset} cannot be decoded",
        START,
        hint="save the document as UTF-8",
    )


def read_as_windows_1252(span: Span, count: int) -> Diagnostic:
    return Diagnostic(
        "BTK0205",
        f"the document is not UTF-8; it was read as Windows-1252, a guess that concerns {count} characters",
        span,
        Severity.WARNING,
        hint="save the document as UTF-8",
    )


def guessed_character_in_query(span: Span) -> Diagnostic:
    return Diagnostic(
        "BTK0206",
        "the document is not UTF-8, and the query holds a character whose meaning would be a guess",
        span,
        hint="save the document as UTF-8",
    )


def encoding_repaired(span: Span, count: int, repairs: Sequence[tuple[str, str]]) -> Diagnostic:
    shown = ", ".join(f"'{before}' -> '{after}'" for before, after in repairs[:5])
    more = f" and {len(repairs) - 5} more" if len(repairs) > 5 else ""
    return Diagnostic(
        "BTK0207",
        f"text decoded with the wrong encoding was repaired in the prose on {count} lines: {shown}{more}",
        span,
        Severity.WARNING,
        hint="the query is untouched",
    )


def encoding_not_repaired(span: Span, count: int) -> Diagnostic:
    return Diagnostic(
        "BTK0208",
        f"text decoded with the wrong encoding stays as it is on {count} lines: too much is lost to repair it",
        span,
        Severity.WARNING,
    )


def wrong_encoding_in_query(span: Span, count: int) -> Diagnostic:
    return Diagnostic(
        "BTK0209",
        f"the query looks decoded with the wrong encoding on {count} lines, from here on; it runs as it is written",
        span,
        Severity.WARNING,
        hint="correct the document if more than comments are concerned",
    )


def no_query(name: str, hint: str) -> Diagnostic:
    return Diagnostic("BTK0210", f"'{name}' holds no query", START, hint=hint)


def unclosed_fence(span: Span) -> Diagnostic:
    return Diagnostic(
        "BTK0211",
        "this fence is never closed; the query runs to the end of the document",
        span,
        Severity.WARNING,
    )


def fence_without_language(span: Span) -> Diagnostic:
    return Diagnostic(
        "BTK0212",
        "this fence names no language and is read as KQL, as no other fence is",
        span,
        Severity.INFO,
        hint="write ```kql",
    )


def several_queries(span: Span, count: int) -> Diagnostic:
    return Diagnostic(
        "BTK0213", f"the document holds {count} queries; each is a detection of its own", span, Severity.INFO
    )


def too_many_queries(span: Span, limit: int) -> Diagnostic:
    return Diagnostic("BTK0233", f"the document holds more than {limit} queries", span, hint="split the document")


def unknown_tactic(span: Span, name: str, nearest: str) -> Diagnostic:
    return Diagnostic(
        "BTK0214",
        f"'{name}' is not an ATT&CK tactic",
        span,
        Severity.WARNING,
        hint=did_you_mean(nearest),
    )


def unknown_technique(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "BTK0215",
        f"'{name}' is not the number of an ATT&CK technique",
        span,
        Severity.WARNING,
        hint="a technique is written T1071 or T1071.001",
    )


def unknown_severity(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        "BTK0216",
        f"'{name}' is not a severity",
        span,
        Severity.WARNING,
        hint="severities are Informational, Low, Medium and High",
    )


def bad_duration(span: Span, key: str, text: str) -> Diagnostic:
    return Diagnostic(
        "BTK0217",
        f"the {key} '{text}' is not a duration",
        span,
        hint="write 5m, 1h, 30d, 1d12h, 1.12:00:00 or PT1H; it must be more than nothing",
    )


def bad_start_time(span: Span, text: str) -> Diagnostic:
    return Diagnostic(
        "BTK0239",
        f"the start time '{text}' is not an instant",
        span,
        hint="write 2026-06-18T06:20:00Z; without an offset it is in UTC",
    )


def bad_operator(span: Span, text: str) -> Diagnostic:
    return Diagnostic(
        "BTK0218",
        f"'{text}' is not a comparison of the number of rows",
        span,
        hint="write gt, lt, eq or ne",
    )


def bad_threshold(span: Span, text: str) -> Diagnostic:
    return Diagnostic("BTK0219", f"the threshold '{text}' is not a whole number of rows, 0 or more", span)


def incomplete_threshold(span: Span, missing: str, used: str) -> Diagnostic:
    return Diagnostic(
        "BTK0220",
        f"the threshold has no {missing}; '{used}' is used",
        span,
        Severity.WARNING,
        hint=f"give the {missing}",
    )


def id_not_guid(span: Span, text: str) -> Diagnostic:
    return Diagnostic("BTK0221", f"the id '{text}' is not a GUID; Sentinel would refuse it", span, Severity.WARNING)


def unknown_header_key(span: Span, key: str, nearest: str) -> Diagnostic:
    return Diagnostic(
        "BTK0222",
        f"'{key}' is not a field known here; it is kept and not used",
        span,
        Severity.WARNING if nearest else Severity.INFO,
        hint=did_you_mean(nearest),
    )


def stray_header_line(span: Span) -> Diagnostic:
    return Diagnostic("BTK0223", "this line of the header belongs to no field", span, Severity.WARNING)


def repeated_field(span: Span, key: str, is_schedule: bool) -> Diagnostic:
    return Diagnostic(
        "BTK0224",
        f"the {key} is given twice with different values" + ("" if is_schedule else "; the first is used"),
        span,
        Severity.ERROR if is_schedule else Severity.WARNING,
    )


def bad_entity(span: Span, text: str) -> Diagnostic:
    return Diagnostic(
        "BTK0225",
        f"the entity '{text}' is not of the form Kind.Identifier=Column and is left out",
        span,
        Severity.WARNING,
        hint="for instance Host.HostName=Computer",
    )


def bad_schemas(span: Span, text: str) -> Diagnostic:
    return Diagnostic("BTK0226", f"'{text}' is not a schema pack", span, hint="write sentinel or defender")


def overlay_replaces(place: str, key: str, old: str, new: str) -> Diagnostic:
    return Diagnostic("BTK0227", f"{place}: {key} '{new}' replaces the document's '{old}'", START, Severity.INFO)


def overlay_unknown_key(place: str, key: str, hint: str) -> Diagnostic:
    return Diagnostic("BTK0228", f"{place}: '{key}' is not a field of an overlay", START, Severity.WARNING, hint=hint)


def overlay_for_several(place: str, key: str) -> Diagnostic:
    return Diagnostic(
        "BTK0229",
        f"{place}: one {key} cannot serve several detections; it is not used",
        START,
        Severity.WARNING,
        hint="split the document, one query each",
    )


def companion_alone(name: str) -> Diagnostic:
    return Diagnostic(
        "BTK0230",
        f"'{name}' stands beside a rule document and is none",
        START,
        hint="name the document beside it; what belongs to it is read with it",
    )


def bad_yaml(span: Span, problem: str) -> Diagnostic:
    return Diagnostic("BTK0231", f"this is not the plain YAML of a document: {problem}", span)


def wrong_shape(span: Span, key: str, wanted: str) -> Diagnostic:
    return Diagnostic("BTK0232", f"'{key}' must be {wanted}", span)


def too_many_lines(name: str, limit: int) -> Diagnostic:
    return Diagnostic("BTK0246", f"'{name}' has more than {limit:,} lines", START, hint="split the document")


def more_is_said(count: int) -> Diagnostic:
    return Diagnostic("BTK0247", f"{count:,} more findings are not listed", START, Severity.WARNING)


def bad_json(span: Span, problem: str) -> Diagnostic:
    return Diagnostic("BTK0234", f"this is not the strict JSON of a document: {problem}", span)


def unknown_field(span: Span, key: str, form: str, nearest: str) -> Diagnostic:
    return Diagnostic(
        "BTK0235",
        f"'{key}' is not a key of {form}; it is kept and not used",
        span,
        Severity.WARNING,
        hint=did_you_mean(nearest),
    )


def query_is_expression(span: Span) -> Diagnostic:
    return Diagnostic(
        "BTK0236",
        "the query is an expression of the template, which only a deployment computes",
        span,
        hint="write the query's text into the template",
    )


def value_is_expression(span: Span, key: str) -> Diagnostic:
    return Diagnostic(
        "BTK0237",
        f"the value of '{key}' is an expression of the template, which only a deployment computes; it is left out",
        span,
        Severity.WARNING,
    )


def unknown_word(span: Span, key: str, text: str, words: Sequence[str], is_error: bool) -> Diagnostic:
    return Diagnostic(
        "BTK0238",
        f"'{text}' is no value of '{key}'" + ("" if is_error else "; it is left out"),
        span,
        Severity.ERROR if is_error else Severity.WARNING,
        hint=f"write {', '.join(words[:-1])} or {words[-1]}",
    )
