"""Several queries in one text, as hunting collections have them: parted by blank lines, each a whole query.

A text that parses as it stands is one query, however many statements it has. Only where it does not is it parted, and
only if every part then parses by itself and says what rows it gives; else it stays one, with its mistake.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from bluetick.detections.documents.fields import Draft, place_of, trimmed
from bluetick.detections.model import Schemas
from bluetick.diagnostics import Diagnostic, Span, has_errors
from bluetick.diagnostics.document_codes import several_queries
from bluetick.syntax.parser import parse
from bluetick.syntax.statements import QueryStatement

_MAX_CHARACTERS = 50_000
_MAX_BLOCKS = 60
_MAX_PARSED = 200_000  # characters that are parsed to part a text: a hostile one would be parsed for ever
_BLANK = re.compile(r"\n[ \t\r]*(?=\n)")
# What goes on with the query above it.
_CONTINUES = re.compile(r"[|)\]},;]|(?:and|or|on|by)\b", re.IGNORECASE)


def parted(text: str, draft: Draft) -> tuple[list[Draft], list[Diagnostic]]:
    """The draft, or one for each query of its text, with names that differ."""
    spans = _parts(text, trimmed(text, Span(draft.place.span.start, draft.place.span.end)))
    if len(spans) < 2:
        return [draft], []
    name = next((item.value for item in draft.fields if item.key == "name"), draft.name)
    fields = tuple(item for item in draft.fields if item.key not in ("id", "name"))
    drafts = []
    for number, span in enumerate(spans, 1):
        part = text[span.start : span.end]
        drafts.append(
            replace(
                draft,
                name=name if number == 1 else f"{name} ({number})",
                query=part,
                place=place_of(text, draft.place.file_name, span),
                fields=fields,
                schemas=draft.schemas or _schemas(part),
            )
        )
    return drafts, [several_queries(spans[1], len(spans))]


def _parts(text: str, span: Span) -> list[Span]:
    whole = text[span.start : span.end]
    if len(whole) > _MAX_CHARACTERS or _BLANK.search(whole) is None or _is_query(whole):
        return [span]
    blocks = list(_blocks(text, span))
    if not 1 < len(blocks) <= _MAX_BLOCKS:
        return [span]
    found: list[Span] = []
    at = 0
    left = _MAX_PARSED
    while at < len(blocks):
        end, left = _end_of_query(text, blocks, at, left)
        if not end:
            return [span]
        found.append(Span(blocks[at].start, blocks[end - 1].end))
        at = end
    return found


def _end_of_query(text: str, blocks: list[Span], at: int, left: int) -> tuple[int, int]:
    """Where the shortest run of blocks that is a query ends, or 0; and how much may be parsed after that."""
    for end in range(at + 1, len(blocks) + 1):
        follows = _code(text[blocks[end].start : blocks[end].end]) if end < len(blocks) else ""
        if _CONTINUES.match(follows):
            continue
        left -= blocks[end - 1].end - blocks[at].start
        if left < 0:
            break
        if _is_query(text[blocks[at].start : blocks[end - 1].end]):
            return end, left
    return 0, left


def _blocks(text: str, span: Span) -> Iterator[Span]:
    """What stands between blank lines; comments alone belong to the block below, at the end to the one above."""
    pending: Span | None = None
    start = span.start
    cuts = [span.start + found.end() for found in _BLANK.finditer(text[span.start : span.end])]
    previous: Span | None = None
    for cut in (*cuts, span.end):
        block = trimmed(text, Span(start, cut))
        start = cut
        if block.start == block.end:
            continue
        block = Span(pending.start, block.end) if pending else block
        if not _code(text[block.start : block.end]):
            pending = block
            continue
        pending = None
        if previous:
            yield previous
        previous = block
    if previous:
        yield Span(previous.start, pending.end) if pending else previous


def _code(block: str) -> str:
    """The block from its first line that is no comment."""
    lines = block.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip() and not line.strip().startswith("//")), len(lines))
    return "\n".join(lines[first:]).strip()


def _is_query(text: str) -> bool:
    query, diagnostics = parse(text)
    return not has_errors(diagnostics) and any(isinstance(item, QueryStatement) for item in query.statements)


def _schemas(part: str) -> Schemas | None:
    """What the comments above a query call it."""
    comments = part[: len(part) - len(_code(part))].lower()
    is_sentinel, is_defender = "sentinel" in comments, "defender" in comments or "advanced hunting" in comments
    if is_sentinel == is_defender:
        return None
    return "sentinel" if is_sentinel else "defender"
