"""A report as text for people, and as JSON, one line a detection."""

from collections.abc import Iterator

from bluetick.cli.checked.proposals import proposal_json, proposal_lines
from bluetick.cli.checked.verdicts import Report, Verdict
from bluetick.cli.writing import compact
from bluetick.diagnostics import SourceText, Span, render_diagnostic
from bluetick.diagnostics.inert import visible


def text_lines(report: Report) -> Iterator[str]:
    """A line for each detection with what was found below it, and how often each code was found."""
    for verdict in report.verdicts:
        name = f"  {visible(verdict.name)}" if verdict.name else ""
        yield f"{_word(report, verdict)}  {visible(str(verdict.path))}{name}"
        for diagnostic in verdict.diagnostics:
            yield render_diagnostic(diagnostic, verdict.source)
        yield from proposal_lines(verdict)
    yield ""
    yield summary(report)
    codes = report.codes()
    width = max((len(f"{one.count:,}") for one in codes), default=0)
    for one in codes:
        name = f" {one.name}" if one.name else ""
        yield f"  {one.count:>{width},}  {one.code}{name}: {one.summary.rstrip('.') or 'see the message'}"


def summary(report: Report) -> str:
    """The report in one line."""
    refused = sum(verdict.is_refused for verdict in report.verdicts)
    warned = sum(verdict.has_warnings and not verdict.is_refused for verdict in report.verdicts)
    words = f"{len(report.verdicts):,} checked, {refused:,} refused"
    return f"{words}, {warned:,} with warnings" if warned else words


def _word(report: Report, verdict: Verdict) -> str:
    if verdict.is_refused:
        return "refused"
    return "warned " if report.failed(verdict) else "ok     "


def json_lines(report: Report) -> Iterator[str]:
    """`{id, file, ok, diagnostics: [{severity, code, message, line, column, ...}], ...}`; keys are only ever added at
    the end, `fix` with --fix. Lines and columns count characters from 1; `endColumn` is the column after the last
    one."""
    for verdict in report.verdicts:
        found = [
            {
                "severity": diagnostic.severity.value,
                "code": diagnostic.code,
                "message": diagnostic.message,
                **_place(verdict.source, diagnostic.span),
                "hint": diagnostic.hint,
            }
            for diagnostic in verdict.diagnostics
        ]
        line = {"id": verdict.id, "file": str(verdict.path), "ok": not report.failed(verdict), "diagnostics": found}
        fix = {"fix": proposal_json(verdict)} if report.with_fixes else {}
        yield compact({**line, "name": verdict.name, **fix})


def _place(source: SourceText, span: Span) -> dict[str, int]:
    start = min(span.start, len(source.text))
    line, column = source.position(start)
    end_line, end_column = source.position(max(start, min(span.end, len(source.text))))
    return {"line": line, "column": column, "endLine": end_line, "endColumn": end_column}
