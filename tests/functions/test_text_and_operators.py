"""What examples cannot show: columns as needles, what filters push down, refused patterns, wrapping arithmetic."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

import bluetick
from bluetick.functions.definition import Argument, BoundCall
from bluetick.functions.scalar import operators
from bluetick.functions.scalar.ipv4 import Network, merged, parse_constant
from bluetick.functions.scalar.regex import find_problem, group_names, quote
from bluetick.session import Session
from bluetick.sql.dialect import DUCKDB
from bluetick.sql.render import render_expression
from bluetick.sql.tree import Column, Expr, Literal, null
from bluetick.types import Type


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    yield bluetick.connect()


def rows(session: Session, query: str) -> list[tuple[Any, ...]]:
    return list(session.query(query).rows())


def kql(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def is_term(text: str, start: int, end: int) -> bool:
    """A boundary lies between two characters unless both are letters or digits."""

    def boundary(place: int) -> bool:
        return place in (0, len(text)) or not (text[place - 1].isalnum() and text[place].isalnum())

    return boundary(start) and boundary(end)


def has(text: str, needle: str) -> bool:
    text, needle = text.lower(), needle.lower()
    starts = (i for i in range(len(text) - len(needle) + 1) if text.startswith(needle, i))
    return any(is_term(text, start, start + len(needle)) for start in starts)


TEXTS = ("svchost.exe -k x", "a_b", "ab", "A.B", "été a", "a\nb", "100%", "x(y", "", "aa a", "b a.*b")
NEEDLES = ("a", "B", "_", "a.b", ".exe", "%", "(", "(y", "t", "a.*", " ", "-k x")


@pytest.mark.parametrize("form", ["constant", "column"])
def test_has_agrees_with_its_definition_for_constants_and_columns(session: Session, form: str) -> None:
    pairs = list(product(TEXTS, NEEDLES))
    if form == "column":
        cells = ", ".join(f"{kql(text)}, {kql(needle)}" for text, needle in pairs)
        found = [row[0] for row in rows(session, f"datatable(t:string, n:string)[{cells}] | project t has n")]
    else:
        names = ", ".join(f"c{i} = {kql(text)} has {kql(needle)}" for i, (text, needle) in enumerate(pairs))
        found = list(rows(session, f"print {names}")[0])
    assert found == [has(text, needle) for text, needle in pairs]


def test_has_of_a_filter_is_has_of_a_projection(session: Session) -> None:
    table = "datatable(t:string)[" + ", ".join(kql(text) for text in TEXTS) + "]"
    for needle in NEEDLES:
        kept = rows(session, f"{table} | where t has {kql(needle)}")
        assert kept == [(text,) for text in TEXTS if has(text, needle)]


def lower(name: str, *args: Argument, truth_only: bool = False) -> str:
    function = next(f for f in operators.FUNCTIONS if f.name == name)
    returns = function.signatures[0].result(tuple(arg.type for arg in args))
    bound = BoundCall(name, args, returns, null(Type.DATETIME), truth_only)
    return render_expression(function.duckdb(bound), DUCKDB)


def constant(value: int | str, type_: Type) -> Argument:
    return Argument(Literal(value, type_), type_, value)


def column(type_: Type) -> Argument:
    expr: Expr = Column("c")
    return Argument(expr, type_)


def test_filters_keep_the_comparison_that_parquet_is_pruned_by() -> None:
    five = constant(5, Type.LONG)
    assert lower("==", column(Type.LONG), five, truth_only=True) == '"c" = CAST(5 AS BIGINT)'
    assert lower(">", column(Type.LONG), five) == '"c" > CAST(5 AS BIGINT)'
    assert lower("==", column(Type.STRING), constant("x", Type.STRING)) == "\"c\" = 'x'"


def test_what_cannot_overflow_is_added_plainly() -> None:
    total = lower("+", column(Type.INT), constant(1, Type.LONG))
    assert "HUGEINT" not in total
    assert "HUGEINT" in lower("+", column(Type.LONG), constant(1, Type.LONG))


EDGES = (-(2**63), -(2**63) + 1, -(2**32), -1, 0, 1, 3, 2**31, 2**63 - 1)


@pytest.mark.parametrize("symbol", ["+", "-", "*"])
def test_long_arithmetic_of_columns_wraps_around(session: Session, symbol: str) -> None:
    pairs = list(product(EDGES, EDGES))
    cells = ", ".join(f"long({a}), long({b})" for a, b in pairs)
    found = [row[0] for row in rows(session, f"datatable(a:long, b:long)[{cells}] | project a {symbol} b")]
    exact = {"+": [a + b for a, b in pairs], "-": [a - b for a, b in pairs], "*": [a * b for a, b in pairs]}[symbol]
    assert found == [(value + 2**63) % 2**64 - 2**63 for value in exact]


def test_division_and_remainder_of_columns(session: Session) -> None:
    pairs = [(a, b) for a, b in product((-7, -6, 0, 6, 7), (-3, -1, 0, 1, 3))]
    cells = ", ".join(f"long({a}), long({b})" for a, b in pairs)
    found = rows(session, f"datatable(a:long, b:long)[{cells}] | project q = a / b, r = a % b")
    expected = [(int(a / b), a % abs(b)) if b else (None, None) for a, b in pairs]
    assert found == expected


@pytest.mark.parametrize(
    ("symbol", "kept"),
    [("a == 5", {5}), ("a != 5", {7, None}), ("a in (5, 6)", {5}), ("a !in (5, 6)", {7, None}), ("a > 5", {7})],
)
def test_filters_treat_null_as_kql_does(session: Session, symbol: str, kept: set[int | None]) -> None:
    found = rows(session, f"datatable(a:long)[5, 7, long(null)] | where {symbol}")
    assert {row[0] for row in found} == kept


@pytest.mark.parametrize(
    "pattern",
    [r"a(?=b)", r"(?<!a)b", r"(a)\1", "(a", "a)", "[a-z", "*a", "a++", "a{1001}", "a\\", r"(?>a)", "[a-z&&b]"],
)
def test_patterns_beyond_re2_are_refused(pattern: str) -> None:
    assert pattern in find_problem(pattern).replace("\\\\", "\\")


@pytest.mark.parametrize(
    "pattern",
    [r"(?i)\bcmd\b", r"[\]\)(]", r"\Q(\E", "[[:alpha:](]", "(?P<n>a)", "(?<n>a)", r"\\", "[^]]", "x{2,5}?", "a&&b"],
)
def test_patterns_of_re2_are_taken(session: Session, pattern: str) -> None:
    assert find_problem(pattern) == ""
    assert rows(session, f"print 'x' matches regex {kql(pattern)}") != []


def test_capture_groups_are_counted_by_name() -> None:
    assert group_names(r"(a)(?:b)(?P<c>[(])\((?<d>x)(?i:y)") == ["", "c", "d"]


def test_a_quoted_text_matches_only_itself(session: Session) -> None:
    text = "a.b*c\\d[e]{f}^$|(g)+? _é"
    assert rows(session, f"print {kql(text)} matches regex {kql('^' + quote(text) + '$')}") == [(True,)]


def test_networks_are_parsed_and_merged() -> None:
    assert parse_constant("10.1.2.3/8") == Network(10 * 2**24, 8)
    assert parse_constant("10.1.2.03") is None
    networks = [Network(256, 24), Network(0, 24), Network(300, 32), Network(2**20, 32)]
    assert merged(networks) == [(0, 511), (2**20, 2**20)]


def test_address_lists_of_a_row(session: Session) -> None:
    query = """datatable(ip:string, nets:dynamic)[
        "10.1.1.1", dynamic(["10.0.0.0/8", "no"]),
        "11.1.1.1", dynamic(["10.0.0.0/8"]),
        "none", dynamic(["10.0.0.0/8"])]
        | project ipv4_is_in_any_range(ip, nets)"""
    assert rows(session, query) == [(True,), (False,), (None,)]
