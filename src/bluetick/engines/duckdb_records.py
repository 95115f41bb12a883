"""JSON texts as relations of DuckDB: fields by their way into the record, cast by the rules of files.

A value that does not fit its type is no error here: the record says which field it was, so that it can be kept aside.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from bluetick.diagnostics.errors import EngineError
from bluetick.engines.duckdb_casts import conversion
from bluetick.engines.duckdb_errors import clean_message
from bluetick.engines.protocol import ScanColumn
from bluetick.sql.dialect import DUCKDB
from bluetick.types import Type

NUMBER: Final = "\0number"  # no field of a log is called so
FAULT: Final = "\0fault"
MAX_DEPTH: Final = 128
# NaN and its like, a comma before a closing bracket, and so many closing brackets that the nesting may be too deep.
LENIENT: Final = rf"(?:^|[:\[,])\s*-?[NnIi][AaNnFf]|,\s*[}}\]]|(?:[}}\]][^}}\]]*){{{MAX_DEPTH}}}"
_GIVEN: Final = "_given"
_VALUES: Final = "_values"


@dataclass(frozen=True, slots=True)
class RecordView:
    """A relation over the records of whichever block is read: a name for what it is, so that it is made but once."""

    name: str
    sql: str


class RecordReader:
    """Reads blocks of records. Used by one thread; keeps nothing of a block but what the next call replaces."""

    def __init__(self, threads: int | None = None) -> None:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        if threads is not None:
            config["threads"] = threads
        self._connection = duckdb.connect(config=config)
        self._connection.execute("SET TimeZone = 'UTC'")
        self._views: set[str] = set()  # that were made

    def close(self) -> None:
        self._connection.close()

    def shapes(self, texts: pa.LargeStringArray, objects: Sequence[tuple[str, ...]]) -> pa.Table:
        """One column, a row each text: `shape`, the same number for objects that have the same names in the same
        order, at the root and in these objects below it; null for what is no JSON."""
        keys = f"json_keys(text, {_pointers(objects)})"
        shape = f"CASE WHEN text IS NOT NULL THEN TRY(hash({keys})) END"  # the hash of a null is a number
        query = f"SELECT {shape} AS shape FROM {_GIVEN} ORDER BY number"  # noqa: S608 quoted
        return self._over(texts, query)

    def names(self, texts: pa.LargeStringArray, objects: Sequence[tuple[str, ...]]) -> list[list[list[str] | None]]:
        """The names in the objects of each text, as they stand there."""
        keys = f"json_keys(text, {_pointers(objects)})"
        found = self._over(texts, f"SELECT {keys} AS names FROM {_GIVEN} ORDER BY number")  # noqa: S608 quoted
        names: list[list[list[str] | None]] = found.column("names").to_pylist()  # type: ignore[assignment]  # never null
        return names

    def select(self, texts: pa.LargeStringArray, view: RecordView, sql: str) -> pa.Table:
        """What a statement over a view of `records_view` gives for these texts."""
        return self._over(texts, sql, view)

    def elements(self, texts: pa.LargeStringArray, way: Sequence[str]) -> pa.Table:
        """The elements of an array in each text, in order: `place` is the text's index, `element` its JSON."""
        found = f"json_extract(text, {DUCKDB.quote_text(_pointer(way))})"
        lists = f"SELECT number, CAST({found} AS JSON[]) AS items FROM {_GIVEN} WHERE json_type({found}) = 'ARRAY'"  # noqa: S608 quoted
        each = f"SELECT number, items, unnest(range(1, len(items) + 1)) AS nth FROM ({lists})"  # noqa: S608 quoted
        query = f"SELECT number AS place, CAST(items[nth] AS VARCHAR) AS element FROM ({each}) ORDER BY number, nth"  # noqa: S608 quoted
        return self._over(texts, query)

    def _over(self, texts: pa.LargeStringArray, sql: str, view: RecordView | None = None) -> pa.Table:
        numbers = pa.array(np.arange(len(texts)))
        try:
            self._connection.register(_GIVEN, pa.table({"number": numbers, "text": texts}))
            if view is not None and view.name not in self._views:
                self._connection.execute(f"CREATE TEMP VIEW {DUCKDB.quote_name(view.name)} AS {view.sql}")
                self._views.add(view.name)
            found: pa.Table = self._connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise EngineError(f"records cannot be read: {clean_message(error)}") from error
        finally:
            self._connection.unregister(_GIVEN)
        return found


