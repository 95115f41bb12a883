"""Which text goes when a step, a condition or a let goes: with its pipe, its `and`, its line."""

import re

from bluetick.detections.fixing.repairs import Edit
from bluetick.detections.linting.model import Subject
from bluetick.diagnostics import Span
from bluetick.syntax.expressions import BinaryExpression
from bluetick.syntax.lexer import lex
from bluetick.syntax.operators import Pipeline, WhereOperator
from bluetick.syntax.statements import LetStatement
from bluetick.syntax.walking import written_nodes

_REST_OF_LINE = re.compile(r"[ \t]*(?://[^\n]*)?(?:\r?\n|$)")


def remove_step(subject: Subject, span: Span) -> Edit | None:
    """Takes out the operator at a span."""
    for node in written_nodes(subject.tree):
        if not isinstance(node, Pipeline) or node.source is None:
            continue
        before = node.source.span.end
        for operator in node.operators:
            if operator.span == span:
                return Edit(_with_line(subject.text, before, _pipe(subject.text, before, span.start), span.end))
            before = operator.span.end
    return None


def remove_condition(subject: Subject, span: Span) -> Edit | None:
    """Takes out a condition of a `where`: a part of its conjunction, or the whole step."""
    for node in written_nodes(subject.tree):
        match node:
            case WhereOperator(predicate=predicate) if predicate.span == span:
                return remove_step(subject, node.span)
            case BinaryExpression(operator="and", left=left, right=right) if left.span == span:
                return Edit(Span(left.span.start, right.span.start))
            case BinaryExpression(operator="and", left=left, right=right) if right.span == span:
                return Edit(Span(left.span.end, right.span.end))
            case _:
                continue
    return None


def remove_let(subject: Subject, name: Span) -> Edit | None:
    """Takes out the let whose name stands at a span, with the rest of its last line where only a comment is there."""
    for statement in subject.tree.statements:
        if isinstance(statement, LetStatement) and statement.name.span == name:
            text = subject.text
            end = next((t.end for t in lex(text).tokens if t.start >= statement.span.end and t.text == ";"), None)
            if end is None:
                return None
            is_line = not text[text.rfind("\n", 0, statement.span.start) + 1 : statement.span.start].strip()
            rest = _REST_OF_LINE.match(text, end)
            return Edit(Span(statement.span.start, rest.end() if rest and is_line else end))
    return None


def _pipe(text: str, after: int, before: int) -> int:
    """The pipe between two operators, which is no part of either."""
    return next(t.start for t in lex(text[:before]).tokens if t.start >= after and t.text == "|")


def _with_line(text: str, before: int, start: int, end: int) -> Span:
    """A step with the blanks in front of it; with its line and the comment there, where nothing else would stay."""
    while text[start - 1] in " \t":
        start -= 1
    if text[start - 1] != "\n":
        return Span(start, end)
    if (rest := _REST_OF_LINE.match(text, end)) and rest[0].endswith("\n"):
        return Span(start, rest.end())
    if "//" in text[before:start]:  # what follows the step would stand in that comment
        return Span(start, end)
    return Span(start - (2 if text[start - 2] == "\r" else 1), rest.end() if rest else end)
