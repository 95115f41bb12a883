"""Run Microsoft KQL detections, word for word, on your own logs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bluetick.diagnostics.errors import (
        BluetickError,
        EngineError,
        LimitError,
        QueryCancelled,
        QueryError,
        SourceError,
    )
    from bluetick.session import Check, QueryRequest, Session, connect

_ERRORS = frozenset({"BluetickError", "EngineError", "LimitError", "QueryCancelled", "QueryError", "SourceError"})

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


def __getattr__(name: str) -> object:
    """Names are loaded when they are first used: the command line answers --help without an engine."""
    if name not in __all__:
        raise AttributeError(f"module 'bluetick' has no attribute '{name}'")
    if name in _ERRORS:
        from bluetick.diagnostics import errors as module  # noqa: PLC0415
    else:
        from bluetick import session as module  # type: ignore[no-redef]  # noqa: PLC0415
    return getattr(module, name)
