"""A query's result on standard output or in a file: table, json, csv or parquet."""

import csv
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO, Any

from bluetick.cli.grid import write_rows
from bluetick.cli.page import new_page
from bluetick.diagnostics.inert import inert_json
from bluetick.execution.result import Result
from bluetick.values import json_rows

FORMATS = ("table", "json", "csv", "parquet")
# Of a table: more is not read by eye.
SHOWN_ROWS = 200
_GROUP_ROWS = 131_072  # of a row group: what is held at a time


def compact(value: object) -> str:
    return inert_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


@contextmanager
def text_target(output: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that appears under its name only when it is whole."""
    if output is None:
        yield sys.stdout
        return
    with whole_file(output) as path, path.open("w", encoding="utf-8", newline="") as stream:
        yield stream


@contextmanager
def whole_file(output: Path) -> Iterator[Path]:
    """A path beside the wanted one, renamed to it at the end; nothing stays of a failure."""
    beside = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Target:
    """One of FORMATS, and a file or (None) standard output; parquet needs a file."""

    form: str
    output: Path | None


def write_result(result: Result, target: Target) -> None:
    """Writes a result where and how it is wanted."""
    output = target.output
    match target.form:
        case "json":
            _write_json(result, output)
        case "csv":
            _write_csv(result, output)
        case "parquet" if output is not None:
            _write_parquet(result, output)
        case _:
            with text_target(output) as stream:
                print_result(result, stream if output is not None else None)


def _write_json(result: Result, output: Path | None) -> None:
    with text_target(output) as stream:
        stream.write(f'{{"columns":{compact(result.columns)},"rows":[')
        count = 0
        for row in json_rows(result.columns, result.passing_rows()):
            stream.write(("," if count else "") + "\n" + compact(row))
            count += 1
        stream.write(("\n" if count else "") + f'],"row_count":{count}}}\n')


def _write_csv(result: Result, output: Path | None) -> None:
    with text_target(output) as stream:
        # A carriage return in a cell is quoted only where it may end a line: readers end lines there, whoever wrote it.
        line = StringIO(newline="")
        writer = csv.writer(line, lineterminator="\r\n")
        names: Iterator[list[Any]] = iter([[name for name, _ in result.columns]])
        for row in chain(names, json_rows(result.columns, result.passing_rows())):
            writer.writerow([_csv_cell(cell) for cell in row])
            stream.write(line.getvalue().removesuffix("\r\n") + "\n")
            line.seek(0)
            line.truncate()


def _write_parquet(result: Result, output: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - only this form needs it

    tables = result.passing_tables(_GROUP_ROWS)
    first = next(tables)
    with whole_file(output) as path, pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for table in chain((first,), tables):
            writer.write_table(table)


def _csv_cell(cell: object) -> object:
    match cell:
        case bool():
            return "true" if cell else "false"
        case dict() | list():
            return compact(cell)
        case _:
            return cell


def print_result(result: Result, stream: IO[str] | None = None) -> None:
    """A table for people and a line that counts its rows and says what it does not show."""
    page = new_page(stream)
    rows, total = result.passing_head(SHOWN_ROWS)
    view = write_rows(page, result.columns, rows)
    words = [f"{total:,} row{'' if total == 1 else 's'}"]
    if total > len(rows):
        words.append(f"the first {len(rows)} are shown")
    if view.clipped:
        words.append("long cells are cut")
    if view.cards:
        words.append("too wide for a table")
    hint = " (--format json or csv gives everything)" if len(words) > 1 else ""
    page.write((f"{', '.join(words)}{hint}", "dim"))
