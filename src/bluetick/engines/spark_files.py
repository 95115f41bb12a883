"""Files and Arrow tables as frames of Spark, with the columns that a query wants of them."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Final

import pyarrow as pa
from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql.types import DataType, StructType

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.csv_header import CsvHeader, read_csv_header
from bluetick.engines.partitions import folder_above
from bluetick.engines.protocol import FileSource, ScanColumn
from bluetick.engines.spark_scan import Given, quote_name, select_items
from bluetick.types import Type

BROADCAST_BYTES: Final = 64 << 20
"""An Arrow table up to this size is sent to every worker where it is joined: Spark's own limit is for estimates."""


def read_files(session: SparkSession, source: FileSource, columns: Sequence[ScanColumn]) -> DataFrame:
    """The wanted columns of the files."""
    frames = [frame for files, reader in _groups(session, source) for frame in _frames(reader, files, source, columns)]
    selected = [select(frame, columns, _given(frame, source)) for frame in frames]
    return reduce(lambda whole, frame: whole.unionAll(frame), selected)


def read_arrow(session: SparkSession, table: pa.Table, columns: Sequence[ScanColumn], place: str) -> DataFrame:
    """The wanted columns of a table. A small one is broadcast where it is joined."""
    frame = session.createDataFrame(table)
    selected = select(frame, columns, Given(types_of(frame.schema), place))
    return selected.hint("broadcast") if table.nbytes <= BROADCAST_BYTES else selected


def select(frame: DataFrame, columns: Sequence[ScanColumn], given: Given) -> DataFrame:
    return frame.selectExpr(*select_items(given, columns))


def types_of(schema: StructType) -> dict[tuple[str, ...], str]:
    """The types of columns and of the fields of structs, by the way to them."""
    found: dict[tuple[str, ...], str] = {}
    pending: list[tuple[tuple[str, ...], DataType]] = [((field.name,), field.dataType) for field in schema.fields]
    while pending:
        way, type_ = pending.pop(0)
        found[way] = type_.simpleString()
        if isinstance(type_, StructType):
            pending += [((*way, field.name), field.dataType) for field in type_.fields]
    return found


def _given(frame: DataFrame, source: FileSource) -> Given:
    types = types_of(frame.schema)
    folders = {name.casefold(): name for name, _ in source.partitions}
    for way in types:
        if len(way) == 1 and folders.get(way[0].casefold(), way[0]) != way[0]:
            message = f"'{source.files[0]}' has columns that differ from '{way[0]}' in case only; rename one of them"
            raise SourceError(message, file=source.files[0], column=way[0])
    return Given(types, source.files[0], source.native, source.safe)


def _groups(session: SparkSession, source: FileSource) -> list[tuple[list[str], Callable[[], DataFrameReader]]]:
    """The files by the folder above their partitions: Spark takes one of these at a time."""
    if not source.partitions:
        return [(list(source.files), lambda: _reader(session).option("recursiveFileLookup", "true"))]
    groups: dict[str, list[str]] = {}
    for file in source.files:
        groups.setdefault(folder_above(file, len(source.partitions)), []).append(file)
    return [(files, _below(session, folder)) for folder, files in groups.items()]


def _below(session: SparkSession, folder: str) -> Callable[[], DataFrameReader]:
    return lambda: _reader(session).option("basePath", folder)


def _reader(session: SparkSession) -> DataFrameReader:
    return session.read.option("mode", "FAILFAST")


def _frames(
    reader: Callable[[], DataFrameReader], files: list[str], source: FileSource, columns: Sequence[ScanColumn]
) -> list[DataFrame]:
    """One frame for each way of reading that the files need."""
    match source.format:
        case "parquet":
            return [reader().option("mergeSchema", str(not source.uniform).lower()).parquet(*files)]
        case "csv":
            return _csv_frames(reader, files)
        case "ndjson" | "json":
            folders = {name for name, _ in source.partitions}
            wanted = [column for column in columns if column.source not in folders]
            return _json_frames(reader, files, wanted, may_be_arrays=source.format == "json")


def _csv_frames(reader: Callable[[], DataFrameReader], files: Iterable[str]) -> list[DataFrame]:
    headers: dict[CsvHeader, list[str]] = {}
    for file in files:
        headers.setdefault(read_csv_header(file), []).append(file)
    frames = []
    for header, group in headers.items():
        plain = reader().option("header", "true").option("multiLine", "true").option("escape", '"')
        schema = _schema(dict.fromkeys(header.names, "STRING"))
        frames.append(plain.option("sep", header.delimiter).schema(schema).csv(group))
    return frames


def _json_frames(
    reader: Callable[[], DataFrameReader], files: Iterable[str], columns: Sequence[ScanColumn], *, may_be_arrays: bool
) -> list[DataFrame]:
    wanted: dict[str, str] = {}
    for column in columns:
        if column.source is not None:
            is_json = column.type is Type.DYNAMIC or column.path or wanted.get(column.source) == "VARIANT"
            wanted[column.source] = "VARIANT" if is_json else "STRING"
    schema = _schema(wanted or {"_": "STRING"})
    groups: dict[bool, list[str]] = {}
    for file in files:
        groups.setdefault(may_be_arrays and _is_array(file), []).append(file)
    return [
        reader().option("multiLine", str(whole).lower()).schema(schema).json(group) for whole, group in groups.items()
    ]


def _schema(types: dict[str, str]) -> str:
    return ", ".join(f"{quote_name(name)} {type_}" for name, type_ in types.items())


def _is_array(file: str) -> bool:
    """Whether a .json file is one array; else it must be a document a line."""
    with pa.input_stream(file) as stream:
        head = bytes(stream.read(1 << 16)).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"["):
        return True
    try:
        json.loads(head.split(b"\n", 1)[0] or b"{}")
    except ValueError:
        raise SourceError(f"'{file}' is neither one JSON array nor one JSON object a line", file=file) from None
    return False
