"""Run Microsoft KQL detections, word for word, on your own logs."""

from bluetick.diagnostics.errors import (
    BluetickError,
    EngineError,
    LimitError,
    QueryCancelled,
    QueryError,
    SourceError,
)
from bluetick.session import Check, QueryRequest, Session, connect

__all__ = [
    "BluetickError",
    "Check",
    "EngineError",
    "LimitError",
    "QueryCancelled",
    "QueryError",
    "QueryRequest",
    "Session",
    "SourceError",
    "connect",
]
