"""Threat indicators out of CSV files, whose columns every feed names in its own way."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from bluetick.enrichment.indicators import HASHES, Account, Indicator, Kind
from bluetick.enrichment.observables import guess, instant, observable, refanged

# The names under which a column is known, in lower case and without what stands between words; the first found is read.
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "value": ("indicator", "indicatorvalue", "value", "ioc", "iocvalue", "observable", "observablevalue"),
    "type": ("type", "indicatortype", "ioctype", "observabletype", "observablekey"),
    "id": ("id", "indicatorid", "iocid", "externalid"),
    "threat_type": ("threattype", "threat", "category", "indicatorthreattype", "malware"),
    "description": ("description", "comment", "title", "name"),
    "source": ("source", "provider", "feed", "reporter", "sourcename"),
    "confidence": ("confidence", "confidencescore", "confidencelevel", "score"),
    "severity": ("severity", "threatseverity"),
    "tlp": ("tlp", "tlplevel", "trafficlightprotocollevel"),
    "valid_from": ("validfrom", "firstseen", "firstseenutc", "dateadded", "start"),
    "valid_until": ("validuntil", "validto", "expiration", "expirationdatetime", "expires", "end"),
    "modified": ("modified", "lastseen", "lastseenutc", "updated", "lastonline"),
    "tags": ("tags", "tag", "labels"),
}

# Columns that say by their name what their value is.
_KINDS: Final[Mapping[str, Kind]] = {
    "ip": Kind.IPV4,
    "ipaddress": Kind.IPV4,
    "ipv4": Kind.IPV4,
    "ipv6": Kind.IPV6,
    "dstip": Kind.IPV4,
    "srcip": Kind.IPV4,
    "address": Kind.IPV4,
    "cidr": Kind.IPV4,
    "network": Kind.IPV4,
    "domain": Kind.DOMAIN,
    "domainname": Kind.DOMAIN,
    "host": Kind.DOMAIN,
    "hostname": Kind.DOMAIN,
    "fqdn": Kind.DOMAIN,
    "url": Kind.URL,
    "email": Kind.EMAIL,
    "md5": Kind.MD5,
    "md5hash": Kind.MD5,
    "sha1": Kind.SHA1,
    "sha1hash": Kind.SHA1,
    "sha256": Kind.SHA256,
    "sha256hash": Kind.SHA256,
}
_HASH_COLUMNS = ("hash", "filehash", "filehashvalue")

# What the column of types says, spelt as above, beside the names of _KINDS. "hash" leaves the kind to the value.
_TYPES: Final[Mapping[str, Kind]] = {
    **_KINDS,
    "ipv4addr": Kind.IPV4,
    "ipv4addrvalue": Kind.IPV4,
    "ipdst": Kind.IPV4,
    "ipsrc": Kind.IPV4,
    "ipv6addr": Kind.IPV6,
    "ipv6addrvalue": Kind.IPV6,
    "domainnamevalue": Kind.DOMAIN,
    "urlvalue": Kind.URL,
    "uri": Kind.URL,
    "emailaddr": Kind.EMAIL,
    "filehashmd5": Kind.MD5,
    "filehashsha1": Kind.SHA1,
    "filehashsha256": Kind.SHA256,
    "filehashesmd5": Kind.MD5,
    "filehashessha1": Kind.SHA1,
    "filehashessha256": Kind.SHA256,
}

# Words of confidence as STIX 2.1 scales them (appendix A, "None / Low / Med / High").
_CONFIDENCES: Final = {"none": 0, "low": 15, "med": 50, "medium": 50, "high": 85}
_COLOURS: Final = {"white": "White", "clear": "White", "green": "Green", "amber": "Amber", "red": "Red"}

Row: TypeAlias = Mapping[str, str]
Note: TypeAlias = Callable[[str], None]


def csv_indicators(lines: Iterable[str], source: str, account: Account) -> Iterator[Indicator]:
    """The indicators of a CSV, TSV or semicolon file, or of a plain list of values.

    Lines that begin with # are comments; the last of them before the data may be the heading. `source` names the feed
    where no column does. Every line gives an indicator for each of its observables, or a reason in the account.
    """
    heading: list[str] | None = None
    comment: list[str] = []
    for number, cells in _rows(lines):
        if cells[0].startswith("#"):
            comment = [cells[0].lstrip("# "), *cells[1:]]
        elif heading is None:
            heading, is_data = _heading(cells, comment)
            if is_data:
                yield from _read(dict(zip(heading, cells, strict=False)), number, source, account)
        elif len(cells) > len(heading):
            account.lost.add(f"a line of more fields than the heading has ({len(heading)})", f"line {number}")
        else:
            yield from _read(dict(zip(heading, cells, strict=False)), number, source, account)


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold anything, with their numbers. The delimiter is the one that the first data line uses."""
    held: list[str] = []
    stream = iter(lines)
    for line in stream:
        held.append(line)
        if line.strip() and not line.startswith("#"):
            break
    if not held:
        return
    delimiter = max(",\t;", key=held[-1].count)
    reader = csv.reader(_chained(held, stream), delimiter=delimiter, skipinitialspace=True)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [cell.strip() for cell in cells]


