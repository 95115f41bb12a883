"""The fields of a log's first records: their ways, how full they are, and what their values look like."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bluetick.ingest.strictness import record_fault
from bluetick.syntax import parse_scalar
from bluetick.syntax.expressions import NameReference

_DEPTH: Final = 6
_LONGEST: Final = 80  # of an example
_LINE: Final = "line"
_FEW: Final = 3  # pairs, that make a line one of pairs
_KEY: Final = r"[A-Za-z_@][\w.@-]*"
_STAMP: Final = r"^\W{0,2}(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
_STAMP_NAME: Final = "LineTime"
_JOINED_NAME: Final = "DateAndTime"
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME_OF_DAY: Final = re.compile(r"\d\d:\d\d:\d\d(?:\.\d+)?")


@dataclass(slots=True)
class Field:
    """A field by its way into the record, or by the name of an expression that takes it out of a line (`taken`)."""

    way: tuple[str, ...]
    taken: str = ""
    values: list[str] = field(default_factory=list)  # those that are not empty
    parts: tuple[tuple[str, str], ...] = ()  # other names that `taken` needs, with their expressions

    @property
    def text(self) -> str:
        """As KQL writes it."""
        first, *rest = self.way
        return _written(first) + "".join(f".{name}" if _is_plain(name) else f"[{quoted(name)}]" for name in rest)

    @property
    def name(self) -> str:
        return ".".join(self.way)

    @property
    def example(self) -> str:
        commonest = Counter(self.values).most_common(1)[0][0]
        return commonest if len(commonest) <= _LONGEST else commonest[: _LONGEST - 1] + "…"


@dataclass(frozen=True, slots=True)
class Sample:
    """The first sound records of a log."""

    records: int
    fields: tuple[Field, ...]


def sample_of(texts: Sequence[str | None]) -> Sample:
    """What the records hold; a record that is no JSON object is left out."""
    objects = [json.loads(text) for text in texts if text is not None and not record_fault(text)]
    found: dict[tuple[str, ...], Field] = {}
    for one in objects:
        for way, value in _flattened(one, ()):
            known = found.setdefault(way, Field(way))
            if value:
                known.values.append(value)
    fields = [known for known in found.values() if known.values]
    if [known.way for known in fields] == [(_LINE,)]:
        fields = _of_lines(fields[0].values)
    return Sample(len(objects), tuple(_with_joined_time(fields)))


def _with_joined_time(fields: list[Field]) -> list[Field]:
    """The fields, a date and a time of day that stand apart made one."""
    by_name = {one.name.lower(): one for one in fields}
    date, time = by_name.get("date"), by_name.get("time")
    if date is None or time is None or len(date.values) != len(time.values):
        return fields
    if not (all(map(_DATE.fullmatch, date.values)) and all(map(_TIME_OF_DAY.fullmatch, time.values))):
        return fields
    values = [f"{day} {clock}" for day, clock in zip(date.values, time.values, strict=True)]
    joined = Field((_JOINED_NAME,), f"strcat({date.text}, ' ', {time.text})", values)
    names = [one for one in (date, time) if one.taken]  # what the joined one is made of must be taken too
    joined.parts = tuple((one.name, one.taken) for one in names)
    return [joined, *(one for one in fields if one is not date and one is not time)]


def quoted(text: str) -> str:
    """A text as KQL writes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _flattened(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, part in value.items():
        way = (*above, name)
        if isinstance(part, dict) and part and len(way) < _DEPTH:
            yield from _flattened(part, way)
        else:
            yield way, _as_text(part)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if value is None or value in ({}, []):
        return ""
    return json.dumps(value, ensure_ascii=False)


def _is_plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_]\w*", name) is not None


def _written(name: str) -> str:
    """A field at the root: in brackets where its name alone would not be read as one."""
    node, diagnostics = parse_scalar(name)
    is_name = _is_plain(name) and not diagnostics and isinstance(node, NameReference) and node.name == name
    return name if is_name else f"[{quoted(name)}]"


# --- lines of pairs -------------------------------------------------------------------------------------------------


def _of_lines(lines: Sequence[str]) -> list[Field]:
    """The fields of lines that hold `key=value`, each with the expression that takes it out; else the lines."""
    whole = Field((_LINE,), "", list(lines))
    end = _end_of_values(lines)
    pair = re.compile(rf'(?:^|[\s,;|])({_KEY})=(?:"((?:[^"\\]|\\.)*)"|({end}*))')
    found: dict[str, Field] = {}
    in_quotes: Counter[str] = Counter()
    lines_of_pairs = 0
    for line in lines:
        pairs = pair.findall(line)
        lines_of_pairs += len(pairs) >= _FEW
        for key, inner, bare in pairs:
            known = found.setdefault(key, Field((key,)))
            in_quotes[key] += bool(inner)
            if value := inner or bare:
                known.values.append(value)
    if lines_of_pairs * 2 < len(lines):
        return [whole]
    stamps = [match[1] for line in lines if (match := re.search(_STAMP, line))]
    fields = [Field((_STAMP_NAME,), f"extract(@'{_STAMP}', 1, line)", stamps)] if stamps else []
    for key, known in found.items():
        if known.values:
            known.taken = _taking(key, end, in_quotes[key], len(known.values))
            fields.append(known)
    return fields


def _end_of_values(lines: Sequence[str]) -> str:
    """The characters of a value without quotes: what parts the pairs is none of them."""
    by_mark = Counter(mark for line in lines for mark in re.findall(rf"([,;|])\s*{_KEY}=", line))
    by_space = sum(len(re.findall(rf"[^,;|\s]\s+{_KEY}=", line)) for line in lines)
    mark, count = by_mark.most_common(1)[0] if by_mark else ("", 0)
    return rf'[^{mark}"]' if count > by_space else r'[^\s"]'


def _taking(key: str, end: str, in_quotes: int, count: int) -> str:
    """The expression that takes a key's value out of a line."""
    start = rf"(?:^|[\s,;|]){re.escape(key)}="
    inner = rf"""extract(@'{start}"((?:[^"\\]|\\.)*)"', 1, line)"""
    bare = f"extract(@'{start}({end}+)', 1, line)"
    if in_quotes == count:
        return inner
    return f"coalesce({inner}, {bare})" if in_quotes else bare
