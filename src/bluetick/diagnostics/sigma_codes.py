"""Every message about a Sigma rule, one factory each: BTK0240 to BTK0249."""

from bluetick.diagnostics.model import Diagnostic, Severity, Span


def sigma_extra_missing(span: Span) -> Diagnostic:
    return Diagnostic("BTK0240", "Sigma rules need an extra", span, hint="pip install 'bluetick[sigma]'")


def not_a_rule(span: Span, kind: str) -> Diagnostic:
    return Diagnostic(
        "BTK0241",
        f"this Sigma document is no rule of its own: it has '{kind}'",
        span,
        hint="correlations, filters and collections are not read; write one rule a document",
    )


def not_converted(span: Span, reason: str) -> Diagnostic:
    return Diagnostic("BTK0242", f"this Sigma rule cannot be made into KQL: {reason}", span)


def no_table(span: Span, logsource: str) -> Diagnostic:
    return Diagnostic(
        "BTK0243",
        f"no table is known for the log source '{logsource}'",
        span,
        hint="docs/sigma.md lists the log sources that have one",
    )


def field_not_told(span: Span, field: str, reason: str) -> Diagnostic:
    what = f"the field '{field}' cannot be asked for" if field else "this Sigma rule cannot be made into KQL"
    return Diagnostic("BTK0244", f"{what}: {reason}", span)


def told_by_sysmon(span: Span, field: str) -> Diagnostic:
    return Diagnostic(
        "BTK0248",
        f"the field '{field}' is filled only where Sysmon told of the event; Defender does not tell it",
        span,
        Severity.WARNING,
    )


def too_much(span: Span, reason: str) -> Diagnostic:
    return Diagnostic("BTK0245", f"this Sigma rule asks for more than is read: {reason}", span)
