"""Searching in text: extract, extract_all, replace_regex, trim, indexof, indexof_regex, countof, regex_quote."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Check,
    Example,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar import regex, regex_rows
from bluetick.functions.scalar.both_engines import BothEngines
from bluetick.functions.scalar.search_forms import DUCKDB, SPARK, SearchForms
from bluetick.functions.scalar.terms import Edges, find_term
from bluetick.functions.scalar.variable_arguments import variable
from bluetick.sql.tree import (
    EMPTY,
    Bare,
    Binary,
    Bound,
    Call,
    Case,
    Cast,
    Expr,
    Lambda,
    call,
    coalesce,
    long,
    null,
    text,
    when,
)
from bluetick.types import ANY_SCALAR, INTEGER, Type

Build: TypeAlias = Callable[[BoundCall, SearchForms], Expr]

_TEXT = (Type.STRING, Type.DYNAMIC)
_MAX_GROUP = 9

_function = BothEngines(DUCKDB, SPARK).function


# --- extract ---------------------------------------------------------------------------------------------------


def _check_extract(args: tuple[Argument, ...]) -> str:
    pattern, group = args[0].constant, args[1].constant
    if not isinstance(group, int) or not 0 <= group <= _MAX_GROUP:
        return f"extract() takes a capture group from 0 to {_MAX_GROUP}, written as a number"
    if not isinstance(pattern, str):
        return ""
    if group > len(regex.group_names(pattern)):
        return f"the regular expression {pattern!r} has no capture group {group}"
    return regex.find_problem(pattern)


def _check_extract_any(args: tuple[Argument, ...]) -> str:
    """Of a group that a row gives: each that the pattern has is tried."""
    pattern = args[0].constant
    if isinstance(pattern, str) and len(regex.group_names(pattern)) <= _MAX_GROUP:
        return regex.find_problem(pattern)
    return f"the capture group must be a constant where the regular expression is none, or has over {_MAX_GROUP}"


def _extract(bound: BoundCall, forms: SearchForms) -> Expr:
    group = bound[1]

    def found(number: int) -> Expr:
        ask = regex.Ask((number,) if number else ())
        return call("regexp_extract", *forms.searched(bound[2], bound[0], ask), Bare(number))

    if group.is_constant:
        value = found(int(group.constant))
        are_texts = bound[2].type is Type.STRING and isinstance(bound[0].constant, str)
        return value if are_texts else coalesce(value, EMPTY)  # without a match it is the empty string
    numbers = range(len(regex.group_names(bound[0].constant)) + 1)
    return coalesce(Case(tuple((Binary("=", group.sql, long(number)), found(number)) for number in numbers)), EMPTY)


def _check_extract_all(args: tuple[Argument, ...]) -> str:
    pattern = args[0].constant
    if not isinstance(pattern, str):
        return "extract_all() takes a regular expression that is a constant"
    names = regex.group_names(pattern)
    if not 1 <= len(names) <= _MAX_GROUP:
        return f"extract_all() takes a regular expression with 1 to {_MAX_GROUP} capture groups"
    groups = args[1].constant if len(args) == 3 else []
    if not isinstance(groups, list) or None in [_group_number(group, names) for group in groups]:
        return f"extract_all() takes capture groups that {pattern!r} has, written as a constant array"
    return regex.find_problem(pattern)


def _group_number(group: object, names: list[str]) -> int | None:
    if isinstance(group, str) and group in names:
        return names.index(group) + 1
    return group if isinstance(group, int) and 1 <= group <= len(names) else None


def _extract_all(bound: BoundCall, forms: SearchForms) -> Expr:
    names = regex.group_names(bound[0].constant)
    wanted = bound[1].constant if len(bound) == 3 else list(range(1, len(names) + 1))
    numbers = [number for group in wanted if (number := _group_number(group, names)) is not None]
    source, pattern = forms.searched(bound.args[-1], bound[0], regex.Ask(tuple(numbers)))
    matches = [forms.every_match(source, pattern, number) for number in numbers]
    rows = matches[0] if len(matches) == 1 else forms.rows(matches)
    found = Binary(">", Cast(call(forms.length, matches[0]), Type.LONG), long(0))
    return when(found, forms.json_of_texts(rows), null(Type.DYNAMIC))


# --- replace, trim ---------------------------------------------------------------------------------------------


def _replace(source: Argument, pattern: Argument, rewrite: Argument, forms: SearchForms) -> Expr:
    constant = rewrite.constant
    if isinstance(constant, str):
        new: Expr = text(forms.rewrite(regex_rows.complete_rewrite(constant)))
    else:
        new = forms.rewrite_rows(forms.text(rewrite))
    asked = regex.Ask(_asked_groups(constant, pattern.constant), is_replacement=True)
    return forms.replace_all(*forms.searched(source, pattern, asked), new)


def _asked_groups(rewrite: object, pattern: object) -> tuple[int, ...]:
    """The groups whose text the rewrite takes; one that a row gives may take any."""
    if isinstance(rewrite, str):
        return tuple(sorted({int(digit) for digit in re.findall(r"\\(?:\\|([1-9]))", rewrite) if digit}))
    return tuple(range(1, len(regex.group_names(pattern)) + 1)) if isinstance(pattern, str) else ()


def _checking_rewrite(pattern_at: int, rewrite_at: int) -> Check:
    """A check of a replacement: the pattern, and that it has the groups that the rewrite asks for."""
    check_pattern = regex.checking(pattern_at)

    def check(args: tuple[Argument, ...]) -> str:
        problem, pattern, rewrite = check_pattern(args), args[pattern_at].constant, args[rewrite_at].constant
        if problem or not isinstance(pattern, str) or not isinstance(rewrite, str):
            return problem
        groups = len(regex.group_names(pattern))
        wanted = max((int(digit) for digit in re.findall(r"\\(?:\\|([0-9]))", rewrite) if digit), default=0)
        return f"the rewrite {rewrite!r} asks for group {wanted}, but there are {groups}" if wanted > groups else ""

    return check


def _replace_regex(bound: BoundCall, forms: SearchForms) -> Expr:
    source, pattern, rewrite = bound.args
    return _replace(source, pattern, rewrite, forms)


def _old_replace(bound: BoundCall, forms: SearchForms) -> Expr:
    pattern, rewrite, source = bound.args
    return _replace(source, pattern, rewrite, forms)


def _repeated(pattern: Argument) -> tuple[str, str]:
    """What stands around the pattern, so that it is taken as often as it stands side by side."""
    constant = pattern.constant
    ends_itself = isinstance(constant, str) and constant.endswith(("+", "*")) and not constant.endswith(("\\+", "\\*"))
    return "(?:", ")" if ends_itself else ")+"


def _trimming(start: bool, end: bool) -> Build:
    def build(bound: BoundCall, forms: SearchForms) -> Expr:
        pattern, result = bound[0], forms.text(bound[1])
        before, after = _repeated(pattern)
        over, ask = forms.matching.patterns.over, regex.Ask(is_replacement=True)
        if start:
            result = forms.replace_all(*over(result, pattern, forms.text, ask, (f"^{before}", after)), EMPTY)
        if end:
            result = forms.replace_all(*over(result, pattern, forms.text, ask, (before, rf"{after}\z")), EMPTY)
        return result

    return build


_META = r"([\\.+*?()|\[\]{}^$#&~-])"


def _regex_quote(bound: BoundCall, forms: SearchForms) -> Expr:
    return forms.replace_all(forms.text(bound[0]), text(_META), text(forms.rewrite(r"\\\1")))


_TERM = Edges(before=True, after=True, any_case=True)


def _has_any_index(bound: BoundCall, forms: SearchForms) -> Expr:
    item = Argument(Bound("item"), Type.STRING)
    found = find_term(forms.text(bound[0]), item, _TERM, forms.matching, truth_only=False)
    each = Call(forms.transform, (forms.items(bound[1].sql), Lambda(("item",), found)))
    place = call(forms.position, each, Binary("=", long(1), long(1)))
    return Binary("-", coalesce(Cast(place, Type.LONG), long(0)), long(1))


_PATTERN, _SOURCE = param("regex", Type.STRING), param("source", *_TEXT)
_REPLACE = (signature(_SOURCE, _PATTERN, param("rewrite", Type.STRING), returns=Type.STRING),)
_TRIM = (signature(_PATTERN, _SOURCE, returns=Type.STRING),)

EXTRACT = regex_rows.or_by_rows(
    _function(
        "extract",
        "The first match of a regular expression, or one capture group of it; empty where nothing matches.",
        (signature(_PATTERN, param("captureGroup", *INTEGER, constant=True), _SOURCE, returns=Type.STRING),),
        _extract,
        (
            Example('extract("x=([0-9.]+)", 1, "hello x=45.6|wo")', "45.6"),
            Example('extract("[a-z]+", 0, "12ab34")', "ab"),
            Example('extract("(z)", 1, "abc")', ""),
            Example('extract("(z)", 1, "")', ""),
        ),
        check=_check_extract,
    ),
    regex_rows.extract,
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    replace(EXTRACT, otherwise=variable(EXTRACT, check=_check_extract_any)),
    regex_rows.or_by_rows(
        _function(
            "extract_all",
            "Every match as a dynamic array: of one capture group, or arrays of several; null where nothing matches.",
            (
                signature(_PATTERN, _SOURCE, returns=Type.DYNAMIC),
                signature(_PATTERN, param("captureGroups", Type.DYNAMIC, constant=True), _SOURCE, returns=Type.DYNAMIC),
            ),
            _extract_all,
            (
                Example('extract_all("([0-9])", "a1b2")', ["1", "2"]),
                Example('extract_all("([a-z])([0-9])", "a1b2")', [["a", "1"], ["b", "2"]]),
                Example('extract_all("(?P<l>[a-z])([0-9])", dynamic(["l"]), "a1b2")', ["a", "b"]),
                Example('extract_all("(z)", "a1b2")', None),
                Example('extract_all("([0-9])", "")', None),
            ),
            check=_check_extract_all,
            nulls=Nulls.OWN,
            aliases=("extractall",),
        )
    ),
    regex_rows.or_by_rows(
        _function(
            "replace_regex",
            "Replace every match of a regular expression; \\0 to \\9 in the rewrite are what its groups matched.",
            _REPLACE,
            _replace_regex,
            (
                Example('replace_regex("Number is 1", @"is (\\d+)", @"was: \\1")', "Number was: 1"),
                Example('replace_regex("a.b", @"\\.", "$")', "a$b"),
                Example('replace_regex("a.b", @"\\.", @"\\\\")', "a\\b"),
                Example('replace_regex("", "a", "b")', ""),
            ),
            check=_checking_rewrite(1, 2),
        ),
        regex_rows.replace_regex,
    ),
    regex_rows.or_by_rows(
        _function(
            "replace",
            "The older name of replace_regex, its arguments in another order: regex, rewrite, text.",
            (signature(_PATTERN, param("rewrite", Type.STRING), _SOURCE, returns=Type.STRING),),
            _old_replace,
            (
                Example('replace("[0-9]", "#", "a1b2")', "a#b#"),
                Example('replace("a", "b", "")', ""),
            ),
            check=_checking_rewrite(0, 1),
        ),
        regex_rows.replace_old,
    ),
    regex_rows.or_by_rows(
        _function(
            "trim",
            "Cut off what a regular expression matches at the start and at the end.",
            _TRIM,
            _trimming(start=True, end=True),
            (
                Example('trim("--", "--https://bing.com--")', "https://bing.com"),
                Example('trim(@"[^\\w]+", "-  Te st1// $")', "Te st1"),
                Example('trim(" ", "")', ""),
            ),
            check=regex.checking(0),
        ),
        regex_rows.trim,
    ),
    regex_rows.or_by_rows(
        _function(
            "trim_start",
            "Cut off what a regular expression matches at the start.",
            _TRIM,
            _trimming(start=True, end=False),
            (
                Example('trim_start("https://", "https://bing.com")', "bing.com"),
                Example('trim_start("a", "")', ""),
            ),
            check=regex.checking(0),
        ),
        regex_rows.trim_start,
    ),
    regex_rows.or_by_rows(
        _function(
            "trim_end",
            "Cut off what a regular expression matches at the end.",
            _TRIM,
            _trimming(start=False, end=True),
            (
                Example('trim_end(@"\\.com", "bing.com")', "bing"),
                Example('trim_end(@"\\s+", " a b  ")', " a b"),
                Example('trim_end("a", "")', ""),
            ),
            check=regex.checking(0),
        ),
        regex_rows.trim_end,
    ),
    _function(
        "regex_quote",
        "Escape what has a meaning in regular expressions.",
        (signature(param("text", *ANY_SCALAR), returns=Type.STRING),),
        _regex_quote,
        (
            Example('regex_quote("(so$me.Te^xt)")', "\\(so\\$me\\.Te\\^xt\\)"),
            Example('regex_quote("")', ""),
        ),
    ),
    _function(
        "has_any_index",
        "The place in the array of the first item that the text has as a term; -1 where it has none.",
        (signature(_SOURCE, param("values", Type.DYNAMIC), returns=Type.LONG),),
        _has_any_index,
        (
            Example('has_any_index("this is an example", dynamic(["not", "example"]))', 1),
            Example('has_any_index("this is an example", dynamic([]))', -1),
        ),
    ),
)
