"""The plain part of YAML: mappings, lists and scalars, every scalar a text, every node with its span.

Anchors, aliases and tags are refused: nobody needs one here, and they are how a small text grows without bound.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics.document_codes import bad_yaml, too_large

MAX_CHARACTERS = 200_000
# What only an escape can put into a text that was decoded: half a character, or one that controls a terminal.
UNTEXTUAL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_MAX_DEPTH = 20
# libyaml, where PyYAML was built with it: the same events, twelve times as fast.
_FAST: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else None


@dataclass(frozen=True, slots=True)
class YamlText:
    """`style` is the mark of the scalar: `|`, `>`, a quote, or nothing. An absent value is the empty text."""

    value: str
    span: Span
    style: str = ""


@dataclass(frozen=True, slots=True)
class YamlList:
    items: tuple["YamlNode", ...]
    span: Span


@dataclass(frozen=True, slots=True)
class YamlMapping:
    entries: tuple[tuple[YamlText, "YamlNode"], ...]
    span: Span

    def get(self, key: str) -> "YamlNode | None":
        return next((node for name, node in self.entries if name.value == key), None)


YamlNode = YamlText | YamlList | YamlMapping


class _Refused(Exception):
    def __init__(self, span: Span, problem: str) -> None:
        super().__init__(problem)
        self.span = span
        self.problem = problem


def read_mapping(text: str, name: str, most: int = MAX_CHARACTERS) -> YamlMapping | Diagnostic:
    """The one mapping that the text is, or what is wrong with it; `most` keys, items and values are read."""
    if len(text) > MAX_CHARACTERS:
        return too_large(name, MAX_CHARACTERS)
    # A tab between tokens is taken by libyaml alone; and it words mistakes otherwise.
    if _FAST is not None and "\t" not in text:
        try:
            return _Builder(text, _FAST, most).document()
        except _Refused as refused:
            return bad_yaml(refused.span, refused.problem)
        except (yaml.YAMLError, ValueError, OverflowError):
            pass
    return _read(text, most)


def _read(text: str, most: int) -> YamlMapping | Diagnostic:
    try:
        return _Builder(text, yaml.SafeLoader, most).document()
    except _Refused as refused:
        return bad_yaml(refused.span, refused.problem)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = min(mark.index, len(text)) if mark else 0
        return bad_yaml(Span(at, at), error.problem or "it cannot be read")
    except yaml.YAMLError:
        return bad_yaml(Span(0, 0), "it holds a character that YAML does not allow")
    except (ValueError, OverflowError):  # PyYAML on an escape beyond Unicode
        return bad_yaml(Span(0, 0), "it holds an escape that is no character")


class _Builder:
    def __init__(self, text: str, loader: Any, most: int) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=loader)
        self.most = most
        self.nodes = 0

    def document(self) -> YamlMapping:
        next(self.events)  # the start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise _Refused(Span(0, 0), "it is empty")
        root = self._node(next(self.events), 0)
        next(self.events)  # the end of the document
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _Refused(_span(after), "it holds more than one document")
        if not isinstance(root, YamlMapping):
            raise _Refused(root.span, "it is not a mapping of keys to values")
        return root

    def _node(self, event: yaml.Event, depth: int) -> YamlNode:
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(_span(event), "aliases are not read")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise _Refused(_span(event), "anchors are not read")
        self.nodes += 1
        if depth > _MAX_DEPTH or self.nodes > self.most:
            what = (
                f"is nested deeper than {_MAX_DEPTH} levels"
                if depth > _MAX_DEPTH
                else f"has more than {self.most:,} parts"
            )
            raise _Refused(_span(event), f"it {what}")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.CollectionStartEvent) and event.tag is not None:
            raise _Refused(_span(event), "tags are not read")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(event, depth)
        return self._mapping(event, depth)

    def _list(self, start: yaml.Event, depth: int) -> YamlList:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return YamlList(tuple(items), _span(start).to(_span(event)))

    def _mapping(self, start: yaml.Event, depth: int) -> YamlMapping:
        entries: dict[str, tuple[YamlText, YamlNode]] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, YamlText):
                raise _Refused(key.span, "a key must be a word")
            if key.value in entries:
                raise _Refused(key.span, f"the key '{key.value}' is given twice")
            entries[key.value] = (key, self._node(next(self.events), depth + 1))
        return YamlMapping(tuple(entries.values()), _span(start).to(_span(event)))


def _scalar(event: yaml.ScalarEvent) -> YamlText:
    if event.tag is not None:
        raise _Refused(_span(event), "tags are not read")
    value = event.value
    if UNTEXTUAL.search(value):
        raise _Refused(_span(event), "it holds an escape that is no character of a text")
    is_absent = not event.style and value in ("~", "null")
    return YamlText("" if is_absent else value, _span(event), event.style or "")


def _span(event: yaml.Event) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span(start.index if start else 0, end.index if end else 0)
