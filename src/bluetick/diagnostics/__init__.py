"""Problems in a text: their shape, their words (`codes`), and how they are shown."""

from bluetick.diagnostics.model import Diagnostic, Severity, Span, has_errors
from bluetick.diagnostics.text import SourceText, render_diagnostic

__all__ = ["Diagnostic", "Severity", "SourceText", "Span", "has_errors", "render_diagnostic"]
