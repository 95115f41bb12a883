"""How long the front end takes over hostile texts, and what memory: each in a process of its own, nothing runs."""

import subprocess
import sys
from pathlib import Path

from hostile_texts import HOSTILE


def main() -> None:
    script = Path(__file__).with_name("hostile_texts.py")
    for name in HOSTILE:
        done = subprocess.run([sys.executable, str(script), name], stdout=subprocess.PIPE, text=True, check=True)
        _, seconds, grown, result = done.stdout.rstrip("\n").split("\t")
        print(f"{name}\t{seconds}\ts\t{grown} MB, {result}")


if __name__ == "__main__":
    main()
