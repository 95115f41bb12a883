"""The header of a CSV file, read here: an engine's guess may take another line for it and drop rows in silence."""

import csv
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError

_DELIMITERS: Final = ",;\t|"
_LONGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CsvHeader:
    delimiter: str
    names: tuple[str, ...]


def read_csv_header(file: str) -> CsvHeader:
    """The first line's column names; the delimiter is the commonest of `,;` tab and `|` outside quotes."""
    line = _first_line(file)
    bare = "".join(line.split('"')[::2])
    delimiter = max(_DELIMITERS, key=bare.count)
    names = tuple(next(csv.reader([line], delimiter=delimiter), []))
    if not any(names):
        raise SourceError(f"'{file}' is empty: a CSV file begins with a line of column names", file=file)
    folded = [name.casefold() for name in names]
    for name in names:
        if folded.count(name.casefold()) > 1:
            raise SourceError(f"'{file}' has more than one column named '{name}' (case aside)", file=file, column=name)
    return CsvHeader(delimiter, names)


def _first_line(file: str) -> str:
    try:
        with pa.input_stream(file) as stream:
            head = stream.read(_LONGEST)
        return head.decode("utf-8-sig", errors="ignore").lstrip("\r\n").splitlines()[0] if head else ""
    except (OSError, IndexError) as error:
        raise SourceError(f"'{file}' cannot be read: {error}", file=file) from error
