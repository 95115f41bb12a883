"""Chance that depends on the seed and a label only, so that one part can change without moving the others."""

import hashlib
import uuid

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]


def digest(algorithm: str, *labels: object) -> str:
    """A hexadecimal digest of the labels."""
    return hashlib.new(algorithm, "\x1f".join(map(str, labels)).encode(), usedforsecurity=False).hexdigest()


def identifier(*labels: object) -> str:
    """A GUID made from the labels."""
    return str(uuid.UUID(digest("md5", *labels)))


def generator(*labels: object) -> np.random.Generator:
    """A random generator of its own for these labels."""
    return np.random.Generator(np.random.SFC64(int(digest("sha256", *labels), 16)))


def scramble(*parts: npt.ArrayLike) -> Words:
    """A 64-bit hash of each row of the given integer arrays (the finaliser of splitmix64)."""
    state = np.asarray(np.uint64(0x9E3779B97F4A7C15))
    for part in parts:
        state = state ^ np.asarray(part).astype(np.uint64)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state = state ^ (state >> np.uint64(31))
    return np.atleast_1d(state)
