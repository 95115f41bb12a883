"""A command that kills itself: `python dying_ingest.py STEP COMMAND ARGUMENT...`; at step 0 it lives, and prints how
many there were.

A step is an operation on a file or folder of the lake that Python makes; the commits of deltalake lie between them.
Blocks and batches are so small that a log of some records makes several commits.
"""

import os
import signal
import sys
from pathlib import Path

from bluetick.cli.main import run_command
from bluetick.ingest import batches, pipeline

_SMALL_BLOCK = 4_096
_SMALL_BATCH = 8
_STEPS = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.scandir", "fcntl.flock"})


def main(step: int, arguments: list[str]) -> None:
    lake = str(Path(arguments[arguments.index("--lake") + 1]))
    seen = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _STEPS and (event == "fcntl.flock" or any(str(value).startswith(lake) for value in given)):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    setattr(pipeline, "BLOCK_BYTES", _SMALL_BLOCK)  # noqa: B010 - a constant elsewhere
    setattr(batches, "MAX_ROWS", _SMALL_BATCH)  # noqa: B010
    code = run_command(arguments)
    print(seen)
    sys.exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
