"""Which reader a file is for, by its first lines."""

from itertools import islice
from pathlib import Path

from bluetick.sources.lines import JsonLine, read_json_lines
from bluetick.sources.sysmon.layouts import UnreadableError, event_of

# Files of several channels start with other events as often as not.
_LINES_TO_READ = 200


def detect_source(path: Path) -> str | None:
    """The name of the log format of this file, such as "sysmon"; None where no reader knows it.

    An OSError says that the file cannot be opened.
    """
    return "sysmon" if any(_is_sysmon(line) for line in islice(read_json_lines(path), _LINES_TO_READ)) else None


def _is_sysmon(line: JsonLine) -> bool:
    if line.record is None:
        return False
    try:
        return event_of(line.record).is_sysmon
    except UnreadableError:
        return False
