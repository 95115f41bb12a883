"""Errors as words on standard error and an exit code. Nothing a user can do gives a traceback."""

import os
import traceback

import click

from bluetick.diagnostics.errors import BluetickError, EngineError, QueryCancelled, QueryError, TuningError
from bluetick.diagnostics.inert import inert

RAN = 0
FAILED = 1
INTERRUPTED = 130
_FAULT = "This is a fault of bluetick or of the machine, not of the query."
_LOST = "This is no fault of the query, and may pass: run it again."


def report(error: Exception) -> int:
    """Says what went wrong and gives the exit code."""
    if is_interrupt(error):
        return INTERRUPTED
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.ClickException():
            error.show()
            return error.exit_code
    say(explain(error))
    return FAILED


def is_interrupt(error: Exception) -> bool:
    """Whether a person stopped the work. DuckDB tells of Ctrl-C during a query by a RuntimeError."""
    return isinstance(error, click.Abort | QueryCancelled) or (
        isinstance(error, RuntimeError) and str(error) == "Query interrupted"
    )


def explain(error: Exception, name: str = "") -> str:
    """The words for an error; `name` is what was being read or run, for errors that do not say it themselves."""
    prefix = f"{name}: " if name else ""
    match error:
        case QueryError(source=None):
            return f"{prefix}{error}"
        case QueryError() | TuningError():
            return str(error)
        case EngineError():
            return f"{prefix}error: {error}\n{_LOST if error.retryable else _FAULT}"
        case BluetickError():
            return f"{prefix}error: {error}"
        case OSError(strerror=str(reason)) if error.filename is not None:
            return f"{prefix}error: {os.fsdecode(error.filename)}: {reason.lower()}"
        case OSError(strerror=str(reason)):
            return f"{prefix}error: {reason.lower()}"
        case OSError() | ValueError():
            return f"{prefix}error: {error}"
    return prefix + _fault(error)


def _fault(error: Exception) -> str:
    """An error that nobody foresaw: where it arose, in one line, so that it can be reported."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})" if frames else ""
    text = str(error).split("\n", 1)[0]
    return f"error: a fault of bluetick's own: {type(error).__name__}: {text}{place}. Please report it."


def say(text: str) -> None:
    """A line for people, on standard error, so that standard output holds results alone."""
    click.echo(inert(text), err=True)
