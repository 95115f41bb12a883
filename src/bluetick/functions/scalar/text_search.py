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
from bluetick.functions.scalar import regex
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
    all_of,
    any_of,
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


def _pattern(arg: Argument, forms: SearchForms) -> Expr:
    return forms.matching.patterns.of(arg, forms.text)


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
    source, pattern, group = forms.text(bound[2]), _pattern(bound[0], forms), bound[1]

    def found(number: int) -> Expr:
        return call("regexp_extract", source, pattern, Bare(number))

    if group.is_constant:
        return coalesce(found(int(group.constant)), EMPTY)
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
    source, pattern = forms.text(bound.args[-1]), _pattern(bound[0], forms)
    matches: list[Expr] = [
        call("regexp_extract_all", source, pattern, Bare(number))
        for group in wanted
        if (number := _group_number(group, names)) is not None
    ]
    rows = matches[0] if len(matches) == 1 else forms.rows(matches)
    found = Binary(">", Cast(call(forms.length, matches[0]), Type.LONG), long(0))
    return when(found, forms.json_of_texts(rows), null(Type.DYNAMIC))


# --- replace, trim ---------------------------------------------------------------------------------------------


def _replace(source: Argument, pattern: Argument, rewrite: Argument, forms: SearchForms) -> Expr:
    constant = rewrite.constant
    if isinstance(constant, str):
        new: Expr = text(forms.rewrite(_complete(constant)))
    else:
        new = forms.rewrite_rows(forms.text(rewrite))
    return forms.replace_all(forms.text(source), _pattern(pattern, forms), new)


def _complete(rewrite: str) -> str:
    """A backslash that begins no group reference stands for itself."""
    return re.sub(r"\\([0-9\\]?)", lambda found: found[0] if found[1] else r"\\", rewrite)


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


def _repeated(arg: Argument, forms: SearchForms) -> Expr:
    """The pattern, as often as it stands side by side."""
    constant = arg.constant
    if isinstance(constant, str):
        ends_itself = constant.endswith(("+", "*")) and not constant.endswith(("\\+", "\\*"))
        return text(f"(?:{forms.matching.patterns.translated(constant)}){'' if ends_itself else '+'}")
    return call("concat", text("(?:"), _pattern(arg, forms), text(")+"))


def _cut(source: Expr, before: str, pattern: Expr, after: str, forms: SearchForms) -> Expr:
    return forms.replace_all(source, call("concat", text(before), pattern, text(after)), EMPTY)


def _trimming(start: bool, end: bool) -> Build:
    def build(bound: BoundCall, forms: SearchForms) -> Expr:
        pattern, result = _repeated(bound[0], forms), forms.text(bound[1])
        if start:
            result = _cut(result, "^", pattern, "", forms)
        return _cut(result, "", pattern, r"\z", forms) if end else result

    return build


# --- positions -------------------------------------------------------------------------------------------------


def _argument(bound: BoundCall, index: int, default: int) -> Argument:
    if index < len(bound):
        return bound[index]
    return Argument(long(default), Type.LONG, default)


def _is_default(arg: Argument, default: int) -> bool:
    return arg.is_constant and bool(arg.constant == default)


def _window(value: Expr, start: Expr, length: Argument) -> Expr:
    """The part of the text that is searched."""
    size = Cast(call("length", value), Type.LONG)
    first = Cast(Binary("+", call("least", start, size), long(1)), Type.INT)
    if _is_default(length, -1):
        return call("substring", value, first)
    count = Cast(length.sql, Type.LONG)
    taken = Cast(call("least", when(Binary("<", count, long(0)), size, count), size), Type.INT)
    return call("substring", value, first, taken)


def _position(found: Expr, start: Expr, invalid: list[Expr]) -> Expr:
    """`found` counts from 0 in the window, -1 for none."""
    whole = when(Binary("<", found, long(0)), long(-1), Binary("+", found, start))
    return Case(((any_of(*invalid), null(Type.LONG)),), whole) if invalid else whole


