"""The exceptions a caller of bluetick may see. Nothing else leaves the package for a reason of the user's."""

from collections.abc import Sequence
from enum import Enum

from bluetick.diagnostics.model import Diagnostic
from bluetick.diagnostics.text import SourceText, render_diagnostic


class BluetickError(Exception):
    """Over all errors of this package. Each of them survives pickling."""


class QueryError(BluetickError):
    """A text was refused. `diagnostics` say why; the message is their rendered form."""

    def __init__(self, diagnostics: Sequence[Diagnostic], source: SourceText | None = None) -> None:
        super().__init__(tuple(diagnostics), source)
        self.diagnostics = tuple(diagnostics)
        self.source = source

    def __str__(self) -> str:
        return "\n".join(_render(diagnostic, self.source) for diagnostic in self.diagnostics)


class TuningError(BluetickError):
    """What a file of exceptions says was refused; `diagnostics` point into `source`, which is that file."""

    def __init__(self, diagnostics: Sequence[Diagnostic], source: SourceText) -> None:
        super().__init__(tuple(diagnostics), source)
        self.diagnostics = tuple(diagnostics)
        self.source = source

    def __str__(self) -> str:
        return "\n".join(render_diagnostic(diagnostic, self.source) for diagnostic in self.diagnostics)


class Limit(Enum):
    """What was exceeded."""

    MEMORY = "memory"
    DISK = "disk"
    TIME = "time"
    RESULT = "result"


class LimitError(BluetickError):
    """A query exceeded its memory, its room for temporary files, its time or the size a result may have."""

    def __init__(self, message: str, limit: Limit) -> None:
        super().__init__(message, limit)
        self.limit = limit

    def __str__(self) -> str:
        return str(self.args[0])


class SourceError(BluetickError):
    """A file, a table or a provider does not give what it should; `file`, `column` and `value` where they are known."""

    def __init__(self, message: str, file: str = "", column: str = "", value: str = "") -> None:
        super().__init__(message, file, column, value)
        self.file = file
        self.column = column
        self.value = value

    def __str__(self) -> str:
        return str(self.args[0])


class EngineError(BluetickError):
    """An engine failed on a query that was accepted: a fault of ours or of the machine. The message holds no SQL.

    `retryable`: something beside the query was lost (an executor, a connection); the same query may succeed later.
    """

    def __init__(self, message: str, retryable: bool = False) -> None:
        super().__init__(message, retryable)
        self.retryable = retryable

    def __str__(self) -> str:
        return str(self.args[0])


class QueryCancelled(BluetickError):
    """The query was stopped because someone asked for it."""


def _render(diagnostic: Diagnostic, source: SourceText | None) -> str:
    if source is not None:
        return render_diagnostic(diagnostic, source)
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return f"{diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.message}{hint}"
