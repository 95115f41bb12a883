"""The files of a folder that may be logs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def files_below(
    folder: Path, lake: Path | None, on_error: Callable[[OSError], None] = lambda _: None
) -> Iterator[Path]:
    """All files in a folder and its subfolders, in order, but for hidden ones and the lake itself; `on_error` hears of
    folders that may not be read."""
    own = None if lake is None else lake.resolve()
    for place, folders, names in os.walk(folder, onerror=on_error):
        here = Path(place)
        if own is not None and here.resolve() == own:
            folders.clear()
            continue
        folders.sort()
        yield from (here / name for name in sorted(names) if not name.startswith(".") and (here / name).is_file())
