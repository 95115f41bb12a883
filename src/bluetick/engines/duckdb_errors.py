"""DuckDB's exceptions as ours. Messages lose the SQL that DuckDB quotes."""

import re
from typing import Final

import duckdb

from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError, QueryCancelled, SourceError

# A stream reports an exception by its text alone.
_MEMORY: Final = "Out of Memory Error"
_MALLOC: Final = ("bad_alloc", "malloc of size")
_DISK: Final = ("failed to offload data block", "No space left on device")
_LIST_TOO_LONG: Final = "Lists larger than 2^32 elements"
_INTERRUPTED: Final = "INTERRUPT"
_VALUES: Final = ("Conversion Error", "Invalid Input Error", "Out of Range Error")
_FILES: Final = ("IO Error", "Permission Error", "HTTP Error")


NO_MEMORY: Final = (
    "the query needs more memory than it may use: raise the limit (--memory-limit), or ask for less at a time: fewer "
    "columns or groups, a shorter time, a maximum for make_set and make_list"
)
NO_ROOM: Final = (
    "the query needs more room for temporary files than there is: name a folder with more (--temp-directory), raise "
    "--temp-limit or --memory-limit, or ask for less at a time"
)


def clean_message(error: BaseException) -> str:
    """The first line, without DuckDB's prefix."""
    line = str(error).split("\n", 1)[0]
    head, _, tail = line.partition(": ")
    return tail if head.endswith("Error") and tail else line


def is_bad_value(error: BaseException) -> bool:
    """Whether a value of a file may be the cause."""
    bad = duckdb.ConversionException | duckdb.InvalidInputException | duckdb.OutOfRangeException
    return isinstance(error, bad) or str(error).startswith(_VALUES)


def translate_error(error: BaseException) -> BluetickError:
    """Our error for one that DuckDB raised, directly or through a stream."""
    text = str(error)
    message = clean_message(error)
    if isinstance(error, duckdb.InterruptException) or text.startswith(_INTERRUPTED):
        return QueryCancelled("the query was cancelled")
    if any(words in text for words in _DISK):
        return LimitError(NO_ROOM, Limit.DISK)
    is_too_much = text.startswith(_MEMORY) or _LIST_TOO_LONG in text or any(words in text for words in _MALLOC)
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError) or is_too_much:
        return LimitError(NO_MEMORY, Limit.MEMORY)
    if isinstance(error, duckdb.IOException | duckdb.PermissionException) or text.startswith(_FILES):
        return SourceError(message)
    return EngineError(f"DuckDB failed: {message}")


def source_error(error: BaseException) -> BluetickError:
    """Our error for one raised while a file is opened or described."""
    ours = translate_error(error)
    return SourceError(clean_message(error)) if isinstance(ours, EngineError) else ours


_CSV_LINE: Final = re.compile(r"CSV Error on Line: (\d+)")
_CSV_FILE: Final = re.compile(r"^\s*file = (.*)$", re.MULTILINE)
_CSV_WIDTH: Final = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_NAMED_FILE: Final = re.compile(r"""\bfile ["'](.+?)["']""")


def malformed_file(error: BaseException) -> SourceError | None:
    """The error of a file whose form is broken; None where the exception speaks of no file."""
    text = str(error)
    line, file = _CSV_LINE.search(text), _CSV_FILE.search(text)
    if line is not None:
        name = file[1] if file is not None else "a CSV file"
        width = _CSV_WIDTH.search(text)
        reason = f"{width[2]} values where the header names {width[1]}" if width else "it is not CSV in UTF-8"
        return SourceError(f"'{name}', line {line[1]}: {reason}", file=file[1] if file is not None else "")
    named = _NAMED_FILE.search(text)
    return SourceError(clean_message(error), file=named[1]) if named is not None else None
