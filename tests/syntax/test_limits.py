"""Large, deep and long texts: each is answered, and at once."""

import pytest

from bluetick.diagnostics.syntax_codes import CHAIN_TOO_LONG, TEXT_TOO_LONG, TOO_DEEP
from bluetick.syntax import parse
from bluetick.syntax.expressions import BinaryExpression, ListExpression
from bluetick.syntax.operators import WhereOperator
from bluetick.syntax.printer import print_query
from bluetick.syntax.statements import QueryStatement


def codes_of(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in parse(text)[1]]


def predicate_of(text: str) -> object:
    query, diagnostics = parse(text)
    assert diagnostics == ()
    (statement,) = query.statements
    assert isinstance(statement, QueryStatement)
    (operator,) = statement.pipeline.operators
    assert isinstance(operator, WhereOperator)
    return operator.predicate


@pytest.mark.parametrize("text", ["(" * 1_000_000, "é" * 131_073, " " * 262_145])
def test_a_text_over_256_kib_of_utf8_is_refused(text: str) -> None:
    assert codes_of(text) == [TEXT_TOO_LONG]


def test_a_text_of_over_50_000_tokens_is_refused() -> None:
    assert codes_of("print " + ",".join("1" * 25_000)) == [TEXT_TOO_LONG]
    assert codes_of("print " + ",".join("1" * 24_990)) == []


def test_a_text_of_256_kib_is_read() -> None:
    assert codes_of("T" + " " * 262_143) == []


@pytest.mark.parametrize(
    "text",
    [
        "T | where " + "(" * 40_000,
        "print " + "-" * 40_000 + "1",
        "print " + "f(" * 20_000,
        "print dynamic(" + "[" * 40_000,
        "print a" + "[b" * 20_000,
        "T" + " | join (T" * 10_000,
        "let f = () {" * 7_000,
        "print a" + ".b" * 20_000,
    ],
    ids=["parentheses", "signs", "calls", "dynamic", "elements", "joins", "functions", "paths"],
)
def test_too_deep_is_one_diagnostic(text: str) -> None:
    assert codes_of(text) == [TOO_DEEP]


@pytest.mark.parametrize("text", ["(" * 95 + "1" + ")" * 95, "f(" * 95 + "1" + ")" * 95, "- " * 95 + "1"])
def test_ninety_five_levels_are_read(text: str) -> None:
    assert codes_of(f"print {text}") == []


def test_a_long_chain_is_a_left_deep_tree() -> None:
    node = predicate_of("T | where " + " or ".join(f"a == {n}" for n in range(2000)))
    length = 0
    while isinstance(node, BinaryExpression) and node.operator == "or":
        node, length = node.left, length + 1
    assert length == 1999


def test_a_long_chain_prints_and_reads_back() -> None:
    text = "T | where " + " or ".join(f"a == {n}" for n in range(500)) + ";"
    query, _ = parse(text)
    assert print_query(query) == text


def test_a_chain_has_at_most_five_thousand_operators() -> None:
    assert codes_of("print " + " + ".join(["1"] * 5001)) == []
    assert codes_of("print " + " + ".join(["1"] * 5002)) == [CHAIN_TOO_LONG]


def test_a_list_of_two_thousand_items() -> None:
    node = predicate_of("T | where a in (" + ",".join(f"'{n}'" for n in range(2000)) + ")")
    assert isinstance(node, ListExpression)
    assert len(node.items) == 2000


def test_no_more_than_fifty_diagnostics() -> None:
    assert len(codes_of("T" + " | bogus" * 1000)) == 50
