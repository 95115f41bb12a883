"""Regular expressions: what RE2 (which KQL speaks) takes, quoting, and the flags of each engine."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bluetick.functions.definition import Argument, Check
from bluetick.sql.tree import EMPTY, Expr, call, is_not_null, text, when

# What Java's and Python's expressions have beside RE2's: (found by, its name in a message).
_BEYOND_RE2: tuple[tuple[str, str], ...] = (
    (r"\(\?<?[=!]", "lookaround"),
    (r"\(\?>", "an atomic group"),
    (r"\(\?\(", "a conditional group"),
    (r"\(\?P=|\\[1-9]|\\k[<{']", "a backreference"),
    (r"(?:[*+?]|\{\d+(?:,\d*)?\})\+", "a possessive quantifier"),
    (r"\\[ZGhHRKXe]", "an escape that RE2 does not have"),
)


def find_problem(pattern: str) -> str:
    """Why RE2 would refuse the pattern, or ""."""
    if re.search(r"\[[^\]]*&&", pattern):
        return f"the regular expression {pattern!r} intersects character classes, which the engines here do not"
    bare = _without_literals(pattern)
    for found_by, name in _BEYOND_RE2:
        if re.search(found_by, bare):
            return f"the regular expression {pattern!r} uses {name}, which KQL (RE2) does not have"
    return _refused_by_re2(pattern)


def _refused_by_re2(pattern: str) -> str:
    """What RE2 itself says: Arrow carries the same library that the embedded engine uses."""
    import pyarrow as pa  # noqa: PLC0415 - costs start-up time, and few queries have a pattern
    import pyarrow.compute as pc  # noqa: PLC0415

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        return f"the regular expression {pattern!r} is not one of RE2's: {reason}"
    return ""


def _without_literals(pattern: str) -> str:
    """The pattern with escaped punctuation, \\Q..\\E and character classes replaced by harmless letters."""
    quoted = re.sub(r"\\Q.*?(?:\\E|$)", "q", pattern, flags=re.DOTALL)
    plain = re.sub(r"\\[^A-Za-z0-9]", "p", quoted)
    return re.sub(r"\[\^?\]?(?:\[:\^?\w+:\]|[^\]])*\]", "c", plain)


def group_names(pattern: str) -> list[str]:
    """The capture groups in their order, each by its name or the empty string."""
    return [found[1] or "" for found in re.finditer(r"\((?:\?P?<(\w+)>|(?!\?))", _without_literals(pattern))]


def checking(position: int) -> Check:
    """A check that refuses a constant pattern which RE2 does not take."""

    def check(args: tuple[Argument, ...]) -> str:
        pattern = args[position].constant if position < len(args) else None
        return find_problem(pattern) if isinstance(pattern, str) else ""

    return check


def quote(literal: str) -> str:
    """The pattern that matches this text and nothing else, for RE2 and Java alike."""
    return "".join(_quote_char(char) for char in literal)


def _quote_char(char: str) -> str:
    if char.isalnum() or char in "_ " or ord(char) > 126:
        return char
    return f"\\{char}" if char.isprintable() else f"\\x{ord(char):02x}"


def _quoted_duckdb(value: Expr) -> Expr:
    return call("regexp_escape", value)


def _quoted_spark(value: Expr) -> Expr:
    return call("regexp_replace", value, text(r"([^\p{L}\p{N}_ ])"), text(r"\\$1"))


def _named_with_p(pattern: str) -> str:
    """The two spellings of a named group, for DuckDB's RE2 which knows the older one only."""
    return re.sub(r"(?<!\\)\(\?<(?=\w)", "(?P<", pattern)


def _java_pattern(pattern: str) -> str:
    """As RE2 reads it: a dot leaves out \\n alone ((?d)), $ is the very end, groups are named without a P."""
    named = re.sub(r"(?<!\\)\(\?P<", "(?<", pattern)
    return f"(?d){named}"


_NEVER = text(r"[^\s\S]")  # matches nothing


def _taken_duckdb(pattern: Expr) -> Expr:
    named = call("regexp_replace", pattern, text(r"(^|[^\\])\(\?<(\w)"), text(r"\1(?P<\2"), text("g"))
    valid = is_not_null(call("try", call("regexp_matches", EMPTY, named)))
    return when(valid, named, _NEVER)


def _taken_spark(pattern: Expr) -> Expr:
    named = call("regexp_replace", pattern, text(r"(^|[^\\])\(\?P<"), text("$1(?<"))
    java = call("concat", text("(?d)"), named)
    valid = is_not_null(call("try_reflect", text("java.util.regex.Pattern"), text("compile"), java))
    return when(valid, java, _NEVER)


@dataclass(frozen=True, slots=True)
class Patterns:
    """How one engine matches: the predicate, the flag for any letter case, the quoting of a column's text, and a
    constant pattern as this engine takes it. A pattern that a row gives is `taken`: what the engine would stop at
    becomes a pattern that matches nothing."""

    matches: str
    any_case: str
    quoted: Callable[[Expr], Expr]
    translated: Callable[[str], str]
    taken: Callable[[Expr], Expr]

    def of(self, arg: Argument, form: Callable[[Argument], Expr]) -> Expr:
        """A pattern as the engine takes it."""
        constant = arg.constant
        return text(self.translated(constant)) if isinstance(constant, str) else self.taken(form(arg))


DUCKDB = Patterns(
    matches="regexp_matches", any_case="(?i)", quoted=_quoted_duckdb, translated=_named_with_p, taken=_taken_duckdb
)
SPARK = Patterns(matches="rlike", any_case="(?iu)", quoted=_quoted_spark, translated=_java_pattern, taken=_taken_spark)
