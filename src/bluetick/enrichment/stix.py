"""Threat indicators out of STIX 2 objects: a bundle, a TAXII envelope, a list of objects or one.

https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html#_muftrcpnf89v
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from bluetick.enrichment.indicators import Account, Indicator, Kind
from bluetick.enrichment.observables import instant, observable
from bluetick.enrichment.stix_patterns import pattern_observables

# The marking definitions that STIX itself defines, and those of TLP 2.0.
_TLP: Final[Mapping[str, str]] = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "White",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "Green",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "Amber",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "Red",
}

Object: TypeAlias = Mapping[str, Any]


def stix_indicators(document: object, account: Account) -> Iterator[Indicator]:
    """The indicators of a document, an element for each observable of their patterns.

    Of several versions of an object the last one modified counts. What is not understood stands in the account.
    """
    objects = _objects(document)
    names = {item["id"]: _text(item.get("name")) for item in objects if _is(item, "identity")}
    for item in _latest(objects):
        try:
            yield from _of_object(item, names, account)
        except ValueError as error:
            account.lost.add(str(error), _text(item.get("id")))


def _objects(document: object) -> list[Object]:
    found = document.get("objects", [document]) if isinstance(document, dict) else document
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ValueError("it is no STIX bundle and no list of STIX objects")
    if found and not any(isinstance(item.get("type"), str) and isinstance(item.get("id"), str) for item in found):
        raise ValueError("its objects have no type and id, as STIX objects have")
    return found


def _is(item: Object, kind: str) -> bool:
    return item.get("type") == kind and isinstance(item.get("id"), str)


def _latest(objects: Sequence[Object]) -> list[Object]:
    """The last version of each indicator, in the order in which they stand."""
    last: dict[str, Object] = {}
    for item in objects:
        if _is(item, "indicator"):
            known = last.get(item["id"])
            if known is None or _text(item.get("modified")) >= _text(known.get("modified")):
                last[item["id"]] = item
    return list(last.values())


def _of_object(item: Object, names: Mapping[str, str], account: Account) -> Iterator[Indicator]:
    where = item["id"]
    kind = item.get("pattern_type", "stix")
    if kind != "stix":
        raise ValueError(f"a pattern of type '{kind}'")
    pattern = _text(item.get("pattern"))
    found, unknown = pattern_observables(pattern)
    for path in unknown:
        account.lost.add(f"an alternative on {path}", where)
    known = _known(item, names, pattern, account)
    for path_kind, text in found:
        spelt = observable(path_kind, text)
        if spelt is None:
            account.lost.add(f"a value that is no {path_kind.value}", where)
        else:
            yield known._replace(kind=spelt[0], value=spelt[1])


def _known(item: Object, names: Mapping[str, str], pattern: str, account: Account) -> Indicator:
    """All but the observable."""
    start, end = _time(item, "valid_from"), _time(item, "valid_until")
    if start is not None and end is not None and end <= start:
        raise ValueError("a validity that ends before it starts")
    return Indicator(
        Kind.IPV4,
        "",
        item["id"],
        threat_type=", ".join(_texts(item.get("indicator_types"))),
        description=_text(item.get("description")) or _text(item.get("name")),
        source=names.get(_text(item.get("created_by_ref")), ""),
        confidence=_confidence(item, account),
        tlp=next((_TLP[mark] for mark in _texts(item.get("object_marking_refs")) if mark in _TLP), ""),
        valid_from=start,
        valid_until=end,
        created=_time(item, "created"),
        modified=_time(item, "modified"),
        revoked=item.get("revoked") is True,
        tags=", ".join(_texts(item.get("labels"))),
        pattern=pattern,
        document=json.dumps(item, separators=(",", ":"), ensure_ascii=False),
    )


def _confidence(item: Object, account: Account) -> int | None:
    value = item.get("confidence")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100:
        return value
    if value is not None:
        account.left_empty.add("a confidence that is no number from 0 to 100", item["id"])
    return None


def _time(item: Object, name: str) -> datetime | None:
    try:
        return instant(_text(item.get(name)))
    except ValueError:
        raise ValueError(f"{name} is no time of ISO 8601") from None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
