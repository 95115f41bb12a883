"""Rule documents, one file a format: text to detections."""

from bluetick.detections.documents.reading import DocumentResult, read_document, read_document_text
from bluetick.detections.documents.registry import FORMATS

__all__ = ["FORMATS", "DocumentResult", "read_document", "read_document_text"]
