"""Places of texts in texts: indexof, indexof_regex, countof."""

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar import regex, regex_rows
from bluetick.functions.scalar.both_engines import BothEngines
from bluetick.functions.scalar.search_forms import DUCKDB, SPARK, SearchForms
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

_WRITTEN_OUT = 20  # so many occurrences stand in the pattern one by one, which Java gets through faster

_function = BothEngines(DUCKDB, SPARK).function


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


def _up_to_match(
    window: Expr, pattern: Argument, repeats: int, forms: SearchForms, ask: regex.Ask
) -> tuple[Expr, Expr]:
    """The pattern whose first group is the text before a match, taken as short as can be, with `repeats` in it."""
    constant, patterns = pattern.constant, forms.matching.patterns
    if isinstance(constant, str):
        once = f"(?s:.*?)(?:{constant})"
        earlier = once * repeats if repeats <= _WRITTEN_OUT else f"(?:{once}){{{repeats}}}"
        return patterns.constant(window, f"^({earlier}(?s:.*?))(?:{constant})", ask)
    taken = patterns.taken(forms.text(pattern))
    earlier_rows = (text("(?:(?s:.*?)(?:"), taken, text(f")){{{repeats}}}")) if repeats else ()
    return window, call("concat", text("^("), *earlier_rows, text("(?s:.*?))(?:"), taken, text(")"))


def _indexof_regex(bound: BoundCall, forms: SearchForms) -> Expr:
    start_arg, length, occurrence = _argument(bound, 2, 0), _argument(bound, 3, -1), _argument(bound, 4, 1)
    value, start = forms.text(bound[0]), Cast(start_arg.sql, Type.LONG)
    window = value if _is_default(start_arg, 0) and _is_default(length, -1) else _window(value, start, length)
    repeats = max(int(occurrence.constant), 1) - 1
    extracted = call("regexp_extract", *_up_to_match(window, bound[1], repeats, forms, regex.Ask((1,))), Bare(1))
    is_there = call(forms.matching.patterns.matches, *_up_to_match(window, bound[1], repeats, forms, regex.TEST))
    found = when(is_there, Cast(call("length", extracted), Type.LONG), long(-1))
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
        return Cast(forms.count_matches(*forms.searched(bound[0], bound[1])), Type.LONG)
    constant = bound[1].constant
    if isinstance(constant, str) and constant and not _overlaps_itself(constant):
        rest = call("length", call("replace", value, wanted, EMPTY))
        removed = Binary("-", Cast(call("length", value), Type.LONG), Cast(rest, Type.LONG))
        return Binary("//", removed, long(len(constant)))
    here = call(forms.matching.starts_with, call("substring", value, Binary("+", Bound("place"), Bare(1))), wanted)
    places = Call(forms.filter, (forms.places(value), Lambda(("place",), here)))
    return coalesce(Cast(call(forms.length, places), Type.LONG), long(0))


_POSITIONS = tuple(param(name, *INTEGER, optional=True) for name in ("start", "length", "occurrence"))
_INDEX = (signature(param("text", *ANY_SCALAR), param("match", *ANY_SCALAR), *_POSITIONS, returns=Type.LONG),)
_SOURCE = param("source", Type.STRING, Type.DYNAMIC)

FUNCTIONS: tuple[ScalarFunction, ...] = (
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
    regex_rows.or_by_rows(
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
        regex_rows.indexof_regex,
    ),
    regex_rows.or_by_rows(
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
        regex_rows.countof,
    ),
)
