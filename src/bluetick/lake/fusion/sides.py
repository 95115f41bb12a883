"""Who saw a row: a sensor on the endpoint, which names a process, or one on the network, which cannot."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.lake.fusion.nearest import Numbers
from bluetick.sources.addresses import normalise_ip

JOINED: Final = "+"
_MAPPED: Final = "::ffff:"

Truths = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Fused:
    """What was done to a table: pairs by their sources, and rows that have no partner, by theirs."""

    table: str
    pairs: Counter[str] = field(default_factory=Counter)
    endpoint: Counter[str] = field(default_factory=Counter)
    network: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of rows, by number, and the parts that each is made of."""

    names: tuple[str, ...]
    codes: Numbers

    def of(self, name: str) -> Truths:
        """The rows of this very source."""
        return self._are([one == name for one in self.names])

    def with_part(self, name: str) -> Truths:
        """The rows that have seen this source, alone or joined with others."""
        return self._are([name in one.split(JOINED) for one in self.names])

    def joined_by(self, name: str) -> Truths:
        """The rows of an endpoint that this network sensor's were joined to."""
        return self._are([name in one.split(JOINED)[1:] for one in self.names])

    def counted(self, rows: Truths) -> Counter[str]:
        counts = np.bincount(self.codes[rows], minlength=len(self.names))
        return Counter({name: int(count) for name, count in zip(self.names, counts, strict=True) if count})

    def _are(self, holds: list[bool]) -> Truths:
        return np.array([*holds, False], np.bool_)[self.codes]


def sources_of(column: Any) -> Sources:
    found = _encoded(column)
    return Sources(tuple(found.dictionary.to_pylist()), _numbers(found))


def codes_of(texts: Any) -> Numbers:
    """The same number for the same text."""
    return _numbers(_encoded(texts))


def addresses(texts: Any) -> Any:
    """One spelling for each address: an IPv4 address within IPv6 is one of IPv4."""
    found = _encoded(texts)
    known = pa.array([_spelled(text) for text in found.dictionary.to_pylist()], pa.string())
    return known.take(found.indices)


def join_sources(endpoint: Any, network: Any) -> Any:
    return pc.binary_join_element_wise(endpoint, network, JOINED)


def _spelled(text: str) -> str:
    return (normalise_ip(text) or text.lower()).removeprefix(_MAPPED) if ":" in text else text


def _encoded(texts: Any) -> Any:
    """The values by number; "" for null."""
    whole: Any = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    known: Any = pc.fill_null(whole, pa.scalar(""))
    return known.dictionary_encode()


def _numbers(encoded: Any) -> Numbers:
    return np.asarray(encoded.indices.to_numpy(), np.int64)
