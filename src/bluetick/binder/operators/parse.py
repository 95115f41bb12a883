"""parse and parse-where: a pattern of texts and columns, matched as one regular expression.

simple and relaxed patterns cover the whole text: a column takes as little as it can, `*` skips. In simple patterns and
regex ones a value that its type does not take leaves the row as if nothing had matched; relaxed ones keep the rest.
https://learn.microsoft.com/kusto/query/parse-operator
"""

from dataclasses import dataclass
from enum import Enum

from bluetick.binder.calls import call_operator
from bluetick.binder.operators.conversion import CONVERSIONS
from bluetick.binder.operators.join import word
from bluetick.binder.operators.parse_patterns import Fragments, column_type, regex_fragments, simple_fragments
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Filter, Project, Relation
from bluetick.syntax.operators import ParseOperator, ParsePart
from bluetick.types import Type


class Kind(Enum):
    SIMPLE = "simple"
    REGEX = "regex"
    RELAXED = "relaxed"


@dataclass(frozen=True, slots=True)
class Target:
    """A column to fill: the text that the pattern captured, and the value that this text has."""

    column: Column
    value: Expr
    span: Span


def bind_parse(env: Env, node: ParseOperator, rows: Relation) -> Relation | None:
    kind = _kind(env, node)
    source = _source(env, node, rows)
    if kind is None or isinstance(source, Invalid):
        return None
    fragments = _fragments(env, node, kind)
    if fragments is None:
        return None
    captured = env.state.column("text", Type.STRING)
    texts = Project(rows, (*((c, ColumnRef(c)) for c in rows.columns), (captured, source)))
    targets = _targets(env, node, fragments, ColumnRef(captured))
    if targets is None:
        return None
    if node.keyword == "parse-where":
        return _only_matching(env, node, texts, rows, targets, fragments.whole(), captured)
    return _all_rows(env, node, texts, rows, targets, is_strict=kind is not Kind.RELAXED)


def _kind(env: Env, node: ParseOperator) -> Kind | None:
    written = next((p for p in node.parameters if p.name == "kind"), None)
    kind = next((k for k in Kind if written is not None and k.value == word(written)), None)
    if written is None:
        kind = Kind.SIMPLE
    flags = next((p for p in node.parameters if p.name == "flags"), None)
    if kind is None or (kind is Kind.RELAXED and node.keyword == "parse-where"):
        env.report(codes.bad_parameter(node.span, "kind", "simple, regex, and of parse also relaxed"))
        return None
    if flags is not None and kind is not Kind.REGEX:
        env.report(codes.form_not_supported(flags.span, f"flags with kind={kind.value}"))
        return None
    return kind


def _source(env: Env, node: ParseOperator, rows: Relation) -> Expr:
    value = env.over(rows).expression(node.value)
    return call_operator(env, "tostring", (value,), node.value.span)


def _fragments(env: Env, node: ParseOperator, kind: Kind) -> Fragments | None:
    problem = _pattern_problem(node.parts)
    if problem:
        env.report(codes.form_not_supported(node.span, problem))
        return None
    flags = next((word(p) for p in node.parameters if p.name == "flags"), "")
    made = regex_fragments(node.parts, flags) if kind is Kind.REGEX else simple_fragments(node.parts)
    if isinstance(made, str):
        env.report(codes.form_not_supported(node.span, made))
        return None
    return made


def _pattern_problem(parts: tuple[ParsePart, ...]) -> str:
    """What no kind of pattern may hold."""
    for part, following in zip(parts, (*parts[1:], None), strict=True):
        type_ = column_type(part)
        next_kind = following.kind if following is not None else ""
        if part.kind == "text" and not part.text:
            return "an empty text in a parse pattern"
        if part.kind == "column" and type_ is None:
            return "a parse column of an unknown type"
        if part.kind == "column" and type_ is Type.STRING and next_kind == "star":
            return "'*' after a string column (ambiguous, and refused by Kusto too)"
        if part.kind == "column" and next_kind == "column":
            return "two parse columns with no text between them"
        if part.kind == next_kind == "star":
            return "'*' twice in a parse pattern"
    return ""


