"""Plain KQL: the text is the query, or several of them, and the file gives it its name."""

from bluetick.detections.documents.fields import Draft, place_of, stem, trimmed
from bluetick.detections.documents.format import Format, Reading
from bluetick.detections.documents.partition import parted
from bluetick.diagnostics import Span
from bluetick.diagnostics.document_codes import no_query


def has_statement(text: str) -> bool:
    """Whether any line is more than white space and comment."""
    return any((line := raw.strip()) and not line.startswith("//") for raw in text.split("\n"))


def read_plain(text: str, file_name: str) -> Reading:
    if not has_statement(text):
        return [], [no_query(file_name, "every line is a comment")]
    span = trimmed(text, Span(0, len(text)))
    return parted(text, Draft(stem(file_name), text[span.start : span.end], place_of(text, file_name, span)))


PLAIN = Format("plain KQL", (".kql", ".csl", ".kusto"), lambda text: True, read_plain)
