"""Observables of indicators: each kind in one spelling, so that a feed's value meets a log's."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from string import hexdigits
from typing import Final
from urllib.parse import urlsplit

from bluetick.enrichment.indicators import HASHES, Kind, network_or_address

_LONGEST_NAME = 253


def observable(kind: Kind, text: str) -> tuple[Kind, str] | None:
    """The kind and the one spelling of a value that is said to be of a kind; None where it is not.

    An address may turn out to be of the other family, as feeds call both "ip".
    """
    return _SPELLINGS[kind](text.strip())


def guess(text: str) -> tuple[Kind, str] | None:
    """The kind and spelling of a value of which no kind is said; None where it looks like none."""
    text = text.strip()
    for attempt in (network_or_address, _hash, _url, _email, _domain):
        found = attempt(text)
        if found is not None:
            return found
    return None


def instant(text: str) -> datetime | None:
    """A time as ISO 8601 has it, in UTC where no zone is said; None for an empty text, ValueError for another."""
    text = text.strip().removesuffix(" UTC")
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"'{text}' is not a time of the years 1 to 9999") from None


def refanged(text: str) -> str:
    """A value without what feeds put in so that nobody clicks it: 1.2.3[.]4, hxxp://..."""
    text = text.strip().replace("[.]", ".").replace("(.)", ".").replace("[:]", ":").replace("[@]", "@")
    return "http" + text[4:] if text[:4].lower() == "hxxp" else text


def _hash(text: str) -> tuple[Kind, str] | None:
    kind = HASHES.get(len(text))
    return (kind, text.lower()) if kind is not None and set(text) <= set(hexdigits) else None


def _one_hash(kind: Kind) -> Callable[[str], tuple[Kind, str] | None]:
    def spell(text: str) -> tuple[Kind, str] | None:
        found = _hash(text)
        return found if found is not None and found[0] is kind else None

    return spell


def _domain(text: str) -> tuple[Kind, str] | None:
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    is_name = len(labels) > 1 and len(name) <= _LONGEST_NAME and all(map(_is_label, labels))
    return (Kind.DOMAIN, name) if is_name and not labels[-1].isdigit() else None


def _is_label(label: str) -> bool:
    """Letters of any script, as feeds have both forms of international names."""
    return 0 < len(label) <= 63 and all(letter.isalnum() or letter in "-_" for letter in label)


def _url(text: str) -> tuple[Kind, str] | None:
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return (Kind.URL, text) if parts.scheme and parts.netloc and not any(map(str.isspace, text)) else None


def _email(text: str) -> tuple[Kind, str] | None:
    name, at, domain = text.rpartition("@")
    is_address = bool(name and at) and not any(map(str.isspace, text)) and _domain(domain) is not None
    return (Kind.EMAIL, text.lower()) if is_address else None


_SPELLINGS: Final[Mapping[Kind, Callable[[str], tuple[Kind, str] | None]]] = {
    Kind.IPV4: network_or_address,
    Kind.IPV6: network_or_address,
    Kind.DOMAIN: _domain,
    Kind.URL: _url,
    Kind.EMAIL: _email,
    Kind.MD5: _one_hash(Kind.MD5),
    Kind.SHA1: _one_hash(Kind.SHA1),
    Kind.SHA256: _one_hash(Kind.SHA256),
}
