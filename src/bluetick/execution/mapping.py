"""What a mapping says of a table: its source, an expression for each column, and how the source is partitioned."""

from dataclasses import dataclass
from datetime import timedelta

from bluetick.diagnostics import SourceText, Span
from bluetick.syntax.expressions import Expression


@dataclass(frozen=True, slots=True)
class Written:
    """An expression of the document, and where it stands."""

    node: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class PartitionHint:
    """Which columns of the source are a period of the time column `of`, so that a time scope leaves others unread.

    One column of `unit`, as text of `format` or as its digits; or one a part of the date (year, month ...).
    """

    columns: tuple[tuple[str, str], ...]  # (part or unit, column of the source)
    of: str
    span: Span
    slack: timedelta = timedelta()
    format: str = ""

    @property
    def unit(self) -> str:
        return self.columns[-1][0]

    @property
    def has_parts(self) -> bool:
        return not self.format


@dataclass(frozen=True, slots=True)
class TableMapping:
    """What a document says of one table. `source` is empty where the table of this name is registered by itself."""

    table: str
    span: Span
    text: SourceText
    source: tuple[str, ...]
    source_span: Span
    columns: tuple[tuple[str, Written], ...]
    where: Written | None = None
    partition: PartitionHint | None = None
