"""What fields of logs mean, and which table's column each meaning is, as `concepts.yaml` says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from bluetick.diagnostics import Diagnostic
from bluetick.syntax.strict_yaml import YamlList, YamlMapping, YamlNode, YamlText, read_mapping

_FILE: Final = "concepts.yaml"
_NAME_OF: Final = "name of "
# Words before a name that change what it means: `parent.process.name` is no process name.
_ROLES: Final = frozenset(
    re.findall(
        r"\w+",
        "parent src source dst dest destination target remote local client server initiating old previous nat"
        " translated xff forwarded original subject creator",
    )
)
# Words before a name that say nothing, so that one word behind them is a name too.
_WRAPPERS: Final = frozenset(
    re.findall(r"\w+", "event data log fields payload record details info network properties body hash hashes")
)


@dataclass(frozen=True, slots=True)
class Concept:
    """`shape` is what the values must look like, `names` what logs call it, those first that say it best."""

    name: str
    shape: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a column's value comes from: a concept, or the last part of its path."""

    concept: str
    is_name: bool


@dataclass(frozen=True, slots=True)
class TableOfConcepts:
    """`needs` are alternatives each; `columns` have their origins, the best first."""

    table: str
    needs: tuple[tuple[str, ...], ...]
    columns: tuple[tuple[str, tuple[Origin, ...]], ...]


@cache
def concepts() -> Mapping[str, Concept]:
    """All concepts by name."""
    return {
        key.value: Concept(key.value, _text(node, "shape"), tuple(map(plain, _text(node, "names").split())))
        for key, node in _part("concepts").entries
    }


@cache
def tables() -> Sequence[TableOfConcepts]:
    """All tables, in the order in which they are preferred."""
    return tuple(_table(key.value, node) for key, node in _part("tables").entries)


@cache
def _by_name() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for concept in concepts().values():
        for name in concept.names:
            found[name] = (*found.get(name, ()), concept.name)
    return found


def plain(name: str) -> str:
    """A name without case and separators."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def meanings(way: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The concepts that a field's name may tell, and the part of the name that does; none for a name of none."""
    words = list(_words(way))
    for first in range(len(words)):
        dropped, rest = words[:first], words[first:]
        if _ROLES & set(dropped) or (len(rest) == 1 and not _WRAPPERS.issuperset(dropped)):
            continue
        found = _by_name().get("".join(rest))
        if found is not None:
            return found, "_".join(rest)
    return (), ""


def _words(way: Sequence[str]) -> Iterator[str]:
    for name in way:
        parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
        yield from (plain(word) for word in re.split(r"[^A-Za-z0-9]+", parted) if word)


def _table(name: str, node: YamlNode) -> TableOfConcepts:
    body = _mapping(node)
    needs = body.get("needs")
    items = needs.items if isinstance(needs, YamlList) else ()
    alternatives = tuple(_alternatives(item) for item in items)
    columns = _mapping(body.get("columns"))
    return TableOfConcepts(
        name, alternatives, tuple((key.value, tuple(map(_origin, _alternatives(n)))) for key, n in columns.entries)
    )


def _origin(text: str) -> Origin:
    return Origin(text.removeprefix(_NAME_OF), text.startswith(_NAME_OF))


def _alternatives(node: YamlNode) -> tuple[str, ...]:
    return tuple(part.strip() for part in node.value.split("|")) if isinstance(node, YamlText) else ()


def _text(node: YamlNode, key: str) -> str:
    found = _mapping(node).get(key)
    return found.value if isinstance(found, YamlText) else ""


def _part(key: str) -> YamlMapping:
    root = read_mapping((files("bluetick.ingest.proposals") / _FILE).read_text("utf-8"), _FILE)
    if isinstance(root, Diagnostic):
        raise ValueError(f"{_FILE}: {root.message}")
    return _mapping(root.get(key))


def _mapping(node: YamlNode | None) -> YamlMapping:
    if not isinstance(node, YamlMapping):
        raise ValueError(f"{_FILE} lacks a mapping")
    return node
