"""Taking structured text apart: parse_url, parse_urlquery, parse_path, parse_csv, parse_command_line, extract_json."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from bluetick.functions.definition import (
    AS_ARGUMENT,
    Argument,
    BoundCall,
    Example,
    Nulls,
    ScalarFunction,
    Signature,
    param,
    signature,
)
from bluetick.functions.scalar import json_text, regex
from bluetick.functions.scalar.both_engines import BothEngines
from bluetick.functions.scalar.json_text import Forms
from bluetick.functions.scalar.search_forms import DUCKDB as SEARCH_DUCKDB
from bluetick.functions.scalar.search_forms import SPARK as SEARCH_SPARK
from bluetick.functions.scalar.search_forms import SearchForms
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
    text,
    when,
)
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Parser:
    """One engine's forms for strings and for JSON text, and its access by a JSON path."""

    search: SearchForms
    json: Forms
    json_path: Callable[[list[str | int]], str]
    member: Callable[[Expr, Expr], Expr]  # JSON text, path -> text of the member; null where it is missing
    argument: str  # the pattern of an argument of a command line


def _path_duckdb(steps: list[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f'."{step}"' for step in steps)


def _path_spark(steps: list[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f"['{step}']" for step in steps)


def _member_duckdb(value: Expr, path: Expr) -> Expr:
    return Case(((call("json_valid", value), call("json_extract_string", value, path)),))


def _member_spark(value: Expr, path: Expr) -> Expr:
    return call("get_json_object", value, path)


# An argument of a command line. Backslashes before a quote escape it when they are odd in number; else the quote opens
# or closes.
_ESCAPED = r'(?:\\\\)*\\"|(?:\\\\)+|\\'
_ARGUMENT = rf'(?:{_ESCAPED}|"(?:{_ESCAPED}|[^"\\])*(?:"|\z)|[^\s"\\])+'
# Every way on leads to a match, so Java need not go back; and without that it needs no stack.
_ARGUMENT_SPARK = regex.own(rf'(?:{_ESCAPED}|"(?:{_ESCAPED}|[^"\\])*+(?:"|\z)|[^\s"\\])++')

DUCKDB = Parser(SEARCH_DUCKDB, json_text.DUCKDB, _path_duckdb, _member_duckdb, _ARGUMENT)
SPARK = Parser(SEARCH_SPARK, json_text.SPARK, _path_spark, _member_spark, _ARGUMENT_SPARK)

_function = BothEngines(DUCKDB, SPARK).function


def _text(bound: BoundCall, parser: Parser) -> Expr:
    return parser.search.text(bound[0])


def _bag(fields: tuple[tuple[str, Expr], ...]) -> Expr:
    """A JSON bag of JSON texts."""
    parts: list[Expr] = []
    for place, (key, value) in enumerate(fields):
        parts += (text(("," if place else "{") + f'"{key}":'), value)
    return call("concat", *parts, text("}"))


def _group(value: Expr, pattern: str, group: int, parser: Parser) -> Expr:
    over = parser.search.matching.patterns.constant(value, pattern, regex.Ask((group,)))
    found = call("regexp_extract", *over, Bare(group))
    return parser.json.quote(coalesce(found, EMPTY))


# --- URLs ------------------------------------------------------------------------------------------------------

# The last colon of the authority is the port's; a user is one only beside a password, as in Kusto itself.
_URL = r"^([^:/?#]+)://(?:([^:@/?#]*):([^@/?#]*)@)?([^/?#]*?)(?::([^:/?#]*))?(/[^?#]*)?(?:\?[^#]*)?(?:#(?s:.*))?$"
_URL_QUERY = r"^[^:/?#]+://[^?#]*\?([^#]*)"
_URL_FRAGMENT = r"^[^:/?#]+://[^#]*#((?s:.*))$"


def _parameters(query: Expr, parser: Parser) -> Expr:
    """key=value pairs as a bag, in their order; a part without '=' is none."""
    search, part = parser.search, Bound("part")
    equals = call("instr", part, text("="))
    is_pair = Binary(">", equals, Bare(1))
    pairs = Call(search.filter, (search.split(query, text("&")), Lambda(("part",), is_pair)))
    key = parser.json.quote(call("substring", part, Bare(1), Binary("-", equals, Bare(1))))
    value = parser.json.quote(call("substring", part, Binary("+", equals, Bare(1))))
    shown = Call(search.transform, (pairs, Lambda(("part",), call("concat", key, text(":"), value))))
    return call("concat", text("{"), call(search.join, shown, text(",")), text("}"))


def _parse_url(bound: BoundCall, parser: Parser) -> Expr:
    value = _text(bound, parser)
    query = coalesce(call("regexp_extract", value, text(regex.own(_URL_QUERY)), Bare(1)), EMPTY)
    return _bag(
        (
            ("Scheme", _group(value, _URL, 1, parser)),
            ("Host", _group(value, _URL, 4, parser)),
            ("Port", _group(value, _URL, 5, parser)),
            ("Path", _group(value, _URL, 6, parser)),
            ("Username", _group(value, _URL, 2, parser)),
            ("Password", _group(value, _URL, 3, parser)),
            ("Query Parameters", _parameters(query, parser)),
            ("Fragment", _group(value, _URL_FRAGMENT, 1, parser)),
        )
    )


def _parse_urlquery(bound: BoundCall, parser: Parser) -> Expr:
    value = call("regexp_replace", _text(bound, parser), text(r"^\?"), EMPTY)
    return _bag((("Query Parameters", _parameters(value, parser)),))


# --- file paths ------------------------------------------------------------------------------------------------

_SCHEME = r"^([A-Za-z][A-Za-z0-9+.-]*)://"
_DIRECTORY = r"^(?:[A-Za-z][A-Za-z0-9+.-]*://)?((?s:.*))[/\\][^/\\]*$"
_DIRECTORY_NAME = r"([^/\\]*)[/\\][^/\\]*$"
_ROOT = r"^(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:\\\\\?\\)?([A-Za-z]:)"
_FILE_NAME = r"(?:^|[/\\])([^/\\:]*)(?::[^/\\:]*)?$"
_STREAM = r"(?:^|[/\\])[^/\\:]*:([^/\\:]+)$"
_EXTENSION = r"\.([^./\\:]*)(?::[^/\\:]*)?$"


def _parse_path(bound: BoundCall, parser: Parser) -> Expr:
    value = _text(bound, parser)
    return _bag(
        (
            ("Scheme", _group(value, _SCHEME, 1, parser)),
            ("RootPath", _group(value, _ROOT, 1, parser)),
            ("DirectoryPath", _group(value, _DIRECTORY, 1, parser)),
            ("DirectoryName", _group(value, _DIRECTORY_NAME, 1, parser)),
            ("Filename", _group(value, _FILE_NAME, 1, parser)),
            ("Extension", _group(value, _EXTENSION, 1, parser)),
            ("AlternateDataStreamName", _group(value, _STREAM, 1, parser)),
        )
    )


# --- lists -----------------------------------------------------------------------------------------------------


def _parse_csv(bound: BoundCall, parser: Parser) -> Expr:
    """The first record only: it ends at the first line end outside quotes."""
    search, field = parser.search, Bound("field")
    over = search.matching.patterns.constant
    record = call("regexp_extract", *over(_text(bound, parser), r'^(?:"[^"]*"|[^"\r\n])*'), Bare(0))
    fields = search.every_match(*over(record, r'(?:^|,)((?:"[^"]*")+|[^,]*)', regex.Ask((1,))), 1)
    inner = call("substring", field, Bare(2), Binary("-", call("length", field), Bare(2)))
    bare = when(
        call(search.matching.starts_with, field, text('"')), call("replace", inner, text('""'), text('"')), field
    )
    return search.json_of_texts(Call(search.transform, (fields, Lambda(("field",), bare))))


def _parse_command_line(bound: BoundCall, parser: Parser) -> Expr:
    search = parser.search
    found = call("regexp_extract_all", _text(bound, parser), text(parser.argument), Bare(0))
    return search.json_of_texts(Call(search.transform, (found, Lambda(("word",), _unquoted(Bound("word"), parser)))))


def _unquoted(word: Expr, parser: Parser) -> Expr:
    """Cut at quotes: a part's last backslashes are halved, and an odd one keeps the quote behind it."""
    search, part = parser.search, Bound("part")
    cut = search.split(word, text('"'))
    body = search.replace_all(part, text(r"\\+\z"), EMPTY)
    run = Binary("-", call("length", part), call("length", body))
    halved = call("repeat", text("\\"), Cast(Binary("//", run, Bare(2)), Type.INT))
    quote = when(Binary("=", Binary("%", run, Bare(2)), Bare(1)), text('"'), EMPTY)
    parts = Call(search.transform, (cut, Lambda(("part",), call("concat", body, halved, quote))))
    # What stands behind the last quote is taken as it is.
    last = call("regexp_extract", word, text(r'([^"]*)\z'), Bare(1))
    quotes = Binary("-", Cast(call(search.length, cut), Type.LONG), long(1))
    shown = call(search.join, search.first(parts, quotes), EMPTY)
    return call("concat", coalesce(shown, EMPTY), last)


def _check_command_line(args: tuple[Argument, ...]) -> str:
    return "" if args[1].constant == "windows" else "parse_command_line() takes the parser 'windows'"


def _parse_version(bound: BoundCall, parser: Parser) -> Expr:
    """Four parts of eight digits each as one number of 32 digits."""
    value = _text(bound, parser)
    digits = [
        call("lpad", coalesce(call("split_part", value, text("."), Cast(long(n), Type.INT)), EMPTY), Bare(8), text("0"))
        for n in (1, 2, 3, 4)
    ]
    number = Cast(call("concat", *digits), "DECIMAL(38, 0)", safe=True)
    valid = call(parser.search.matching.patterns.matches, value, text(r"^[0-9]{1,8}(?:\.[0-9]{1,8}){0,3}\z"))
    return Case(((valid, number),))


# --- JSON paths ------------------------------------------------------------------------------------------------

_STEP = re.compile(r"""\.([A-Za-z_][\w-]*)|\['([^'"]+)'\]|\["([^'"]+)"\]|\[([0-9]+)\]""")


def _steps(path: str) -> list[str | int] | None:
    """The keys and indexes of a path from the root, or None where it has another form."""
    steps: list[str | int] = []
    place = 1
    while path.startswith("$") and place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            return None
        steps.append(int(found[4]) if found[4] else found[1] or found[2] or found[3])
        place = found.end()
    return steps if path.startswith("$") else None


def _check_path(args: tuple[Argument, ...]) -> str:
    path = args[0].constant
    if isinstance(path, str) and _steps(path) is not None:
        return ""
    return "extract_json() takes a constant path of keys and indexes from the root, such as $.a['b'][0]"


def _extract_json(bound: BoundCall, parser: Parser) -> Expr:
    path = parser.json_path(_steps(str(bound[0].constant)) or [])
    return coalesce(parser.member(parser.search.text(bound[1]), text(path)), EMPTY)


_TEXT = (Type.STRING, Type.DYNAMIC)


def _from_text(name: str, returns: Type = Type.DYNAMIC) -> tuple[Signature, ...]:
    return (signature(param(name, *_TEXT), returns=returns),)


_NO_URL: dict[str, object] = {
    **dict.fromkeys(("Scheme", "Host", "Port", "Path", "Username", "Password"), ""),
    "Query Parameters": {},
    "Fragment": "",
}


FUNCTIONS: tuple[ScalarFunction, ...] = (
    _function(
        "parse_url",
        "The parts of an absolute URL as a bag.",
        _from_text("url"),
        _parse_url,
        (
            Example(
                'parse_url("https://ann:pw@host:1234/this/is?k1=v1&k2=v2#end")',
                {
                    "Scheme": "https",
                    "Host": "host",
                    "Port": "1234",
                    "Path": "/this/is",
                    "Username": "ann",
                    "Password": "pw",
                    "Query Parameters": {"k1": "v1", "k2": "v2"},
                    "Fragment": "end",
                },
            ),
            Example('parse_url("mailto:ann@example.com")', _NO_URL),
            Example('parse_url("http://a.b")', {**_NO_URL, "Scheme": "http", "Host": "a.b"}),
            Example('parse_url("").Host', ""),
        ),
        aliases=("parseurl",),
    ),
    _function(
        "parse_urlquery",
        "The parameters of a URL's query as a bag in a bag.",
        _from_text("query"),
        _parse_urlquery,
        (
            Example('parse_urlquery("k1=v1&k2=a=b")', {"Query Parameters": {"k1": "v1", "k2": "a=b"}}),
            Example('parse_urlquery("")', {"Query Parameters": {}}),
        ),
        aliases=("parseurlquery",),
    ),
    _function(
        "parse_path",
        "The parts of a file path as a bag.",
        _from_text("path"),
        _parse_path,
        (
            Example(
                'parse_path("file://C:/temp/file.txt:some.exe")',
                {
                    "Scheme": "file",
                    "RootPath": "C:",
                    "DirectoryPath": "C:/temp",
                    "DirectoryName": "temp",
                    "Filename": "file.txt",
                    "Extension": "txt",
                    "AlternateDataStreamName": "some.exe",
                },
            ),
            Example(r'tostring(parse_path(@"\\shared\users\a.tar.gz").DirectoryPath)', r"\\shared\users"),
            Example('tostring(parse_path("plain").Filename)', "plain"),
            Example('parse_path("").Filename', ""),
        ),
    ),
    _function(
        "parse_csv",
        "The fields of one record of comma-separated values.",
        _from_text("csv_text"),
        _parse_csv,
        (
            Example('parse_csv("aa,b,,cc")', ["aa", "b", "", "cc"]),
            Example('parse_csv(\'aa,"b,b","say ""x"""\')', ["aa", "b,b", 'say "x"']),
            Example(r'parse_csv("r1,a\nr2,b")', ["r1", "a"]),
            Example('parse_csv("")', [""]),
        ),
        result_name=AS_ARGUMENT,
    ),
    _function(
        "parse_command_line",
        "The arguments of a Windows command line.",
        (signature(param("command", *_TEXT), param("parser", Type.STRING, constant=True), returns=Type.DYNAMIC),),
        _parse_command_line,
        (
            Example("""parse_command_line('echo "hello world!"', "windows")""", ["echo", "hello world!"]),
            Example(r"""parse_command_line(@'a.exe "C:\x y" \"q\"', "windows")""", ["a.exe", r"C:\x y", '"q"']),
            Example('parse_command_line("", "windows")', []),
        ),
        check=_check_command_line,
        differs="The program's own name is read by the rules of the arguments.",
    ),
    _function(
        "parse_version",
        "A version of one to four numeric parts as a decimal that compares as the version does.",
        _from_text("version", Type.DECIMAL),
        _parse_version,
        (
            Example('parse_version("0.0.7.0")', Decimal(700000000)),
            Example('parse_version("1.2") < parse_version("1.10")', True),
            Example('parse_version("one")', None),
            Example('parse_version("")', None),
        ),
        nulls=Nulls.OWN,
    ),
    replace(
        _function(
            "extract_json",
            "The text of a JSON value under a path; empty where it is missing.",
            (signature(param("path", Type.STRING, constant=True), param("json", *_TEXT), returns=Type.STRING),),
            _extract_json,
            (
                Example("""extract_json("$.a['b'][1]", '{"a":{"b":[1,"x"]}}')""", "x"),
                Example("""extract_json("$.c", '{"a":1}')""", ""),
                Example("""extract_json("$.c", "no json")""", ""),
                Example('extract_json("$.a", "")', ""),
            ),
            check=_check_path,
        ),
        aliases=("extractjson",),
    ),
)
