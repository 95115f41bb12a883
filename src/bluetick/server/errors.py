"""Errors as the protocols have them: an HTTP status, and words that name no file and no SQL of ours.

https://learn.microsoft.com/kusto/api/rest/response-http#error-response-payload
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bluetick.diagnostics.errors import BluetickError, Limit, LimitError, QueryCancelled, QueryError, SourceError
from bluetick.server.executor import Busy
from bluetick.values import format_datetime7


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose request it is: the client's own id of it, ours (a guid), and when it came."""

    client_request_id: str
    activity_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """An error for a client. `kind` is the .NET exception of that name; `permanent`: the same request fails again.
    `diagnostic` is the code of what is wrong with the query."""

    status: int
    code: str
    message: str
    kind: str
    detail: str
    permanent: bool = True
    diagnostic: str = ""


class RequestRefused(BluetickError):
    """A request that asks for what is not here, or not for this caller. `failure` says it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure

    def __str__(self) -> str:
        return self.failure.detail


FAULT = 500  # of ours, or of the machine's
_INVALID = "Request is invalid and cannot be executed."


def bad_request(
    detail: str, code: str = "General_BadRequest", kind: str = "KustoBadRequestException"
) -> RequestRefused:
    return RequestRefused(Failure(400, code, _INVALID, f"Kusto.Data.Exceptions.{kind}", detail))


def forbidden(detail: str) -> RequestRefused:
    kind = "Kusto.Data.Exceptions.KustoRequestDeniedException"
    return RequestRefused(Failure(403, "Forbidden", "Caller is not authorized to perform this action.", kind, detail))


def not_there(detail: str) -> RequestRefused:
    kind = "Kusto.Data.Exceptions.KustoBadRequestException"
    return RequestRefused(Failure(404, "General_BadRequest", "Not found.", kind, detail))


def conflict(detail: str) -> RequestRefused:
    kind = "Kusto.Data.Exceptions.KustoConflictException"
    return RequestRefused(Failure(409, "General_Conflict", "Somebody else was faster.", kind, detail))


def failure_of(error: Exception) -> Failure:
    """What a client is told of an error."""
    match error:
        case RequestRefused():
            return error.failure
        case QueryError():
            return _of_query(error)
        case Busy():
            detail = "The request was throttled: too many queries at once. Try again later."
            kind = "Kusto.Data.Exceptions.KustoRequestThrottledException"
            return Failure(429, "Throttled", "Too many requests.", kind, detail, permanent=False)
        case LimitError():
            return _of_limit(error)
        case QueryCancelled():
            kind = "Kusto.Data.Exceptions.KustoRequestCanceledException"
            return Failure(400, "Request_Cancelled", "Request was cancelled.", kind, "Query was cancelled.")
        case SourceError():
            kind = "Kusto.Data.Exceptions.KustoServicePartialQueryFailureException"
            return Failure(400, "General_BadRequest", _INVALID, kind, f"A source failed: {_without_paths(error)}")
        case _:
            kind = "Kusto.Data.Exceptions.KustoServiceException"
            detail = "The query failed inside the service. Its log says more."
            return Failure(
                500, "Internal service error", "Request failed in the service.", kind, detail, permanent=False
            )


def _of_query(error: QueryError) -> Failure:
    """Of several diagnostics the first; a syntax error is one of a kind of its own."""
    first = next((d for d in error.diagnostics if d.is_error), error.diagnostics[0])
    is_syntax = first.code.startswith("SYN")
    words = f"{first.code}: {first.message}"
    if error.source is not None:
        line, column = error.source.position(min(first.span.start, len(error.source.text)))
        words = f"{words} [line:position={line}:{column}]"
    hint = f" Hint: {first.hint}." if first.hint else ""
    kind = "Kusto.Data.Exceptions.SyntaxException" if is_syntax else "Kusto.Data.Exceptions.SemanticException"
    prefix = "Syntax error" if is_syntax else "Semantic error"
    detail = f"{prefix}: {words}{hint}"
    return Failure(400, "General_BadRequest", _INVALID, kind, detail, diagnostic=first.code)


def _of_limit(error: LimitError) -> Failure:
    kind = "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException"
    match error.limit:
        case Limit.TIME:
            detail = f"Request timed out: {error} (E_TIMEOUT)"
            return Failure(
                504, "Timeout", "Request timed out.", "Kusto.Data.Exceptions.KustoServiceTimeoutException", detail
            )
        case Limit.RESULT:
            detail = f"Partial query failure: {error}"
        case Limit.MEMORY | Limit.DISK:
            what = f"the query exceeded its {error.limit.value}"
            detail = f"Partial query failure: Low memory condition (E_RUNAWAY_QUERY): {what}"
    return Failure(400, "LimitsExceeded", "Request is invalid and cannot be executed.", kind, detail)


def _without_paths(error: SourceError) -> str:
    """The words, with a file's name in the place of its path."""
    text = str(error)
    if error.file:
        text = text.replace(error.file, error.file.rsplit("/", 1)[-1])
    return "see the server's log" if "/" in text or "\\" in text else text


def without_folders(text: str, folders: Sequence[str]) -> str:
    """The words, without the names of folders in which files lie: these are nobody's business who asks from outside."""
    for name in sorted(folders, key=len, reverse=True):
        text = text.replace(f"{name}/", "").replace(name, "")
    return text


def one_api(failure: Failure, asked: Asked) -> dict[str, Any]:
    """The object under "error" of Kusto's protocols."""
    return {
        "code": failure.code,
        "message": failure.message,
        "@type": failure.kind,
        "@message": failure.detail,
        "@context": {
            "timestamp": format_datetime7(asked.at),
            "serviceAlias": "BLUETICK",
            "clientRequestId": asked.client_request_id,
            "activityId": asked.activity_id,
            "subActivityId": asked.activity_id,
            "activityType": "GW.Http.CallContext",
            "parentActivityId": asked.activity_id,
        },
        "@permanent": failure.permanent,
    }


def now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)
