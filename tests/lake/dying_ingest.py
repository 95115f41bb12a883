"""`bluetick ingest` that kills itself: `python dying_ingest.py STEP ARGUMENT...`.

A step is an operation on a file or folder of the lake that Python makes; the commits of deltalake lie between them.
"""

import os
import signal
import sys
from pathlib import Path

from bluetick.cli.main import run_command

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
    run_command(["ingest", *arguments])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
