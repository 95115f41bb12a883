"""Everything the lexer and the parser can say. SYN codes are Kusto's, BTK codes are ours."""

from bluetick.diagnostics import habits
from bluetick.diagnostics.model import Diagnostic, Severity, Span
from bluetick.diagnostics.nearest import did_you_mean
from bluetick.diagnostics.nearest import nearest as nearest_name

# Kusto gives every syntax error this one code and the words "A recognition error occurred.".
RECOGNITION = "SYN0002"
TEXT_TOO_LONG = "BTK0101"
TOO_DEEP = "BTK0102"
CHAIN_TOO_LONG = "BTK0103"


def _error(span: Span, message: str, *, note: str = "", hint: str = "") -> Diagnostic:
    return Diagnostic(RECOGNITION, message, span, note=note, hint=hint)


# --- limits --------------------------------------------------------------------------------------------------


def too_many_tokens(span: Span, limit: int) -> Diagnostic:
    hint = "keep long lists of values in a file, and read it as a table or with externaldata"
    return Diagnostic(TEXT_TOO_LONG, f"The text has more than {limit:,} words and signs", span, hint=hint)


def text_too_long(span: Span, size: int, limit: int) -> Diagnostic:
    return Diagnostic(TEXT_TOO_LONG, f"The text has {size:,} bytes; at most {limit:,} are allowed", span)


def too_deep(span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        TOO_DEEP,
        f"The query is nested more than {limit} levels deep",
        span,
        hint="name inner parts with 'let'",
    )


def chain_too_long(span: Span, limit: int) -> Diagnostic:
    return Diagnostic(
        CHAIN_TOO_LONG,
        f"One expression joins more than {limit:,} operands",
        span,
        hint="use 'in (...)' or 'has_any (...)' with a list",
    )


# --- characters and literals ---------------------------------------------------------------------------------


def unexpected_character(span: Span, character: str) -> Diagnostic:
    shown = character if character.isprintable() else f"U+{ord(character[0]):04X}"
    return _error(span, f"Unexpected character '{shown}'")


def unclosed_string(span: Span, quote: str) -> Diagnostic:
    return _error(span, "The string is not closed", hint=f"end it with {quote}")


def smart_quotes(span: Span) -> Diagnostic:
    return _error(span, "Typographic quotes do not delimit a string", hint="use straight quotes: \" or '")


def bad_escape(span: Span, escape: str) -> Diagnostic:
    return _error(
        span,
        f"Unknown escape '{escape}' in a string",
        hint=f"write '\\{escape}', or a verbatim string: @\"...\"",
    )


def bad_literal(span: Span, type_name: str, text: str) -> Diagnostic:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return _error(span, f"'{shown}' is not a {type_name} literal")


def literal_out_of_range(span: Span, type_name: str, text: str) -> Diagnostic:
    return _error(span, f"'{text[:60]}' is out of the range of {type_name}")


def finer_than_microsecond(span: Span) -> Diagnostic:
    return Diagnostic(
        "BTK0154", "What is finer than a microsecond is cut off here", span, Severity.WARNING, hint="Kusto keeps 100 ns"
    )


def literal_wants_constant(span: Span, type_name: str) -> Diagnostic:
    return _error(span, f"{type_name}(...) holds a literal only", hint=f"to convert a value, use to{type_name}(...)")


def bad_dynamic(span: Span, found: str) -> Diagnostic:
    return _error(span, f"Expected a JSON value in dynamic(...), found {found}")


def block_comment(span: Span) -> Diagnostic:
    return _error(span, "KQL has no '/* */' comments", hint="a comment runs from '//' to the end of its line")


# --- structure -----------------------------------------------------------------------------------------------


_SHORT = 4

# What was expected and what stood there -> what to write.
_INSTEAD = {
    ("'..'", "','"): "write: between (low .. high)",
    ("':'", "')'"): "a parameter has a type: (x:long)",
    ("':'", "','"): "a parameter has a type: (x:long)",
    ("'='", "'=='"): "one '=' gives a name to a value",
}


