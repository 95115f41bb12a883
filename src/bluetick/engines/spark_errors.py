"""What Spark's errors mean to a user."""

from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException

from bluetick.diagnostics.errors import BluetickError, EngineError, Limit, LimitError, SourceError
from bluetick.engines.spark_scan import MARK, SEPARATOR
from bluetick.functions.scalar.regex import LONG_TEXT

# A driver that is gone shows itself by a refused or ended connection, or by a result that breaks off.
DRIVER_ERRORS: Final = (PySparkException, Py4JError, ConnectionError, EOFError, pa.ArrowException)
_MEMORY: Final = ("OutOfMemoryError", "UNABLE_TO_ACQUIRE_MEMORY", "OUT_OF_MEMORY")
_ENDED: Final = (
    "SparkContext was shut down",
    "stopped SparkContext",
    "SparkContext has been shutdown",
    "Answer from Java side is empty",
    "Error while obtaining a new communication channel",
    "Master removed our application",
    "All masters are unresponsive",
)
_LOST: Final = (
    "ExecutorLostFailure",
    "FetchFailed",
    "MetadataFetchFailed",
    "Lost executor",
    "RPC client disassociated",
    "Failed to get broadcast",
)
_UNREADABLE: Final = ("FAILED_READ_FILE", "PATH_NOT_FOUND", "MALFORMED_", "CANNOT_READ")
_TOO_LARGE: Final = "spark.driver.maxResultSize"


def ended() -> EngineError:
    """Spark's driver is gone, and with it all that ran there."""
    return EngineError("Spark ended while it worked; the next query starts it again", retryable=True)


def translate(error: Any, place: str = "", *, is_over: bool = False) -> BluetickError:
    """The error to raise for one of the driver's; `place` is what was being read, `is_over` says that Spark ended."""
    text = str(error)
    if MARK in text:
        return _wrong_value(text)
    if LONG_TEXT in text:
        return _long_text(text)
    if any(word in text for word in _MEMORY):
        return LimitError("the query needs more memory than it may use", Limit.MEMORY)
    if _TOO_LARGE in text:
        return LimitError(
            f"the result is larger than Spark may send ({_TOO_LARGE}): ask for less (summarize, take, project), or "
            f"raise it: --engine 'ADDRESS?{_TOO_LARGE}=8g'",
            Limit.RESULT,
        )
    if is_over or isinstance(error, ConnectionError | EOFError) or any(word in text for word in _ENDED):
        return ended()
    if any(word in text for word in _LOST):
        return EngineError("executors of the Spark cluster were lost while they worked on the query", retryable=True)
    condition = (error.getCondition() if isinstance(error, PySparkException) else None) or ""
    if place or condition.startswith(_UNREADABLE):
        return SourceError(f"Spark cannot read the files: {_first_line(text)}", file=place)
    return EngineError(f"Spark failed: {condition or type(error).__name__}")


def not_started(name: str, error: Exception) -> EngineError:
    """Why there is no session."""
    text = str(error)
    if "JAVA_GATEWAY_EXITED" in text or isinstance(error, FileNotFoundError):
        return EngineError(
            f"Spark does not start at {name}: its Java process did not come up. Spark needs Java 17 or later: see that "
            "`java -version` works, or let JAVA_HOME name its folder"
        )
    is_lost = any(word in text for word in _ENDED)
    return EngineError(f"Spark does not start at {name}: {_first_line(text)}", retryable=is_lost)


def _wrong_value(text: str) -> SourceError:
    column, type_, file, value = text.split(MARK + SEPARATOR, 1)[1].split(SEPARATOR)[:4]
    path = unquote(urlsplit(file).path)
    message = f"'{path}': the value '{value}' of the column '{column}' is no {type_}"
    return SourceError(message, file=path, column=column, value=value)


def _long_text(text: str) -> LimitError:
    longest, pattern = text.split(LONG_TEXT)[1:3]
    reason = f"Spark searches for {pattern!r} in texts of up to {longest} characters, and a row has a longer one"
    return LimitError(f"{reason}: Java may need for ever", Limit.TIME)


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0][:300]
