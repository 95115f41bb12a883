"""Finding text in text with or without regard to letter case: the forms that each engine runs fastest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bluetick.functions.definition import Argument
from bluetick.functions.scalar import regex
from bluetick.functions.scalar.text_form import TextForm, text_duckdb, text_spark
from bluetick.sql.tree import Binary, Expr, call, text

# haystack, needle -> condition; the needle is an argument, to be seen whether it is constant
Find: TypeAlias = Callable[[Expr, Argument], Expr]


@dataclass(frozen=True, slots=True)
class Matching:
    """One engine's ways of finding text. Each `any_case` form agrees with lower() of both sides."""

    text: TextForm
    patterns: regex.Patterns
    contains: str
    starts_with: str
    ends_with: str
    contains_any_case: Find
    starts_any_case: Find
    ends_any_case: Find
    equal_any_case: Find
    prefilter: Find  # true for every text that contains the needle in any case; may be true for others


def constant_text(arg: Argument) -> str | None:
    """The text of a constant string (or dynamic string), else None."""
    return arg.constant if isinstance(arg.constant, str) else None


def lowered(arg: Argument, form: TextForm) -> Expr:
    """The argument's text in lower case; the engine lowers what is not ASCII, as its rules may be its own."""
    constant = constant_text(arg)
    if constant is not None and constant.isascii():
        return text(constant.lower())
    return call("lower", form(arg))


def _lowered_find(name: str, form: TextForm) -> Find:
    def find(haystack: Expr, needle: Argument) -> Expr:
        return call(name, call("lower", haystack), lowered(needle, form))

    return find


def _equal_lowered(form: TextForm) -> Find:
    def find(haystack: Expr, needle: Argument) -> Expr:
        return Binary("=", call("lower", haystack), lowered(needle, form))

    return find


def _ilike_duckdb(before: str, after: str, otherwise: Find) -> Find:
    """DuckDB's ILIKE is twice as fast as lower(); it has no escape character, so a wildcard in the needle bars it."""

    def find(haystack: Expr, needle: Argument) -> Expr:
        constant = constant_text(needle)
        if constant is None or not constant.isascii() or "%" in constant or "_" in constant:
            return otherwise(haystack, needle)
        return Binary("ILIKE", haystack, text(f"{before}{constant}{after}"))

    return find


def _prefilter_duckdb(haystack: Expr, needle: Argument) -> Expr:
    constant = constant_text(needle)
    if constant is None or not constant.isascii():
        return _lowered_find("contains", text_duckdb)(haystack, needle)
    return Binary("ILIKE", haystack, text(f"%{constant}%"))


DUCKDB = Matching(
    text=text_duckdb,
    patterns=regex.DUCKDB,
    contains="contains",
    starts_with="starts_with",
    ends_with="ends_with",
    contains_any_case=_ilike_duckdb("%", "%", _lowered_find("contains", text_duckdb)),
    starts_any_case=_ilike_duckdb("", "%", _lowered_find("starts_with", text_duckdb)),
    ends_any_case=_ilike_duckdb("%", "", _lowered_find("ends_with", text_duckdb)),
    equal_any_case=_ilike_duckdb("", "", _equal_lowered(text_duckdb)),
    prefilter=_prefilter_duckdb,
)
SPARK = Matching(
    text=text_spark,
    patterns=regex.SPARK,
    contains="contains",
    starts_with="startswith",
    ends_with="endswith",
    contains_any_case=_lowered_find("contains", text_spark),
    starts_any_case=_lowered_find("startswith", text_spark),
    ends_any_case=_lowered_find("endswith", text_spark),
    equal_any_case=_equal_lowered(text_spark),
    prefilter=_lowered_find("contains", text_spark),
)
