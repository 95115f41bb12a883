"""Which entities the alerts were about, and how much of the noise is made by few of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bluetick.detections.backtest.replay import Columns, WindowResult
from bluetick.detections.model import Detection, EntityMapping

TOP: Final = 5
_KNOWN: Final = (
    ("Host", "HostName", ("Computer", "DeviceName", "HostName", "DvcHostname")),
    ("Account", "Name", ("Account", "AccountName", "AccountUpn", "UserPrincipalName", "TargetUserName")),
    ("IP", "Address", ("RemoteIP", "IPAddress", "SourceIp", "DestinationIp", "SrcIpAddr", "DstIpAddr", "ClientIP")),
    ("FileHash", "Value", ("SHA256", "InitiatingProcessSHA256", "SHA1", "InitiatingProcessSHA1")),
)


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
    the TOP; `is_guess`: the document maps none, so columns were taken by their names."""

    counts: tuple[EntityCount, ...]
    top_share: float
    is_guess: bool


def count_entities(detection: Detection, alerting: Sequence[WindowResult]) -> Entities:
    """The entities in the rows of windows that raised an alert."""
    columns = alerting[0].columns if alerting else ()
    mappings = detection.entities or tuple(_guessed(columns))
    runs: Counter[tuple[str, str]] = Counter()
    rows: Counter[tuple[str, str]] = Counter()
    within: list[set[tuple[str, str]]] = []
    for result in alerting:
        here = [entity for row in result.rows for entity in _entities(mappings, result.columns, row)]
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


def _entities(mappings: Iterable[EntityMapping], columns: Columns, row: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """The entities of a row, each once."""
    cells = {name: value for (name, _), value in zip(columns, row, strict=True)}
    found: dict[tuple[str, str], None] = {}
    for mapping in mappings:
        values = [str(cells[column]) for _, column in mapping.columns if cells.get(column) not in (None, "", [], {})]
        if values:
            found[mapping.kind, " / ".join(values)] = None
    yield from found


def _guessed(columns: Columns) -> Iterator[EntityMapping]:
    names = [name for name, _ in columns]
    for kind, identifier, known in _KNOWN:
        yield from (EntityMapping(kind, ((identifier, name),)) for name in known if name in names)
