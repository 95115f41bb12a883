"""The items of dynamic arrays, for operators that take a list beside one value."""

from collections.abc import Callable
from dataclasses import dataclass
from json import dumps
from typing import Any

from bluetick.functions.definition import Argument
from bluetick.functions.scalar.text_form import TextForm, text_duckdb, text_spark
from bluetick.sql.tree import Binary, Case, Expr, Literal, call, is_not_null, text
from bluetick.types import Type


def constant_items(value: Any) -> list[Argument]:
    """A constant dynamic as arguments: the items of an array, or the one value; a bag is its JSON text."""
    items = value if isinstance(value, list) else [value]
    return [_constant_item(item) for item in items]


def _constant_item(item: Any) -> Argument:
    if isinstance(item, bool):
        return Argument(Literal(item, Type.BOOL), Type.BOOL, item)
    if isinstance(item, int):
        return Argument(Literal(item, Type.LONG), Type.LONG, item)
    if isinstance(item, float):
        return Argument(Literal(item, Type.REAL), Type.REAL, item)
    if item is None:
        return Argument(Literal(None, Type.DYNAMIC), Type.DYNAMIC, None)
    shown = item if isinstance(item, str) else dumps(item, separators=(",", ":"), ensure_ascii=False)
    return Argument(text(shown), Type.STRING, shown)


@dataclass(frozen=True, slots=True)
class Items:
    """One engine's lists out of JSON arrays. A dynamic that is no array is its own one item; null has none."""

    texts: Callable[[Expr], Expr]
    numbers: Callable[[Expr], Expr]
    list_has: str
    transform: str
    filter: str
    length: str


def _texts(list_type: str, make_list: str, form: TextForm) -> Callable[[Expr], Expr]:
    def texts(value: Expr) -> Expr:
        one = call(make_list, form(Argument(value, Type.DYNAMIC)))
        return Case(((_is_array(value), call("from_json", value, text(list_type))), (is_not_null(value), one)))

    return texts


def _numbers(list_type: str) -> Callable[[Expr], Expr]:
    def numbers(value: Expr) -> Expr:
        wrapped = call("concat", text("["), value, text("]"))
        array = Case(((_is_array(value), value), (is_not_null(value), wrapped)))
        return call("from_json", array, text(list_type))

    return numbers


def _is_array(value: Expr) -> Expr:
    return Binary("LIKE", value, text("[%"))


DUCKDB = Items(
    texts=_texts('["VARCHAR"]', "list_value", text_duckdb),
    numbers=_numbers('["DOUBLE"]'),
    list_has="list_contains",
    transform="list_transform",
    filter="list_filter",
    length="len",
)
SPARK = Items(
    texts=_texts("array<string>", "array", text_spark),
    numbers=_numbers("array<double>"),
    list_has="array_contains",
    transform="transform",
    filter="filter",
    length="size",
)
