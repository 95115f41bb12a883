"""What an assessment is made of: facts, read from the ledger, the lake and the machine at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bluetick.lake.fullness import FellSilent, WentEmpty


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule that is not retired. `late`: when the oldest window was due that waits to be evaluated, or will be."""

    id: str
    name: str
    frequency: timedelta
    late: datetime
    tables: frozenset[str] = frozenset()
    pause: str = ""
    failed: int = 0
    failed_since: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A commit that brought rows to a table: when it was made, and the latest time of its rows."""

    committed: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table of the lake, and its latest commits in order."""

    name: str
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Disk:
    """What room a file system has, in bytes."""

    name: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Owed:
    """Messages that an output has not taken. `output` is empty where there is but one way."""

    output: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last sign of life of a service; None: never any. It is old after `within`."""

    last: datetime | None
    within: timedelta = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Facts:
    """`readers` are the ids of the rules that depend on a column, of those columns that went empty. `quarantined` and
    `stored` are records and rows of the last day. `last_run` is when a window was last evaluated, by the clock of then.
    Without a `heartbeat` it is not asked for: the service itself assesses."""

    rules: tuple[RuleFacts, ...] = ()
    tables: tuple[TableFacts, ...] = ()
    silent: "tuple[FellSilent, ...]" = ()
    emptied: "tuple[WentEmpty, ...]" = ()
    readers: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    disks: tuple[Disk, ...] = ()
    quarantined: int = 0
    stored: int = 0
    owed: tuple[Owed, ...] = ()
    last_run: datetime | None = None
    heartbeat: Heartbeat | None = None