def _chained(held: Sequence[str], rest: Iterator[str]) -> Iterator[str]:
    yield from held
    yield from rest


def _heading(cells: Sequence[str], comment: Sequence[str]) -> tuple[list[str], bool]:
    """The names of the columns, and whether the line itself is data already."""
    names = [_word(cell) for cell in cells]
    if _tells(names):
        return names, False
    commented = [_word(cell) for cell in comment]
    if _tells(commented) and len(commented) >= len(cells):
        return commented, True
    if len(cells) == 1 and guess(refanged(cells[0])) is not None:
        return ["value"], True
    raise ValueError(
        "its heading names no column of indicators (indicator, value, ip, domain, url, email, hash, md5, sha1, sha256)"
    )


def _tells(names: Sequence[str]) -> bool:
    return any(name in _KINDS or name in _HASH_COLUMNS or name in _COLUMNS["value"] for name in names)


def _word(text: str) -> str:
    """A name without case and without what stands between its words: IndicatorType and indicator-type are one."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _read(row: Row, number: int, source: str, account: Account) -> Iterator[Indicator]:
    where = f"line {number}"
    try:
        observables = _observables(row)
        known = _known(row, source, account, where)
    except ValueError as error:
        account.lost.add(str(error), where)
        return
    for kind, value in observables:
        id_ = _cell(row, "id") or f"indicator--{uuid5(NAMESPACE_URL, f'{known.source}/{kind.value}/{value}')}"
        yield known._replace(kind=kind, value=value, id=id_)


def _observables(row: Row) -> list[tuple[Kind, str]]:
    value = refanged(_cell(row, "value"))
    if value:
        return [_typed(value, _word(_cell(row, "type")))]
    named = [(name, refanged(row[name])) for name in (*_KINDS, *_HASH_COLUMNS) if row.get(name)]
    if not named:
        raise ValueError("no indicator in the line")
    return [_typed(text, name) for name, text in named]


def _typed(value: str, kind: str) -> tuple[Kind, str]:
    if not kind:
        found = guess(value)
        if found is None:
            raise ValueError("a value that looks like no indicator")
        return found
    if kind in _HASH_COLUMNS:
        if len(value) not in HASHES:
            raise ValueError("a hash that is neither MD5, SHA-1 nor SHA-256")
        found = observable(HASHES[len(value)], value)
    elif kind in _TYPES:
        found = observable(_TYPES[kind], value)
    else:
        raise ValueError(f"the type '{kind}' is not known")
    if found is None:
        raise ValueError(f"a value that is no {kind}")
    return found


def _known(row: Row, source: str, account: Account, where: str) -> Indicator:
    """All but the observable and the id."""
    start, end = _when(row, "valid_from"), _when(row, "valid_until")
    if start is not None and end is not None and end <= start:
        raise ValueError("its validity ends before it starts")
    empty = partial(account.left_empty.add, where=where)
    return Indicator(
        Kind.IPV4,
        "",
        "",
        threat_type=_cell(row, "threat_type"),
        description=_cell(row, "description"),
        source=_cell(row, "source") or source,
        confidence=_number(row, "confidence", 100, empty),
        severity=_number(row, "severity", 5, empty),
        tlp=_colour(row, empty),
        valid_from=start,
        valid_until=end,
        created=start,
        modified=_seen(row, empty) or start,
        tags=_cell(row, "tags"),
    )


def _cell(row: Row, column: str) -> str:
    return next((row[name] for name in _COLUMNS[column] if row.get(name)), "")


def _when(row: Row, column: str) -> datetime | None:
    try:
        return instant(_cell(row, column))
    except ValueError:
        raise ValueError(f"{column} is no time of ISO 8601") from None


def _seen(row: Row, empty: Note) -> datetime | None:
    """The last time of the feed's own; unlike validity, an unreadable one costs nothing."""
    try:
        return _when(row, "modified")
    except ValueError as error:
        empty(str(error))
        return None


def _number(row: Row, column: str, largest: int, empty: Note) -> int | None:
    text = _cell(row, column).lower().removesuffix("%")
    if not text:
        return None
    if column == "confidence" and text in _CONFIDENCES:
        return _CONFIDENCES[text]
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= largest:
        return int(text)
    empty(f"{column} is no number from 0 to {largest}")
    return None


def _colour(row: Row, empty: Note) -> str:
    """The colour of the Traffic Light Protocol; TLP:AMBER+STRICT is Amber, as Azure knows four."""
    text = _cell(row, "tlp").lower().removeprefix("tlp:").strip().partition("+")[0]
    if text and text not in _COLOURS:
        empty("tlp is no colour of the Traffic Light Protocol")
    return _COLOURS.get(text, "")
