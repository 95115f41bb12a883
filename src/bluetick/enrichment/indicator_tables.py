"""Threat indicators as rows of Sentinel's tables, so that rules which join those run.

A feed is loaded at a moment, which is its rows' TimeGenerated, as when Sentinel takes indicators in (or publishes them
anew, which it does every week or so): rules look some days back for it. Whether a row is active is said of that moment.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from bluetick.enrichment.indicator_files import read_indicators
from bluetick.enrichment.indicators import Kind, Values
from bluetick.schema.packs import known_table
from bluetick.sources.arrow import arrow_schema

NEW, OLD = "ThreatIntelIndicators", "ThreatIntelligenceIndicator"

# The old table always has an expiry, and rules compare with it: what never ends does so at the end of Kusto's time.
_NEVER: Final = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

# https://learn.microsoft.com/graph/api/resources/tiindicator (fileHashType)
_HASH_TYPES: Final = {Kind.MD5.value: "md5", Kind.SHA1.value: "sha1", Kind.SHA256.value: "sha256"}
_EMPTY: Values = pa.scalar("")


def indicator_rows(path: Path, at: datetime) -> Mapping[str, pa.Table]:
    """The indicators of a CSV or STIX file as rows of both of Sentinel's tables, loaded at a moment.

    An indicator has a row for each of its observables.
    """
    return feed_rows(read_indicators(path).table, at)


def feed_rows(feed: pa.Table, at: datetime) -> Mapping[str, pa.Table]:
    """The rows of a table of indicators (indicators.SCHEMA), loaded at a moment (UTC where it has no zone)."""
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return {NEW: _stored(NEW, len(feed), _new(feed, at)), OLD: _stored(OLD, len(feed), _old(feed, at))}


def _new(feed: pa.Table, at: datetime) -> dict[str, Values]:
    """https://learn.microsoft.com/azure/azure-monitor/reference/tables/threatintelindicators"""
    documents = [_document(row) for row in _rows(feed)]
    return {
        "TimeGenerated": _constant(feed, at),
        "Id": feed["Id"],
        "SourceSystem": feed["Source"],
        "IsDeleted": _constant(feed, False),
        "AdditionalFields": [_compact({"TLPLevel": row["Tlp"]} if row["Tlp"] else {}) for row in _rows(feed)],
        "Data": [_compact(document) for document in documents],
        "IsActive": _active(feed, at),
        "Revoked": feed["Revoked"],
        "ValidUntil": feed["ValidUntil"],
        "ValidFrom": feed["ValidFrom"],
        "Created": feed["Created"],
        "Modified": feed["Modified"],
        "Tags": feed["Tags"],
        "Confidence": feed["Confidence"],
        "Pattern": [document["pattern"] for document in documents],
        "ObservableKey": feed["Kind"],
        "ObservableValue": feed["Value"],
        "Type": _constant(feed, NEW),
    }


def _old(feed: pa.Table, at: datetime) -> dict[str, Values]:
    """https://learn.microsoft.com/azure/azure-monitor/reference/tables/threatintelligenceindicator"""
    is_network = pc.match_substring(feed["Value"], "/")
    is_address = pc.is_in(feed["Kind"], value_set=pa.array([Kind.IPV4.value, Kind.IPV6.value]))
    is_hash = pc.is_in(feed["Kind"], value_set=pa.array(list(_HASH_TYPES)))
    return {
        "TimeGenerated": _constant(feed, at),
        "SourceSystem": feed["Source"],
        "ConfidenceScore": feed["Confidence"],
        "Description": feed["Description"],
        "ExternalIndicatorId": feed["Id"],
        "ExpirationDateTime": pc.fill_null(feed["ValidUntil"], pa.scalar(_NEVER, pa.timestamp("us", "UTC"))),
        "IndicatorId": [_identity(row) for row in _rows(feed)],
        "ThreatType": feed["ThreatType"],
        "Active": _active(feed, at),
        "ThreatSeverity": feed["Severity"],
        "Tags": feed["Tags"],
        "TrafficLightProtocolLevel": feed["Tlp"],
        "EmailSenderAddress": _value_where(feed, _is(feed, Kind.EMAIL)),
        "FileHashType": [_HASH_TYPES.get(row["Kind"], "") for row in _rows(feed.select(["Kind"]))],
        "FileHashValue": _value_where(feed, is_hash),
        "DomainName": _value_where(feed, _is(feed, Kind.DOMAIN)),
        "NetworkIP": _value_where(feed, pc.and_not(is_address, is_network)),
        "NetworkCidrBlock": _value_where(feed, pc.and_(is_address, is_network)),
        "Url": _value_where(feed, _is(feed, Kind.URL)),
        "IndicatorProvider": feed["Source"],
        "Type": _constant(feed, OLD),
    }


def _stored(table: str, length: int, columns: Mapping[str, Values]) -> pa.Table:
    """The table's columns in order; those that are not given are empty."""
    known = known_table(table)
    if known is None:
        raise AssertionError(f"no pack has the table '{table}'")
    schema = arrow_schema(known)
    arrays: list[Values] = []
    for field in schema:
        given = columns.get(field.name)
        if given is None:
            blank = pa.scalar("" if pa.types.is_string(field.type) else None, field.type)
            arrays.append(pa.repeat(blank, length))
        else:
            arrays.append(given.cast(field.type) if isinstance(given, pa.ChunkedArray) else pa.array(given, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _rows(feed: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in feed.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _constant(feed: pa.Table, value: object) -> list[object]:
    return [value] * len(feed)


def _active(feed: pa.Table, at: datetime) -> list[bool]:
    """An indicator that is to be valid later is active: it is its end, or the provider, that makes one inactive."""
    ends: list[datetime | None] = feed["ValidUntil"].to_pylist()
    revoked: list[Any] = feed["Revoked"].to_pylist()
    return [not gone and (end is None or end > at) for end, gone in zip(ends, revoked, strict=True)]


def _is(feed: pa.Table, kind: Kind) -> Values:
    kinds: Values = feed["Kind"]
    return pc.equal(kinds, pa.scalar(kind.value))


def _value_where(feed: pa.Table, where: Values) -> Values:
    return pc.if_else(where, feed["Value"], _EMPTY)


def _identity(row: Mapping[str, Any]) -> str:
    """One for each observable: rules keep one row of each IndicatorId."""
    text = "\n".join((row["Id"], row["Kind"], row["Value"]))
    return hashlib.sha256(text.encode()).hexdigest().upper()


def _document(row: Mapping[str, Any]) -> dict[str, Any]:
    """The STIX object; of a feed that has none, one that says the same."""
    if row["Document"]:
        found: dict[str, Any] = json.loads(row["Document"])
        return found
    value = row["Value"].replace("\\", "\\\\").replace("'", "\\'")
    said = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": row["Id"],
        "name": row["Value"],
        "description": row["Description"],
        "indicator_types": [row["ThreatType"]] if row["ThreatType"] else [],
        "labels": [row["Tags"]] if row["Tags"] else [],
        "pattern": f"[{row['Kind']} = '{value}']",
        "pattern_type": "stix",
        "valid_from": _spelt(row["ValidFrom"]),
        "valid_until": _spelt(row["ValidUntil"]),
        "confidence": row["Confidence"],
    }
    return {name: value for name, value in said.items() if value not in ("", None, [])}


def _spelt(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
