"""A web service as a link of a chain: its cache first, then requests within a quota and a time, tried again where that
may help."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Protocol

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.http_exchange import ExchangeError, Request, Response, retry_after
from bluetick.enrichment.outside import Outside
from bluetick.enrichment.profile_cache import Kept, ProfileCache, Window
from bluetick.enrichment.profile_link import Described, Finding
from bluetick.enrichment.profiles import ERROR, MISSING, NOT_ASKED, hash_kind

ATTEMPTS: Final = 3
_FIRST_DELAY: Final = 1.0
_MAX_DELAY: Final = 30.0
_EXCHANGE_SECONDS: Final = 15.0
# A failed file is not asked for again at once: the account of a run looks up what the run has looked up just before.
_FAILED_SECONDS: Final = 60.0
_REDIRECTS: Final = range(300, 400)
_MAY_PASS: Final = (408, 425, 429, 500, 502, 503, 504)


class MalformedAnswerError(Exception):
    """A service's answer is not of the form that it documents."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, and the hashes (in lower case) that it asks for."""

    request: Request
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lives:
    """For how many seconds an answer stands."""

    known: float
    unknown: float


class Service(Described, Protocol):
    """What differs between services."""

    @property
    def key_origin(self) -> str:
        """Where its key was read from; '' for a service without one."""
        ...

    @property
    def windows(self) -> tuple[Window, ...]:
        """Its quota."""
        ...

    @property
    def lives(self) -> Lives: ...

    def asks(self, hashes: Sequence[str]) -> Iterator[Ask]: ...

    def is_unknown(self, body: Any) -> bool:
        """Whether the body of status 404 says that the file is not known."""
        ...

    def facts(self, ask: Ask, body: Any) -> Mapping[str, Mapping[str, Any]]:
        """What is told of the hashes that are known, as JSON values. Raises MalformedAnswerError."""
        ...

    def hashes_of(self, facts: Mapping[str, Any]) -> Sequence[str]:
        """All hashes of the file, in lower case: the answer holds for each."""
        ...

    def finding(self, facts: Mapping[str, Any], asked: datetime) -> Finding: ...


