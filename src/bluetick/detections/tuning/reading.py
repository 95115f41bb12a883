"""`NAME.tuning.yaml`: exceptions of the detection beside it.

exceptions:
  - name: backup-server
    table: DeviceNetworkEvents          # or result: true
    where: RemoteIP == '192.0.2.1'
    reason: the nightly copy goes there
    owner: infrastructure@example.org
    expires: 2027-01-31
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from bluetick.binder.exclusions import Exclusion
from bluetick.detections.documents.companions import TUNING_SUFFIX, companion
from bluetick.detections.documents.decoding import MAX_BYTES, decode
from bluetick.detections.tuning.model import TuningDocument, TuningException
from bluetick.diagnostics import Diagnostic, SourceText, Span, has_errors, mapping_codes, tuning_codes
from bluetick.diagnostics.errors import TuningError
from bluetick.execution.kql_yaml import KqlYamlReader
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_KEYS: Final = ("name", "table", "result", "where", "reason", "owner", "expires")
_NEEDED: Final = ("name", "where", "reason", "owner", "expires")
_TRUE: Final = "true"


def read_tuning(path: Path) -> TuningDocument:
    """The exceptions of a file; TuningError says all that is wrong with it, and where."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "the system refuses").lower()
        raise TuningError((tuning_codes.not_readable(path.name, reason),), SourceText("", str(path))) from error
    return read_tuning_text(data, str(path))


def read_tuning_text(data: bytes, name: str) -> TuningDocument:
    """The same of bytes, which are called so in messages."""
    decoded = decode(data, name)
    source = SourceText(decoded.text, name)
    if has_errors(decoded.diagnostics):
        raise TuningError(decoded.diagnostics, source)
    reader = _Reader(source)
    exceptions = tuple(reader.exceptions())
    if has_errors(reader.diagnostics):
        raise TuningError(sorted(reader.diagnostics, key=lambda d: d.span.start), source)
    return TuningDocument(exceptions, source)


def tuning_path(document: Path) -> Path:
    """Where the exceptions of a document stand."""
    return companion(document, TUNING_SUFFIX)


def tuning_beside(document: Path) -> TuningDocument | None:
    """The exceptions beside a document; None where there is no such file."""
    path = tuning_path(document)
    return read_tuning(path) if path.exists() else None


@dataclass(slots=True)
class _Reader(KqlYamlReader):
    """Reads one document."""

    names: set[str] = field(default_factory=set)

    def exceptions(self) -> Iterator[TuningException]:
        root = read_mapping(self.text.text, self.text.name)
        if isinstance(root, Diagnostic):
            self.report(root)
            return
        self.refuse_others(root, "a file of exceptions", ("exceptions",))
        listed = root.get("exceptions")
        if listed is None:
            self.report(mapping_codes.missing_part(root.span, "the file names no exceptions", "exceptions: [...]"))
            return
        if not isinstance(listed, YamlList):
            self.report(mapping_codes.wrong_part(listed.span, "exceptions", "a list"))
            return
        for item in listed.items:
            if not isinstance(item, YamlMapping):
                self.report(mapping_codes.wrong_part(item.span, "exceptions", f"a list of {', '.join(_KEYS)}"))
            elif (found := self._exception(item)) is not None:
                yield found

    def _exception(self, body: YamlMapping) -> TuningException | None:
        before = len(self.diagnostics)
        self.refuse_others(body, "an exception", _KEYS)
        said = {key: self._text(body.get(key), key) for key in _KEYS}
        name = said["name"]
        for key in _NEEDED:
            if body.get(key) is None or (said[key] == "" and isinstance(body.get(key), YamlText)):
                self.report(tuning_codes.missing_key(_head(body), name, key))
        expires = self._date(body.get("expires"))
        exclusion = self._exclusion(body, name)
        place = body.get("name")
        if expires is None or exclusion is None or place is None or has_errors(self.diagnostics[before:]):
            return None
        if name in self.names:
            self.report(tuning_codes.named_twice(place.span, name))
        self.names.add(name)
        return TuningException(name, exclusion, said["reason"], said["owner"], expires, place.span)

    def _text(self, node: YamlNode | None, key: str) -> str:
        """The text of a key; a list or a mapping in its place is reported."""
        if node is None:
            return ""
        if isinstance(node, YamlText):
            return node.value.strip()
        self.report(mapping_codes.wrong_part(node.span, key, "a text"))
        return ""

    def _date(self, node: YamlNode | None) -> date | None:
        if not isinstance(node, YamlText) or not node.value.strip():
            return None
        text = node.value.strip()
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.isoformat() != text:
            self.report(tuning_codes.bad_date(node.span, text))
            return None
        return found

    def _exclusion(self, body: YamlMapping, name: str) -> Exclusion | None:
        where, table, result = body.get("where"), body.get("table"), body.get("result")
        is_result = isinstance(result, YamlText) and result.value.strip() == _TRUE
        if (table is None) == (result is None) or (result is not None and not is_result):
            self.report(tuning_codes.table_or_result(_head(body) if result is None else result.span, name))
            return None
        if table is not None and not (isinstance(table, YamlText) and table.value.strip()):
            self.report(mapping_codes.wrong_part(table.span, "table", "the name of a table"))
            return None
        written = self.expression("where", where) if isinstance(where, YamlText) and where.value.strip() else None
        if written is None:
            return None
        place = table or result or body
        of = table.value.strip() if isinstance(table, YamlText) else None
        return Exclusion(of, written.node, written.span, place.span, self.text)


def _head(body: YamlMapping) -> Span:
    """Where an exception begins: its first key, so that a caret stands under a word."""
    return body.entries[0][0].span if body.entries else body.span
