"""Which entities the alerts were about, and how much of the noise is made by few of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.alerts.inferring import entities_in, sources_of
from bluetick.detections.backtest.replay import Columns, WindowResult
from bluetick.detections.model import Detection, EntityMapping

TOP: Final = 5


@dataclass(frozen=True, slots=True)
class EntityCount:
    """An entity, the runs with an alert that had it in a row, and those rows."""

    kind: str
    value: str
    alerts: int
    rows: int


@dataclass(frozen=True, slots=True)
class Entities:
    """The entities of all alerts, most frequent first. `top_share`: of the runs with an alert, those that had one of
    the TOP; `is_guess`: the document maps none, so columns were taken by their names, as the service does."""

    counts: tuple[EntityCount, ...]
    top_share: float
    is_guess: bool


def count_entities(detection: Detection, alerting: Sequence[WindowResult]) -> Entities:
    """The entities in the rows of windows that raised an alert."""
    runs: Counter[tuple[str, str]] = Counter()
    rows: Counter[tuple[str, str]] = Counter()
    within: list[set[tuple[str, str]]] = []
    for result in alerting:
        here = [entity for row in result.rows for entity in _entities(detection, result.columns, row)]
        rows.update(here)
        within.append(set(here))
        runs.update(within[-1])
    order = sorted(runs, key=lambda one: (-runs[one], -rows[one], one))
    top = set(order[:TOP])
    noisy = sum(bool(top & one) for one in within)
    return Entities(
        tuple(EntityCount(*one, runs[one], rows[one]) for one in order),
        noisy / len(within) if within else 0.0,
        is_guess=not detection.entities,
    )


def _entities(detection: Detection, columns: Columns, row: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """The entities of a row, each once."""
    cells = {name: value for (name, _), value in zip(columns, row, strict=True)}
    found = _mapped(detection.entities, cells) if detection.entities else _inferred(cells)
    yield from dict.fromkeys((kind, " / ".join(values)) for kind, values in found if values)


def _mapped(mappings: Iterable[EntityMapping], cells: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for mapping in mappings:
        told = (cells[column] for _, column in mapping.columns if cells.get(column) not in (None, "", [], {}))
        yield mapping.kind, [str(value) for value in told]


def _inferred(cells: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for source in sources_of(list(cells)):
        for entity in entities_in(source, [cells]):
            yield entity["kind"], [str(value) for name, value in entity.items() if name not in ("kind", "inferred")]
