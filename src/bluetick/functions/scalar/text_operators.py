"""Operators on text: =~ contains startswith endswith has hasprefix hassuffix, their negations, and matches regex."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from bluetick.functions.definition import (
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar import regex, regex_rows
from bluetick.functions.scalar.matching import DUCKDB, SPARK, Find, Matching, constant_text
from bluetick.functions.scalar.terms import Edges, find_term
from bluetick.sql.tree import TRUE, Expr, call, not_
from bluetick.types import Type

Search: TypeAlias = Callable[[BoundCall, Matching], Expr]

_TEXT = (Type.STRING, Type.DYNAMIC)
_SIGNATURE = signature(param("left", *_TEXT), param("right", *_TEXT), returns=Type.BOOL)


def _lowering(search: Search, negated: bool, matching: Matching) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        found = search(bound, matching)
        return not_(found) if negated else found

    return lower


def _operator(
    name: str,
    summary: str,
    search: Search,
    examples: tuple[Example, ...],
    negated: bool = False,
    aliases: tuple[str, ...] = (),
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(_SIGNATURE,),
        nulls=Nulls.NEVER,
        duckdb=_lowering(search, negated, DUCKDB),
        spark=_lowering(search, negated, SPARK),
        examples=examples,
        aliases=aliases,
    )


def _any_case(choose: Callable[[Matching], Find]) -> Search:
    def search(bound: BoundCall, matching: Matching) -> Expr:
        if constant_text(bound[1]) == "" and choose(matching) is not matching.equal_any_case:
            return TRUE
        return choose(matching)(matching.text(bound[0]), bound[1])

    return search


def _exact_case(choose: Callable[[Matching], str]) -> Search:
    def search(bound: BoundCall, matching: Matching) -> Expr:
        return call(choose(matching), matching.text(bound[0]), matching.text(bound[1]))

    return search


def _term(edges: Edges) -> Search:
    def search(bound: BoundCall, matching: Matching) -> Expr:
        return find_term(matching.text(bound[0]), bound[1], edges, matching, bound.truth_only)

    return search


def _matches(bound: BoundCall, matching: Matching) -> Expr:
    patterns = matching.patterns
    return call(patterns.matches, *patterns.over(matching.text(bound[0]), bound[1], matching.text, regex.TEST))


def _matches_regex(operator: ScalarFunction) -> ScalarFunction:
    by_rows = regex_rows.computed(operator, regex_rows.matches)
    return replace(operator, check=regex.checking(1), may_be_inexact=True, by_rows=by_rows)


_contains = _any_case(lambda m: m.contains_any_case)
_starts = _any_case(lambda m: m.starts_any_case)
_ends = _any_case(lambda m: m.ends_any_case)
_equal = _any_case(lambda m: m.equal_any_case)
_contains_cs = _exact_case(lambda m: m.contains)
_starts_cs = _exact_case(lambda m: m.starts_with)
_ends_cs = _exact_case(lambda m: m.ends_with)
_has = _term(Edges(before=True, after=True, any_case=True))
_has_cs = _term(Edges(before=True, after=True, any_case=False))
_has_prefix = _term(Edges(before=True, after=False, any_case=True))
_has_prefix_cs = _term(Edges(before=True, after=False, any_case=False))
_has_suffix = _term(Edges(before=False, after=True, any_case=True))
_has_suffix_cs = _term(Edges(before=False, after=True, any_case=False))

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _operator(
        "=~",
        "Equal, whatever the letter case.",
        _equal,
        (
            Example('"CAFÉ" =~ "café"', True),
            Example('"a_c" =~ "abc"', False),
            Example('"abc" =~ "a_c"', False),
            Example('"" =~ ""', True),
        ),
    ),
    _operator(
        "!~",
        "Not equal, whatever the letter case.",
        _equal,
        (
            Example('"Ab" !~ "aB"', False),
            Example('"" !~ "a"', True),
        ),
        negated=True,
    ),
    _operator(
        "contains",
        "Contains the text, whatever the letter case.",
        _contains,
        (
            Example('"PowerShell" contains "rshe"', True),
            Example('"100 percent" contains "%"', False),
            Example('"" contains ""', True),
            Example('"ÀÉÎ" contains "éî"', True),
        ),
    ),
    _operator(
        "!contains",
        "Does not contain the text, whatever the letter case.",
        _contains,
        (Example('"PowerShell" !contains "SHELL"', False), Example('"a" !contains ""', False)),
        negated=True,
        aliases=("notcontains",),
    ),
    _operator(
        "contains_cs",
        "Contains the text.",
        _contains_cs,
        (
            Example('"PowerShell" contains_cs "shell"', False),
            Example('"PowerShell" contains_cs "Shell"', True),
            Example('"abc" contains_cs ""', True),
        ),
        aliases=("containscs",),
    ),
    _operator(
        "!contains_cs",
        "Does not contain the text.",
        _contains_cs,
        (
            Example('"PowerShell" !contains_cs "shell"', True),
            Example('"abc" !contains_cs ""', False),
        ),
        negated=True,
        aliases=("notcontainscs",),
    ),
    _operator(
        "startswith",
        "Starts with the text, whatever the letter case.",
        _starts,
        (
            Example('@"C:\\temp\\a" startswith @"c:\\TEMP"', True),
            Example('"abc" startswith ""', True),
        ),
    ),
    _operator(
        "!startswith",
        "Does not start with the text, whatever the letter case.",
        _starts,
        (
            Example('"abc" !startswith "B"', True),
            Example('"abc" !startswith ""', False),
        ),
        negated=True,
    ),
    _operator(
        "startswith_cs",
        "Starts with the text.",
        _starts_cs,
        (
            Example('"Abc" startswith_cs "ab"', False),
            Example('"Abc" startswith_cs "Ab"', True),
            Example('"abc" startswith_cs ""', True),
        ),
    ),
    _operator(
        "!startswith_cs",
        "Does not start with the text.",
        _starts_cs,
        (
            Example('"Abc" !startswith_cs "ab"', True),
            Example('"" !startswith_cs "a"', True),
        ),
        negated=True,
    ),
    _operator(
        "endswith",
        "Ends with the text, whatever the letter case.",
        _ends,
        (Example('"run.EXE" endswith ".exe"', True), Example('"abc" endswith ""', True)),
    ),
    _operator(
        "!endswith",
        "Does not end with the text, whatever the letter case.",
        _ends,
        (
            Example('"run.EXE" !endswith ".exe"', False),
            Example('"" !endswith "a"', True),
        ),
        negated=True,
    ),
    _operator(
        "endswith_cs",
        "Ends with the text.",
        _ends_cs,
        (
            Example('"run.EXE" endswith_cs ".exe"', False),
            Example('"abc" endswith_cs ""', True),
        ),
    ),
    _operator(
        "!endswith_cs",
        "Does not end with the text.",
        _ends_cs,
        (
            Example('"run.EXE" !endswith_cs ".exe"', True),
            Example('"abc" !endswith_cs ""', False),
        ),
        negated=True,
    ),
    _operator(
        "has",
        "Has the text as a term: the characters beside it are no letters or digits, whatever the letter case.",
        _has,
        (
            Example('"svchost -k LocalService" has "localservice"', True),
            Example('"KustoExplorerQueryRun" has "Explorer"', False),
            Example('"1_2_3" has "1"', True),
            Example('@"C:\\x\\cmd.exe" has ".exe"', True),
            Example('"any" has ""', True),
        ),
    ),
    _operator(
        "!has",
        "Does not have the text as a term, whatever the letter case.",
        _has,
        (Example('"cmd.exe /c" !has "CMD"', False), Example('"any" !has ""', False)),
        negated=True,
    ),
    _operator(
        "has_cs",
        "Has the text as a term, in this letter case.",
        _has_cs,
        (
            Example('"cmd.exe /c" has_cs "CMD"', False),
            Example('"cmd.exe /c" has_cs "exe"', True),
            Example('"abc" has_cs ""', True),
        ),
    ),
    _operator(
        "!has_cs",
        "Does not have the text as a term in this letter case.",
        _has_cs,
        (
            Example('"cmd.exe /c" !has_cs "CMD"', True),
            Example('"abc" !has_cs ""', False),
        ),
        negated=True,
    ),
    _operator(
        "hasprefix",
        "Has a term that starts with the text, whatever the letter case.",
        _has_prefix,
        (
            Example('"North America" hasprefix "ame"', True),
            Example('"North America" hasprefix "mer"', False),
            Example('"" hasprefix "a"', False),
        ),
    ),
    _operator(
        "!hasprefix",
        "Has no term that starts with the text, whatever the letter case.",
        _has_prefix,
        (
            Example('"North America" !hasprefix "ame"', False),
            Example('"" !hasprefix "a"', True),
        ),
        negated=True,
    ),
    _operator(
        "hasprefix_cs",
        "Has a term that starts with the text, in this letter case.",
        _has_prefix_cs,
        (
            Example('"North America" hasprefix_cs "ame"', False),
            Example('"" hasprefix_cs "a"', False),
        ),
    ),
    _operator(
        "!hasprefix_cs",
        "Has no term that starts with the text in this letter case.",
        _has_prefix_cs,
        (
            Example('"North America" !hasprefix_cs "ame"', True),
            Example('"" !hasprefix_cs "a"', True),
        ),
        negated=True,
    ),
    _operator(
        "hassuffix",
        "Has a term that ends with the text, whatever the letter case.",
        _has_suffix,
        (
            Example('"North America" hassuffix "RTH"', True),
            Example('"North America" hassuffix "nor"', False),
            Example('"" hassuffix "a"', False),
        ),
    ),
    _operator(
        "!hassuffix",
        "Has no term that ends with the text, whatever the letter case.",
        _has_suffix,
        (
            Example('"North America" !hassuffix "RTH"', False),
            Example('"" !hassuffix "a"', True),
        ),
        negated=True,
    ),
    _operator(
        "hassuffix_cs",
        "Has a term that ends with the text, in this letter case.",
        _has_suffix_cs,
        (
            Example('"North America" hassuffix_cs "RTH"', False),
            Example('"" hassuffix_cs "a"', False),
        ),
    ),
    _operator(
        "!hassuffix_cs",
        "Has no term that ends with the text in this letter case.",
        _has_suffix_cs,
        (
            Example('"North America" !hassuffix_cs "RTH"', True),
            Example('"" !hassuffix_cs "a"', True),
        ),
        negated=True,
    ),
    _matches_regex(
        _operator(
            "matches regex",
            "Matches the RE2 regular expression somewhere, in this letter case.",
            _matches,
            (
                Example('"abc123" matches regex "c[0-9]{3}$"', True),
                Example('"abc" matches regex "B"', False),
                Example('"abc" matches regex "(?i)B"', True),
                Example('"" matches regex "^$"', True),
            ),
        )
    ),
)
