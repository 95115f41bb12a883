"""What holds of every text: an answer, spans within spans, and a printed tree that reads back."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from golden import GOLDENS, read_blocks
from hypothesis import given
from hypothesis import strategies as st

from bluetick.diagnostics import SourceText, Span, has_errors, render_diagnostic
from bluetick.syntax import parse
from bluetick.syntax.dump import dump
from bluetick.syntax.lexer import lex
from bluetick.syntax.printer import print_query

QUERIES = [
    block.query
    for path in sorted((GOLDENS / "syntax").glob("*.test"))
    if path.stem != "errors"
    for block in read_blocks(path)
]
PIECES = sorted({token.text for query in QUERIES for token in lex(query).tokens if token.text} | {"\n", " ", "“", "#"})

mutated = st.tuples(
    st.sampled_from(QUERIES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=4),
)
soup = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)


def mutate(query: str, edits: list[tuple[float, int, str]]) -> str:
    """Cut some characters at a place and put a piece of another query there."""
    for place, cut, piece in edits:
        start = int(place * len(query))
        query = f"{query[:start]}{piece}{query[start + cut :]}"
    return query


def children(node: object) -> Iterator[object]:
    if isinstance(node, tuple):
        for item in node:
            yield from children(item)
    elif is_dataclass(node) and not isinstance(node, Span):
        yield node


def check_spans(node: object, outer: Span) -> None:
    if not is_dataclass(node):
        return
    span = getattr(node, "span", outer)
    if span.start == span.end and span != outer:
        assert span.end <= outer.end  # invented: it stands after the last token that was read
        return
    assert outer.start <= span.start <= span.end <= outer.end, (node, outer)
    for field in fields(node):
        for child in children(getattr(node, field.name)):
            check_spans(child, span)


def check(text: str) -> None:
    query, diagnostics = parse(text)
    check_spans(query, Span(0, len(text)))
    for diagnostic in diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
        assert render_diagnostic(diagnostic, SourceText(text))
    if not has_errors(diagnostics):
        printed = print_query(query)
        again, problems = parse(printed)
        assert {problem.code for problem in problems} <= {known.code for known in diagnostics}, printed
        assert dump(again) == dump(query), printed


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    check(text)


@given(soup)
def test_any_tokens(text: str) -> None:
    check(text)


@given(mutated)
def test_changed_queries(change: tuple[str, list[tuple[float, int, str]]]) -> None:
    check(mutate(*change))


@given(st.sampled_from(QUERIES))
def test_whole_queries(query: str) -> None:
    assert not has_errors(parse(query)[1])
    check(query)
