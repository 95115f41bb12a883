"""A report as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), which code hosts show beside the lines."""

import hashlib
import json
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from bluetick.cli.checked.meanings import meaning, page
from bluetick.cli.checked.verdicts import Report, Verdict, unique
from bluetick.detections.fixing.repairs import Edit, Fix
from bluetick.diagnostics import Diagnostic, Severity, SourceText, Span
from bluetick.diagnostics.inert import inert_json

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "SRCROOT"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_EMPTY = Diagnostic("BTK0210", "the document holds no query", Span(0, 0))

Json = dict[str, Any]


def to_sarif(report: Report) -> str:
    """One run: a rule for each code that was found, a result for each finding."""
    found = unique(report.verdicts)
    found += [(verdict, _EMPTY) for verdict in report.verdicts if verdict.detection is None and not verdict.diagnostics]
    codes = sorted({diagnostic.code for _, diagnostic in found})
    driver = {
        "name": "bluetick",
        "version": version("bluetick"),
        "rules": [_rule(code, _worst(code, found)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder in which the check ran."}}},
        "results": [_result(verdict, diagnostic, codes.index(diagnostic.code)) for verdict, diagnostic in found],
    }
    said = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)
    return f"{inert_json(said)}\n"


def _worst(code: str, found: Sequence[tuple[Verdict, Diagnostic]]) -> Severity:
    given = {diagnostic.severity for _, diagnostic in found if diagnostic.code == code}
    return next(severity for severity in _LEVELS if severity in given)


def _rule(code: str, severity: Severity) -> Json:
    name, summary = meaning(code)
    sentence = f"{summary[:1].upper()}{summary[1:].rstrip('.')}." if summary else f"{code}."
    rule: Json = {"id": code}
    if name:
        rule["name"] = "".join(part.capitalize() for part in name.split("-"))
    rule["shortDescription"] = {"text": sentence}
    rule["help"] = {"text": f"{sentence} See {page(code)} in the manual of bluetick."}
    rule["defaultConfiguration"] = {"level": _LEVELS[severity]}
    return rule


def _result(verdict: Verdict, diagnostic: Diagnostic, rule: int) -> Json:
    hint = f". Hint: {diagnostic.hint}" if diagnostic.hint else ""
    note = f" ({diagnostic.note})" if diagnostic.note else ""
    place: Json = {"artifactLocation": _artifact(verdict.path), "region": _region(verdict.source, diagnostic.span)}
    location: Json = {"physicalLocation": place}
    if verdict.detection is not None:
        location["logicalLocations"] = [{"name": verdict.name, "fullyQualifiedName": verdict.id}]
    result: Json = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": f"{diagnostic.message}{note}{hint}"},
        "locations": [location],
        "partialFingerprints": {"findingAndItsText/v1": _fingerprint(verdict, diagnostic)},
    }
    fixes = [] if verdict.repair is None else [f for f in verdict.repair.direct if _answers(verdict, f, diagnostic)]
    if written := [fix for one in fixes if (fix := _fix(verdict, one)) is not None]:
        result["fixes"] = written
    return result


def _answers(verdict: Verdict, fix: Fix, diagnostic: Diagnostic) -> bool:
    detection = verdict.detection
    is_same = detection is not None and detection.span_in_document(fix.place) == diagnostic.span
    return is_same and fix.code == diagnostic.code


def _fix(verdict: Verdict, fix: Fix) -> Json | None:
    """None where the document holds the query in another form, or a line that is put in would need its indentation."""
    detection = verdict.detection
    if detection is None or not detection.place.line_offsets or any("\n" in edit.text for edit in fix.edits):
        return None
    changes = [_replacement(verdict.source, Edit(detection.span_in_document(e.span), e.text)) for e in fix.edits]
    return {
        "description": {"text": f"{fix.title}: {fix.effect}"},
        "artifactChanges": [{"artifactLocation": _artifact(verdict.path), "replacements": changes}],
    }


def _replacement(source: SourceText, edit: Edit) -> Json:
    return {"deletedRegion": _region(source, edit.span), "insertedContent": {"text": edit.text}}


def _region(source: SourceText, span: Span) -> Json:
    """Lines and columns from 1, in UTF-16 code units as `columnKind` says; the end is after the last character."""
    start = min(span.start, len(source.text))
    end = max(start, min(span.end, len(source.text)))
    (line, column), (end_line, end_column) = _position(source, start), _position(source, end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _position(source: SourceText, offset: int) -> tuple[int, int]:
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    return line, len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1


def _artifact(path: Path) -> Json:
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(PurePath(path).as_posix(), safe="/", errors="surrogateescape"), "uriBaseId": _ROOT}


def _fingerprint(verdict: Verdict, diagnostic: Diagnostic) -> str:
    """The same while the finding's own line stays, wherever in the document that line moves."""
    line = re.sub(r"\s+", " ", verdict.source.line(min(diagnostic.span.start, len(verdict.source.text)))).strip()
    parts = (verdict.path.as_posix(), verdict.id, diagnostic.code, diagnostic.message, line)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
