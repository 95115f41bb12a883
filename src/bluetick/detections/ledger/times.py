"""Instants and lengths as the ledger stores them: microseconds."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970, UTC; a moment without a zone is UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def to_moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def length(span: timedelta) -> int:
    return span // _MICROSECOND
