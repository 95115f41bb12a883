"""How the two engines spell searching: patterns, rewrites, and lists of matches."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bluetick.functions.definition import Argument
from bluetick.functions.scalar import json_items, matching, regex
from bluetick.functions.scalar.matching import Matching
from bluetick.functions.scalar.string_forms import DUCKDB as STRINGS_DUCKDB
from bluetick.functions.scalar.string_forms import SPARK as STRINGS_SPARK
from bluetick.functions.scalar.text_form import TextForm, text_duckdb, text_spark
from bluetick.sql.tree import EMPTY, Bare, Binary, Bound, Call, Cast, Expr, Lambda, Subscript, call, coalesce, text
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class SearchForms:
    """One engine's spelling."""

    text: TextForm
    matching: Matching
    items: Callable[[Expr], Expr]
    rewrite: Callable[[str], str]  # a rewrite with \1 as this engine takes it
    rewrite_rows: Callable[[Expr], Expr]
    replace_all: Callable[[Expr, Expr, Expr], Expr]
    every_match: Callable[[Expr, Expr, int], Expr]  # of one group, empty where it took no part
    count_matches: Callable[[Expr, Expr], Expr]
    rows: Callable[[list[Expr]], Expr]  # lists side by side -> list of lists
    json_of_texts: Callable[[Expr], Expr]
    split: Callable[[Expr, Expr], Expr]
    first: Callable[[Expr, Expr], Expr]  # the first n items
    places: Callable[[Expr], Expr]  # 0 to the length of the text, without its end
    make_list: str
    first_index: Expr
    join: str
    length: str
    filter: str
    transform: str
    position: str

    def searched(self, source: Argument, pattern: Argument, ask: regex.Ask = regex.MATCH) -> tuple[Expr, Expr]:
        """The text and the pattern, as the engine takes them."""
        return self.matching.patterns.over(self.text(source), pattern, self.text, ask)

    def once(self, value: Expr, name: str, body: Expr) -> Expr:
        """`body` over the value under this name: the value is worked out once however often the body names it."""
        each = Call(self.transform, (call(self.make_list, value), Lambda((name,), body)))
        return Subscript(each, self.first_index)


def _same(value: str) -> str:
    return value


def _same_rows(value: Expr) -> Expr:
    return value


def _every_match_duckdb(value: Expr, pattern: Expr, group: int) -> Expr:
    found = call("regexp_extract_all", value, pattern, Bare(group))
    return Call("list_transform", (found, Lambda(("found",), coalesce(Bound("found"), EMPTY))))


def _rows_duckdb(lists: list[Expr]) -> Expr:
    fields = tuple(Subscript(Bound("row"), Bare(number)) for number in range(1, len(lists) + 1))
    return Call("list_transform", (call("list_zip", *lists), Lambda(("row",), call("list_value", *fields))))


def _rows_spark(lists: list[Expr]) -> Expr:
    fields = tuple(Subscript(each, Bound("place")) for each in lists[1:])
    body = call("array", Bound("row"), *fields)
    return Call("transform", (lists[0], Lambda(("row", "place"), body)))


def _java_rewrite(rewrite: str) -> str:
    dollars = rewrite.replace("$", "\\$")
    return re.sub(r"\\(\\|\$|[0-9])", lambda found: f"${found[1]}" if found[1].isdigit() else found[0], dollars)


def _java_rewrite_rows(value: Expr) -> Expr:
    dollars = call("replace", value, text("$"), text("\\$"))
    return call("regexp_replace", dollars, text(r"\\([0-9])"), text(r"\$$1"))


DUCKDB = SearchForms(
    text=text_duckdb,
    matching=matching.DUCKDB,
    items=json_items.DUCKDB.texts,
    rewrite=_same,
    rewrite_rows=_same_rows,
    replace_all=lambda value, pattern, new: call("regexp_replace", value, pattern, new, text("g")),
    every_match=_every_match_duckdb,
    count_matches=lambda value, pattern: call("len", call("regexp_extract_all", value, pattern)),
    rows=_rows_duckdb,
    json_of_texts=STRINGS_DUCKDB.json_of_texts,
    split=STRINGS_DUCKDB.split,
    first=lambda values, count: call("list_slice", values, Bare(1), count),
    places=lambda value: call("range", call("length", value)),
    make_list="list_value",
    first_index=Bare(1),
    join="array_to_string",
    length="len",
    filter="list_filter",
    transform="list_transform",
    position="list_position",
)
SPARK = SearchForms(
    text=text_spark,
    matching=matching.SPARK,
    items=json_items.SPARK.texts,
    rewrite=_java_rewrite,
    rewrite_rows=_java_rewrite_rows,
    replace_all=lambda value, pattern, new: call("regexp_replace", value, pattern, new),
    every_match=lambda value, pattern, group: call("regexp_extract_all", value, pattern, Bare(group)),
    count_matches=lambda value, pattern: call("regexp_count", value, pattern),
    rows=_rows_spark,
    json_of_texts=STRINGS_SPARK.json_of_texts,
    split=STRINGS_SPARK.split,
    first=lambda values, count: call("slice", values, Bare(1), Cast(count, Type.INT)),
    places=lambda value: call("sequence", Bare(0), Binary("-", call("length", value), Bare(1))),
    make_list="array",
    first_index=Bare(0),
    join="array_join",
    length="size",
    filter="filter",
    transform="transform",
    position="array_position",
)
