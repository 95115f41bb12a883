"""Where a scalar of a YAML document stands, line for line."""

from bluetick.detections.documents.fields import place_of
from bluetick.detections.model import QueryPlace, line_starts
from bluetick.diagnostics import Span
from bluetick.syntax.strict_yaml import YamlText


def place_of_scalar(text: str, file_name: str, node: YamlText, query: str) -> QueryPlace:
    """Where each line of the query stands, if the scalar keeps its lines; else only where the scalar stands."""
    at = text.find(query, node.span.start, node.span.end)
    if at >= 0:
        return place_of(text, file_name, Span(at, at + len(query)))
    offsets = _block_offsets(text, node, query)
    span = Span(offsets[0], node.span.end) if offsets else node.span
    return QueryPlace(file_name, span, text.count("\n", 0, span.start) + 1, offsets)


def _block_offsets(text: str, node: YamlText, query: str) -> tuple[int, ...]:
    """The offsets of the lines of a `|` scalar, or nothing where they cannot be told for certain."""
    if node.style != "|":
        return ()
    below = text.find("\n", node.span.start) + 1
    block = text[below : node.span.end].split("\n")
    starts = [below + start for start in line_starts(text[below : node.span.end])]
    lines = query.split("\n")
    skipped = next((i for i, line in enumerate(block) if line.strip()), 0) if lines[0].strip() else 0
    offsets = []
    for number, line in enumerate(lines):
        if number + skipped >= len(block) or not block[number + skipped].rstrip("\r").endswith(line):
            return ()
        offsets.append(starts[number + skipped] + len(block[number + skipped].rstrip("\r")) - len(line))
    return tuple(offsets)
