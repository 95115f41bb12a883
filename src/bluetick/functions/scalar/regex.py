"""Regular expressions: what RE2 (which KQL speaks) takes, quoting, and the flags of each engine."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bluetick.functions.definition import Argument, Check, InexactError
from bluetick.functions.regexes.determined import determined
from bluetick.sql.tree import EMPTY, Bare, Binary, Expr, call, is_not_null, text, when

LONG_TEXT = "bluetick-long-text\x1f"  # marks the error of a text that is too long for its pattern

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
    """The pattern that matches this text and nothing else."""
    return "".join(_quote_char(char) for char in literal)


def own(pattern: str) -> str:
    r"""A pattern of ours for both engines: Java's $ matches in front of a last line end too, and its \s takes \v."""
    return pattern.replace(r"[^\s", r"[^\t\n\f\r ").replace(r"\s", r"[\t\n\f\r ]").replace("$", r"\z")


def _quote_char(char: str) -> str:
    if char.isalnum() or char in "_ " or ord(char) > 126:
        return char
    return f"\\{char}" if char.isprintable() else f"\\x{ord(char):02x}"


def _quoted_duckdb(value: Expr) -> Expr:
    return call("regexp_escape", value)


def _quoted_spark(value: Expr) -> Expr:
    return call("regexp_replace", value, text(r"([^\p{L}\p{N}_ ])"), text(r"\\$1"))


@dataclass(frozen=True, slots=True)
class Written:
    """A constant pattern as an engine takes it, and the longest text that it may be asked of, None for any."""

    pattern: str
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted of a match: nothing but whether there is one, groups of it, or its replacement."""

    groups: tuple[int, ...] = ()
    is_test: bool = False
    is_replacement: bool = False


TEST = Ask(is_test=True)
MATCH = Ask()


def _named_with_p(pattern: str) -> str:
    """The two spellings of a named group, for DuckDB's RE2 which knows the older one only."""
    return re.sub(r"(?<!\\)\(\?<(?=\w)", "(?P<", pattern)


_NEVER = text(r"[^\s\S]")  # matches nothing


def _taken_duckdb(pattern: Expr) -> Expr:
    named = call("regexp_replace", pattern, text(r"(^|[^\\])\(\?<(\w)"), text(r"\1(?P<\2"), text("g"))
    valid = is_not_null(call("try", call("regexp_matches", EMPTY, named)))
    return when(valid, named, _NEVER)


def _taken_spark(_: Expr) -> Expr:
    raise InexactError(
        "Spark's regular expressions are Java's, and the pattern is not a constant",
        "write the pattern as a constant, so that it can be translated",
        of_rows=True,
    )


def _written_duckdb(pattern: str, ask: Ask) -> Written:
    if ask.is_test or (ask.groups and not ask.is_replacement):
        pattern = determined(pattern)
    return Written(_named_with_p(pattern))


def _written_spark(pattern: str, ask: Ask) -> Written:
    from bluetick.functions.regexes.java import translate  # noqa: PLC0415 - only Spark needs it
    from bluetick.functions.regexes.tree import UntranslatableError  # noqa: PLC0415

    try:
        return Written(*translate(pattern, ask.groups, is_test=ask.is_test, is_replacement=ask.is_replacement))
    except UntranslatableError as problem:
        reason = f"the regular expression {pattern!r} {problem}, and Spark's regular expressions are Java's"
        raise InexactError(reason, problem.hint) from problem


def _literal_duckdb(literal: str, any_case: bool) -> str:
    return f"(?i:{quote(literal)})" if any_case else quote(literal)


def _literal_spark(literal: str, any_case: bool) -> str:
    from bluetick.functions.regexes.java import print_text  # noqa: PLC0415

    return print_text(literal, any_case=any_case)


@dataclass(frozen=True, slots=True)
class Patterns:
    """How one engine matches: the predicate, a literal as a pattern (in any letter case), the quoting of a column's
    text, and a constant pattern as this engine takes it. A pattern that a row gives is `taken`: what the engine would
    stop at becomes a pattern that matches nothing."""

    matches: str
    literal: Callable[[str, bool], str]
    quoted: Callable[[Expr], Expr]
    written: Callable[[str, Ask], Written]
    taken: Callable[[Expr], Expr]

    def over(
        self,
        source: Expr,
        pattern: Argument,
        form: Callable[[Argument], Expr],
        ask: Ask = MATCH,
        around: tuple[str, str] = ("", ""),
    ) -> tuple[Expr, Expr]:
        """The text to search and the pattern, with RE2's `around` it, as the engine takes them."""
        constant, (before, after) = pattern.constant, around
        if isinstance(constant, str):
            return self.constant(source, f"{before}{constant}{after}", ask)
        taken = self.taken(form(pattern))
        return source, call("concat", text(before), taken, text(after)) if before or after else taken

    def constant(self, source: Expr, pattern: str, ask: Ask = MATCH) -> tuple[Expr, Expr]:
        written = self.written(pattern, ask)
        return source if written.longest is None else _capped(source, written.longest, pattern), text(written.pattern)


def _capped(source: Expr, longest: int, pattern: str) -> Expr:
    """The text, or an error: Java's search goes back and forth, and would not end on a longer one."""
    problem = f"{LONG_TEXT}{longest}{LONG_TEXT}{pattern}{LONG_TEXT}"
    return when(Binary("<=", call("length", source), Bare(longest)), source, call("raise_error", text(problem)))


DUCKDB = Patterns(
    matches="regexp_matches",
    literal=_literal_duckdb,
    quoted=_quoted_duckdb,
    written=_written_duckdb,
    taken=_taken_duckdb,
)
SPARK = Patterns(
    matches="rlike", literal=_literal_spark, quoted=_quoted_spark, written=_written_spark, taken=_taken_spark
)
