"""Text to tokens, by one compiled pattern."""

import re

from bluetick.diagnostics import Diagnostic, Span
from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.tokens import END, PUNCTUATION, STRING, Token

MAX_DIAGNOSTICS = 50
MAX_TOKENS = 50_000  # the longest of 5,000 published queries has 7,400; this many take under a second

# U+200B, U+180E and U+FEFF are white to Kusto though not to Python.
_WHITE = r"\s\u200b\u180e\ufeff"
_UNITS = (
    r"d(?:ays?)?|h(?:ours?|rs?)?|m(?:in(?:utes?)?)?|s(?:ec(?:onds?)?)?|ms"
    r"|(?:milli|micro|nano)(?:s(?:ec(?:onds?)?)?)?|ticks?"
)
_TYPED = (
    r"(?:bool|boolean|int|int32|long|int64|real|double|decimal|date|datetime|time|timespan|guid|uuid|uniqueid)"
    r"[ \t]*\([^()\r\n]*\)"
)
_PATTERN = re.compile(
    rf"""
    (?P<trivia>[{_WHITE}]+|//[^\r\n\u2028\u2029]*)
  | (?P<string>[hH]?(?:
        "(?:[^"\\\r\n]|\\[^\r\n])*" | '(?:[^'\\\r\n]|\\[^\r\n])*'
      | @"(?:[^"\r\n]|"")*" | @'(?:[^'\r\n]|'')*'
      | ```(?s:.)*?``` | ~~~(?s:.)*?~~~ ))
  | (?P<unclosed>[hH]?(?: @?["'][^\r\n]* | (?:```|~~~)(?s:.)* ))
  | (?P<typed>{_TYPED})
  | (?P<list>in~)
  | (?P<name>[$]?[^\W\d]\w*)
  | (?P<timespan>\d+(?:\.\d+)?(?:{_UNITS})(?!\w))
  | (?P<long>0[xX][0-9a-fA-F]+(?!\w)|\d+(?![\w.])|\d+(?=\.\.))
  | (?P<real>\d+\.\d*(?:[eE][+-]?\d+)?(?!\w)|\d+[eE][+-]?\d+(?!\w))
  | (?P<digits>\d+[^\W\d]\w*)
  | (?P<number>\d+)
  | (?P<directive>(?m:^)[ \t]*\#[^\r\n]*)
  | (?P<block>/\*(?s:.)*?\*/)
  | (?P<punctuation>![a-z_]+~?|==|=~|=>|!=|!~|<=|>=|<>|\.\.|&&|\|\||[-+*/%<>=()\[\]{{}}|;:,.@?!])
  | (?P<smart>[“”„‘’‚][^“”„‘’‚\r\n]*[“”‘’]?)
  | (?P<bad>(?s:.))
    """,
    re.VERBOSE,
)
_KINDS = {"list": PUNCTUATION, "digits": "name", "number": "long", "smart": STRING, "unclosed": STRING}


class Lexed:
    """The tokens of a text, its directive lines, and what was wrong with its characters."""

    __slots__ = ("diagnostics", "directives", "tokens")

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.directives: list[str] = []
        self.diagnostics: list[Diagnostic] = []


def lex(text: str) -> Lexed:
    """The tokens of any text; the last one is END. Characters that belong to no token are reported and left out.

    Past MAX_TOKENS the rest is not looked at: who asks must refuse the text.
    """
    lexed = Lexed()
    append = lexed.tokens.append
    for match in _PATTERN.finditer(text):
        kind = match.lastgroup
        if kind == "trivia":
            continue
        if kind in _SPECIAL:
            _lex_special(lexed, str(kind), match)
        else:
            start, end = match.span()
            append(Token(kind or "", match.group(), start, end))
        if len(lexed.tokens) > MAX_TOKENS:
            break
    append(Token(END, "", len(text), len(text)))
    return lexed


_SPECIAL = frozenset({*_KINDS, "directive", "block", "bad"})


def _lex_special(lexed: Lexed, kind: str, match: re.Match[str]) -> None:
    start, end = match.span()
    text = match.group()
    if kind == "directive":
        lexed.directives.append(text.strip())
        return
    if len(lexed.diagnostics) < MAX_DIAGNOSTICS:
        if kind == "bad":
            lexed.diagnostics.append(codes.unexpected_character(Span(start, end), text))
        elif kind == "block":
            lexed.diagnostics.append(codes.block_comment(Span(start, end)))
        elif kind == "smart":
            lexed.diagnostics.append(codes.smart_quotes(Span(start, end)))
        elif kind == "unclosed":
            lexed.diagnostics.append(codes.unclosed_string(Span(start, end), _closing_quote(text)))
    if kind in _KINDS:
        lexed.tokens.append(Token(_KINDS[kind], text, start, end))


def _closing_quote(text: str) -> str:
    body = text.lstrip("hH@")
    return body[:3] if body.startswith(("```", "~~~")) else body[:1]