def expected(span: Span, wanted: str, found: str) -> Diagnostic:
    return _error(span, f"Expected {wanted}, found {found}", hint=_INSTEAD.get((wanted, found), ""))


def unclosed(span: Span, opening: str, closing: str, place: str, found: str) -> Diagnostic:
    return _error(
        span,
        f"Expected '{closing}', found {found}",
        note=f"'{closing}' is missing",
        hint=_closing_hint(found) or f"it closes the '{opening}' of {place}",
    )


def never_closed(span: Span, opening: str, closing: str, found: str) -> Diagnostic:
    """Of a bracket whose closing one is missed lines below; the span is the bracket's own."""
    hint = _closing_hint(found)
    return _error(span, f"Expected '{closing}', found {found}", note=f"this '{opening}' is not closed", hint=hint)


def _closing_hint(found: str) -> str:
    return "a list belongs to in, has_any and has_all: has_any (...)" if found == "','" else ""


def unexpected_closing(span: Span, closing: str) -> Diagnostic:
    return _error(span, f"'{closing}' closes nothing")


def unexpected_text(span: Span, found: str, after: str, behind: str = "") -> Diagnostic:
    """`behind`: the word that stands before it."""
    word = found.strip("'") or "'"
    hint = "write: not(...)" if behind == "not" else habits.WORDS.get(word, "")
    if not hint and word.isidentifier():
        meant = _meant_operator(word)
        hint = f"did you mean '{meant}'?" if meant else "is a comma, a '|' or an operator missing before it?"
    return _error(span, f"Unexpected {found} after {after}", hint=hint)


def _meant_operator(word: str) -> str:
    """The operator on texts that a word stands for: starts_with, startwith; nothing that is short has one."""
    plain = word.replace("_", "").lower()
    if plain in habits.TEXT_OPERATORS:
        return plain
    return nearest_name(plain, habits.TEXT_OPERATORS) if len(plain) > _SHORT else ""


def missing_semicolon(span: Span, found: str) -> Diagnostic:
    return _error(span, f"Expected ';' before {found}", hint="statements are separated by ';'")


def missing_pipe(span: Span, operator: str) -> Diagnostic:
    return _error(span, f"Expected '|' before '{operator}'")


def unknown_operator(span: Span, name: str, nearest: str) -> Diagnostic:
    hint = habits.OPERATORS.get(name.lower()) or (did_you_mean(nearest))
    return _error(span, f"'{name}' is not a tabular operator", hint=hint)


def operator_case(span: Span, name: str) -> Diagnostic:
    return _error(span, f"'{name}' is not a tabular operator", hint=f"keywords are lower case: '{name.lower()}'")


def keyword_case(span: Span, word: str) -> Diagnostic:
    return _error(span, f"'{word}' is not an operator", hint=f"keywords are lower case: '{word.lower()}'")


def empty_operator(span: Span) -> Diagnostic:
    return _error(span, "Expected a tabular operator after '|'", hint="for example: where, project, summarize")


def other_language_operator(span: Span, written: str, right: str) -> Diagnostic:
    return _error(span, f"'{written}' is not an operator of KQL", hint=f"use '{right}'")


def single_equals(span: Span) -> Diagnostic:
    return _error(span, "'=' does not compare", hint="use '==', or '=~' to ignore case")


def chained_comparison(span: Span, operator: str) -> Diagnostic:
    return _error(span, f"'{operator}' cannot follow another comparison", hint="put one of them in parentheses")


def list_needs_parentheses(span: Span, operator: str) -> Diagnostic:
    return _error(span, f"Expected '(' after '{operator}'", hint=f"write: {operator} (...)")


def looks_like_sql(span: Span) -> Diagnostic:
    return _error(
        span, "This looks like SQL; the query language is KQL", hint="for example: T | where A == 1 | project B"
    )


def management_command(span: Span) -> Diagnostic:
    return _error(span, "Management commands (a leading '.') are not queries")


def missing_result(span: Span) -> Diagnostic:
    return _error(span, "The function's body has no result", hint="end it with an expression")
