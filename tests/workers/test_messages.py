"""A request on its way to a worker loses nothing."""

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from bluetick.plan.ranges import Span
from bluetick.session import QueryRequest
from bluetick.workers.messages import pack_request, unpack_request, with_seconds

NOW = datetime(2026, 6, 18, 12, 0, 0, 1, UTC)
VALUES: dict[str, Any] = {
    "text": "print 1",
    "parameters": {"a": [1, None, {"b": NOW}], "d": Decimal("1.10"), "g": UUID(int=7), "s": timedelta(microseconds=-1)},
    "now": NOW,
    "lookback": timedelta(days=14),
    "schemas": "sentinel",
    "is_sentinel_rule": True,
    "name": "a rule",
    "seconds": 2.5,
    "without_rewrites": frozenset({"late_rows"}),
    "parameter_texts": {"n": "datetime(2026-06-18)"},
    "tables": {"T": pa.table({"x": [1, 2]}), "U": pa.table({"y": ["a"]})},
    "scope": Span(NOW, None),
}


def test_every_field_arrives() -> None:
    fields = {field.name for field in dataclasses.fields(QueryRequest)}
    assert set(VALUES) == fields - {"exclusions"}  # which are refused
    sent = QueryRequest(**VALUES)
    found = unpack_request(with_seconds(pack_request(sent), sent.seconds))
    for name, value in VALUES.items():
        assert getattr(found, name) == value, name


def test_what_is_left_out_stays_so() -> None:
    sent = QueryRequest("print 1")
    assert unpack_request(with_seconds(pack_request(sent), sent.seconds)) == sent
    for scope in (Span(), Span(None, NOW)):
        assert unpack_request(with_seconds(pack_request(QueryRequest("x", scope=scope)), None)).scope == scope
