"""Building and cutting strings: strcat, strlen, substring, split, trim, replace_string, tolower, reverse ..."""

from collections.abc import Callable
from typing import TypeAlias

from bluetick.functions.definition import (
    AS_ARGUMENT,
    Argument,
    BoundCall,
    Example,
    ScalarFunction,
    param,
    prefixed,
)
from bluetick.functions.scalar.arrays import integer
from bluetick.functions.scalar.both_engines import BothEngines
from bluetick.functions.scalar.string_forms import DUCKDB, SPARK, StringForms
from bluetick.functions.scalar.variable_arguments import replace_strings, with_variables
from bluetick.sql.tree import (
    EMPTY,
    Bare,
    Binary,
    Bound,
    Case,
    Cast,
    Expr,
    Lambda,
    call,
    coalesce,
    is_not_null,
    is_null,
    long,
    text,
    when,
)
from bluetick.types import ANY_SCALAR, INTEGER, Type

Build: TypeAlias = Callable[[BoundCall, StringForms], Expr]

_TEXT = (Type.STRING, Type.DYNAMIC)
_NOT_NULL_ARGUMENT = param("value", *ANY_SCALAR)

_function = BothEngines(DUCKDB, SPARK).with_parameters


def _texts(bound: BoundCall, forms: StringForms) -> list[Expr]:
    return [forms.text(arg) for arg in bound.args]


def _apply(name: str) -> Build:
    """Call the SQL function of this name on the text of every argument."""

    def build(bound: BoundCall, forms: StringForms) -> Expr:
        return call(name, *_texts(bound, forms))

    return build


def _strcat_array(bound: BoundCall, forms: StringForms) -> Expr:
    items, delimiter = forms.items(bound[0].sql), forms.text(bound[1])
    if bound[1].is_constant:
        return coalesce(call(forms.join, items, delimiter), EMPTY)
    # DuckDB joins with a constant only: the delimiter goes before each item, and the first one off again.
    led = call(forms.transform, items, Lambda(("i_",), call("concat", delimiter, Bound("i_"))))
    joined = call(forms.join, led, EMPTY)
    return coalesce(call("substring", joined, Binary("+", _int(call("length", delimiter)), Bare(1))), EMPTY)


def _strlen(bound: BoundCall, forms: StringForms) -> Expr:
    return Cast(call("length", forms.text(bound[0])), Type.LONG)


def _string_size(bound: BoundCall, forms: StringForms) -> Expr:
    return Cast(call("octet_length", forms.encoded(forms.text(bound[0]))), Type.LONG)


_FAR = 2**40  # longer than any text


def _substring(bound: BoundCall, forms: StringForms) -> Expr:
    """From 0; a negative start counts from the end; a length that is not positive gives nothing."""
    value, start = forms.text(bound[0]), integer(bound[1])
    size = Cast(call("length", value), Type.LONG)
    constant = bound[1].constant
    if isinstance(constant, int) and constant >= 0:
        first: Expr = long(min(constant, _FAR) + 1)
    else:
        from_end = call("greatest", Binary("+", size, start), long(0))
        first = Binary("+", when(Binary("<", start, long(0)), from_end, start), long(1))
    # Engines count in ints; nothing beyond the text's own end is ever wanted.
    first = first if isinstance(constant, int) and 0 <= constant < 2**31 - 1 else _within(first, size)
    if len(bound) < 3:
        return coalesce(call("substring", value, _int(first)), EMPTY)
    length = call("greatest", call("least", Cast(bound[2].sql, Type.LONG), size), long(0))
    return coalesce(call("substring", value, _int(first), _int(length)), EMPTY)


def _within(first: Expr, size: Expr) -> Expr:
    return call("least", first, Binary("+", size, long(1)))


def _int(value: Expr) -> Expr:
    return Cast(value, Type.INT)


def _split(bound: BoundCall, forms: StringForms) -> Expr:
    source, delimiter = forms.text(bound[0]), forms.text(bound[1])
    parts = forms.split(source, delimiter)
    if bound[1].constant == "" or not bound[1].is_constant:
        # Nothing to split at: the text stays whole.
        parts = when(Binary("=", delimiter, EMPTY), call(forms.make_list, source), parts)
    if len(bound) < 3:
        return forms.json_of_texts(parts)
    index = integer(bound[2])
    picked = forms.item(parts, Binary("+", index, long(1)))
    in_range = Binary("AND", Binary(">=", index, long(0)), is_not_null(picked))
    one = forms.json_of_texts(call(forms.make_list, picked))
    return Case(((is_null(index), forms.json_of_texts(parts)), (in_range, one)), text("[]"))


def _replace_string(bound: BoundCall, forms: StringForms) -> Expr:
    source, lookup, rewrite = _texts(bound, forms)
    if bound[1].constant == "":
        return source
    return call("replace", source, lookup, rewrite)


# Stand in for what was found until all is found: characters that Unicode gives to nobody, one for each lookup.
_FIRST_STAND_IN, _STAND_INS = 0x10F000, 0xFFD


