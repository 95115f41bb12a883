"""The session of a service, opened anew when its lake has a table that it did not have."""

from collections.abc import Callable
from pathlib import Path

from bluetick.lake.layout import is_delta
from bluetick.session import Session


class LakeSession:
    """Gives the session over a lake as it is now."""

    def __init__(self, lake: Path, opened: Callable[[], Session]) -> None:
        self._lake = lake
        self._open = opened
        self._tables = self._names()
        self._session = opened()

    def current(self) -> Session:
        found = self._names()
        if found != self._tables:
            self._session.close()
            self._session = self._open()
            self._tables = found
        return self._session

    def close(self) -> None:
        self._session.close()

    def _names(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self._lake.iterdir() if entry.is_dir() and is_delta(entry))
