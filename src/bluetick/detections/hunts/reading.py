"""A hunt's file read: front matter, title, hypothesis, and the queries in fences.

    ---
    kind: hunt
    tags: [beacon]
    techniques: [T1071.004]
    ---
    # Who speaks with few?

    ## Hypothesis
    An implant speaks with few addresses, and often.

    ```kql id=few
    VMConnection | summarize dcount(RemoteIp) by Computer
    ```

Nothing here changes a text: what is written back is what an author wrote.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bluetick.detections.documents.attack import TECHNIQUE, find_tactic
from bluetick.detections.documents.markdown import KQL_LANGUAGES
from bluetick.detections.documents.markdown_blocks import Block, Fence, Heading, Line, blocks
from bluetick.detections.hunts.model import Cell, Hunt
from bluetick.detections.model import Schemas
from bluetick.diagnostics import Diagnostic
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_FRONT: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n((?:.*\n)*?)---[ \t]*(?:\r?\n|\Z)")
_KIND: Final = re.compile(r"^kind:[ \t]*hunt[ \t]*\r?$", re.MULTILINE)
_ID: Final = re.compile(r"(?:^|\s)id=(\S*)")
CELL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LABEL: Final = re.compile(r"\s*\**hypothesis\**\s*:\**\s*", re.IGNORECASE)
_NO_TEXT: Final = "?"  # in the place of a list or a mapping
_SCHEMAS: Final[dict[str, Schemas]] = {"sentinel": "sentinel", "defender": "defender"}


def is_hunt(text: str) -> bool:
    """Whether a markdown text says of itself that it is a hunt: `kind: hunt` in its front matter."""
    front = _FRONT.match(text)
    return front is not None and _KIND.search(front[1]) is not None


def read_hunt(text: str, name: str) -> Hunt:
    """Never refuses a text: what is wrong with it is among the hunt's problems."""
    front = _FRONT.match(text)
    start = len(text) - len(text.removeprefix("\ufeff")) if front is None else front.end()
    facts, problems = _facts("" if front is None else front[1], name)
    page = _Page()
    for block in blocks(text[start:]):
        page.add(block)
    cells, wrong = _cells(text, start, page.fences)
    return Hunt(
        name,
        page.title or name,
        page.hypothesis(),
        text,
        tuple(cells),
        tags=facts.get("tags", ()),
        tactics=tuple(find_tactic(one) or one for one in facts.get("tactics", ())),
        techniques=tuple(one.upper() for one in facts.get("techniques", ())),
        schemas=next((_SCHEMAS[one.lower()] for one in facts.get("schemas", ())), None),
        problems=(*problems, *wrong),
    )


# --- the front matter ------------------------------------------------------------------------------------------------


def _facts(front: str, name: str) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The lists that are known by name. One that holds what it may not is left out, and told."""
    if not front.strip():
        return {}, []
    read = read_mapping(front, name)
    if isinstance(read, Diagnostic):
        return {}, [f"the front matter cannot be read: {read.message}"]
    found: dict[str, tuple[str, ...]] = {}
    problems = []
    for key, fits in _FITS.items():
        items = _items(read.get(key))
        wrong = next((item for item in items if not fits(item)), None)
        if wrong is not None:
            problems.append(f"the front matter's '{key}' has '{wrong}', which is none")
        else:
            found[key] = items
    return found, problems


_FITS: Final[Mapping[str, Callable[[str], bool]]] = {
    "tags": lambda text: text != _NO_TEXT and text.isprintable() and len(text) <= 100,
    "tactics": lambda text: find_tactic(text) is not None,
    "techniques": lambda text: TECHNIQUE.fullmatch(text.upper()) is not None,
    "schemas": lambda text: text.lower() in _SCHEMAS,
}


def _items(node: YamlNode | None) -> tuple[str, ...]:
    """The texts of a list, or of one text with commas."""
    match node:
        case YamlText(value=value):
            texts = value.split(",")
        case YamlList(items=items):
            texts = [item.value if isinstance(item, YamlText) else _NO_TEXT for item in items]
        case YamlMapping():
            texts = [_NO_TEXT]
        case _:
            texts = []
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


# --- the page --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Page:
    """What the page has said so far. The hypothesis is the section of that name, else the paragraph that begins with
    the word, else the first one."""

    title: str = ""
    fences: list[Fence] = field(default_factory=list)
    _section: list[str] = field(default_factory=list)
    _level: int = 0  # of the section's heading while it lasts
    _paragraphs: list[list[str]] = field(default_factory=lambda: [[]])

    def add(self, block: Block) -> None:
        match block:
            case Heading(level=level, title=title):
                self.title = self.title or title
                self._level = 0 if self._level and level <= self._level else self._level
                if title.strip(" :").lower() == "hypothesis":
                    self._level = level
                self._paragraphs.append([])
            case Fence():
                self._level = 0
                self.fences.append(block)
                self._paragraphs.append([])
            case Line(text=text):
                if self._level:
                    self._section.append(text)
                if text.strip():
                    self._paragraphs[-1].append(text.strip())
                else:
                    self._paragraphs.append([])

    def hypothesis(self) -> str:
        section = "\n".join(self._section).strip()
        if section:
            return section
        texts = ["\n".join(lines) for lines in self._paragraphs if lines]
        labelled = next((text for text in texts if _LABEL.match(text)), None)
        return _LABEL.sub("", labelled, count=1) if labelled is not None else next(iter(texts), "")


def _cells(text: str, start: int, fences: Sequence[Fence]) -> tuple[list[Cell], list[str]]:
    """The parts of the page in order, and what is wrong with the fences' marks."""
    found: list[Cell] = []
    problems: list[str] = []
    at, queries, seen = start, 0, set[str]()
    for fence in fences:
        if fence.language not in KQL_LANGUAGES:
            continue
        found += _prose(text, at, start + fence.mark.start, len(found))
        queries += 1
        begin, end = start + fence.content.start, start + fence.content.end
        line = text.count("\n", 0, begin) + 1
        mark = text[start + fence.mark.start : start + fence.mark.end]
        cell = f"cell-{queries}"
        if (given := _ID.search(mark)) is not None:
            if CELL_ID.fullmatch(given[1]):
                cell = given[1]
            else:
                problems.append(f"line {line - 1}: '{given[1]}' is no id: letters, digits, '-' and '_', 64 at most")
        if cell.lower() in seen:
            problems.append(f"line {line - 1}: there are two cells '{cell}'")
        if not fence.is_closed:
            problems.append(f"line {line - 1}: the fence of the cell '{cell}' is not closed")
        seen.add(cell.lower())
        found.append(Cell(cell, "kql", text[begin:end], line))
        at = _behind(text, end)
    found += _prose(text, at, len(text), len(found))
    return found, problems


def _prose(text: str, begin: int, end: int, number: int) -> Iterator[Cell]:
    if text[begin:end].strip():
        yield Cell(f"text-{number + 1}", "markdown", text[begin:end], text.count("\n", 0, begin) + 1)


def _behind(text: str, end: int) -> int:
    """Where the line of a closing mark ends."""
    newline = text.find("\n", end)
    return len(text) if newline < 0 else newline + 1
