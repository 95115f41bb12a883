"""Every message about exceptions of a detection (`NAME.tuning.yaml`), one factory each: BTK0270 to BTK0279 refuse,
BTL101 to BTL109 are findings."""

from collections.abc import Iterable
from datetime import date

from bluetick.diagnostics.model import Diagnostic, Severity, Span
from bluetick.diagnostics.nearest import did_you_mean, nearest

EXPIRED = "BTL101"
NEVER_HIT = "BTL102"


def no_condition(span: Span, given: str) -> Diagnostic:
    hint = "compare it with something: a row is left out where the condition is true"
    return Diagnostic("BTK0270", f"an exception's condition is bool, and this is {given}", span, hint=hint)


def reads_a_table(span: Span) -> Diagnostic:
    hint = "it sees the columns of one row: write the values, as in: IP in ('192.0.2.1', '192.0.2.2')"
    return Diagnostic("BTK0271", "an exception's condition reads no other table", span, hint=hint)


def unknown_table(span: Span, name: str, known: Iterable[str]) -> Diagnostic:
    near = nearest(name, known)
    hint = did_you_mean(near)
    return Diagnostic("BTK0272", f"an exception is of the table '{name}', which is not known", span, hint=hint)


def table_or_result(span: Span, name: str) -> Diagnostic:
    message = f"the exception '{name}' must say of which rows it is, once"
    return Diagnostic("BTK0273", message, span, hint="give either 'table: NAME' or 'result: true'")


def missing_key(span: Span, name: str, key: str) -> Diagnostic:
    what = f"the exception '{name}'" if name else "this exception"
    hints = {
        "name": "name: backup-server",
        "where": "where: RemoteIP == '192.0.2.1'",
        "reason": "say why these rows are no finding",
        "owner": "say who answers for it",
        "expires": "expires: 2027-01-31, the last day on which it applies",
    }
    return Diagnostic("BTK0274", f"{what} has no '{key}'", span, hint=hints.get(key, ""))


def bad_date(span: Span, text: str) -> Diagnostic:
    return Diagnostic("BTK0275", f"'{text}' is not a date", span, hint="write it as in 2027-01-31")


def named_twice(span: Span, name: str) -> Diagnostic:
    return Diagnostic("BTK0276", f"there is an exception '{name}' before this one", span, hint="give each its own name")


def not_readable(name: str, reason: str) -> Diagnostic:
    return Diagnostic("BTK0277", f"'{name}' cannot be read: {reason}", Span(0, 0))


def does_not_run(reason: str) -> Diagnostic:
    return Diagnostic("BTK0278", reason, Span(0, 0))


def expired(span: Span, name: str, last: date, owner: str) -> Diagnostic:
    return Diagnostic(
        EXPIRED,
        f"the exception '{name}' expired on {last.isoformat()} and no longer applies",
        span,
        Severity.WARNING,
        hint=f"ask {owner} whether it is still needed; renew or remove it",
    )


def never_hit(span: Span, name: str, looked_at: str) -> Diagnostic:
    return Diagnostic(
        NEVER_HIT,
        f"the exception '{name}' left out no row {looked_at}",
        span,
        Severity.WARNING,
        hint="remove it, or look whether the condition says what was meant",
    )
