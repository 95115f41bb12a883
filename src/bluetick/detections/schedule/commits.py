"""The commits of a lake's tables, as the scheduler follows them."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bluetick.detections.ledger.times import to_micros
from bluetick.detections.ledger.windows import Change
from bluetick.lake.changes import new_rows, time_of
from bluetick.session import Session


class LakeCommits:
    """Of the tables that `names` gives. One that is a view over a lake's table changes with that."""

    def __init__(self, session: Callable[[], Session], names: Callable[[], frozenset[str]]) -> None:
        self._session = session
        self._names = names
        self._times: dict[Path, str | None] = {}

    def since(self, versions: Mapping[str, int]) -> Iterator[Change]:
        """A SourceError where a log cannot be read."""
        catalog = self._session().pinned().catalog
        for name in sorted(self._names()):
            table = catalog.table(name)
            snapshot = None if table is None else table.snapshot
            if snapshot is None or snapshot.version <= versions.get(name, -1):
                continue
            for new in new_rows(snapshot.folder, self._time(snapshot.folder), versions.get(name, -1)):
                low = None if new.low is None else to_micros(new.low)
                high = None if new.high is None else to_micros(new.high)
                yield Change(name, new.version, low, high)

    def _time(self, folder: Path) -> str | None:
        if folder not in self._times:
            self._times[folder] = time_of(folder)
        return self._times[folder]
