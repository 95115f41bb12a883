"""Fields of an export that its table's schema does not have: newer columns, a customer's own, whole tables of these."""

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from bluetick.lake.layout import DAY, RECEIVED, SOURCE
from bluetick.schema.packs import TIME_COLUMNS, TWIN, PackName, known_export

_SHAPES: Final = 10_000  # of a table's records, that are remembered
MAX_FIELDS: Final = 500  # of a table, as many as Azure Monitor takes
_TABLE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_OWN: Final = frozenset(name.casefold() for name in (DAY, RECEIVED, SOURCE))  # what a lake adds by itself


class FurtherFields:
    """What has been seen of them, by table: the names under which they are kept, and their own. `columns` are fields
    that hold columns of the schema, whatever they are called."""

    def __init__(self, pack: PackName, columns: Collection[str] = ()) -> None:
        self._pack = pack
        self._columns = frozenset(columns)
        self._found: dict[str, dict[str, str]] = {}
        self._seen: dict[str, set[int]] = {}

    def unseen(self, table: str, shapes: npt.NDArray[np.uint64]) -> list[int]:
        """Where records of a table stand that have names which none before them had, by the shapes of all: one of each
        new shape. 0 is no shape."""
        seen = self._seen.setdefault(table, set())
        distinct, first = np.unique(shapes, return_index=True)
        found = [(s, i) for s, i in zip(distinct.tolist(), first.tolist(), strict=True) if s and s not in seen]
        if len(seen) > _SHAPES:
            seen.clear()
        seen.update(shape for shape, _ in found)
        return [place for _, place in found]

    def learn(self, table: str, names: Iterable[str]) -> bool:
        """Whether these fields of a record of a table have new ones among them."""
        if not _TABLE_NAME.fullmatch(table):
            return False
        columns = known_export(table, self._pack)
        known = {name for _, name in columns} | self._columns | (set(TIME_COLUMNS) if columns else set())
        found = self._found.setdefault(table, {})
        taken = {name.casefold() for name, _ in columns} | {name.casefold() for name in found}
        before = len(found)
        for name in sorted(set(names) - known - set(found.values())):
            kept = _kept_name(name, taken)
            if kept and len(found) < MAX_FIELDS:
                found[kept] = name
                taken.add(kept.casefold())
        return len(found) > before

    def is_full(self, table: str) -> bool:
        """Whether no more fields of a table are kept."""
        return len(self._found.get(table, {})) >= MAX_FIELDS

    def of(self, table: str) -> tuple[tuple[str, str], ...]:
        """The names of columns and of the fields that they hold, in an order of their own."""
        return tuple(sorted(self._found.get(table, {}).items()))


def _kept_name(name: str, taken: Collection[str]) -> str:
    """A name that every reader of the lake takes; "" of a field that is not kept."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if name and not plain.strip("_"):
        plain = f"Field_{_digest(name)}"  # of a name in other letters nothing would be left
    plain = plain if plain == name else f"{plain}_s"  # it is text, however its name now ends
    if not name or plain.casefold() in _OWN:
        return ""
    names = (plain, plain + TWIN, f"{plain}_{_digest(name)}{TWIN}")
    return next((kept for kept in names if kept.casefold() not in taken), "")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]
