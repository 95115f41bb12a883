"""Columns in the names of folders, as Hive lays tables out: `day=2026-01-05/host=a/part-0.parquet`."""

import os.path
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final
from urllib.parse import unquote

from bluetick.diagnostics.errors import SourceError
from bluetick.types import Type

_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
_FOLDER: Final = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_WHOLE: Final = re.compile(r"0|-?[1-9]\d{0,17}")  # every such number is a long; 007 is a text
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def find_partitions(files: Sequence[str]) -> tuple[tuple[str, Type], ...]:
    """The columns that stand in the folders of all the files, with the type that holds every value. Files of one table
    that lie in folders of different columns are a SourceError."""
    first = files[0]
    pairs = {file: _pairs(file) for file in files}
    keys = [key for key, _ in pairs[first]]
    other = next((file for file, found in pairs.items() if [key for key, _ in found] != keys), None)
    if other is not None:
        raise SourceError(
            f"the files of one table lie in folders of different columns: '{first}' and '{other}' "
            "(a folder KEY=VALUE gives every file in it the column KEY)",
            file=other,
        )
    twice = next((key for key in keys if [k.casefold() for k in keys].count(key.casefold()) > 1), None)
    if twice is not None:
        raise SourceError(f"'{first}': two folders of the path are named '{twice}='", file=first, column=twice)
    return tuple((key, _type(dict(found)[key] for found in pairs.values())) for key in keys)


def folder_above(file: str, depth: int) -> str:
    """The folder that holds the partitions of a file, `depth` folders deep."""
    for _ in range(depth + 1):
        file = os.path.dirname(file)
    return file


def _pairs(file: str) -> list[tuple[str, str]]:
    """The columns next to the file, outermost first."""
    found: list[tuple[str, str]] = []
    folder = os.path.dirname(file)
    while (pair := _FOLDER.fullmatch(os.path.basename(folder))) is not None:
        found.append((unquote(pair[1]), unquote(pair[2])))
        folder = os.path.dirname(folder)
    return found[::-1]


def _type(values: Iterable[str]) -> Type:
    given = {value for value in values if value != _NULL}
    if given and all(_WHOLE.fullmatch(value) for value in given):
        return Type.LONG
    return Type.DATETIME if given and all(_is_date(value) for value in given) else Type.STRING


def _is_date(value: str) -> bool:
    try:
        return _DATE.fullmatch(value) is not None and date.fromisoformat(value).year >= 1
    except ValueError:
        return False
