"""What a query of a hunt gave, pinned beside the hunt: NAME.results/CELL.ndjson.

The first line is an object that says what ran: instant, versions of tables, columns, counts. Then a line for each row
that is kept, then the fingerprint of each further one, then the SHA-256 of all of it. Lines suit people who keep their
hunts in git. The next run compares rows by their fingerprints: equal rows count as often as they are there.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from bluetick.detections.files import bytes_of
from bluetick.detections.hunts.files import put
from bluetick.detections.hunts.model import Cell
from bluetick.diagnostics.errors import Limit, LimitError, SourceError

MOST_ROWS: Final = 100_000  # that are compared; a hunter reads no more
KEPT_ROWS: Final = 10_000
_KEPT_BYTES: Final = 8 << 20
_MOST_BYTES: Final = 64 << 20
_MOST_HEAD: Final = 4 << 20
_FORM: Final = 1
_BYTES: Final = 16  # of a fingerprint: nobody finds two rows that share one

Row = list[Any]


@dataclass(frozen=True, slots=True)
class Ran:
    """What was run: the cell's text, when, as of when, and the version of each table that was read."""

    query: str
    at: datetime
    now: datetime
    snapshot: Mapping[str, int | None]
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CellResult:
    """`rows` are the first of `row_count`, in the JSON form of Kusto's protocol; `is_new` is said of each of them.

    `new_count` and `gone_count` are of all rows, against those of the run at `compared`; they are None where there is
    nothing to compare with, and `uncompared` says why.
    """

    ran: Ran
    rows: tuple[Row, ...]
    row_count: int
    is_new: tuple[bool, ...]
    further: tuple[str, ...] = ()
    new_count: int | None = None
    gone_count: int | None = None
    compared: datetime | None = None
    uncompared: str = ""

    def fingerprints(self) -> Counter[str]:
        return Counter([*map(fingerprint, self.rows), *self.further])


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line says, for lists of hunts."""

    ran: datetime
    new_count: int | None


def fingerprint(row: Row) -> str:
    """Of the row's values alone: the order of a bag's keys does not count."""
    text = json.dumps(row, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=_BYTES).hexdigest()


class Pinning:
    """Takes the rows of a run as they come, and keeps of them what is pinned."""

    def __init__(self, ran: Ran, earlier: CellResult | str) -> None:
        """`earlier` is the run before it, or why there is none to compare with."""
        self._ran = ran
        self._uncompared = earlier if isinstance(earlier, str) else _unlike(ran, earlier.ran)
        self._known = None if self._uncompared or isinstance(earlier, str) else earlier
        # How often each row of the earlier run has not come again; below zero: has come more often.
        self._left = Counter[str]() if self._known is None else self._known.fingerprints()
        self._kept: list[Row] = []
        self._is_new: list[bool] = []
        self._further: list[str] = []
        self._size = self._count = 0

    def add(self, rows: Iterable[Row]) -> None:
        """LimitError for more rows than are compared."""
        for row in rows:
            self._count += 1
            if self._count > MOST_ROWS:
                raise LimitError(f"a cell gives {MOST_ROWS:,} rows at most: filter or summarize them", Limit.RESULT)
            mark = fingerprint(row)
            self._left[mark] -= 1
            self._size += len(json.dumps(row))
            if not self._further and len(self._kept) < KEPT_ROWS and self._size <= _KEPT_BYTES:
                self._kept.append(row)
                self._is_new.append(self._known is not None and self._left[mark] < 0)
            else:
                self._further.append(mark)

    def result(self) -> CellResult:
        """Of the rows that came."""
        kept, is_new, further = tuple(self._kept), tuple(self._is_new), tuple(self._further)
        result = CellResult(self._ran, kept, self._count, is_new, further, uncompared=self._uncompared)
        if self._known is None:
            return result
        new, gone = (-self._left).total(), (+self._left).total()
        return replace(result, new_count=new, gone_count=gone, compared=self._known.ran.at)


def _unlike(ran: Ran, earlier: Ran) -> str:
    """Why two runs cannot be compared; '' where they can."""
    if _plain(ran.query) != _plain(earlier.query):
        return "the query has changed since the last run"
    return "" if ran.columns == earlier.columns else "the columns have changed since the last run"


def _plain(query: str) -> str:
    return query.replace("\r\n", "\n").strip()


# --- the file --------------------------------------------------------------------------------------------------------


def result_path(hunt: Path, cell: Cell) -> Path:
    """Where the result of a cell of a hunt's file is."""
    return hunt.with_name(f"{hunt.stem}.results") / f"{cell.id.lower()}.ndjson"


def write_result(path: Path, result: CellResult) -> None:
    ran = result.ran
    head = {
        "form": _FORM,
        "ran": ran.at.isoformat(),
        "now": ran.now.isoformat(),
        "snapshot": dict(ran.snapshot),
        "columns": ran.columns,
        "rowCount": result.row_count,
        "kept": len(result.rows),
        "new": [place for place, is_new in enumerate(result.is_new) if is_new],
        "newCount": result.new_count,
        "goneCount": result.gone_count,
        "compared": None if result.compared is None else result.compared.isoformat(),
        "uncompared": result.uncompared,
        "query": ran.query,
    }
    # In ASCII: rows are of strangers, and a file of lines is looked at in terminals and in git.
    lines = [json.dumps(one, separators=(",", ":")) for one in (head, *result.rows, *result.further)]
    body = "".join(f"{line}\n" for line in lines).encode("ascii")
    put(path, body + f'{{"sha256":"{hashlib.sha256(body).hexdigest()}"}}\n'.encode("ascii"))


def read_result(path: Path) -> CellResult | None:
    """None where there is none; SourceError where it is damaged, or of a later version of this program."""
    if (lines := _lines(path)) is None:
        return None
    try:
        head, *rest = [json.loads(line) for line in lines]
        kept = int(head["kept"])
        news = frozenset(head["new"])
        columns = tuple((str(name), str(type_)) for name, type_ in head["columns"])
        ran = Ran(str(head["query"]), _moment(head["ran"]), _moment(head["now"]), dict(head["snapshot"]), columns)
        return CellResult(
            ran,
            tuple(list(row) for row in rest[:kept]),
            int(head["rowCount"]),
            tuple(place in news for place in range(kept)),
            tuple(str(mark) for mark in rest[kept:]),
            head["newCount"],
            head["goneCount"],
            None if head["compared"] is None else _moment(head["compared"]),
            str(head["uncompared"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error


def read_head(path: Path) -> Head | None:
    """What the first line says, for lists of hunts: whether the rest is sound is not looked at."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.readline(_MOST_HEAD))
        return Head(_moment(head["ran"]), head["newCount"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error


def _lines(path: Path) -> list[bytes] | None:
    if not path.exists():
        return None
    data = bytes_of(path, _MOST_BYTES)
    body, _, last = data.removesuffix(b"\n").rpartition(b"\n")
    body += b"\n"
    if last != f'{{"sha256":"{hashlib.sha256(body).hexdigest()}"}}'.encode("ascii"):
        raise _damaged(path)
    lines = body.splitlines()
    if b'"form":%d,' % _FORM not in lines[0][:20]:
        raise SourceError(f"'{path}' was written by another version of bluetick", str(path))
    return lines


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _damaged(path: Path) -> SourceError:
    return SourceError(f"'{path}' is damaged: it is not what a run has written", str(path))