def _invalid(length: Argument, occurrence: Argument) -> list[Expr]:
    found: list[Expr] = []
    if not _is_default(length, -1):
        found.append(Binary("<", length.sql, long(-1)))
    if not _is_default(occurrence, 1):
        found.append(Binary("<", occurrence.sql, long(0)))
    return found


def _indexof(bound: BoundCall, forms: SearchForms) -> Expr:
    value, wanted = forms.text(bound[0]), forms.text(bound[1])
    if len(bound) == 2:
        return Binary("-", Cast(call("instr", value, wanted), Type.LONG), long(1))
    length, occurrence = _argument(bound, 3, -1), _argument(bound, 4, 1)
    given = Cast(bound[2].sql, Type.LONG)
    from_end = call("greatest", Binary("+", Cast(call("length", value), Type.LONG), given), long(0))
    start = when(Binary("<", given, long(0)), from_end, given)
    if _is_default(occurrence, 1):
        window = _window(value, start, length)
        found: Expr = Binary("-", Cast(call("instr", window, wanted), Type.LONG), long(1))
    else:
        rest = _window(value, start, _argument(bound, len(bound), -1))
        found = _nth_plain(rest, wanted, length, Cast(occurrence.sql, Type.LONG), forms)
    return _position(found, start, _invalid(length, occurrence))


def _nth_plain(rest: Expr, wanted: Expr, length: Argument, occurrence: Expr, forms: SearchForms) -> Expr:
    """Cut at every occurrence: what stands before the nth is the first n parts joined again.

    The length counts anew behind every occurrence, as Kusto's documented example of five arguments shows.
    """
    parts = forms.split(rest, wanted)
    enough: Expr = Binary(">", Cast(call(forms.length, parts), Type.LONG), occurrence)
    earlier = forms.first(parts, occurrence)
    if not _is_default(length, -1):
        room = Binary("-", Cast(length.sql, Type.LONG), Cast(call("length", wanted), Type.LONG))
        too_far = Binary(">", Cast(call("length", Bound("part")), Type.LONG), room)
        gaps = Call(forms.filter, (earlier, Lambda(("part",), too_far)))
        near = Binary("=", Cast(call(forms.length, gaps), Type.LONG), long(0))
        enough = all_of(enough, any_of(Binary("=", length.sql, long(-1)), near))
    size = Cast(call("length", wanted), Type.LONG)
    passed = Binary("*", Binary("-", occurrence, long(1)), size)
    between = Cast(call("length", call(forms.join, earlier, EMPTY)), Type.LONG)
    return when(enough, Binary("+", between, passed), long(-1))


def _check_indexof_regex(args: tuple[Argument, ...]) -> str:
    if len(args) == 5 and not (isinstance(args[4].constant, int) and -1000 <= args[4].constant <= 1000):
        return "indexof_regex() takes an occurrence that is a constant up to 1000"
    return regex.checking(1)(args)


def _indexof_regex(bound: BoundCall, forms: SearchForms) -> Expr:
    start_arg, length, occurrence = _argument(bound, 2, 0), _argument(bound, 3, -1), _argument(bound, 4, 1)
    value, start = forms.text(bound[0]), Cast(start_arg.sql, Type.LONG)
    window = value if _is_default(start_arg, 0) and _is_default(length, -1) else _window(value, start, length)
    repeats = max(int(occurrence.constant), 1) - 1
    pattern = _pattern(bound[1], forms)
    # The text before the match, taken as short as can be, is the first group.
    earlier = (text("^((?:(?s:.*?)(?:"), pattern, text(f")){{{repeats}}}(?s:.*?))(?:"), pattern, text(")"))
    simple = (text("^((?s:.*?))(?:"), pattern, text(")"))
    whole = call("concat", *(earlier if repeats else simple))
    before = Cast(call("length", call("regexp_extract", window, whole, Bare(1))), Type.LONG)
    found = when(call(forms.matching.patterns.matches, window, whole), before, long(-1))
    invalid = [] if _is_default(start_arg, 0) else [Binary("<", start, long(0))]
    return _position(found, start, [*invalid, *_invalid(length, occurrence)])


