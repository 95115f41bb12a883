"""First and last sight of addresses, domains, hashes, processes and countries: partial aggregates, one set a commit.

What is written here is never whole by itself: a key may stand in the rows of many commits, and whoever reads merges.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bluetick.lake.columns import arrow_type
from bluetick.lake.feeds import FEEDS, Feed, Form, Kind
from bluetick.lake.intake import TableRows
from bluetick.lake.layout import RECEIVED, SEEN, SEEN_COLUMNS
from bluetick.types import Type

_KEYS: Final = ("Kind", "Value", "Host", "Table")
# Nothing of these kinds is longer; a text that is names none of them.
_LONGEST: Final[Any] = pa.scalar(1_024, pa.int32())
_EMPTY: Final[Any] = pa.scalar(0, pa.int32())
_TIME: Final = arrow_type(Type.DATETIME)
_AUTHORITY: Final = r"^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^/?#]*@)?(?P<host>[^/?#@]*)"
_PORT: Final = r":[0-9]*$"
_ADDRESS: Final = r"^[0-9.]*$|[:\[]"

Places: TypeAlias = npt.NDArray[np.int64]
Named: TypeAlias = tuple[Places, Any]  # for each value the place of the text that names it, and the values


def seen_rows(tables: Sequence[TableRows]) -> TableRows | None:
    """What these rows tell, a row a key; None where they tell nothing. It belongs into the batch of the rows."""
    together: dict[tuple[str, Kind], list[pa.Table]] = {}
    is_unique: dict[tuple[str, Kind], bool] = {}
    for table in tables:
        for feed, part in _parts(table):
            key = (table.name, feed.kind)
            is_unique[key] = feed.form is Form.PLAIN and key not in together
            together.setdefault(key, []).append(part)
    merged = [parts[0] if is_unique[key] else merge_seen(pa.concat_tables(parts)) for key, parts in together.items()]
    rows = pa.concat_tables(merged) if merged else None
    return TableRows(SEEN, rows, SEEN_COLUMNS, RECEIVED) if rows is not None and rows.num_rows else None


def merge_seen(rows: pa.Table) -> pa.Table:
    """One row a key."""
    found = rows.group_by(list(_KEYS)).aggregate([("First", "min"), ("Last", "max"), ("Count", "sum")])
    return found.rename_columns([*_KEYS, "First", "Last", "Count"])


def _parts(table: TableRows) -> Iterator[tuple[Feed, pa.Table]]:
    """Partial rows for each column that feeds a kind; a row that names a value in two columns of a kind counts once."""
    rows, fed = table.rows, FEEDS.get(table.name)
    if fed is None:
        return
    time = rows.column(table.time).cast(_TIME, safe=False)
    hosts = _encoded(rows, fed.host)
    earlier: dict[str, list[Any]] = {}
    for feed in fed.feeds:
        if feed.column not in rows.column_names:
            continue
        column = _text(rows, feed.column)
        if column.null_count == len(column):
            continue
        before = earlier.setdefault(feed.kind, [])
        yield feed, _part(table.name, feed, _without(column, before).dictionary_encode(), hosts, time)
        before.append(column)


def _without(column: Any, before: Sequence[Any]) -> Any:
    """The column with null where one before it has the same in the row."""
    for other in before:
        is_same = pc.fill_null(pc.equal(column, other), False)
        column = pc.if_else(is_same, pa.scalar(None, pa.string()), column)
    return column


def _part(table: str, feed: Feed, values: Any, hosts: Any, time: Any) -> pa.Table:
    """Groups by numbers, and looks at each distinct text once."""
    width = max(len(hosts.dictionary), 1)
    key = pc.add(pc.multiply(values.indices.cast(pa.int64()), width), hosts.indices.cast(pa.int64()))
    grouped = (
        pa.table({"key": key, "time": time})
        .group_by("key")
        .aggregate([("time", "min"), ("time", "max"), ([], "count_all")])
    )
    grouped = grouped.filter(pc.is_valid(grouped.column("key")))
    keys = grouped.column("key").to_numpy()
    rows, names = _spread(keys // width, len(values.dictionary), _FORMS[feed.form](values.dictionary))
    count = len(rows)
    groups: Any = grouped.take(pa.array(rows, pa.int64()))
    return pa.table(
        {
            "Kind": _repeated(feed.kind.value, count),
            "Value": names,
            "Host": hosts.dictionary.take(pa.array(keys[rows] % width)),
            "Table": _repeated(table, count),
            "First": groups.column("time_min"),
            "Last": groups.column("time_max"),
            "Count": groups.column("count_all"),
        }
    )


def _spread(codes: Places, size: int, named: Named) -> tuple[Places, Any]:
    """For each group the values that its text names: places of groups, and the values beside them."""
    places, values = named
    counts = np.bincount(places, minlength=size)
    starts = np.cumsum(counts) - counts
    times = counts[codes]
    groups = np.repeat(np.arange(len(codes), dtype=np.int64), times)
    within = np.arange(len(groups)) - np.repeat(np.cumsum(times) - times, times)
    return groups, values.take(pa.array(starts[codes][groups] + within))


def _repeated(text: str, count: int) -> Any:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _text(rows: pa.Table, name: str) -> Any:
    return rows.column(name).combine_chunks().cast(pa.string())


def _encoded(rows: pa.Table, name: str) -> Any:
    """The hosts as numbers; "" where there is none."""
    hosts = pc.fill_null(_text(rows, name), "") if name in rows.column_names else _repeated("", rows.num_rows)
    return hosts.dictionary_encode()


# --- what distinct texts name ----------------------------------------------------------------------------------------


def _plain(texts: Any) -> Named:
    return _sound(np.arange(len(texts), dtype=np.int64), texts)


def _sound(places: Places, values: Any) -> Named:
    """Without empty and overlong ones."""
    length: Any = pc.utf8_length(values)
    keep: Any = pc.and_(pc.greater(length, _EMPTY), pc.less_equal(length, _LONGEST))
    return places[keep.to_numpy(zero_copy_only=False)], values.filter(keep)


def _host_of_url(texts: Any) -> Named:
    """The host in lower case, without a port and without the root's dot; none where it is an address."""
    host = pc.struct_field(pc.extract_regex(texts, _AUTHORITY), "host")
    host = pc.utf8_lower(pc.replace_substring_regex(host, _PORT, ""))
    host = pc.fill_null(pc.utf8_rtrim(host, "."), "")
    is_address = pc.match_substring_regex(host, _ADDRESS)
    return _plain(pc.if_else(is_address, "", host))


def _listed(texts: Any) -> Named:
    """Each text of a JSON list once; a text that is no list names nothing."""
    found = [(place, value) for place, text in enumerate(texts.to_pylist()) for value in _items(text)]
    places = np.array([place for place, _ in found], dtype=np.int64)
    return _sound(places, pa.array([value for _, value in found], pa.string()))


def _items(text: str) -> Iterator[str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(found, list):
        yield from dict.fromkeys(item for item in found if isinstance(item, str))


_FORMS: Final[dict[Form, Callable[[Any], Named]]] = {
    Form.PLAIN: _plain,
    Form.URL: _host_of_url,
    Form.LIST: _listed,
}
