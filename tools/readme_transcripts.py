"""The sessions that README.md shows, from real output: `python tools/readme_transcripts.py [--write]`.

A transcript is a comment `<!-- transcript: NAME -->` followed by a fenced `console` block. Its lines that begin with
`$ ` are commands; the rest is what they print. All commands run in order in one empty folder, so that a later one may
use what an earlier one left (`make` runs in the repository). With --write the output is put in; without it the README
is compared with it, timings aside, and differences are listed with exit code 1.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TRANSCRIPT = re.compile(r"(<!-- transcript: \S+ -->\n```console\n)(.*?)(```\n)", re.DOTALL)
TIMING = re.compile(r"\d[\d,.]*\s?(?:ms|s|seconds?|minutes?|rows/s|rows a second|MB/s)(?![A-Za-z0-9])")
WIDTH = 110
TIMEOUT = 600


def run(command: str, folder: Path) -> str:
    """What the command prints, with the folder's path shown as `~`."""
    paths = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = os.environ | {"PATH": paths, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": str(WIDTH)}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT if command.startswith("make ") else folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    lines = [line.rstrip() for line in done.stdout.replace(str(folder), "~").splitlines()]
    return "\n".join(lines).strip("\n")


def regenerated(document: str, folder: Path) -> str:
    """The document with every transcript as its commands print it now."""

    def fresh(match: re.Match[str]) -> str:
        commands = [line for line in match[2].splitlines() if line.startswith("$ ")]
        shown = [f"{command}\n{run(command[2:], folder)}".rstrip("\n") for command in commands]
        return match[1] + "\n\n".join(shown) + "\n" + match[3]

    return TRANSCRIPT.sub(fresh, document)


def without_timings(document: str) -> str:
    """The text with every duration and rate as `N`, and runs of blanks as one: both move with the machine."""
    return re.sub(r"[ ─━]{2,}", "  ", TIMING.sub("N", document))


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"]):
        print("usage: readme_transcripts.py [--write]", file=sys.stderr)
        return 2
    before = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="bluetick-") as folder:
        after = regenerated(before, Path(folder))
    if arguments:
        README.write_text(after, encoding="utf-8")
        return 0
    shown, real = without_timings(before), without_timings(after)
    sys.stdout.writelines(difflib.unified_diff(shown.splitlines(True), real.splitlines(True), "README.md", "real"))
    return 0 if shown == real else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
