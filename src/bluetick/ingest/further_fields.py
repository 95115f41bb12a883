"""Fields of an export that its table's schema does not have: newer columns, a customer's own, whole tables of these."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from bluetick.lake.layout import DAY, RECEIVED, SOURCE
from bluetick.schema.packs import TIME_COLUMNS, TWIN, PackName, known_export

MAX_FIELDS: Final = 500  # of a table, as many as Azure Monitor takes
_TABLE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_OWN: Final = frozenset(name.casefold() for name in (DAY, RECEIVED, SOURCE))  # what a lake adds by itself


class FurtherFields:
    """What has been seen of them, by table: the names under which they are kept, and their own."""

    def __init__(self, pack: PackName) -> None:
        self._pack = pack
        self._found: dict[str, dict[str, str]] = {}

    def learn(self, table: str, names: Iterable[str]) -> bool:
        """Whether these fields of a record of a table have new ones among them."""
        if not _TABLE_NAME.fullmatch(table):
            return False
        columns = known_export(table, self._pack)
        known = {name for _, name in columns} | (set(TIME_COLUMNS) if columns else set())
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
    plain = plain if plain == name else f"{plain}_s"  # it is text, however its name now ends
    if not plain.strip("_") or plain.casefold() in _OWN:
        return ""
    return next((kept for kept in (plain, plain + TWIN) if kept.casefold() not in taken), "")
