"""parse-kv: values by their keys out of a text of pairs, each key by a regular expression of its own.

A key that is missing gives an empty string or null; of a key that stands twice the first counts.
https://learn.microsoft.com/kusto/query/parse-kv-operator
"""

from dataclasses import dataclass

from bluetick.binder.calls import call_operator
from bluetick.binder.operators.conversion import CONVERSIONS
from bluetick.binder.operators.sources import declared_columns
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.scalar import regex
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Project, Relation
from bluetick.syntax.operators import ParseKvOperator
from bluetick.types import Type

_NAMES = ("pair_delimiter", "kv_delimiter", "quote", "escape")


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


def bind_parse_kv(env: Env, node: ParseKvOperator, rows: Relation) -> Relation | None:
    format_ = _format(env, node)
    columns = declared_columns(env, node.columns)
    source = env.over(rows).expression(node.value)
    if format_ is None or columns is None or isinstance(source, Invalid):
        return None
    text = env.state.column("text", Type.STRING)
    texts = Project(
        rows,
        (*((c, ColumnRef(c)) for c in rows.columns), (text, call_operator(env, "tostring", (source,), node.span))),
    )
    filled = {c.name: (c, _value(env, node, format_, ColumnRef(text), c)) for c in columns}
    if any(isinstance(value, Invalid) for _, value in filled.values()):
        return None
    items: list[tuple[Column, Expr]] = [filled.pop(c.name, (c, ColumnRef(c))) for c in rows.columns]
    return Project(texts, (*items, *filled.values()))


def _format(env: Env, node: ParseKvOperator) -> Format | None:
    written: dict[str, str] = {}
    for parameter in node.parameters:
        value = env.expression(parameter.value)
        known = parameter.name in _NAMES and isinstance(value, Literal) and isinstance(value.value, str)
        if not known or not isinstance(value, Literal):
            what = f"parse-kv with '{parameter.name}'"
            env.report(codes.form_not_supported(parameter.span, what, f"known are {', '.join(_NAMES)}, as texts"))
            return None
        written[parameter.name] = str(value.value)
    quote = written.get("quote", "")
    pair, key_value = written.get("pair_delimiter", ""), written.get("kv_delimiter", "")
    if not pair or not key_value or len(quote) > 2 or len(written.get("escape", "")) > 1:
        hint = "give pair_delimiter and kv_delimiter, one or two quotes, and one character to escape them"
        env.report(codes.form_not_supported(node.span, "this form of parse-kv", hint))
        return None
    return Format(pair, key_value, quote[:1], quote[-1:], written.get("escape", ""))


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
