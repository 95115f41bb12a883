"""The document that a request wants to have run: a rule's own, or one made of a query."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.rule_listing import rule_standings
from bluetick.detections.model import AlertSeverity
from bluetick.detections.writing.new_rule import NewRule, write_rule
from bluetick.diagnostics.errors import SourceError
from bluetick.server.detections.ledger import of_ledger
from bluetick.server.detections.rule_body import duration_of, schemas_of, threshold_of
from bluetick.server.detections.shelf import Shelf
from bluetick.server.errors import bad_request, not_there
from bluetick.server.requests import text_of
from bluetick.server.service import Service

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rule by its id. `path` is its document; else `files` are what the document and those beside it hold, by name,
    the document first."""

    id: str
    name: str
    is_rule: bool
    path: Path | None
    files: Mapping[str, bytes]

    def place(self, folder: Path) -> Path:
        """The document's path; one that is nowhere is put into the folder."""
        if self.path is not None:
            return self.path.resolve()
        for name, data in self.files.items():
            (folder / name).write_bytes(data)
        return folder / next(iter(self.files))


async def chosen_document(service: Service, shelf: Shelf, body: Mapping[str, Any]) -> Chosen:
    """By `rule`, an id, or `query`, a text; a 404 for a rule that there is not."""
    rule, query = body.get("rule"), body.get("query")
    if (rule is None) == (query is None):
        raise bad_request("give either 'rule' or 'query'")
    if rule is None:
        return await asyncio.to_thread(_of_query, dict(body))
    id_ = text_of(dict(body), "rule")
    path = (await asyncio.to_thread(shelf.documents)).get(id_)
    if path is not None:
        return Chosen(id_, id_, True, path, {})
    if not service.work.has_ledger:
        raise not_there("there is no such rule")
    return await of_ledger(service, lambda ledger: _of_ledger(ledger, id_))


def _of_query(body: dict[str, Any]) -> Chosen:
    """Its look back is its frequency, an hour where neither is said."""
    frequency = _HOUR if body.get("frequency") is None else duration_of(body, "frequency")
    period = frequency if body.get("period") is None else duration_of(body, "period")
    rule = NewRule(
        id=str(uuid4()),
        name="Query",
        query=text_of(body, "query"),
        frequency=frequency,
        period=period,
        severity=AlertSeverity.MEDIUM,
        threshold=threshold_of(body),
        schemas=schemas_of(body) or "defender",  # a document of Defender's means what a query means
    )
    try:
        text = write_rule(rule).text
    except SourceError as error:
        raise bad_request(str(error)) from error
    return Chosen(rule.id, "query", False, None, {"query.yaml": text.encode()})


def _of_ledger(ledger: Ledger, id_: str) -> Chosen:
    """The version that runs."""
    found = next((one for one in rule_standings(ledger) if one.id == id_), None)
    if found is None:
        raise not_there("there is no such rule")
    held = json.loads(found.document)
    name = Path(held["name"]).name
    stem = name.rpartition(".")[0] or name
    files = {name if suffix == "" else f"{stem}{suffix}": data for suffix, data in sorted(held["files"].items())}
    return Chosen(id_, id_, True, None, {name: base64.b64decode(data) for name, data in files.items()})
