"""File profiles that are asked for once, however many windows want them."""

from collections.abc import Sequence

import pyarrow as pa

from bluetick.enrichment.profiles import KEY, FileProfileProvider


class RememberedProfiles:
    """A `FileProfileProvider` that asks another one for a key but once. What is known is known as of now: a profile of
    an earlier day cannot be had."""

    def __init__(self, inner: FileProfileProvider) -> None:
        self._inner = inner
        self._answers: dict[str, pa.Table] = {}
        self._rows: dict[tuple[str, str], int] = {}

    @property
    def version(self) -> str:
        return self._inner.version

    @property
    def note(self) -> str:
        return self._inner.note

    def lookup(self, key_column: str, keys: Sequence[str]) -> pa.Table:
        missing = [key for key in keys if (key_column, key) not in self._rows]
        if missing or key_column not in self._answers:
            self._learn(key_column, self._inner.lookup(key_column, missing))
        rows = [self._rows[key_column, key] for key in keys if (key_column, key) in self._rows]
        return self._answers[key_column].take(pa.array(rows, pa.int64()))

    def _learn(self, key_column: str, answers: pa.Table) -> None:
        known = self._answers.get(key_column)
        first = 0 if known is None else known.num_rows
        self._answers[key_column] = answers if known is None else pa.concat_tables([known, answers])
        for row, key in enumerate(answers.column(KEY).to_pylist()):
            self._rows[key_column, str(key)] = first + row
