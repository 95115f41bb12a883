"""Terms: maximal runs of letters and digits. How `has` and its kin find them."""

import unicodedata
from dataclasses import dataclass

from bluetick.functions.definition import Argument
from bluetick.functions.scalar.matching import Matching, constant_text
from bluetick.sql.tree import EMPTY, FALSE, TRUE, Binary, Case, Expr, all_of, any_of, call, text

_TERM_CHAR = r"[\pL\pN]"
BEFORE = r"(?:^|[^\pL\pN])"
AFTER = r"(?:\z|[^\pL\pN])"
_FEW = 4  # up to so many needles, searching for each first is cheaper than the alternation alone


@dataclass(frozen=True, slots=True)
class Edges:
    """Which ends of the needle must lie on a term's boundary, and whether letter case counts."""

    before: bool
    after: bool
    any_case: bool


def is_term_char(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


def find_term(haystack: Expr, needle: Argument, edges: Edges, matching: Matching, truth_only: bool) -> Expr:
    """Whether the text has the needle between boundaries. An end of the needle that is no letter or digit is one."""
    constant = constant_text(needle)
    if constant is None:
        return _find_in_rows(haystack, needle, edges, matching)
    return find_any_term(haystack, (constant,), edges, matching, truth_only)


def find_any_term(haystack: Expr, needles: tuple[str, ...], edges: Edges, matching: Matching, truth_only: bool) -> Expr:
    """Whether the text has one of these constants: a cheap search first, then one alternation."""
    if not needles:
        return FALSE
    if "" in needles:
        return TRUE
    found = call(matching.patterns.matches, haystack, text(_alternation(needles, edges, matching)))
    if len(needles) > _FEW:
        return found
    first = any_of(*(_contains(haystack, _constant(needle), edges, matching) for needle in needles))
    return both(first, found, truth_only)


def both(first: Expr, second: Expr, truth_only: bool) -> Expr:
    """The conjunction of two conditions that are never null; outside a filter only CASE spares the second one."""
    return all_of(first, second) if truth_only else Case(((first, second),), FALSE)


def _constant(value: str) -> Argument:
    literal = text(value)
    return Argument(literal, literal.type, value)


def _contains(haystack: Expr, needle: Argument, edges: Edges, matching: Matching) -> Expr:
    if edges.any_case:
        return matching.prefilter(haystack, needle)
    return call(matching.contains, haystack, needle.sql)


def _alternation(needles: tuple[str, ...], edges: Edges, matching: Matching) -> str:
    """One pattern for all; needles that want the same boundaries share them."""
    groups: dict[tuple[str, str], list[str]] = {}
    for needle in needles:
        before = BEFORE if edges.before and is_term_char(needle[0]) else ""
        after = AFTER if edges.after and is_term_char(needle[-1]) else ""
        groups.setdefault((before, after), []).append(matching.patterns.literal(needle, edges.any_case))
    parts = (f"{before}(?:{'|'.join(items)}){after}" for (before, after), items in groups.items())
    return "|".join(parts)


def _find_in_rows(haystack: Expr, needle: Argument, edges: Edges, matching: Matching) -> Expr:
    """A needle that differs from row to row: each row has its own pattern."""
    wanted = matching.text(needle)
    if edges.any_case:
        haystack, wanted = call("lower", haystack), call("lower", wanted)
    matches = matching.patterns.matches

    def boundary(needed: bool, end: str, pattern: str) -> Expr:
        return Case(((call(matches, wanted, text(end)), text(pattern)),), EMPTY) if needed else EMPTY

    pattern = call(
        "concat",
        boundary(edges.before, f"^{_TERM_CHAR}", BEFORE),
        matching.patterns.quoted(wanted),
        boundary(edges.after, rf"{_TERM_CHAR}\z", AFTER),
    )
    is_empty = Binary("=", wanted, EMPTY)
    contained = call(matching.contains, haystack, wanted)
    return Case(((is_empty, TRUE), (contained, call(matches, haystack, pattern))), FALSE)
