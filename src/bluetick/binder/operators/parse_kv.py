"""parse-kv: values by their keys out of a text of pairs.

With delimiters that regular expressions can tell, each key has one of its own; other forms are read in Python.

A key that is missing gives an empty string or null; of a key that stands twice the first counts.
https://learn.microsoft.com/kusto/query/parse-kv-operator
"""

from dataclasses import dataclass
from typing import Any

from bluetick.binder.calls import call_operator
from bluetick.binder.operators.conversion import CONVERSIONS
from bluetick.binder.operators.sources import declared_columns
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.scalar import regex
from bluetick.functions.scalar.key_values import VALUES_IN_TEXT, VALUES_OF_PAIRS, PairFormat
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Project, Relation
from bluetick.syntax.operators import ParseKvOperator
from bluetick.types import Type

_PROPERTIES = {
    "pair_delimiter": Type.STRING,
    "kv_delimiter": Type.STRING,
    "quote": Type.STRING,
    "escape": Type.STRING,
    "greedy": Type.BOOL,
    "regex": Type.STRING,
}


@dataclass(frozen=True, slots=True)
class Format:
    """How pairs are written; `opening` and `closing` quotes are empty where there are none."""

    pair: str
    key_value: str
    opening: str = ""
    closing: str = ""
    escape: str = ""

    def quoted(self) -> str:
        """What stands between quotes."""
        close = regex.quote(self.closing)
        if not self.escape:
            return f"[^{close}]*"
        mark = regex.quote(self.escape)
        return f"(?:{mark}.|[^{close}{mark}])*"

    def before(self) -> str:
        """From the beginning of the text to the beginning of a pair: a delimiter between quotes is none."""
        pair = regex.quote(self.pair)
        if not self.opening:
            return rf"(?s)(?:\A|{pair})\s*"
        both = regex.quote(self.opening) + self.quoted() + regex.quote(self.closing)
        others = "".join(regex.quote(q) for q in dict.fromkeys((self.opening, self.closing)))
        return rf"(?s)\A(?:(?:{both}|[^{others}])*?{pair})?\s*"

    def key(self, name: str) -> str:
        bare = regex.quote(name)
        if not self.opening:
            return rf"{bare}\s*{regex.quote(self.key_value)}\s*"
        both = regex.quote(self.opening) + bare + regex.quote(self.closing)
        return rf"(?:{both}|{bare})\s*{regex.quote(self.key_value)}\s*"

    def bare_value(self) -> str:
        """Up to the end of the pair; it does not begin with a quote."""
        value = f"(?:[^{regex.quote(self.opening)}].*?)?" if self.opening else ".*?"
        return rf"({value})(?:{regex.quote(self.pair)}|\z)"


@dataclass(frozen=True, slots=True)
class _Properties:
    """What stands behind `with`, by the names of the product page; quote and escape may stand there several times."""

    pair: str = ""
    key_value: str = ""
    quotes: tuple[str, ...] = ()
    escapes: tuple[str, ...] = ()
    pattern: str = ""
    greedy: bool = False

    def problem(self) -> str:
        if bool(self.pair) != bool(self.key_value):
            return "pair_delimiter and kv_delimiter come together"
        if self.pattern and (self.pair or self.quotes or self.escapes or self.greedy):
            return "regex stands alone"
        if self.greedy and not self.pair:
            return "greedy needs delimiters"
        if any(len(quote) not in (1, 2) for quote in self.quotes) or any(len(mark) != 1 for mark in self.escapes):
            return "quote takes one or two characters, and escape takes one"
        if self.escapes and not self.quotes:
            return "escape needs a quote"
        if self.pattern and (wrong := regex.find_problem(self.pattern)):
            return wrong
        if self.pattern and len(regex.group_names(self.pattern)) != 2:
            return "the regular expression needs two groups: the key and the value"
        return ""


def bind_parse_kv(env: Env, node: ParseKvOperator, rows: Relation) -> Relation | None:
    """The rows with a column for each key; one that has a column's name takes its place."""
    given = _properties(env, node)
    columns = declared_columns(env, node.columns)
    source = env.over(rows).expression(node.value)
    if given is None or columns is None or isinstance(source, Invalid):
        return None
    text = call_operator(env, "tostring", (source,), node.span)
    if given.pair and not given.greedy and len(given.quotes) <= 1 and len(given.escapes) <= 1:
        return _by_patterns(env, node, given, rows, columns, text)
    return _by_bag(env, node, given, rows, columns, text)


def _properties(env: Env, node: ParseKvOperator) -> _Properties | None:
    given: dict[str, list[Any]] = {}
    for parameter in node.parameters:
        value = env.expression(parameter.value)
        if isinstance(value, Invalid):
            return None
        wanted = _PROPERTIES.get(parameter.name)
        if wanted is None:
            env.report(codes.bad_parameter(parameter.span, parameter.name, ", ".join(_PROPERTIES)))
            return None
        if not isinstance(value, Literal) or value.type is not wanted:
            env.report(codes.constant_expected(parameter.span, f"'{parameter.name}', of type {wanted},"))
            return None
        given.setdefault(parameter.name, []).append(value.value)
    last = {name: values[-1] for name, values in given.items()}
    found = _Properties(
        last.get("pair_delimiter", ""),
        last.get("kv_delimiter", ""),
        tuple(given.get("quote", ())),
        tuple(given.get("escape", ())),
        last.get("regex", ""),
        last.get("greedy", False),
    )
    problem = found.problem()
    if problem:
        env.report(codes.bad_argument(node.span, "parse-kv", problem))
        return None
    return found


