"""How the two engines spell operations on strings and lists of strings."""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.functions.scalar import json_items
from bluetick.functions.scalar.text_form import TextForm, text_duckdb, text_spark
from bluetick.sql.tree import Bare, Binary, Cast, Expr, Subscript, call, text
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class StringForms:
    """One engine's spelling. Lists are of strings; positions count from 1."""

    text: TextForm
    items: Callable[[Expr], Expr]  # JSON array -> texts of its items
    encoded: Callable[[Expr], Expr]  # UTF-8 bytes
    make_list: str
    transform: str  # list, lambda
    join: str  # list, delimiter
    split: Callable[[Expr, Expr], Expr]  # at a plain text
    item: Callable[[Expr, Expr], Expr]  # null beyond the ends
    json_of_texts: Callable[[Expr], Expr]  # list -> JSON array
    last: Callable[[Expr], Expr]  # last character


def _split_duckdb(source: Expr, delimiter: Expr) -> Expr:
    return call("string_split", source, delimiter)


def _split_spark(source: Expr, delimiter: Expr) -> Expr:
    """Spark splits at a regular expression: the delimiter is quoted, \\E in it taken apart."""
    quoted = call("replace", delimiter, text("\\E"), text("\\E\\\\E\\Q"))
    return call("split", source, call("concat", text("\\Q"), quoted, text("\\E")), Bare(-1))


def _json_duckdb(values: Expr) -> Expr:
    return Cast(call("to_json", values), Type.STRING)


def _json_spark(values: Expr) -> Expr:
    return call("to_json", values)


DUCKDB = StringForms(
    text=text_duckdb,
    items=json_items.DUCKDB.texts,
    encoded=lambda value: call("encode", value),
    make_list="list_value",
    transform="list_transform",
    join="array_to_string",
    split=_split_duckdb,
    item=Subscript,
    json_of_texts=_json_duckdb,
    last=lambda value: call("right", value, Bare(1)),
)
SPARK = StringForms(
    text=text_spark,
    items=json_items.SPARK.texts,
    encoded=lambda value: call("encode", value, text("UTF-8")),
    make_list="array",
    transform="transform",
    join="array_join",
    split=_split_spark,
    item=lambda values, position: call("get", values, Binary("-", Cast(position, Type.INT), Cast(Bare(1), Type.INT))),
    json_of_texts=_json_spark,
    last=lambda value: call("right", value, Bare(1)),
)
