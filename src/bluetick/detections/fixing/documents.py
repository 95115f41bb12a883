"""A document's text with repaired queries in the place of its own. The document itself is never written."""

from collections.abc import Sequence
from difflib import unified_diff

from bluetick.detections.documents.reading import read_document_text
from bluetick.detections.fixing.repairs import Repair
from bluetick.detections.model import Detection, line_starts

Repaired = tuple[Detection, Repair]

_BOM = "\ufeff"


def repaired_text(source: str, stored: str, repaired: Sequence[Repaired], name: str) -> str | None:
    """`stored` with the repaired queries, everything else as it is; None where a query cannot be put back as it is.

    `source` is the text to which the detections' places refer: `stored` with its prose repaired, line by line.
    """
    mark = _BOM if stored.startswith(_BOM) else ""
    lines, known = stored.removeprefix(_BOM).split("\n"), source.split("\n")
    for detection, repair in sorted(repaired, key=lambda one: -one[0].place.first_line):
        first, count = detection.place.first_line - 1, repair.query.count("\n") + 1
        block = _block(source, known, detection, repair)
        if block is None or lines[first : first + count] != known[first : first + count]:
            return None
        lines[first : first + count] = block
    text = mark + "\n".join(lines)
    read = {detection.query.rstrip() for detection in read_document_text(text.encode(), name).detections}
    return text if read >= {repair.repaired.rstrip() for _, repair in repaired} else None


def _block(source: str, known: Sequence[str], detection: Detection, repair: Repair) -> list[str] | None:
    """The lines of the document in which the repaired query stands, indented as the query is."""
    place = detection.place
    if not place.line_offsets:
        return None
    starts = line_starts(source)
    old, new = repair.query.split("\n"), repair.repaired.split("\n")
    first = place.first_line - 1
    columns = [at - starts[first + row] for row, at in enumerate(place.line_offsets)]
    indents = [known[first + row][:column] for row, column in enumerate(columns)]
    last = known[first + len(old) - 1]
    tail = last[columns[-1] + len(old[-1]) :]
    # Of one line the indentation of a second is not known; a query that begins a line has its own.
    further = next((i for i, line in zip(indents[1:], old[1:], strict=True) if line.strip()), indents[0])
    if len(new) > 1 and further.strip():
        return None
    block = [indents[0] + new[0], *(further + line if line.strip() else line for line in new[1:])]
    block[-1] += tail
    return block


def difference(before: str, after: str, name: str) -> str:
    """Two texts as a unified diff, as git shows it."""
    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (proposed)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
