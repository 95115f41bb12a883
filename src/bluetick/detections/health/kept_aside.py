"""How many records the quarantine got in the last day."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bluetick.ingest.kept import quarantine_files, read_kept, reading_kept

_DAY: Final = timedelta(days=1)
_BLOCK: Final = 1 << 20


@dataclass(slots=True)
class KeptAside:
    """Of a lake. A file of the quarantine is what one batch kept; it is counted once."""

    lake: Path
    _counted: dict[tuple[Path, int, int], tuple[datetime, int]] = field(default_factory=dict)

    def records(self, now: datetime) -> int:
        """SourceError for what cannot be read."""
        seen = {}
        for path in quarantine_files(self.lake):
            with reading_kept(path):
                facts = path.stat()
                key = (path, facts.st_size, facts.st_mtime_ns)
                changed = datetime.fromtimestamp(facts.st_mtime, UTC)
                if changed >= now - _DAY:  # one that is older holds nothing that is younger
                    seen[key] = self._counted.get(key) or _counted(path)
        self._counted = seen
        return sum(count for received, count in seen.values() if now - _DAY <= received)


def _counted(path: Path) -> tuple[datetime, int]:
    """When a file's records came in, and how many they are."""
    first = next(read_kept(path), None)
    if first is None:
        return datetime.min.replace(tzinfo=UTC), 0
    received = datetime.fromisoformat(first.received)
    with path.open("rb") as stream:
        count = sum(block.count(b"\n") for block in iter(lambda: stream.read(_BLOCK), b""))
    return received if received.tzinfo is not None else received.replace(tzinfo=UTC), count
