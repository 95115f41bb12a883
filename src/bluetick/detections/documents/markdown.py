"""The markdown form: a title, prose, lists of sources and techniques, and the query in a fence."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from bluetick.detections.documents.attack import TACTIC_NUMBER, TECHNIQUE
from bluetick.detections.documents.fields import (
    Draft,
    Field,
    continued,
    field_items,
    known_key,
    place_of,
    stem,
    trimmed,
)
from bluetick.detections.documents.format import Format, Reading
from bluetick.detections.documents.markdown_blocks import Block, Fence, Heading, Line, blocks
from bluetick.detections.documents.partition import parted
from bluetick.detections.documents.plain import has_statement
from bluetick.detections.model import Schemas
from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.document_codes import (
    fence_without_language,
    no_query,
    several_queries,
    too_many_queries,
    unclosed_fence,
)

_MAX_QUERIES = 200
KQL_LANGUAGES = frozenset({"kql", "kusto", "csl", "kustoql", "kusto-query", "{kql}", "{.kql}"})
_HEADED = re.compile(r"\s{0,3}#{1,6}[ \t]+\S")
_FENCED = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*\{?\.?(?:kql|kusto|csl)", re.IGNORECASE | re.MULTILINE)
# `- **Key:** value`, `**Key**: value`: the colon inside the bold or after it.
_BOLD_KEY = re.compile(r"\s{0,3}(?:[-*+][ \t]+)?\*\*([^*:]{1,40})(?::\*\*|\*\*[ \t]*:)")
_BOLD_NUMBER = re.compile(r"\s*[-*+][ \t]+\*\*TA?\d{4}\b", re.ASCII)
_ITEM = re.compile(r"(\s*)[-*+][ \t]+(?=\S)")
_TICKED = re.compile(r"`([^`\n]+)`")
_ONE_NAME = re.compile(r"[`*]{0,4}([A-Za-z_]\w*(?:\(\))?)[`*]{0,4}")


class _Topic(Enum):
    PROSE = "prose"
    SOURCES = "sources"
    ATTACK = "attack"
    QUERY = "query"
    BLIND = "blind"


_TOPIC_WORDS = (
    (_Topic.BLIND, ("blind spot",)),
    (_Topic.ATTACK, ("mitre", "att&ck", "technique", "tactic")),
    (_Topic.SOURCES, ("data source", "datasource", "table", "requirement")),
    (_Topic.QUERY, ("query", "queries", "kql", "sentinel", "defender")),
)


@dataclass(slots=True)
class _Page:
    """What the page has said so far, above the first query and below it."""

    title: str = ""
    heading: str = ""
    topic: _Topic = _Topic.PROSE
    fields: list[Field] = field(default_factory=list)
    prose: list[Line] = field(default_factory=list)
    fences: list[tuple[str, Fence]] = field(default_factory=list)
    nested_under: str = ""

    def add(self, block: Block) -> None:
        match block:
            case Heading(title=title):
                is_title = not self.heading  # a title may say "query" or "Defender"; what follows it is prose
                self.title = self.title or title
                self.heading = title
                self.topic = _Topic.PROSE if is_title else _topic_of(title)
                self.nested_under = ""
            case Fence():
                self.fences.append((self.heading, block))
            case Line():
                self._add_line(block)

    def _add_line(self, line: Line) -> None:
        found = _BOLD_KEY.match(line.text)
        if found and (known_key(found[1]) or self.topic is _Topic.SOURCES):
            self._add_key(line, found[1].strip(), found.end())
            return
        if _BOLD_NUMBER.match(line.text) or self.topic is _Topic.ATTACK:
            self._add_numbers(line)
            return
        if self.topic is _Topic.BLIND:
            self._add_blind_spot(line)
        elif self.topic is _Topic.SOURCES:
            self._add_source(line)
        elif self.topic is _Topic.PROSE and not self.fences:
            self.prose.append(line)

    def _add_key(self, line: Line, written: str, at: int) -> None:
        key = known_key(written)
        value = line.text[at:]
        self.nested_under = "" if key else written
        ticked = [Field(key or written, m[1], _span(line, at + m.start(1), m[1])) for m in _TICKED.finditer(value)]
        is_named = key in ("required tables", "data sources") and bool(ticked)
        items = ticked if is_named else field_items(key or written, value, line.start + at)
        self.fields.extend(items)
        if key == "required tables":
            self.fields.extend(Field("data sources", item.value, item.span) for item in items)
        elif key is None and written.lower().startswith("function"):
            self.fields.extend(Field("data sources", item.value, item.span) for item in ticked)

    def _add_numbers(self, line: Line) -> None:
        for key, pattern in (("techniques", TECHNIQUE), ("tactics", TACTIC_NUMBER)):
            self.fields.extend(Field(key, m[0], _span(line, m.start(), m[0])) for m in pattern.finditer(line.text))

    def _add_source(self, line: Line) -> None:
        item = _ITEM.match(line.text)
        if not item:
            return
        if item[1] and self.nested_under:
            names = _TICKED.findall(line.text) or [line.text[item.end() :]]
            start = line.start + item.end()
            span = Span(start, line.start + len(line.text))
            self.fields.extend(Field(self.nested_under, name, span) for name in names)
        elif name := _ONE_NAME.fullmatch(line.text, item.end()):
            self.fields.append(Field("data sources", name[1], _span(line, name.start(1), name[1])))

    def _add_blind_spot(self, line: Line) -> None:
        """An item of the list, or the next line of one."""
        item = _ITEM.match(line.text)
        if item:
            self.fields.extend(field_items("blind spots", line.text[item.end() :], line.start + item.end()))
        elif line.text.strip() and self.fields and self.fields[-1].key == "blind spots":
            self.fields[-1] = continued(self.fields[-1], line.text, line.start + len(line.text))
        else:
            self.fields.extend(field_items("blind spots", line.text, line.start))

    def description(self) -> list[Field]:
        text = "\n".join(line.text for line in self.prose).strip()
        if not text:
            return []
        first, last = self.prose[0], self.prose[-1]
        return [Field("description", text, Span(first.start, last.start + len(last.text)))]


def matches_markdown(text: str) -> bool:
    return _HEADED.match(text) is not None or _FENCED.search(text) is not None


def read_markdown(text: str, file_name: str) -> Reading:
    page = _Page()
    for block in blocks(text):
        page.add(block)
    chosen, diagnostics = _query_fences(text, page.fences)
    if not chosen:
        hint = "put the query in a fence that begins with ```kql"
        return [], [*diagnostics, no_query(file_name, hint)]
    if len(chosen) > _MAX_QUERIES:
        return [], [too_many_queries(chosen[_MAX_QUERIES][1].mark, _MAX_QUERIES)]
    fields = list(page.fields)
    if not any(item.key == "description" for item in fields):
        fields.extend(page.description())
    if len(chosen) > 1:
        diagnostics.append(several_queries(chosen[1][1].mark, len(chosen)))
        fields = [item for item in fields if item.key not in ("id", "name")]
    names = _names(page.title or stem(file_name), [heading for heading, _ in chosen])
    drafts = []
    for name, (heading, fence) in zip(names, chosen, strict=True):
        span = trimmed(text, fence.content)
        place = place_of(text, file_name, span)
        draft = Draft(name, text[span.start : span.end], place, tuple(fields), _schemas_of(heading))
        parts, found = parted(text, draft)
        drafts.extend(parts)
        diagnostics.extend(found)
    return drafts, diagnostics


def _query_fences(text: str, fences: Sequence[tuple[str, Fence]]) -> tuple[list[tuple[str, Fence]], list[Diagnostic]]:
    """The fences that hold queries: those that say KQL, else those that say nothing."""
    filled = [(h, f) for h, f in fences if has_statement(text[f.content.start : f.content.end])]
    chosen = [(h, f) for h, f in filled if f.language in KQL_LANGUAGES]
    diagnostics = []
    if not chosen:
        chosen = [(h, f) for h, f in filled if not f.language]
        diagnostics = [fence_without_language(f.mark) for _, f in chosen]
    diagnostics.extend(unclosed_fence(f.mark) for _, f in chosen if not f.is_closed)
    return chosen, diagnostics


def _names(title: str, headings: list[str]) -> list[str]:
    """A name for each query: the title, with the heading above the query and a number where that is needed."""
    if len(headings) == 1:
        return [title]
    plain = [title if heading in ("", title) else f"{title}: {heading}" for heading in headings]
    seen: Counter[str] = Counter()
    names = []
    for name in plain:
        seen[name] += 1
        names.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
    return names


def _schemas_of(heading: str) -> Schemas | None:
    lowered = heading.lower()
    is_sentinel, is_defender = "sentinel" in lowered, "defender" in lowered
    if is_sentinel == is_defender:
        return None
    return "sentinel" if is_sentinel else "defender"


def _topic_of(title: str) -> _Topic:
    lowered = title.lower()
    return next((topic for topic, words in _TOPIC_WORDS if any(word in lowered for word in words)), _Topic.PROSE)


def _span(line: Line, at: int, text: str) -> Span:
    return Span(line.start + at, line.start + at + len(text))


MARKDOWN = Format("markdown", (".md", ".markdown"), matches_markdown, read_markdown)
