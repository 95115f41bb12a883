"""A backup that kills itself: `python dying_backup.py STEP FOLDER ARGUMENT...`; at step 0 it lives, and prints how many
there were. A step is an operation on a file or folder of the backups."""

import os
import signal
import sys

from bluetick.cli.main import run_command

_STEPS = frozenset({"open", "os.mkdir", "os.rename", "os.remove"})


def main(step: int, folder: str, arguments: list[str]) -> None:
    seen = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if event in _STEPS and any(str(value).startswith(folder) for value in given):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    code = run_command(["backup", folder, *arguments])
    print(seen)
    sys.exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
