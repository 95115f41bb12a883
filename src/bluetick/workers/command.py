"""A command of bluetick's in a process that has given up all that it does not need, for good.

As in `main`, only the standard library is imported before that.
"""

import json
import os
import runpy
import sys
import threading
from typing import Final

from bluetick.workers.confinement import Confinement

_NICE: Final = 10


def main() -> None:
    """Reads what it is to do from a line of standard input: a confinement, and the arguments of the command. The end of
    that input is the end of the process: then its server is gone."""
    wanted = json.loads(sys.stdin.buffer.readline())
    os.nice(_NICE)  # queries of people who wait come first
    Confinement(**wanted["confinement"]).apply()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    sys.argv = ["bluetick", *wanted["arguments"]]
    runpy.run_module("bluetick", run_name="__main__", alter_sys=True)


def _end_with_the_server() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)
