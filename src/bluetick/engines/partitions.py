"""Columns in the names of folders, as Hive lays tables out: `day=2026-01-05/host=a/part-0.parquet`."""

import os.path
import re
from collections.abc import Sequence
from datetime import date
from typing import Final, TypeAlias
from urllib.parse import unquote

from bluetick.diagnostics.errors import SourceError
from bluetick.engines.protocol import FileSource
from bluetick.types import Type

Types: TypeAlias = tuple[tuple[str, Type], ...]

_NULL: Final = "__HIVE_DEFAULT_PARTITION__"
_FOLDER: Final = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_WHOLE: Final = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)  # every such number is a long; 007 is a text
_DIGITS: Final = re.compile(r"\d{1,18}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def find_partitions(files: Sequence[str]) -> tuple[Types, Types]:
    """The columns that stand in the folders of all the files, with the type that holds every value; and every type that
    all values of one have. Files of one table that lie in folders of different columns are a SourceError."""
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
    values = {key: {dict(found)[key] for found in pairs.values()} - {_NULL} for key in keys}
    types = tuple((key, _type(given)) for key, given in values.items())
    return types, (*types, *((key, Type.LONG) for key, given in values.items() if all(map(_DIGITS.fullmatch, given))))


def partition_values(source: FileSource, name: str) -> set[str]:
    """The texts that a column of the folders has, but for the one that stands for null."""
    return {dict(_pairs(file))[name] for file in source.files} - {_NULL}


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


def _type(given: set[str]) -> Type:
    if given and all(map(_WHOLE.fullmatch, given)):
        return Type.LONG
    return Type.DATETIME if given and all(map(_is_date, given)) else Type.STRING


def _is_date(value: str) -> bool:
    try:
        return _DATE.fullmatch(value) is not None and date.fromisoformat(value).year >= 1
    except ValueError:
        return False
