"""Rule documents as rules of the ledger, and back: the ledger keeps the documents' bytes, so that a window is evaluated
again by the very rule that it was opened with."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bluetick.detections.alerting import RuleState
from bluetick.detections.backtest.windows import interval
from bluetick.detections.documents import DocumentResult, read_document_text
from bluetick.detections.documents.companions import OVERLAY_SUFFIX, TUNING_SUFFIX, companion
from bluetick.detections.documents.fields import stem
from bluetick.detections.ledger.rules import Rule
from bluetick.detections.model import Detection
from bluetick.detections.runs import query_request
from bluetick.detections.tuning.model import TuningDocument
from bluetick.detections.tuning.reading import read_tuning_text
from bluetick.plan.deciding import statement_relations
from bluetick.plan.relations import QueryPlan, Scan
from bluetick.session import Session


@dataclass(frozen=True, slots=True)
class Scheduling:
    """How documents are scheduled, where they do not say it. `frequency`: of those that state none. `is_shadow`: nobody
    is told of what any rule finds; `quiet_warming`: while the rule is warming."""

    start: datetime
    delay: timedelta
    is_shadow: bool = False
    frequency: timedelta | None = None
    quiet_warming: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A detection as the ledger has it, with its exceptions, and the text of its document."""

    detection: Detection
    tuning: TuningDocument | None
    text: str


def rule_at(session: Session, path: Path, number: int, how: Scheduling) -> Rule:
    """The rule that is the so many-th detection (from 0) of a document without errors. QueryError where its query does
    not bind, SourceError where nothing says how often it runs."""
    files = {"": path.read_bytes()}
    for suffix in (OVERLAY_SUFFIX, TUNING_SUFFIX):
        beside = companion(path, suffix)
        if beside.is_file():
            files[suffix] = beside.read_bytes()
    texts = {suffix: base64.b64encode(data).decode() for suffix, data in files.items()}
    return _rule(session, json.dumps({"name": path.name, "number": number, "files": texts}, sort_keys=True), how)


def stored(document: str) -> Stored:
    """What `rule_at` wrote down."""
    held = json.loads(document)
    files = {suffix: base64.b64decode(text) for suffix, text in held["files"].items()}
    tuning = files.get(TUNING_SUFFIX)
    name = stem(held["name"]) + TUNING_SUFFIX
    read = _read(held["name"], files)
    return Stored(
        read.detections[held["number"]],
        None if tuning is None else read_tuning_text(tuning, name),
        read.source.text,
    )


def _read(name: str, files: dict[str, bytes]) -> DocumentResult:
    return read_document_text(files[""], name, overlay=files.get(OVERLAY_SUFFIX))


def _rule(session: Session, document: str, how: Scheduling) -> Rule:
    detection = stored(document).detection
    is_silent = detection.frequency is None and not detection.is_near_real_time
    frequency = how.frequency if is_silent and how.frequency is not None else interval(detection)
    suppression = detection.alerting.suppression
    return Rule(
        id=detection.id,
        version=hashlib.sha256(document.encode()).hexdigest()[:16],
        name=detection.name,
        frequency=frequency,
        lookback=detection.reach,
        delay=how.delay,
        tables=tables_of(checked_plan(session, detection)),
        document=document,
        start=how.start,
        suppression=(suppression.duration or timedelta(0)) if suppression.enabled else timedelta(0),
        incidents=detection.alerting.incidents,
        state=RuleState.SHADOW if how.is_shadow or detection.state is RuleState.SHADOW else RuleState.LIVE,
        quiet_warming=how.quiet_warming,
        first_run=detection.start,
    )


def checked_plan(session: Session, detection: Detection) -> QueryPlan:
    """The plan of a detection's query, over tables of the schemas that are not here yet too. QueryError where it is
    refused."""
    return session.plan(query_request(detection), is_check=True)[0]


def tables_of(plan: QueryPlan) -> frozenset[str]:
    """The tables that a plan reads."""
    nodes = (node for statement in plan.statements for node in statement_relations(statement))
    return frozenset(node.table for node in nodes if isinstance(node, Scan))
