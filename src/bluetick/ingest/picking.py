"""The values by which a block's records are told apart, and what they tell a memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.ingest.added_fields import read_elements

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Picked:
    """The values by which records are told apart, for each sound record of a block."""

    records: Places
    rows: pa.Table | None
    names: Mapping[str, str]

    def column(self, name: str) -> Any:
        assert self.rows is not None  # noqa: S101 - asked for where there is a selector
        return self.rows.column(self.names[name])

    def truth(self, name: str) -> npt.NDArray[np.bool_]:
        """Where a condition holds; a null is no."""
        if self.rows is None:
            return np.zeros(len(self.records), np.bool_)
        return np.asarray(pc.fill_null(self.column(name), False).to_numpy(), np.bool_)

    def equals(self, name: str, value: str | None) -> npt.NDArray[np.bool_]:
        return np.asarray(pc.equal(self.column(name), pa.scalar(value or "")).to_numpy(), np.bool_)

    def texts(self, name: str, where: npt.NDArray[np.bool_]) -> list[str]:
        if self.rows is None or not where.any():
            return []
        return list(self.column(name).filter(pa.array(where)).to_pylist())


def keys_of_elements(keys: list[str], values: list[str], arrays: list[Any]) -> tuple[list[str], list[str]]:
    """A key and a value for each element of each array."""
    found = [
        (f"{key} {element}", value)
        for key, value, array in zip(keys, values, arrays, strict=True)
        if key and array
        for element in read_elements(array)
    ]
    return [key for key, _ in found], [value for _, value in found]
