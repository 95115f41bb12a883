"""What a person is told of a message in a chat: a few lines, not all of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from bluetick.detections.outputs.fitting import Said
from bluetick.diagnostics.inert import inert

_MOST_ENTITIES: Final = 10
_MOST_ROWS: Final = 5
_MOST_CELLS: Final = 12
_LONGEST: Final = 200


class Fact(NamedTuple):
    """A name and what is said of it."""

    name: str
    value: str


class Card(NamedTuple):
    """A message for people."""

    title: str
    description: str
    facts: list[Fact]
    rows: list[str]
    rest: str


def card_of(said: Said) -> Card:
    """The first rows are shown; how many more there are is said."""
    rows = said.get("rows", [])
    count = said.get("row_count", len(rows))
    shown = [_row(said.get("columns", []), row) for row in rows[:_MOST_ROWS]]
    hidden = max(0, count - len(shown))
    rest = f"{hidden:,} more row{'' if hidden == 1 else 's'}: bluetick alerts show {said['id'][:10]}" if hidden else ""
    title = f"{said['event'].upper()}: {said.get('name', said['id'])}"
    return Card(_line(title), _short(str(said.get("description", "")), 1_000), list(_facts(said)), shown, rest)


def _facts(said: Said) -> Iterator[Fact]:
    for name, key in (("Severity", "severity"), ("Rule", "rule"), ("Rows", "row_count"), ("Time", "time")):
        if said.get(key) not in (None, ""):
            yield Fact(name, _line(str(said[key])))
    if tactics := [*said.get("tactics", ()), *said.get("techniques", ())]:
        yield Fact("Techniques", _line(", ".join(map(str, tactics))))
    entities = said.get("entities", ())
    for entity in entities[:_MOST_ENTITIES]:
        yield Fact(_line(str(entity.get("kind", "Entity"))), _line(_entity(entity)))
    if len(entities) > _MOST_ENTITIES:
        yield Fact("Entities", f"{len(entities) - _MOST_ENTITIES:,} more")
    yield Fact("Alert", _line(str(said["id"])))


def _entity(entity: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in entity.items() if name != "kind")


def _row(columns: list[str], row: list[Any]) -> str:
    pairs = list(zip(columns, row, strict=False))
    text = ", ".join(f"{name}: {value}" for name, value in pairs[:_MOST_CELLS])
    return _line(text + (f", and {len(pairs) - _MOST_CELLS} more" if len(pairs) > _MOST_CELLS else ""), 600)


def _line(text: str, most: int = _LONGEST) -> str:
    return _short(" ".join(text.split()), most)


def _short(text: str, most: int) -> str:
    plain = inert(text)
    return plain if len(plain) <= most else plain[: most - 1] + "…"
