"""The service's ledger behind HTTP: opened for each request, in a thread, and what is decided is on record."""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, Final, TypeAlias, TypeVar

from starlette.requests import Request

from bluetick.detections.ledger.listing import NotInLedger
from bluetick.detections.ledger.opening import Ledger
from bluetick.server.access import Caller
from bluetick.server.errors import Asked, bad_request, not_there
from bluetick.server.requests import text_of
from bluetick.server.service import Service

T = TypeVar("T")
# What is done, and its words, as the audit log has them.
Said: TypeAlias = tuple[str, str]
_LISTED: Final = 1_000
_MOST_LISTED: Final = 10_000
_MOST_TEXT: Final = 10_000


async def of_ledger(service: Service, work: Callable[[Ledger], T]) -> T:
    """What the work finds or does; a 404 where there is no ledger, or not what is asked for."""
    return await asyncio.to_thread(_of_ledger, service, work)


def _of_ledger(service: Service, work: Callable[[Ledger], T]) -> T:
    if service.work.ledger is None or not service.work.has_ledger:
        raise not_there("there is no ledger: 'bluetick schedule' makes one")
    ledger = Ledger(service.work.ledger)
    try:
        return work(ledger)
    except NotInLedger as error:
        raise not_there(str(error)) from error
    finally:
        ledger.close()


async def recorded(
    service: Service,
    request: Request,
    caller: Caller,
    asked: Asked,
    said: Said,
    work: Coroutine[Any, Any, T],
) -> T:
    """The work's result, once the audit log has it."""
    began = monotonic()
    call = service.call(request, caller, asked, *said)
    try:
        found = await work
    except Exception as error:
        service.note(call, error, 0, monotonic() - began)
        raise
    service.note(call, None, 0, monotonic() - began)
    return found


def short_text(body: dict[str, Any], name: str, most: int = _MOST_TEXT, *, may_be_empty: bool = False) -> str:
    """A field that must be text of a length that people write."""
    text = text_of(body, name)
    if len(text) > most:
        raise bad_request(f"'{name}' is longer than {most} characters")
    if not text.strip() and not may_be_empty:
        raise bad_request(f"'{name}' is empty")
    return text


def word_of(body: dict[str, Any], name: str, known: tuple[str, ...]) -> str | None:
    """A field that may be left out, else is one of the known words."""
    word = body.get(name)
    if word is not None and word not in known:
        raise bad_request(f"'{name}' must be one of {', '.join(known)}")
    return None if word is None else str(word)


def asked_most(request: Request) -> int:
    """How many are to be listed at most (`?most=N`), never more than there is sense in."""
    text = request.query_params.get("most", str(_LISTED))
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 9 and int(text) >= 1):
        raise bad_request("'most' must be a whole number from 1 on")
    return min(int(text), _MOST_LISTED)


def asked_flag(request: Request, name: str) -> bool | None:
    """`?name=true|false`; None where it is not said."""
    text = request.query_params.get(name)
    if text not in (None, "true", "false"):
        raise bad_request(f"'{name}' must be true or false")
    return None if text is None else text == "true"
