"""Which reader a file is for, by its first lines."""

from itertools import islice
from pathlib import Path

from bluetick.sources.lines import read_json_lines
from bluetick.sources.windows import detect

# Files of several formats start with records of another as often as not.
_LINES_TO_READ = 200


def detect_source(path: Path) -> str | None:
    """The name of the log format of this file, such as "windows"; None where no reader knows it.

    An OSError says that the file cannot be opened.
    """
    lines = islice(read_json_lines(path), _LINES_TO_READ)
    return "windows" if any(line.record is not None and detect(line.record) for line in lines) else None