def _replace_strings(bound: BoundCall, forms: StringForms) -> Expr:
    """An earlier lookup takes precedence, and what was replaced is not looked at again.

    A rewrite that is no string keeps the text as it is, but out of reach of the other lookups."""
    result = forms.text(bound[0])
    rewrites: list[tuple[str, str]] = []
    for number, (lookup, rewrite) in enumerate(zip(bound[1].constant, bound[2].constant, strict=True)):
        if isinstance(lookup, str) and lookup:
            stand_in = chr(_FIRST_STAND_IN + number)
            result = call("replace", result, text(lookup), text(stand_in))
            rewrites.append((stand_in, rewrite if isinstance(rewrite, str) else lookup))
    for stand_in, rewrite in rewrites:
        result = call("replace", result, text(stand_in), text(rewrite))
    return result


def _check_replace_strings(args: tuple[Argument, ...]) -> str:
    lookups, rewrites = (arg.constant for arg in args[1:])
    if not isinstance(lookups, list) or not isinstance(rewrites, list) or len(lookups) != len(rewrites):
        return "the lookups and the rewrites must be two arrays of the same length"
    return "" if len(lookups) <= _STAND_INS else f"at most {_STAND_INS} lookups are supported"


def _strcmp(bound: BoundCall, forms: StringForms) -> Expr:
    left, right = _texts(bound, forms)
    less = (Binary("<", left, right), long(-1))
    return Case((less, (Binary(">", left, right), long(1))), long(0))


_MOST_COPIES = 67_108_864  # Kusto's own limit


def _strrep(bound: BoundCall, forms: StringForms) -> Expr:
    value, count = forms.text(bound[0]), integer(bound[1])
    copies = call("greatest", call("least", count, long(_MOST_COPIES)), long(0))
    times = _int(when(is_not_null(count), copies))  # least and greatest pass over a null
    if len(bound) < 3:
        return coalesce(call("repeat", value, times), EMPTY)
    delimiter = forms.text(bound[2])
    rest = call("repeat", call("concat", delimiter, value), Binary("-", times, _int(long(1))))
    return coalesce(when(Binary(">", times, _int(long(0))), call("concat", value, rest)), EMPTY)


def _translate(bound: BoundCall, forms: StringForms) -> Expr:
    """A list of replacements that is too short repeats its last character; an empty one deletes."""
    search, replacement, source = _texts(bound, forms)
    size = _int(call("length", search))
    filled = call("rpad", replacement, size, forms.last(replacement))
    padded = when(Binary("=", replacement, EMPTY), EMPTY, filled)
    return call("translate", source, search, padded)


def _is_ascii(bound: BoundCall, forms: StringForms) -> Expr:
    value = forms.text(bound[0])
    return Binary("=", call("octet_length", forms.encoded(value)), call("length", value))


def _is_utf8(bound: BoundCall, forms: StringForms) -> Expr:
    """Every string here is: bytes that are not were refused when the data was read."""
    return Binary("=", forms.text(bound[0]), forms.text(bound[0]))


