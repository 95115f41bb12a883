"""CIRCL hashlookup: which files are known from operating systems and published software.

https://www.circl.lu/services/hashlookup/
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from bluetick.enrichment.http_exchange import Request
from bluetick.enrichment.http_provider import Ask, Lives, MalformedAnswerError
from bluetick.enrichment.profile_cache import Window
from bluetick.enrichment.profile_link import Finding
from bluetick.enrichment.profiles import AVAILABLE, hash_kind
from bluetick.enrichment.service_facts import file_hash, mapping, text, whole

ADDRESS: Final = "https://hashlookup.circl.lu"
_DAY: Final = 86_400.0
_LIVES: Final = Lives(30 * _DAY, _DAY)
_BULK: Final = 100
_MAX_DIGITS: Final = 18
_HEADERS: Final = {"Accept": "application/json", "User-Agent": "bluetick"}
_FIELDS: Final = {"SHA1": "SHA-1", "SHA256": "SHA-256", "MD5": "MD5"}


@dataclass(frozen=True, slots=True)
class Hashlookup:
    """The service at an address: CIRCL's own, or one that runs the same server.

    SHA-1 and MD5 go a hundred at a time, SHA-256 one by one. Nothing is published of a quota; `windows` keep us polite.
    """

    address: str = ADDRESS
    windows: tuple[Window, ...] = (Window(60.0, 300, "300 requests a minute"),)
    lives: Lives = _LIVES
    name: str = "hashlookup"
    note: str = ""
    key_origin: str = ""
    gives: frozenset[str] = frozenset(("SHA1", "SHA256", "MD5", "FileSize"))

    @property
    def version(self) -> str:
        return self.address

    def asks(self, hashes: Sequence[str]) -> Iterator[Ask]:
        for kind in ("SHA1", "MD5"):
            alike = [one for one in hashes if hash_kind(one) == kind]
            for start in range(0, len(alike), _BULK):
                some = tuple(alike[start : start + _BULK])
                body = json.dumps({"hashes": [one.upper() for one in some]}).encode()
                headers = {**_HEADERS, "Content-Type": "application/json"}
                yield Ask(Request("POST", f"{self.address}/bulk/{kind.lower()}", headers, body), some)
        for one in hashes:
            if hash_kind(one) == "SHA256":
                yield Ask(Request("GET", f"{self.address}/lookup/sha256/{one.upper()}", _HEADERS), (one,))

    def is_unknown(self, body: Any) -> bool:
        """{"message": "Non existing SHA-256", ...}; a wrong address or a proxy answers 404 in other words."""
        return "non existing" in text(mapping(body).get("message")).lower()

    def facts(self, ask: Ask, body: Any) -> dict[str, dict[str, Any]]:
        """Of a bulk request only the known files come back; older servers give an empty object for each other."""
        if ask.request.method == "GET":
            (asked,) = ask.hashes
            return {asked: _answer(asked, mapping(body))}
        if not isinstance(body, list):
            raise MalformedAnswerError
        found = {}
        for record in filter(None, body):
            known = _facts(mapping(record))
            some = [one for one in ask.hashes if one in known.values()]
            if not some:
                raise MalformedAnswerError
            found.update(dict.fromkeys(some, known))
        return found

    def hashes_of(self, facts: Mapping[str, Any]) -> list[str]:
        return [facts[kind] for kind in _FIELDS if facts[kind]]

    def finding(self, facts: Mapping[str, Any], asked: datetime) -> Finding:
        malicious = facts["malicious"]
        remark = f"known as malicious from {malicious}" if malicious else ""
        return Finding(AVAILABLE, {name: facts[name] for name in self.gives}, asked, remark)


def _answer(asked: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of one file. Some have the hash that leads to them in their address only."""
    known = _facts(record)
    kind = hash_kind(asked)
    if not (text(record.get("FileName")) or any(known[one] for one in _FIELDS)) or known[kind] not in ("", asked):
        raise MalformedAnswerError
    return {**known, kind: asked}


def _facts(record: Mapping[str, Any]) -> dict[str, Any]:
    hashes = {kind: file_hash(record.get(field), kind) for kind, field in _FIELDS.items()}
    return {**hashes, "FileSize": _size(record.get("FileSize")), "malicious": _lists(record.get("KnownMalicious"))}


def _lists(value: Any) -> str:
    """The name of the list on which a file is, or their names."""
    return ", ".join(text(one) for one in value) if isinstance(value, list) else text(value)


def _size(value: Any) -> int | None:
    """The server keeps every value as a text."""
    if isinstance(value, str):
        digits = value.strip()
        if not digits:
            return None
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
            raise MalformedAnswerError
        return int(digits)
    return whole(value)
