"""How far published rules get: `python tools/corpus.py FOLDER`, a folder of rule documents that others wrote.

Each document is read and its queries are bound against every known table; nothing runs. The score counts queries by
outcome and names what stopped most of them. No text of a document is printed.
"""

import sys
from collections import Counter
from pathlib import Path

import bluetick
from bluetick.detections.documents import read_document

SUFFIXES = frozenset({".kql", ".csl", ".md", ".yaml", ".yml", ".txt"})
SHOWN = 25


def score(folder: Path) -> tuple[Counter[str], Counter[str]]:
    """(outcome -> queries, diagnostic code -> queries that it stopped)."""
    outcomes: Counter[str] = Counter()
    stopped: Counter[str] = Counter()
    with bluetick.connect() as session:
        for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()):
            document = read_document(path)
            if not document.detections:
                outcomes["documents without a query"] += 1
            for detection in document.detections:
                check = session.check(detection.query, detection.schemas)
                outcomes["queries that bind" if check.ok else "queries refused"] += 1
                stopped.update({diagnostic.code for diagnostic in check.diagnostics})
    return outcomes, stopped


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("usage: corpus.py FOLDER (with make: make corpus ARGS=FOLDER)", file=sys.stderr)
        return 2
    outcomes, stopped = score(Path(arguments[0]))
    asked = outcomes["queries that bind"] + outcomes["queries refused"]
    for outcome, count in outcomes.most_common():
        print(f"{count:8,}  {outcome}")
    if asked:
        print(f"{100 * outcomes['queries that bind'] / asked:8.1f}% of {asked:,} queries bind")
    for code, count in stopped.most_common(SHOWN):
        print(f"{count:8,}  stopped by {code}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
