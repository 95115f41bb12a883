"""A report as JUnit XML, in the shape that pytest writes and continuous integration reads."""

import re
from xml.etree import ElementTree

from bluetick.cli.checked.verdicts import Report, Verdict
from bluetick.diagnostics import Diagnostic, render_diagnostic

# What XML 1.0 cannot hold, not even escaped (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(report: Report) -> str:
    """One test case a detection: a refused one, or with `is_strict` one with warnings, is a failure."""
    suites = ElementTree.Element("testsuites", name="bluetick check")
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        name="bluetick check",
        errors="0",
        failures=str(sum(report.failed(verdict) for verdict in report.verdicts)),
        skipped="0",
        tests=str(len(report.verdicts)),
        time=f"{sum(verdict.seconds for verdict in report.verdicts):.3f}",
    )
    for verdict in report.verdicts:
        _case(suite, report, verdict)
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _case(suite: ElementTree.Element, report: Report, verdict: Verdict) -> None:
    path = verdict.path.as_posix()
    line = verdict.source.position(_first(verdict))[0] - 1  # pytest counts lines from 0
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_clean(path),
        name=_clean(verdict.name or verdict.path.name),
        file=_clean(path),
        line=str(line),
        time=f"{verdict.seconds:.3f}",
    )
    failing = [one for one in verdict.diagnostics if one.is_error] or list(verdict.diagnostics)
    if report.failed(verdict):
        message = "; ".join(f"{one.code}: {one.message}" for one in failing) or "the document holds no detection"
        failure = ElementTree.SubElement(case, "failure", message=_clean(message))
        failure.text = _clean(_rendered(verdict, failing))
    rest = [one for one in verdict.diagnostics if one not in failing or not report.failed(verdict)]
    if rest:
        ElementTree.SubElement(case, "system-out").text = _clean(_rendered(verdict, rest))


def _first(verdict: Verdict) -> int:
    start = min((one.span.start for one in verdict.diagnostics), default=0)
    return min(start, len(verdict.source.text))


def _rendered(verdict: Verdict, diagnostics: list[Diagnostic]) -> str:
    return "\n".join(render_diagnostic(one, verdict.source) for one in diagnostics)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
