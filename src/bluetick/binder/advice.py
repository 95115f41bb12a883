"""Hints that need more of the query than the place where something was missed: what stands around it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace

from bluetick.diagnostics import Diagnostic, Span, codes, habits
from bluetick.diagnostics.nearest import did_you_mean, nearest
from bluetick.syntax.expressions import (
    BinaryExpression,
    Expression,
    Name,
    NamedExpression,
    NameReference,
    PathExpression,
)
from bluetick.syntax.operators import (
    OperatorParameter,
    PrintSource,
    ProjectOperator,
    SummarizeOperator,
)
from bluetick.syntax.statements import FunctionDeclaration, LetStatement, Query

_TEXT = ("==", "!=", "=~", "!~", "has", "contains", "startswith", "endswith", "hasprefix", "hassuffix", "matches regex")


@dataclass(frozen=True, slots=True)
class _Around:
    """The nodes whose text holds a place, outermost first."""

    span: Span
    nodes: tuple[object, ...]

    @property
    def name(self) -> str:
        """The name that stands just there, if one does."""
        return next((n.name for n in self.nodes if isinstance(n, NameReference) and n.span == self.span), "")


def advise(query: Query, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics, each once, with hints where none was known before."""
    told = tuple(dict.fromkeys(diagnostics))
    return tuple(d if d.hint or not d.is_error else replace(d, hint=_hint(query, d)) for d in told)


def _hint(query: Query, diagnostic: Diagnostic) -> str:
    around = _Around(diagnostic.span, tuple(_holding(query, diagnostic.span)))
    if codes.is_missing_column(diagnostic):
        return _of_siblings(around) or _of_bare_text(around)
    match diagnostic.code:
        case "SEM0260":
            return _of_recursion(around)
        case "SEM0030":
            return _of_parameter(around, diagnostic.message.partition(": ")[2].split(", "))
        case _:
            return ""


def _of_siblings(around: _Around) -> str:
    """extend a = 1, b = a: the items of one operator do not see each other."""
    for node in around.nodes:
        match node:
            case ProjectOperator(kind=kind, items=items):
                word, others = kind, items
            case PrintSource(items=items):
                word, others = "print", items
            case SummarizeOperator(aggregates=aggregates, by=by):
                word, others = "summarize", (*aggregates, *by)
            case _:
                continue
        if around.name and around.name in _given(others):
            after = "extend" if word in ("extend", "summarize") else word
            return f"the items of one '{word}' do not see each other: use '{around.name}' in a '| {after}' behind it"
    return ""


def _given(items: Sequence[NamedExpression]) -> set[str]:
    return {name.text for item in items for name in item.names}


def _of_bare_text(around: _Around) -> str:
    """FileName == cmd.exe: a text that lacks its quotes."""
    for node in reversed(around.nodes):
        if isinstance(node, BinaryExpression) and node.right.span.start == around.span.start:
            text = _bare(node.right)
            known = node.operator.removeprefix("!").removesuffix("_cs") in _TEXT or node.operator in _TEXT
            return f'if a text is meant, write it in quotes: "{text}"' if text and known else ""
    return ""


def _bare(node: Expression) -> str:
    match node:
        case NameReference(name=name):
            return name
        case PathExpression(base=base, name=name):
            before = _bare(base)
            return f"{before}.{name.text}" if before else ""
        case _:
            return ""


def _of_recursion(around: _Around) -> str:
    """let f = (x:long) { f(x - 1) }: inside its own body a function is not known yet."""
    called = around.nodes[-1] if around.nodes else None
    for node in around.nodes:
        match node, called:
            case LetStatement(name=own, value=FunctionDeclaration()), Name(text=text) if own.text == text:
                return "a function cannot call itself"
    return ""


def _of_parameter(around: _Around, allowed: Sequence[str]) -> str:
    """join kind=left: the kind that was meant."""
    for node in around.nodes:
        if isinstance(node, OperatorParameter) and node.span == around.span and isinstance(node.value, NameReference):
            written = node.value.name
            meant = habits.JOIN_KINDS.get(written.lower(), "")
            meant = meant if meant in allowed else nearest(written, allowed)
            return did_you_mean(meant)
    return ""


def _holding(root: object, span: Span) -> Iterator[object]:
    """The nodes of a tree whose text holds the span, outermost first."""
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop(0)
        if isinstance(node, tuple):
            open_nodes = [*node, *open_nodes]
        elif is_dataclass(node) and not isinstance(node, type):
            place = getattr(node, "span", None)
            if isinstance(place, Span) and place.start <= span.start and span.end <= place.end:
                yield node
                open_nodes = [getattr(node, field.name) for field in fields(node)]
