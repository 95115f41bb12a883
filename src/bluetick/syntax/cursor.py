"""A place in the tokens, the diagnostics so far, and the ways to recover."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.lexer import MAX_DIAGNOSTICS, Lexed
from bluetick.syntax.tokens import END, NAME, STRING, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bluetick.syntax.operators import Pipeline, Source

MAX_DEPTH = 100
MAX_CHAIN = 5_000
_PIPELINE_WEIGHT = 3  # a nested pipeline takes as much of the stack as three parentheses
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = frozenset(_CLOSING.values())
_BOUNDARIES = _CLOSERS | {"|", ";"}


class Cursor:
    """Walks the tokens of one text. No method raises; `report` keeps what went wrong."""

    __slots__ = ("_reported", "depth", "diagnostics", "in_predicate", "index", "parse_pipeline", "text", "tokens")

    def __init__(
        self, text: str, lexed: Lexed, parse_pipeline: "Callable[[Cursor, Source | None, int, bool], Pipeline]"
    ) -> None:
        self.text = text
        self.tokens = lexed.tokens
        self.diagnostics: list[Diagnostic] = lexed.diagnostics
        self.index = 0
        self.depth = 0
        self.in_predicate = False
        self.parse_pipeline = parse_pipeline
        self._reported: set[int] = {d.span.start for d in lexed.diagnostics}

    # --- looking ---------------------------------------------------------------------------------------------

    @property
    def current(self) -> Token:
        return self.tokens[self.index]

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def at(self, text: str) -> bool:
        return self.tokens[self.index].text == text

    def at_name(self) -> bool:
        """Whether an identifier, or one in brackets, stands here."""
        token = self.tokens[self.index]
        return token.kind == NAME or (token.text == "[" and self.at_bracketed_name())

    def at_bracketed_name(self) -> bool:
        return self.at("[") and self.peek(1).kind == STRING and self.peek(2).text == "]"

    @property
    def last_end(self) -> int:
        """Where the last consumed token ends."""
        return self.tokens[self.index - 1].end if self.index else 0

    def span_from(self, start: int) -> Span:
        """From here to the end of the last token; empty, and after it, where nothing was read since."""
        end = self.last_end
        return Span(min(start, end), end)

    def missing_span(self) -> Span:
        """An empty span between the last token and this one."""
        return Span(self.last_end, self.last_end)

    # --- moving ----------------------------------------------------------------------------------------------

    def advance(self) -> Token:
        token = self.tokens[self.index]
        if token.kind != END:
            self.index += 1
        return token

    def advance_to(self, offset: int) -> None:
        while self.current.start < offset and self.current.kind != END:
            self.index += 1

    def accept(self, text: str) -> bool:
        if self.tokens[self.index].text == text:
            self.index += 1
            return True
        return False

    def expect(self, text: str) -> bool:
        """Consume this token, or say that it is missing."""
        if self.accept(text):
            return True
        self.report(codes.expected(self.gap(), f"'{text}'", self.found()))
        return False

    def open(self, text: str) -> Token | None:
        """Consume an opening bracket and return it, or say that it is missing."""
        token = self.current
        return token if self.expect(text) else None

    def close(self, opening: Token) -> None:
        """Consume the bracket that closes this one; else report, and skip to it where it can be found."""
        closing = _CLOSING[opening.text]
        if self.accept(closing):
            return
        if "\n" in self.text[opening.start : self.current.start]:
            self.report(codes.never_closed(Span(opening.start, opening.end), opening.text, closing, self.found()))
        else:
            self.report(codes.unclosed(self.here(), opening.text, closing, self.place(opening), self.found()))
        self._skip_to(closing)

    # --- trouble ---------------------------------------------------------------------------------------------

    def here(self) -> Span:
        return Span(self.current.start, self.current.end)

    def gap(self) -> Span:
        """Where something is missing: this token, or behind the last one where this one stands on a later line."""
        between = self.text[self.last_end : self.current.start]
        return self.missing_span() if self.index and "\n" in between else self.here()

    def found(self) -> str:
        token = self.current
        if token.kind == END:
            return "the end of the text"
        return f"'{token.text if len(token.text) <= 40 else token.text[:37] + '...'}'"

    def place(self, token: Token) -> str:
        line = self.text.count("\n", 0, token.start) + 1
        return f"line {line}, column {token.start - self.text.rfind(chr(10), 0, token.start)}"

    def report(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, one for a place; after fifty of them the rest of the text is left alone."""
        if self._is_muted() or diagnostic.span.start in self._reported:
            return
        self._reported.add(diagnostic.span.start)
        self.diagnostics.append(diagnostic)
        if len(self.diagnostics) >= MAX_DIAGNOSTICS:
            self.abandon()

    def is_clean_since(self, start: int) -> bool:
        """Whether nothing was reported from this offset to here: what follows a problem is not one of its own."""
        end = self.current.start
        return not any(start <= d.span.start <= end for d in self.diagnostics)

    def _is_muted(self) -> bool:
        return -1 in self._reported

    def abandon(self) -> None:
        """Give up on the rest of the text: it reads as ended, and nothing more is reported."""
        self.index = len(self.tokens) - 1
        self._reported.add(-1)

    def enter(self, weight: int = 1) -> bool:
        """Go one level down; False where that is too deep, which ends the parse."""
        self.depth += weight
        if self.depth <= MAX_DEPTH:
            return True
        if not self._is_muted():
            self.report(codes.too_deep(self.here(), MAX_DEPTH))
            self.abandon()
        return False

    def leave(self, weight: int = 1) -> None:
        self.depth -= weight

    def nested_pipeline(self, source: "Source | None", start: int, *, has_source: bool = True) -> "Pipeline":
        """A pipeline inside an expression or an operator: from its source (where given) on, or without one."""
        self.enter(_PIPELINE_WEIGHT)
        with self.predicate(False):
            pipeline = self.parse_pipeline(self, source, start, has_source)
        self.leave(_PIPELINE_WEIGHT)
        return pipeline

    @contextmanager
    def predicate(self, value: bool) -> "Iterator[None]":
        """Within, a lone '=' is (or is not) taken for a mistaken '=='."""
        before, self.in_predicate = self.in_predicate, value
        yield
        self.in_predicate = before

    def skip_to_boundary(self) -> str:
        """Skip to the next '|', ';' or closing bracket of this level, or the next 'let' line; what was skipped."""
        start = self.current.start
        self.skip(_BOUNDARIES)
        return self.text[start : max(start, self.last_end)]

    def skip(self, ends: frozenset[str]) -> Token | None:
        """Skip to the first of these tokens at this level, or the next 'let' line; the bracket left open, if any."""
        opened: list[Token] = []
        while (token := self.current).kind != END:
            if not opened and (token.text in ends or self._starts_let(token)):
                return None
            if token.text in _CLOSING:
                opened.append(token)
            elif opened and token.text in _CLOSERS:
                opened.pop()
            self.index += 1
        return opened[-1] if opened else None

    def skip_kept(self, ends: frozenset[str] | None = None) -> None:
        """Skip text that is kept as it was written; a bracket that is left open in it is reported."""
        opening = self.skip(_BOUNDARIES if ends is None else ends)
        if opening is not None:
            self.close(opening)

    def _starts_let(self, token: Token) -> bool:
        if token.text != "let" or self.peek(1).kind != NAME or self.peek(2).text != "=":
            return False
        return "\n" in self.text[self.last_end : token.start]

    def _skip_to(self, closing: str) -> None:
        depth = 0
        for index in range(self.index, len(self.tokens)):
            text = self.tokens[index].text
            if text == ";":
                return
            if depth == 0 and text in _CLOSERS:
                if text == closing:
                    self.index = index + 1
                return
            depth += (text in _CLOSING) - (text in _CLOSERS)