def _check_countof(args: tuple[Argument, ...]) -> str:
    kind = args[2].constant if len(args) == 3 else "normal"
    if kind not in ("normal", "regex"):
        return "countof() takes the kind 'normal' or 'regex'"
    return regex.checking(1)(args) if kind == "regex" else ""


def _overlaps_itself(value: str) -> bool:
    return any(value.startswith(value[start:]) for start in range(1, len(value)))


def _countof(bound: BoundCall, forms: SearchForms) -> Expr:
    value, wanted = forms.text(bound[0]), forms.text(bound[1])
    if len(bound) == 3 and bound[2].constant == "regex":
        return Cast(forms.count_matches(value, _pattern(bound[1], forms)), Type.LONG)
    constant = bound[1].constant
    if isinstance(constant, str) and constant and not _overlaps_itself(constant):
        rest = call("length", call("replace", value, wanted, EMPTY))
        removed = Binary("-", Cast(call("length", value), Type.LONG), Cast(rest, Type.LONG))
        return Binary("//", removed, long(len(constant)))
    here = call(forms.matching.starts_with, call("substring", value, Binary("+", Bound("place"), Bare(1))), wanted)
    places = Call(forms.filter, (forms.places(value), Lambda(("place",), here)))
    return coalesce(Cast(call(forms.length, places), Type.LONG), long(0))


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
_POSITIONS = tuple(param(name, *INTEGER, optional=True) for name in ("start", "length", "occurrence"))
_INDEX = (signature(param("text", *ANY_SCALAR), param("match", *ANY_SCALAR), *_POSITIONS, returns=Type.LONG),)
_REPLACE = (signature(_SOURCE, _PATTERN, param("rewrite", Type.STRING), returns=Type.STRING),)
_TRIM = (signature(_PATTERN, _SOURCE, returns=Type.STRING),)

EXTRACT = _function(
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
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    replace(EXTRACT, otherwise=variable(EXTRACT, check=_check_extract_any)),
    _function(
        "extract_all",
        "Every match as a dynamic array: of one capture group, or of arrays of several; null where nothing matches.",
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
    ),
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
    _function(
        "indexof",
        "The place of a text, counted from 0; -1 where it is missing.",
        _INDEX,
        _indexof,
        (
            Example('indexof("abcdefg", "cde")', 2),
            Example('indexof("abcdefg", "cde", 1, 2)', -1),
            Example('indexof("abcdefg", "cde", -5)', 2),
            Example('indexof("abcdefgabcdefg", "cde", 1, 10, 2)', 9),
            Example('indexof("", "cde")', -1),
        ),
        nulls=Nulls.OWN,
    ),
    _function(
        "indexof_regex",
        "The place of a match, counted from 0; -1 where there is none; null for a negative start.",
        _INDEX,
        _indexof_regex,
        (
            Example('indexof_regex("abcabc", "a.c")', 0),
            Example('indexof_regex("abcabcdefg", "a.c", 0, 9, 2)', 3),
            Example('indexof_regex("ababaa", "a.a", 0, -1, 2)', -1),
            Example('indexof_regex("abcabc", "a.c", -1)', None),
            Example('indexof_regex("", "a.c")', -1),
        ),
        check=_check_indexof_regex,
        nulls=Nulls.OWN,
    ),
    _function(
        "countof",
        "How often a text occurs (overlapping too), or how often a regular expression matches.",
        (
            signature(
                _SOURCE,
                param("search", Type.STRING),
                param("kind", Type.STRING, optional=True, constant=True),
                returns=Type.LONG,
            ),
        ),
        _countof,
        (
            Example('countof("aaaa", "aa")', 3),
            Example('countof("ababa", "ab", "normal")', 2),
            Example('countof("ababa", "aba", "regex")', 1),
            Example('countof("", "a")', 0),
        ),
        check=_check_countof,
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
