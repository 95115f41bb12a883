"""Which texts are records: JSON that means one thing, decided by `parse_object` wherever there is any doubt.

Most texts are cleared without it: they are JSON to the engine's reader, and their objects have names that were looked
at before. What that reader is lenient about (NaN, a comma too many) is refused in the values that are read of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.engines.duckdb_records import MAX_DEPTH, RecordReader
from bluetick.sources.json_objects import parse_object, read_fault

_SHAPES: Final = 100_000


class Strictness:
    """`objects` are the ways of those objects whose fields are read: no name may be given twice in them."""

    def __init__(self, reader: RecordReader, objects: Sequence[tuple[str, ...]]) -> None:
        self._reader = reader
        self.objects = objects
        self._good: set[int] = set()
        self._texts: pa.LargeStringArray | None = None
        self.shapes = np.zeros(0, np.uint64)  # of the last block's texts; 0 where there is none

    def names(self, places: Sequence[int]) -> list[list[list[str] | None]]:
        """The names in each object of some texts of the last block that have shapes."""
        if self._texts is None:
            return []
        return self._reader.names(self._texts.take(pa.array(places, pa.int64())), self.objects)

    def faults(self, texts: pa.LargeStringArray, known: Mapping[int, str]) -> dict[int, str]:
        """What is no record, by its place, and why; not again what is `known`."""
        table = self._reader.shapes(texts, self.objects)
        shapes: Any = table.column("shape").combine_chunks()
        doubtful = np.asarray(pc.is_null(shapes).to_numpy(zero_copy_only=False), np.bool_)
        doubtful |= ~self._known_shapes(texts, shapes)
        found: dict[int, str] = {}
        for place in np.flatnonzero(doubtful).tolist():
            if place not in known:
                reason = record_fault(texts[place].as_py())
                if reason:
                    found[place] = reason
        return found

    def _known_shapes(self, texts: pa.LargeStringArray, shapes: Any) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which texts have names that were looked at: of each new shape the first text is looked at now."""
        numbers = shapes.fill_null(0).to_numpy(zero_copy_only=False)
        self._texts, self.shapes = texts, numbers
        distinct, first = np.unique(numbers, return_index=True)
        new = [(int(n), int(i)) for n, i in zip(distinct, first, strict=True) if int(n) not in self._good]
        if new:
            places = [i for _, i in new if shapes[i].is_valid]
            names = self._reader.names(texts.take(pa.array(places, pa.int64())), self.objects)
            if len(self._good) > _SHAPES:
                self._good.clear()
            by_place = dict(zip(places, names, strict=True))
            self._good |= {n for n, i in new if i in by_place and _are_unique(by_place[i])}
        good = np.array([int(n) in self._good for n in distinct], np.bool_)
        return np.asarray(good[np.searchsorted(distinct, numbers)], np.bool_)


def _are_unique(objects: list[list[str] | None]) -> bool:
    return all(len(set(names)) == len(names) for names in objects if names)


def record_fault(text: str) -> str:
    """Why a text is no record; "" of a sound one."""
    try:
        value = parse_object(text)
    except (ValueError, RecursionError) as error:
        return read_fault(error)
    return "nested too deep" if _depth(value) > MAX_DEPTH else ""


def _depth(value: object) -> int:
    """How deep a value is nested, no further than one past the limit."""
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below += item.values()
            elif isinstance(item, list):
                below += item
        depth += 1
        level = [item for item in below if isinstance(item, dict | list)]
    return depth