_CASES = (
    "Where another case is more than one character or hangs on its place (ß, İ, a last Σ), DuckDB gives the "
    "simple one, Spark the full one."
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    _function(
        "strcat",
        "Join 1 to 64 values into one string; a null is the empty string.",
        (param("arg", *ANY_SCALAR, repeat=64),),
        Type.STRING,
        _apply("concat"),
        (
            Example('strcat("T", 1059)', "T1059"),
            Example('strcat("pid=", int(null))', "pid="),
            Example('strcat("up ", true, " ", 90s)', "up True 00:01:30"),
        ),
    ),
    _function(
        "strcat_delim",
        "Join values with a delimiter between them.",
        (param("delimiter", *ANY_SCALAR), param("arg", *ANY_SCALAR, repeat=64)),
        Type.STRING,
        _apply("concat_ws"),
        (Example('strcat_delim("-", 1, "a", "")', "1-a-"),),
    ),
    _function(
        "strcat_array",
        "Join the items of a dynamic array with a delimiter between them.",
        (param("array", Type.DYNAMIC), param("delimiter", *ANY_SCALAR)),
        Type.STRING,
        _strcat_array,
        (
            Example('strcat_array(dynamic([1, "b", true]), "->")', "1->b->true"),
            Example('strcat_array(dynamic(null), ",")', ""),
        ),
        aliases=("array_strcat",),
    ),
    _function(
        "strcmp",
        "Compare two strings: -1, 0 or 1.",
        (param("left", *ANY_SCALAR), param("right", *ANY_SCALAR)),
        Type.LONG,
        _strcmp,
        (
            Example('strcmp("ABC", "DEF")', -1),
            Example('strcmp("a", "a")', 0),
            Example('strcmp("a", "A")', 1),
            Example('strcmp("", "a")', -1),
        ),
    ),
    _function(
        "strrep",
        "Repeat a value's text a number of times, with an optional delimiter.",
        (param("value", *ANY_SCALAR), param("multiplier", *INTEGER), param("delimiter", *ANY_SCALAR, optional=True)),
        Type.STRING,
        _strrep,
        (
            Example('strrep("ab", 3)', "ababab"),
            Example('strrep(1, 3, "-")', "1-1-1"),
            Example('strrep("x", 0)', ""),
            Example('strrep("", 3)', ""),
        ),
    ),
    _function(
        "strlen",
        "The number of characters.",
        (param("text", *_TEXT),),
        Type.LONG,
        _strlen,
        (Example('strlen("café")', 4), Example('strlen("")', 0)),
        result_name=prefixed("strlen"),
    ),
    _function(
        "string_size",
        "The number of bytes in UTF-8.",
        (param("text", *_TEXT),),
        Type.LONG,
        _string_size,
        (
            Example('string_size("café")', 5),
            Example('string_size("")', 0),
        ),
        result_name=prefixed("string_size"),
    ),
    _function(
        "substring",
        "The part from a position counted from 0; a negative one counts from the end.",
        (param("text", *ANY_SCALAR), param("start", *INTEGER), param("length", *INTEGER, optional=True)),
        Type.STRING,
        _substring,
        (
            Example('substring("123456", 1)', "23456"),
            Example('substring("123456", 2, 2)', "34"),
            Example('substring("ABCD", -2)', "CD"),
            Example('substring("ABCD", 9)', ""),
            Example('substring("", 1)', ""),
        ),
    ),
    _function(
        "split",
        "Cut at every delimiter into a dynamic array; with an index, an array of that one part.",
        (param("source", *ANY_SCALAR), param("delimiter", Type.STRING), param("index", *INTEGER, optional=True)),
        Type.DYNAMIC,
        _split,
        (
            Example('split("aa_bb", "_")', ["aa", "bb"]),
            Example('split("aaa_bbb_ccc", "_", 1)', ["bbb"]),
            Example('split("", "_")', [""]),
            Example('split("a__b", "_")', ["a", "", "b"]),
            Example('split("aabbcc", "bb")', ["aa", "cc"]),
        ),
        result_name=AS_ARGUMENT,
    ),
    _function(
        "tolower",
        "Lower case.",
        (_NOT_NULL_ARGUMENT,),
        Type.STRING,
        _apply("lower"),
        (
            Example('tolower("PowerShell ÀÉ")', "powershell àé"),
            Example('tolower("")', ""),
        ),
        differs=_CASES,
    ),
    _function(
        "toupper",
        "Upper case.",
        (_NOT_NULL_ARGUMENT,),
        Type.STRING,
        _apply("upper"),
        (
            Example('toupper("hello é")', "HELLO É"),
            Example('toupper("")', ""),
        ),
        differs=_CASES,
    ),
    _function(
        "reverse",
        "The characters in reverse order.",
        (_NOT_NULL_ARGUMENT,),
        Type.STRING,
        _apply("reverse"),
        (Example('reverse("abc")', "cba"), Example("reverse(12345)", "54321"), Example('reverse("")', "")),
    ),
    _function(
        "replace_string",
        "Replace every occurrence of a text.",
        (param("text", Type.STRING), param("lookup", Type.STRING), param("rewrite", Type.STRING)),
        Type.STRING,
        _replace_string,
        (Example('replace_string("a.b.c", ".", "-")', "a-b-c"), Example('replace_string("abc", "", "x")', "abc")),
    ),
    with_variables(
        _function(
            "replace_strings",
            "Replace every occurrence of several texts; an earlier one takes precedence, and matches do not overlap.",
            (
                param("text", Type.STRING),
                param("lookups", Type.DYNAMIC, constant=True),
                param("rewrites", Type.DYNAMIC, constant=True),
            ),
            Type.STRING,
            _replace_strings,
            (
                Example(
                    'replace_strings("cat and dog", dynamic(["cat","dog"]), dynamic(["dog","cow"]))', "dog and cow"
                ),
                Example('replace_strings("ask a task", dynamic(["task","ask"]), dynamic(["job",5]))', "ask a job"),
                Example('replace_strings("", dynamic(["cat"]), dynamic(["dog"]))', ""),
            ),
            check=_check_replace_strings,
        ),
        replace_strings,
    ),
    _function(
        "translate",
        "Replace characters of one list by those of another at the same place.",
        (param("search", Type.STRING), param("replacement", Type.STRING), param("source", Type.STRING)),
        Type.STRING,
        _translate,
        (
            Example('translate("abc", "x", "abc")', "xxx"),
            Example('translate("abc", "", "ab")', ""),
            Example('translate("krasp", "otsku", "spark")', "kusto"),
        ),
    ),
    _function(
        "isascii",
        "True when every character is ASCII.",
        (_NOT_NULL_ARGUMENT,),
        Type.BOOL,
        _is_ascii,
        (Example('isascii("abc")', True), Example('isascii("é")', False), Example('isascii("")', True)),
    ),
    _function(
        "isutf8",
        "True when the text is valid UTF-8.",
        (_NOT_NULL_ARGUMENT,),
        Type.BOOL,
        _is_utf8,
        (
            Example('isutf8("é")', True),
            Example('isutf8("")', True),
        ),
    ),
)
