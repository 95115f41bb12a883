"""hash, hash_xxhash64, hash_many and hash_combine: xxHash64 with seed 0 over a value's bytes.

https://learn.microsoft.com/kusto/query/hash-function; the algorithm: https://xxhash.com/
"""

import struct
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from bluetick.functions.definition import Compute, Example, Nulls, ScalarFunction, param, signature
from bluetick.types import INTEGER, NOT_DYNAMIC, Type

Value: TypeAlias = "bool | int | float | str | datetime | Decimal"

_MASK = 2**64 - 1
_PRIME1 = 0x9E3779B185EBCA87
_PRIME2 = 0xC2B2AE3D27D4EB4F
_PRIME3 = 0x165667B19E3779F9
_PRIME4 = 0x85EBCA77C2B2AE63
_PRIME5 = 0x27D4EB2F165667C5
_STRIPE = 32
_YEAR_ONE = datetime(1, 1, 1)


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _MASK


def _round(lane: int, word: int) -> int:
    return _rotated((lane + word * _PRIME2) & _MASK, 31) * _PRIME1 & _MASK


def _stripes(data: bytes, size: int) -> int:
    """The four lanes over all whole stripes, merged."""
    lanes = [(_PRIME1 + _PRIME2) & _MASK, _PRIME2, 0, -_PRIME1 & _MASK]
    for words in struct.iter_unpack("<4Q", data[:size]):
        lanes = [_round(lane, word) for lane, word in zip(lanes, words, strict=True)]
    merged = sum(_rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18), strict=True)) & _MASK
    for lane in lanes:
        merged = ((merged ^ _round(0, lane)) * _PRIME1 + _PRIME4) & _MASK
    return merged


def _rest(state: int, data: bytes) -> int:
    """Words of eight bytes, then one of four, then single bytes."""
    whole = len(data) - len(data) % 8
    for (word,) in struct.iter_unpack("<Q", data[:whole]):
        state = (_rotated(state ^ _round(0, word), 27) * _PRIME1 + _PRIME4) & _MASK
    if len(data) - whole >= 4:
        half = int.from_bytes(data[whole : whole + 4], "little")
        state = (_rotated(state ^ (half * _PRIME1 & _MASK), 23) * _PRIME2 + _PRIME3) & _MASK
        whole += 4
    for byte in data[whole:]:
        state = _rotated(state ^ (byte * _PRIME5 & _MASK), 11) * _PRIME1 & _MASK
    return state


def xxhash64(data: bytes) -> int:
    """The hash as a long: signed."""
    size = len(data) - len(data) % _STRIPE
    state = _stripes(data, size) if size else _PRIME5
    state = _rest((state + len(data)) & _MASK, data[size:])
    state = (state ^ (state >> 33)) * _PRIME2 & _MASK
    state = (state ^ (state >> 29)) * _PRIME3 & _MASK
    state ^= state >> 32
    return state - 2**64 if state >= 2**63 else state


def _bytes_of(value: Value) -> bytes:
    match value:
        case bool():
            return bytes([value])
        case int():
            return value.to_bytes(8, "little", signed=True)
        case float():
            return struct.pack("<d", value)
        case datetime():
            passed = value - _YEAR_ONE
            micros = (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
            return (micros * 10).to_bytes(8, "little")
        case _:
            return str(value).encode(errors="replace")


def _hash(value: Value, modulus: int | None = None) -> int | None:
    hashed = xxhash64(_bytes_of(value))
    if modulus is None:
        return hashed
    return hashed % modulus if modulus > 0 else None


def _combined(*hashes: int) -> int:
    return xxhash64(b"".join(map(_bytes_of, hashes)))


def _hash_many(*values: Value) -> int:
    return _combined(*(xxhash64(_bytes_of(value)) for value in values))


def _hash_function(name: str, summary: str) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(
            signature(param("source", *NOT_DYNAMIC), param("mod", *INTEGER, optional=True), returns=Type.LONG),
        ),
        nulls=Nulls.PROPAGATE,
        compute=_hash,
        examples=(
            Example(f'{name}("World")', 1846988464401551951),
            Example(f'{name}("World", 100)', 51),
            Example(f"{name}(datetime(2015-01-01))", 1380966698541616202),
            Example(f'{name}("World", long(null))', None),
        ),
        differs="Kusto's hash of a decimal, a guid or a timespan is another number.",
    )


_OTHER_NUMBER = "How Kusto combines hashes is not published, so the number differs from its own."


def _combining(
    name: str, summary: str, types: tuple[Type, ...], compute: Compute, *examples: Example
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature(param("source", *types), param("other", *types, repeat=63), returns=Type.LONG),),
        nulls=Nulls.PROPAGATE,
        compute=compute,
        examples=examples,
        differs=_OTHER_NUMBER,
    )


FUNCTIONS: tuple[ScalarFunction, ...] = (
    _hash_function("hash", "A hash of the value (xxHash64), or its remainder by a modulus; null for a null."),
    _hash_function("hash_xxhash64", "The xxHash64 of the value, or its remainder by a modulus; null for a null."),
    _combining(
        "hash_combine",
        "One hash of several; their order counts.",
        (Type.LONG,),
        _combined,
        Example('hash_combine(hash("a"), hash("b")) == hash_many("a", "b")', True),
        Example("hash_combine(1, 2) == hash_combine(2, 1)", False),
        Example("hash_combine(1, long(null))", None),
    ),
    _combining(
        "hash_many",
        "One hash of several values: the hashes of each, combined.",
        NOT_DYNAMIC,
        _hash_many,
        Example('hash_many("a", 1) == hash_many("a", 1)', True),
        Example('hash_many("ab", "c") == hash_many("a", "bc")', False),
        Example('hash_many("a", long(null))', None),
    ),
)
