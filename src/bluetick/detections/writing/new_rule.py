"""A rule that somebody makes of a query: a Sentinel YAML document written afresh, and its file in a folder of rules."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from bluetick.detections.documents.attack import TECHNIQUE, find_tactic
from bluetick.detections.documents.reading import read_document_text
from bluetick.detections.model import (
    AlertSeverity,
    Detection,
    EntityMapping,
    QueryPlace,
    Schemas,
    Threshold,
)
from bluetick.detections.writing.sentinel import write_sentinel
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.errors import QueryError, SourceError

SUFFIX: Final = ".yaml"
_ANY_ROW: Final = Threshold(declared=True)
_MOST_NAME: Final = 200
_DEFENDER_TIME: Final = re.compile(r"\bTimestamp\b")
_UNPLAIN: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """What a rule is to be. `period` is how far back a run reads. `schemas` is whose tables the query means, where it
    does not say so itself."""

    id: str
    name: str
    query: str
    frequency: timedelta
    period: timedelta
    severity: AlertSeverity
    threshold: Threshold = _ANY_ROW
    description: str = ""
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    entities: tuple[EntityMapping, ...] = ()
    schemas: Schemas | None = None


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule's document, and the detection that it reads back as. `warnings` are what is worth saying about it."""

    text: str
    detection: Detection
    warnings: tuple[Diagnostic, ...]


def write_rule(rule: NewRule) -> RuleText:
    """The document. SourceError where a part of the rule is none or would not read back as it is, QueryError (of the
    document's text) where the document would be refused. Whether the query binds is not looked at."""
    _check(rule)
    wanted = _detection(rule)
    text = write_sentinel(wanted, None).text  # what Sentinel's own service would not take runs here nonetheless
    if rule.schemas == "defender":
        text += "schemas: defender\n"
    name = f"{file_stem(rule.name, rule.id)}{SUFFIX}"
    result = read_document_text(text.encode("utf-8"), name)
    if any(one.is_error for one in result.diagnostics):
        raise QueryError(result.diagnostics, result.source)
    (read,) = result.detections
    if _said(read) != _said(wanted):
        raise SourceError(f"the rule '{rule.name}' cannot be written: it would read back as another")
    return RuleText(text, read, result.diagnostics)


def save_rule(folder: Path, rule: RuleText) -> Path:
    """Puts the document into the folder, whole, under a name made of the rule's. SourceError where there is a file of
    that name, or none can be made."""
    path = folder / f"{file_stem(rule.detection.name, rule.detection.id)}{SUFFIX}"
    beside = folder / f".{path.name}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as out:
            out.write(rule.text.encode("utf-8"))
            out.flush()
            os.fsync(out.fileno())
        os.link(beside, path)  # which, other than a renaming, does not replace what is there
    except FileExistsError:
        raise SourceError(f"'{path}' is there already; nothing is written over", str(path)) from None
    except OSError as error:
        raise SourceError(f"'{path}' cannot be written: {(error.strerror or str(error)).lower()}", str(path)) from error
    finally:
        beside.unlink(missing_ok=True)
    return path


def file_stem(name: str, rule_id: str) -> str:
    """A file's name for a rule: the letters and digits of its name in lower case, `_` between; of its id if it has none
    that every system takes."""
    return _UNPLAIN.sub("_", name.lower()).strip("_")[:80].rstrip("_") or f"rule_{rule_id[:8].lower()}"


def tactics_of(texts: Sequence[str]) -> tuple[str, ...]:
    """As ATT&CK has them; SourceError for a text that names none."""
    found = [(text, find_tactic(text)) for text in texts]
    unknown = next((text for text, name in found if name is None), None)
    if unknown is not None:
        raise SourceError(f"'{unknown}' is no tactic of ATT&CK")
    return tuple(dict.fromkeys(name for _, name in found if name is not None))


def techniques_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Numbers such as T1071.004; SourceError for a text that is none."""
    numbers = [text.strip().upper() for text in texts]
    wrong = next((number for number in numbers if not TECHNIQUE.fullmatch(number)), None)
    if wrong is not None:
        raise SourceError(f"'{wrong}' is no technique's number such as T1071.004")
    return tuple(dict.fromkeys(numbers))


def schemas_meant(query: str) -> Schemas:
    """Whose tables a query means that says nothing: Defender's if it names the time of those and not of Sentinel's."""
    return "sentinel" if "TimeGenerated" in query or not _DEFENDER_TIME.search(query) else "defender"


def _check(rule: NewRule) -> None:
    if not rule.name.strip() or len(rule.name) > _MOST_NAME or not rule.name.isprintable():
        raise SourceError(f"a rule's name has 1 to {_MOST_NAME} characters of one line")
    if not rule.query.strip():
        raise SourceError("a rule needs a query")


def _detection(rule: NewRule) -> Detection:
    return Detection(
        id=rule.id,
        id_derived=False,
        name=rule.name.strip(),
        query=rule.query.strip().replace("\r\n", "\n"),
        place=QueryPlace("", Span(0, len(rule.query)), 1, ()),
        description=rule.description.strip().replace("\r\n", "\n"),
        severity=rule.severity,
        tactics=rule.tactics,
        techniques=rule.techniques,
        frequency=rule.frequency,
        lookback=rule.period,
        threshold=rule.threshold,
        entities=rule.entities,
        schemas="sentinel",
    )


def _said(detection: Detection) -> tuple[object, ...]:
    return (
        detection.id,
        detection.name,
        detection.query.strip(),
        detection.description.strip(),
        detection.severity,
        detection.tactics,
        detection.techniques,
        detection.frequency,
        detection.lookback,
        detection.threshold,
        detection.entities,
    )
