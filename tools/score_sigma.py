"""How Sigma's rules fare on Sigma's own recordings: `python tools/score_sigma.py RULES REGRESSION`.

RULES is a folder with the collection's rules (or several, in one), REGRESSION one with its recordings: `info.yml` names
the rule, the EVTX file and the number of matches. Each recording goes the whole way of a user: `ingest` into a lake of
its own, the rule read as a document, its query run. A recording without a number must be found at all, as in the
collection's own runner. The score counts the rules that the plain Kusto backend converts with its pipeline for
Microsoft XDR. No text of a rule is printed.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from sigma.backends.kusto.kusto import KustoBackend
from sigma.pipelines.microsoftxdr.microsoftxdr import microsoft_xdr_pipeline
from sigma.rule import SigmaRule

import bluetick
from bluetick.detections.documents import read_document
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.diagnostics.errors import BluetickError
from bluetick.ingest.running import ingest_paths
from bluetick.session import Session

_ID = re.compile(r"^id:[ \t]*(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """A recording, its rule, and how many events of it the rule matches; None: at least one."""

    name: str
    rule: Path
    recording: Path
    expected: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case; `reason` is empty where the number is the expected one."""

    case: Case
    is_converted_by_backend: bool
    reason: str
    detail: str = ""


def main(rules: Path, regression: Path) -> int:
    cases = list(find_cases(rules, regression))
    with TemporaryDirectory() as folder:
        outcomes = [score(case, Path(folder) / str(number)) for number, case in enumerate(cases)]
    converted = [outcome for outcome in outcomes if outcome.is_converted_by_backend]
    counted = [outcome for outcome in converted if outcome.case.expected is not None]
    print(f"recordings: {len(outcomes)}; of rules that the Kusto backend converts: {len(converted)}")
    told("of these exactly as expected", converted)
    told("of these with a number in the collection", counted)
    told("of all recordings", outcomes)
    reasons: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.reason:
            reasons[outcome.reason].append(outcome)
    for reason, found in sorted(reasons.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(found)}: {reason}")
        for outcome in found:
            print(f"    {outcome.case.name}{': ' if outcome.detail else ''}{outcome.detail}")
    return 0 if sum(not one.reason for one in converted) >= 0.8 * len(converted) else 1


def told(what: str, outcomes: list[Outcome]) -> None:
    right = sum(not outcome.reason for outcome in outcomes)
    print(f"{what}: {right} of {len(outcomes)} ({right / max(len(outcomes), 1):.1%})")


def find_cases(rules: Path, regression: Path) -> Iterator[Case]:
    by_id = {}
    for path in rules.rglob("*.yml"):
        if path.name != "info.yml" and (found := _ID.search(path.read_text(encoding="utf-8"))):
            by_id[found[1]] = path
    for info in sorted(regression.rglob("info.yml")):
        said: dict[str, Any] = yaml.safe_load(info.read_text(encoding="utf-8"))
        for test in said.get("regression_tests_info") or ():
            recording = info.parent / Path(test["path"]).name
            rule = by_id.get(said["rule_metadata"][0]["id"])
            if rule is not None and test["type"] == "evtx":
                yield Case(info.parent.name, rule, recording, test.get("match_count"))


def score(case: Case, lake: Path) -> Outcome:
    is_converted = converts(case.rule)
    document = read_document(case.rule)
    errors = [item for item in document.diagnostics if item.is_error]
    if errors:
        return Outcome(case, is_converted, "the rule is refused", errors[0].message)
    try:
        ingest_paths([case.recording], lake)
        with bluetick.connect(lake=str(lake)) as session:
            count = sum(rows_of(session, detection) for detection in document.detections)
    except BluetickError as error:
        return Outcome(case, is_converted, "the run fails", str(error).split("\n")[0])
    if count == case.expected or (case.expected is None and count):
        return Outcome(case, is_converted, "")
    wanted = "at least 1" if case.expected is None else str(case.expected)
    what = "more rows than expected" if count > (case.expected or 0) else "fewer rows than expected"
    return Outcome(case, is_converted, what, f"{count}, not {wanted}")


def rows_of(session: Session, detection: Detection) -> int:
    return sum(1 for _ in session.run(query_request(detection))[-1].rows())


def converts(rule: Path) -> bool:
    """Whether the backend alone makes a query of the rule, right or wrong."""
    try:
        backend = KustoBackend(microsoft_xdr_pipeline())
        return bool(backend.convert_rule(SigmaRule.from_yaml(rule.read_text(encoding="utf-8"))))
    except Exception:  # it raises errors of many types
        return False


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