class Reach(Enum):
    """What a failure means for the requests after it."""

    FILE = "nothing"
    SERVICE = "nothing, unless the next one fails in the same way"
    ALL = "none will fare better"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer."""

    reason: str
    reach: Reach


class HttpProfiles:
    """A link that asks a service. `is_offline` asks its cache alone, and there takes what is known at any age."""

    def __init__(self, service: Service, cache: ProfileCache, outside: Outside, *, is_offline: bool = False) -> None:
        self.service = service
        self._cache = cache
        self._outside = outside
        self._is_offline = is_offline
        self._lock = threading.Lock()
        self._failed: dict[str, tuple[float, str]] = {}

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def version(self) -> str:
        return self.service.version

    @property
    def note(self) -> str:
        return self.service.note

    @property
    def gives(self) -> frozenset[str]:
        return self.service.gives

    def find(self, key_column: str, keys: Sequence[str], ends: float) -> dict[str, Finding]:
        """A finding for each key; what is no hash is not asked for, whatever its column is called."""
        hashes = {key: key.lower() for key in keys if hash_kind(key)}
        wanted = list(dict.fromkeys(hashes.values()))
        found: dict[str, Finding] = {}
        with self._turn(ends) as is_ours:
            if is_ours:
                found = self._kept(wanted)
                found |= self._missing([one for one in wanted if one not in found], ends)
        late = Finding(ERROR, remark="other lookups took all of the time")
        return {key: found.get(hashes[key], late) if key in hashes else Finding(NOT_ASKED) for key in keys}

    @contextmanager
    def _turn(self, ends: float) -> Iterator[bool]:
        """One lookup at a time: the next one finds in the cache what this one has asked."""
        is_ours = self._lock.acquire(timeout=max(ends - self._outside.ticks(), 0.0))
        try:
            yield is_ours
        finally:
            if is_ours:
                self._lock.release()

    def _kept(self, hashes: Sequence[str]) -> dict[str, Finding]:
        now, lives = self._outside.now(), self.service.lives
        found: dict[str, Finding] = {}
        for one, kept in self._cache.find(self.name, hashes).items():
            age = now - kept.asked
            if kept.facts is not None and (self._is_offline or age < lives.known):
                found |= self._known(one, kept.facts, kept.asked)
            elif kept.facts is None and age < lives.unknown:
                found[one] = Finding(MISSING, asked=_instant(kept.asked))
        return found

    def _known(self, one: str, facts: Mapping[str, Any], asked: float) -> dict[str, Finding]:
        """A finding of what is kept; none of an entry that was tampered with, which is then asked for anew."""
        try:
            return {one: self.service.finding(facts, _instant(asked))}
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            return {}

    def _missing(self, hashes: Sequence[str], ends: float) -> dict[str, Finding]:
        if self._is_offline:
            return dict.fromkeys(hashes, Finding(NOT_ASKED, remark="offline, and its cache does not know them"))
        ticks = self._outside.ticks()
        self._failed = {one: entry for one, entry in self._failed.items() if entry[0] > ticks}
        found = {one: Finding(ERROR, remark=self._failed[one][1]) for one in hashes if one in self._failed}
        end: Failure | None = None
        before: Failure | None = None
        for ask in self.service.asks([one for one in hashes if one not in found]):
            outcome = end or self._answer(ask, ends)
            if isinstance(outcome, Failure):
                end = outcome if _ends_all(outcome, before) else None
                before = outcome
                until = self._outside.ticks() + _FAILED_SECONDS
                self._failed |= dict.fromkeys(ask.hashes, (until, outcome.reason))
                found |= dict.fromkeys(ask.hashes, Finding(ERROR, remark=outcome.reason))
            else:
                before = None
                found |= self._told(ask, outcome)
        return found

    def _told(self, ask: Ask, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Finding]:
        """Findings of an answer, which is kept."""
        now = self._outside.now()
        answers = {one: Kept(now, facts.get(one)) for one in ask.hashes}
        for known in facts.values():
            answers |= dict.fromkeys(self.service.hashes_of(known), Kept(now, known))
        self._cache.keep(self.name, answers)
        asked = _instant(now)
        return {
            one: self.service.finding(facts[one], asked) if one in facts else Finding(MISSING, asked=asked)
            for one in ask.hashes
        }

    def _answer(self, ask: Ask, ends: float) -> Mapping[str, Mapping[str, Any]] | Failure:
        """The facts of the hashes that are known, after as many tries as are sensible."""
        failure = Failure("the time for a lookup is over", Reach.ALL)
        for attempt in range(ATTEMPTS):
            full = self._wait_for_quota(ends)
            if full is not None:
                return full
            if (left := ends - self._outside.ticks()) <= 0:
                return failure
            response: Response | None = None
            try:
                response = self._outside.send(ask.request, min(left, _EXCHANGE_SECONDS))
            except ExchangeError as error:
                if not error.may_pass:
                    return Failure(str(error), Reach.FILE)
                failure = Failure(str(error), Reach.SERVICE)
            else:
                if response.status not in _MAY_PASS:
                    return self._judge(ask, response)
                failure = Failure(_refusal(response.status), _reach(response.status))
            if attempt + 1 < ATTEMPTS and not self._pause(attempt, response, ends):
                return failure
        return failure

    def _judge(self, ask: Ask, response: Response) -> Mapping[str, Mapping[str, Any]] | Failure:
        """What an answer says that would be the same another time."""
        status = response.status
        if status in (401, 403) and self.service.key_origin:
            raise SourceError(f"{self.name} refuses the key in {self.service.key_origin} (status {status})")
        if status in _REDIRECTS:
            return Failure(f"it answers with a redirect (status {status}), which is not followed", Reach.ALL)
        try:
            if status == 200:
                return self.service.facts(ask, _json(response.body))
            if status == 404 and self.service.is_unknown(_json(response.body)):
                return {}
        except MalformedAnswerError:
            return Failure("its answer is malformed", Reach.FILE)
        return Failure(_refusal(status), _reach(status))

    def _wait_for_quota(self, ends: float) -> Failure | None:
        while True:
            wait, words = self._cache.take(self.name, self.service.windows, self._outside.now())
            if wait <= 0:
                return None
            if self._outside.ticks() + wait >= ends:
                return Failure(f"the quota of {words} is used up", Reach.ALL)
            self._outside.sleep(wait)

    def _pause(self, attempt: int, response: Response | None, ends: float) -> bool:
        """Waits as long as the service says, else ever longer; not at all, and False, where the time does not reach."""
        delay = retry_after(response, self._outside.now())
        if delay is None:
            delay = min(_FIRST_DELAY * 2**attempt, _MAX_DELAY) * (0.5 + self._outside.jitter() / 2)
        if self._outside.ticks() + delay >= ends:
            return False
        self._outside.sleep(delay)
        return True


def _ends_all(failure: Failure, before: Failure | None) -> bool:
    """One file may be what a service stumbles over; two in a row say that it is the service."""
    is_second = before is not None and before.reach is failure.reach is Reach.SERVICE
    return failure.reach is Reach.ALL or is_second


def _refusal(status: int) -> str:
    if status == 429:
        return "it says that its quota is used up (status 429)"
    return f"it answers with status {status}"


def _reach(status: int) -> Reach:
    """A quota ends all; what is wrong with one request ends that one."""
    return {429: Reach.ALL, 400: Reach.FILE}.get(status, Reach.SERVICE)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedAnswerError from None


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
