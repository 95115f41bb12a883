"""A rule and samples of it, written to a folder."""

from pathlib import Path

from bluetick.detections.documents import read_document
from bluetick.detections.samples import SampleFile, SampleOutcome, read_samples, run_samples, samples_path

RULE = """// Name: Many failures
// Id: 0b0f4f0e-6a55-4f53-9a39-3d8c0a7f7f17
// QueryFrequency: 1h
// QueryPeriod: 1d
// AlertTriggerOperator: gt
// AlertTriggerThreshold: 0
SigninLogs
| where TimeGenerated > ago(1h)
| where ResultType == "50126"
| summarize Failures = count(), First = min(TimeGenerated) by UserPrincipalName
| where Failures >= 3
"""
TOP = "now: 2026-01-15T12:00:00Z\n"


def write(folder: Path, samples: str, rule: str = RULE) -> Path:
    """A document with samples beside it."""
    path = folder / "rule.kql"
    path.write_text(rule, "utf-8")
    samples_path(path).write_text(samples, "utf-8")
    return path


def outcomes(folder: Path, samples: str, rule: str = RULE) -> list[SampleOutcome]:
    """What becomes of the samples of a rule."""
    path = write(folder, samples, rule)
    file = read_samples(samples_path(path))
    assert file.diagnostics == ()
    (detection,) = read_document(path).detections
    return run_samples(detection, file.samples)


def read(folder: Path, samples: str) -> SampleFile:
    return read_samples(samples_path(write(folder, samples)))


def one(folder: Path, case: str, rule: str = RULE, top: str = TOP) -> SampleOutcome:
    """What becomes of a single sample; `case` is all of it but its name, without indent."""
    body = "\n".join(f"    {line}" for line in case.strip("\n").split("\n"))
    (outcome,) = outcomes(folder, f"{top}samples:\n  - name: it\n{body}\n", rule)
    return outcome


def problem(outcome: SampleOutcome) -> str:
    """Why it failed, as one text."""
    assert outcome.failure is not None
    return "\n".join((*outcome.failure.problems, *outcome.failure.differences))