def records_view(columns: Sequence[ScanColumn]) -> RecordView:
    """The relation of these columns: by `source` and `path` the way of a field, or the number of the text (NUMBER), or
    what does not fit in it (FAULT, "" for nothing).

    On levels: the fields as texts, the texts as values, and what does not fit. A text that is no value of its type is
    null on the second one, so the last needs no second look at those that are."""
    fields = [column for column in columns if column.source not in (NUMBER, FAULT)]
    ways = list(dict.fromkeys(map(_way, fields)))
    places = {way: place for place, way in enumerate(ways, 1)}
    trimmed: dict[int, str] = {}
    values: list[str] = []
    offences: list[str] = []
    for column in fields:
        alias, place = DUCKDB.quote_name(column.alias), places[_way(column)]
        text = f"{_VALUES}[{place}]"
        if column.type is not Type.STRING:
            trimmed[place], text = f"nullif(trim({text}), '') AS t{place}", f"t{place}"
        value, may_offend = _value(text, column.type)
        values.append(f"{value} AS {alias}")
        if may_offend:
            said = DUCKDB.quote_text(f"'{column.place}' is no {column.type}")
            offences.append(f"WHEN {alias} IS NULL AND {text} IS NOT NULL THEN {said}")
    fault = f"CASE {' '.join(offences)} ELSE '' END" if offences else "''"
    own = {NUMBER: "number", FAULT: fault}
    items = [f"{own.get(c.source or '', DUCKDB.quote_name(c.alias))} AS {DUCKDB.quote_name(c.alias)}" for c in columns]
    texts = f"SELECT number, json_extract_string(text, {_pointers(ways)}) AS {_VALUES} FROM {_GIVEN}"  # noqa: S608 quoted
    bare = f"SELECT {', '.join(['number', _VALUES, *trimmed.values()])} FROM ({texts})"  # noqa: S608 quoted
    typed = f"SELECT {', '.join(['number', *(f't{place}' for place in trimmed), *values])} FROM ({bare})"  # noqa: S608 quoted
    view = f"SELECT {', '.join(items)} FROM ({typed})"  # noqa: S608 quoted
    return RecordView(f"records {hashlib.sha256(view.encode()).hexdigest()[:16]}", view)


def _value(text: str, type_: Type) -> tuple[str, bool]:
    """The value of a text (a trimmed one, null where it is empty, if it is not to be a text itself), null for one that
    does not fit, and whether there may be such."""
    if type_ is Type.DYNAMIC:
        # What the engine's reader of JSON lets pass, but no other does: NaN and its like, and endless nesting.
        strict = f"NOT regexp_matches({text}, {DUCKDB.quote_text(LENIENT)})"
        value = f"CASE WHEN json_valid({text}) THEN {text} ELSE CAST(to_json({text}) AS VARCHAR) END"
        return f"CASE WHEN {strict} THEN {value} END", True
    done = conversion(text, "VARCHAR", type_, trimmed=True)
    if done is None:
        raise EngineError(f"a field of a record cannot be read as {type_}")
    if type_ is Type.REAL:
        return f"CASE WHEN isfinite({done.or_null}) THEN {done.or_null} END", True
    return (done.or_null, True) if done.offends else (done.plain or done.expression, False)


def _way(column: ScanColumn) -> tuple[str, ...]:
    return (column.source or "", *column.path)


def _pointers(ways: Sequence[tuple[str, ...]]) -> str:
    """JSON pointers as a list of DuckDB; the root is the empty one."""
    return "[" + ", ".join(DUCKDB.quote_text(_pointer(way)) for way in ways) + "]::VARCHAR[]"


def _pointer(way: Sequence[str]) -> str:
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in way)
