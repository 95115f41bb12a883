"""A command of bluetick's in a process that has given up all that it does not need, for good.

As in `main`, only the standard library is imported before that.
"""

import json
import os
import runpy
import sys
from typing import Final

from bluetick.workers.confinement import Confinement

_NICE: Final = 10


def main() -> None:
    """Reads what it is to do from a line of standard input: a confinement, and the arguments of the command."""
    wanted = json.loads(sys.stdin.buffer.readline())
    os.nice(_NICE)  # queries of people who wait come first
    Confinement(**wanted["confinement"]).apply()
    sys.argv = ["bluetick", *wanted["arguments"]]
    runpy.run_module("bluetick", run_name="__main__", alter_sys=True)
