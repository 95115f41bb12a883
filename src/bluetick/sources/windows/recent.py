"""Memory that does not grow: what was used last, and records that were seen before."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_BITS = 64
_MASK = (1 << _BITS) - 1


class Recent(Generic[Key, Value]):
    """The entries used last: at least `limit` of them, at most twice as many."""

    __slots__ = ("_limit", "_new", "_old")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._new: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def __len__(self) -> int:
        return len(self._new.keys() | self._old.keys())

    def get(self, key: Key) -> Value | None:
        """The value put in for the key, None where there is none any more."""
        value = self._new.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Remember a value, and forget those not used for long."""
        if len(self._new) >= self._limit and key not in self._new:
            self._old, self._new = self._new, {}
        self._new[key] = value


class SeenRecords:
    """Which records were seen before, among the last `limit` of them."""

    __slots__ = ("_numbers",)

    def __init__(self, limit: int) -> None:
        self._numbers: Recent[int, tuple[int | None, ...]] = Recent(limit)

    def is_duplicate(self, event: Hashable, time: int, number: int | None) -> bool:
        """Whether the same record was seen before, perhaps by another collector that keeps less about it.

        Records alike in every field but the record number are two: a process that connects to itself is logged twice.
        """
        key = (time << _BITS) | (hash(event) & _MASK)
        numbers = self._numbers.get(key)
        if numbers is None:
            self._numbers.put(key, (number,))
            return False
        is_duplicate = number in numbers or number is None or None in numbers
        if number not in numbers:
            self._numbers.put(key, (*numbers, number))
        return is_duplicate