def _targets(env: Env, node: ParseOperator, fragments: Fragments, source: Expr) -> list[Target] | None:
    targets: list[Target] = []
    for place, part in enumerate(node.parts):
        type_ = column_type(part)
        if part.column is None or type_ is None:
            continue
        env.state.spend(len(node.parts), part.span)  # the pattern stands whole in each column's expression
        name = part.column.name.text
        if any(t.column.name == name for t in targets):
            env.report(codes.duplicate_column(part.span, name))
            return None
        pattern = Literal(fragments.capturing(place), Type.STRING)
        text = call_operator(env, "extract", (pattern, Literal(1, Type.LONG), source), part.span)
        value = text if type_ is Type.STRING else call_operator(env, CONVERSIONS[type_], (text,), part.span)
        if isinstance(value, Invalid):
            return None
        targets.append(Target(env.state.column(name, type_), value, part.span))
    return targets


def _all_rows(
    env: Env, node: ParseOperator, texts: Project, rows: Relation, targets: list[Target], *, is_strict: bool
) -> Relation | None:
    """Every row; where the pattern or a strict conversion fails, empty strings and nulls."""
    values = [(t.column, t.value) for t in targets]
    env.state.spend(len(rows.columns), node.span)  # three nodes, of which one is counted with every operator
    held = Project(texts, (*((c, ColumnRef(c)) for c in rows.columns), *values))
    strict = [ColumnRef(t.column) for t in targets if t.column.type not in (Type.STRING, Type.DYNAMIC)]
    if not is_strict or not strict or len(targets) == 1:
        return Project(held, _placed(rows, values, {t.column.name: ColumnRef(t.column) for t in targets}))
    converted = _all_converted(env, strict, node.span)
    kept: dict[str, Expr] = {}
    for target in targets:
        nothing = Literal("" if target.column.type is Type.STRING else None, target.column.type)
        kept[target.column.name] = call_operator(
            env, "iff", (converted, ColumnRef(target.column), nothing), target.span
        )
    columns = [(env.state.column(t.column.name, t.column.type), t.value) for t in targets]
    return Project(held, _placed(rows, columns, kept))


def _all_converted(env: Env, values: list[ColumnRef], span: Span) -> Expr:
    tests = [call_operator(env, "isnotnull", (value,), span) for value in values]
    whole = tests[0]
    for test in tests[1:]:
        whole = call_operator(env, "and", (whole, test), span)
    return whole


def _placed(
    rows: Relation, targets: list[tuple[Column, Expr]], values: dict[str, Expr]
) -> tuple[tuple[Column, Expr], ...]:
    """A name that exists is replaced where it stands; new ones follow in the pattern's order."""
    named = {column.name: column for column, _ in targets}
    items: list[tuple[Column, Expr]] = []
    for column in rows.columns:
        if column.name in named:
            items.append((named.pop(column.name), values[column.name]))
        else:
            items.append((column, ColumnRef(column)))
    return (*items, *((column, values[name]) for name, column in named.items()))


def _only_matching(
    env: Env,
    node: ParseOperator,
    texts: Project,
    rows: Relation,
    targets: list[Target],
    pattern: str,
    source: Column,
) -> Relation | None:
    """The rows that match, with every value converted."""
    whole = Literal(pattern, Type.STRING)
    matches = call_operator(env, "matches regex", (ColumnRef(source), whole), node.span)
    if isinstance(matches, Invalid):
        return None
    values = [(t.column, t.value) for t in targets]
    held = Project(Filter(texts, (matches,)), (*((c, ColumnRef(c)) for c in rows.columns), *values))
    strict = [ColumnRef(t.column) for t in targets if t.column.type not in (Type.STRING, Type.DYNAMIC)]
    tests = tuple(call_operator(env, "isnotnull", (value,), node.span) for value in strict)
    kept: Relation = Filter(held, tests) if tests else held
    return Project(kept, _placed(rows, values, {t.column.name: ColumnRef(t.column) for t in targets}))
