"""`NAME.tests.yaml` beside a rule document: its samples.

now: 2026-01-15T12:00:00Z
defaults:
  SigninLogs: {TimeGenerated: now - 5m, ResultType: "50126"}
samples:
  - name: many failures of one account
    tables:
      SigninLogs:
        - range i from 1 to 20 step 1 | project UserPrincipalName = "ann@contoso.com"
        - {UserPrincipalName: bob@contoso.com}
    expect:
      rows:
        - {UserPrincipalName: ann@contoso.com, Failures: 20}
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from bluetick.detections.documents.companions import TESTS_SUFFIX, companion
from bluetick.detections.samples.model import Expectation, GivenTable, Sample, SampleFile, Setting
from bluetick.diagnostics import Diagnostic, SourceText, Span, has_errors
from bluetick.diagnostics import sample_codes as codes
from bluetick.syntax.literals import LiteralProblem, parse_datetime
from bluetick.syntax.strict_yaml import MAX_CHARACTERS, YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_SETTING: Final = ("tables", "watchlists", "profiles", "external", "geo")
_TOP: Final = ("now", "defaults", *_SETTING, "samples")
_CASE: Final = ("name", "now", "detection", "alone", *_SETTING, "expect")
_EXPECT: Final = ("rows", "ordered", "alert", "error")
_TABLE: Final = ("rows", "query", "file")
_TRUTH: Final = {"true": True, "false": False}
_START: Final = Span(0, 0)


def samples_path(document: Path) -> Path:
    """Where the samples of a document stand."""
    return companion(document, TESTS_SUFFIX)


def read_samples(path: Path) -> SampleFile:
    """The samples of a file, or what is wrong with it. Never raises for what a file holds."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CHARACTERS * 4 + 4)  # no more than the reader takes, in the longest encoding
        text = SourceText(data.decode("utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "it is no UTF-8 text"
        problem = codes.unreadable_table(_START, f"'{path.name}' cannot be read: {reason}")
        return SampleFile(path, SourceText("", str(path)), diagnostics=(problem,))
    root = read_mapping(text.text, path.name)
    if isinstance(root, Diagnostic):
        return SampleFile(path, text, diagnostics=(root,))
    reader = _Reader(text, path.parent)
    samples = tuple(reader.samples(root))
    return SampleFile(path, text, () if has_errors(reader.diagnostics) else samples, tuple(reader.diagnostics))


@dataclass(slots=True)
class _Reader:
    """Reads one file; what is wrong gathers in `diagnostics`."""

    text: SourceText
    folder: Path
    diagnostics: list[Diagnostic] = field(default_factory=list)
    defaults: dict[str, YamlMapping] = field(default_factory=dict)

    def report(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)

    def samples(self, root: YamlMapping) -> Iterator[Sample]:
        self._refuse_others(root, "a file of samples", _TOP)
        self._read_defaults(root.get("defaults"))
        now = self._now(root)
        shared = self._setting(root)
        names: set[str] = set()
        cases = root.get("samples")
        if not isinstance(cases, YamlList) or not cases.items:
            self.report(codes.wrong_part(root.span if cases is None else cases.span, "samples", "a list of samples"))
            return
        for item in cases.items:
            if not isinstance(item, YamlMapping):
                self.report(codes.wrong_part(item.span, "samples", "a list of mappings, each a sample"))
                continue
            sample = self._sample(item, now, shared)
            if sample is None:
                continue
            if sample.name in names:
                self.report(codes.named_twice(sample.span, sample.name))
            names.add(sample.name)
            yield sample

    def _sample(self, case: YamlMapping, shared_now: datetime | None, shared: Setting) -> Sample | None:
        self._refuse_others(case, "a sample", _CASE)
        name = self._word(case, "name")
        if not name:
            self.report(codes.missing_part(case.span, "the sample has no name", "name: what happens in it"))
        now = self._now(case) or shared_now
        if now is None:
            hint = "now: 2026-01-15T12:00:00Z, at the top of the file or in the sample"
            self.report(codes.missing_part(case.span, "the sample does not say at which instant the rule runs", hint))
        own = self._setting(case)
        setting = own if self._truth(case, "alone") else _both(shared, own)
        expect = self._expectation(case)
        if not name or now is None or expect is None:
            return None
        return Sample(name, case.span, self.text, self.folder, now, setting, expect, self._word(case, "detection"))

    # --- what is given ---

    def _setting(self, body: YamlMapping) -> Setting:
        profiles = body.get("profiles")
        return Setting(
            tuple(self._tables(body.get("tables"))),
            tuple((key.value, self._rows(key.value, rows)) for key, rows in self._entries(body, "watchlists")),
            None if profiles is None else self._rows("profiles", profiles),
            tuple((key.value, self._path(key.value, value)) for key, value in self._entries(body, "external")),
            self._word(body, "geo"),
        )

    def _tables(self, node: YamlNode | None) -> Iterator[GivenTable]:
        if node is not None and not isinstance(node, YamlMapping):
            self.report(codes.wrong_part(node.span, "tables", "a mapping of table names to rows"))
        for key, value in node.entries if isinstance(node, YamlMapping) else ():
            yield replace(self._table(key, value), defaults=self.defaults.get(key.value))

    def _table(self, key: YamlText, node: YamlNode) -> GivenTable:
        table = GivenTable(key.value, key.span)
        match node:
            case YamlText():
                return replace(table, queries=self._texts(node)) if node.value.strip() else table
            case YamlList(items=items):
                rows = tuple(item for item in items if isinstance(item, YamlMapping))
                return replace(table, rows=rows, queries=self._texts(*(i for i in items if i not in rows)))
            case _:
                self._refuse_others(node, "a table", _TABLE)
                rows_node = node.get("rows")
                return replace(
                    table,
                    rows=() if rows_node is None else self._rows("rows", rows_node),
                    queries=self._texts(*_several(node.get("query"))),
                    files=self._texts(*_several(node.get("file"))),
                )

    def _texts(self, *nodes: YamlNode) -> tuple[YamlText, ...]:
        texts = tuple(node for node in nodes if isinstance(node, YamlText) and node.value.strip())
        if len(texts) < len(nodes):
            other = next(node for node in nodes if node not in texts)
            wanted = "rows ({Column: value}), KQL queries that give rows, or {file: PATH}"
            self.report(codes.wrong_part(other.span, "a table", wanted))
        return texts

    def _read_defaults(self, node: YamlNode | None) -> None:
        if node is not None and not isinstance(node, YamlMapping):
            self.report(codes.wrong_part(node.span, "defaults", "a mapping of table names to columns and values"))
        for key, value in node.entries if isinstance(node, YamlMapping) else ():
            if isinstance(value, YamlMapping):
                self.defaults[key.value] = value
            else:
                self.report(codes.wrong_part(value.span, key.value, "a mapping of columns to values"))

    def _rows(self, key: str, node: YamlNode) -> tuple[YamlMapping, ...]:
        items = node.items if isinstance(node, YamlList) else ()
        rows = tuple(item for item in items if isinstance(item, YamlMapping))
        if not isinstance(node, YamlList) or len(rows) < len(items):
            self.report(codes.wrong_part(node.span, key, "a list of rows: - {Column: value}"))
        return rows

    def _path(self, key: str, node: YamlNode) -> str:
        if isinstance(node, YamlText) and node.value.strip():
            return node.value.strip()
        self.report(codes.wrong_part(node.span, key, "the path of a file beside"))
        return ""

    # --- what is expected ---

    def _expectation(self, case: YamlMapping) -> Expectation | None:
        node = case.get("expect")
        if not isinstance(node, YamlMapping) or not node.entries:
            hint = "expect: {alert: true}, {rows: 2}, {rows: [{Column: value}]} or {error: SEM0100}"
            self.report(codes.missing_part(case.span if node is None else node.span, "nothing is expected", hint))
            return None
        self._refuse_others(node, "an expectation", _EXPECT)
        error = self._word(node, "error")
        if error and len(node.entries) > 1:
            self.report(codes.wrong_part(node.span, "error", "the only thing that is expected"))
        rows = node.get("rows")
        alert = None if node.get("alert") is None else self._truth(node, "alert")
        if isinstance(rows, YamlText):
            return Expectation(self._count(rows), None, False, alert, error)
        found = None if rows is None else self._rows("rows", rows)
        for row in found or ():
            if not row.entries:
                self.report(codes.wrong_part(row.span, "rows", "rows with at least one column, or a number of rows"))
        return Expectation(None, found, self._truth(node, "ordered"), alert, error)

    def _count(self, node: YamlText) -> int:
        if node.value.isascii() and node.value.isdecimal() and len(node.value) < 10:
            return int(node.value)
        self.report(codes.wrong_part(node.span, "rows", "a number of rows, or a list of them"))
        return 0

    # --- parts ---

    def _now(self, body: YamlMapping) -> datetime | None:
        text = self._word(body, "now")
        if not text:
            return None
        try:
            return parse_datetime(text)
        except LiteralProblem:
            node = body.get("now")
            self.report(codes.wrong_part((node or body).span, "now", "an instant such as 2026-01-15T12:00:00Z"))
            return None

    def _word(self, body: YamlMapping, key: str) -> str:
        node = body.get(key)
        if isinstance(node, YamlText):
            return node.value.strip()
        if node is not None:
            self.report(codes.wrong_part(node.span, key, "a single value"))
        return ""

    def _truth(self, body: YamlMapping, key: str) -> bool:
        word = self._word(body, key)
        if word and word not in _TRUTH:
            self.report(codes.wrong_part((body.get(key) or body).span, key, "true or false"))
        return _TRUTH.get(word, False)

    def _entries(self, body: YamlMapping, key: str) -> tuple[tuple[YamlText, YamlNode], ...]:
        node = body.get(key)
        if node is not None and not isinstance(node, YamlMapping):
            self.report(codes.wrong_part(node.span, key, "a mapping"))
        return node.entries if isinstance(node, YamlMapping) else ()

    def _refuse_others(self, body: YamlMapping, place: str, known: tuple[str, ...]) -> None:
        for key, _ in body.entries:
            if key.value not in known:
                self.report(codes.unknown_key(key.span, key.value, place, known))


def _several(node: YamlNode | None) -> tuple[YamlNode, ...]:
    """One value or a list of them."""
    return node.items if isinstance(node, YamlList) else () if node is None else (node,)


def _both(shared: Setting, own: Setting) -> Setting:
    """What the file gives to every sample, and what one adds: rows are added, the rest is taken in its place."""
    return Setting(
        (*shared.tables, *own.tables),
        tuple({**dict(shared.watchlists), **dict(own.watchlists)}.items()),
        shared.profiles if own.profiles is None else own.profiles,
        tuple({**dict(shared.external), **dict(own.external)}.items()),
        own.geo or shared.geo,
    )