def _filled(rows: Relation, values: dict[str, tuple[Column, Expr]]) -> tuple[tuple[Column, Expr], ...]:
    """The rows' columns, those that a key replaces in their place, then the other keys'."""
    replaced = [values.pop(c.name, (c, ColumnRef(c))) for c in rows.columns]
    return (*replaced, *values.values())


# --- keys found in Python --------------------------------------------------------------------------------------------


def _by_bag(
    env: Env, node: ParseKvOperator, given: _Properties, rows: Relation, columns: tuple[Column, ...], text: Expr
) -> Relation | None:
    """Each text is read once, for all keys."""
    odd = next((c.name for c in columns if not c.name.isalnum()), "")
    if odd and not given.pair and not given.pattern and not given.quotes:
        problem = f"'{odd}' is no single word, and without delimiters every other character is one"
        env.report(codes.bad_argument(node.span, "parse-kv", problem))
        return None
    quotes = tuple((quote[0], quote[-1]) for quote in given.quotes)
    keys = tuple(c.name for c in columns)
    format_ = PairFormat(keys, given.pair, given.key_value, quotes, given.escapes, given.greedy)
    function, source = VALUES_IN_TEXT, text
    if given.pattern:
        function, source = VALUES_OF_PAIRS, _pairs(env, node, given.pattern, text)
    if isinstance(source, Invalid):
        return None
    bag = env.state.column("pairs", Type.DYNAMIC)
    found = Call(function, (source, Literal(format_.written(), Type.STRING)), Type.DYNAMIC)
    read = Project(rows, (*((c, ColumnRef(c)) for c in rows.columns), (bag, found)))
    values = {c.name: (c, _member(env, node, ColumnRef(bag), c)) for c in columns}
    return Project(read, _filled(rows, values))


def _pairs(env: Env, node: ParseKvOperator, pattern: str, text: Expr) -> Expr:
    """Each match of the expression as [key, value]."""
    return call_operator(env, "extract_all", (Literal(pattern, Type.STRING), text), node.span)


def _member(env: Env, node: ParseKvOperator, bag: Expr, column: Column) -> Expr:
    value = call_operator(env, "[]", (bag, Literal(column.name, Type.STRING)), node.span)
    text = call_operator(env, "tostring", (value,), node.span)
    return text if column.type is Type.STRING else call_operator(env, CONVERSIONS[column.type], (text,), node.span)


# --- keys found by regular expressions -------------------------------------------------------------------------------


def _by_patterns(
    env: Env, node: ParseKvOperator, given: _Properties, rows: Relation, columns: tuple[Column, ...], source: Expr
) -> Relation | None:
    quote = given.quotes[0] if given.quotes else ""
    escape = given.escapes[0] if given.escapes else ""
    format_ = Format(given.pair, given.key_value, quote[:1], quote[-1:], escape)
    text = env.state.column("text", Type.STRING)
    env.state.spend(len(rows.columns), node.span)  # two nodes, the second with a search in each column
    texts = Project(rows, (*((c, ColumnRef(c)) for c in rows.columns), (text, source)))
    values = {c.name: (c, _value(env, node, format_, ColumnRef(text), c)) for c in columns}
    if any(isinstance(value, Invalid) for _, value in values.values()):
        return None
    return Project(texts, _filled(rows, values))


def _value(env: Env, node: ParseKvOperator, format_: Format, source: Expr, column: Column) -> Expr:
    """The text of the key, quoted or bare, as the column's type."""
    start = format_.before() + format_.key(column.name)
    bare = _extract(env, node, start + format_.bare_value(), source)
    value = call_operator(env, "trim", (Literal(r"\s+", Type.STRING), bare), node.span)
    if format_.opening:
        opening, closing = regex.quote(format_.opening), regex.quote(format_.closing)
        between = _extract(env, node, f"{start}{opening}({format_.quoted()}){closing}", source)
        if format_.escape:
            mark = Literal(format_.escape + format_.closing, Type.STRING)
            between = call_operator(
                env, "replace_string", (between, mark, Literal(format_.closing, Type.STRING)), node.span
            )
        value = call_operator(env, "strcat", (between, value), node.span)
    if column.type is Type.STRING:
        return value
    return call_operator(env, CONVERSIONS[column.type], (value,), node.span)


def _extract(env: Env, node: ParseKvOperator, pattern: str, source: Expr) -> Expr:
    return call_operator(env, "extract", (Literal(pattern, Type.STRING), Literal(1, Type.LONG), source), node.span)
