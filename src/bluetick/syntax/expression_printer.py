"""Expressions back to KQL, with parentheses only where the grammar needs them."""

import json
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from bluetick.syntax.binary_operators import EQUALITY, NOT_ASSOCIATIVE, OPERATORS
from bluetick.syntax.expressions import (
    Argument,
    BetweenExpression,
    BinaryExpression,
    CallExpression,
    ColumnDeclaration,
    DynamicLiteral,
    ElementExpression,
    Expression,
    Json,
    ListExpression,
    Literal,
    NamedExpression,
    NamePattern,
    NameReference,
    OrderedExpression,
    PathExpression,
    PipelineExpression,
    Star,
    TypeLiteral,
    UnaryExpression,
)
from bluetick.syntax.literals import LONG_MAX, format_datetime, format_timespan
from bluetick.syntax.operators import Pipeline
from bluetick.types import Type

PrintPipeline = Callable[[Pipeline], str]

_UNARY = 8
_POSTFIX = 9
_IDENTIFIER = re.compile(r"\$?[^\W\d]\w*")
_WILD = re.compile(r"[\w*]+")
# Words that mean something where a name may stand; a name spelled like one goes into brackets.
_KEYWORDS = frozenset(
    """
    FALSE False SELECT TRUE True alias and as asc bagexpansion bool boolean by contains count datascope
    datatable date datetime decimal declare default desc double dynamic endswith evaluate external_data
    externaldata false find flags float from guid has has_all has_any hint id in int int32 int64 isfuzzy
    kind let limit long macro matches notcontains null nulls of on optional or order others output pack
    parse partition print project range real regex restrict search select set startswith step time
    timespan to top toscalar totable true typeof union uniqueid uuid view where with with_itemindex
    with_match_id with_source with_step_name withsource
    """.split()  # noqa: SIM905
) | frozenset(text for text in OPERATORS if text[0].isalpha())


def print_name(text: str) -> str:
    if _IDENTIFIER.fullmatch(text) and text not in _KEYWORDS and not text.startswith("__"):
        return text
    return f"[{quote(text)}]"


def quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# --- literals ------------------------------------------------------------------------------------------------


def print_literal(literal: Literal) -> str:
    value = literal.value
    if value is None:
        return f"{literal.type}(null)"
    match literal.type:
        case Type.STRING:
            return quote(str(value))
        case Type.BOOL:
            return "true" if value else "false"
        case Type.LONG if isinstance(value, int) and value >= 0:
            return str(value)
        case Type.REAL if isinstance(value, float):
            return _print_real(value)
        case Type.DATETIME if isinstance(value, datetime):
            return f"datetime({format_datetime(value).removesuffix('0Z')}{literal.nanoseconds // 100}Z)"
        case Type.TIMESPAN if isinstance(value, int):
            return f"timespan({format_timespan(value)})"
        case _:
            return f"{literal.type}({value})"


def _print_real(value: float) -> str:
    if math.isfinite(value) and math.copysign(1, value) > 0:
        return repr(value)
    return "real(nan)" if math.isnan(value) else f"real({value!r})"


def print_json(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if value > -LONG_MAX else f"long({value})"
        case float():
            return repr(value) if math.isfinite(value) else _print_real(value)
        case str():
            return quote(value)
        case list():
            return "[" + ", ".join(print_json(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{quote(key)}: {print_json(item)}" for key, item in value.items()) + "}"
        case _:
            assert_never(value)


# --- expressions ---------------------------------------------------------------------------------------------


def print_column(column: ColumnDeclaration) -> str:
    name = print_name(column.name.text)
    return f"{name}:{column.type_text}" if column.type_text else name


def print_columns(columns: tuple[ColumnDeclaration, ...], is_open: bool = False) -> str:
    return "(" + ", ".join([*map(print_column, columns), *(["*"] if is_open else [])]) + ")"


class ExpressionPrinter:
    """Prints expressions; pipelines inside them are printed by what it was given."""

    __slots__ = ("_pipeline",)

    def __init__(self, pipeline: PrintPipeline) -> None:
        self._pipeline = pipeline

    def scalar(self, node: Expression, level: int = 0) -> str:
        """The text of a node, in parentheses where it binds less tightly than `level`."""
        text = self._compound(node) if _level(node) < _POSTFIX else self._simple(node)
        return f"({text})" if _level(node) < level else text

    def many(self, nodes: tuple[Expression, ...]) -> str:
        return ", ".join(self.scalar(node) for node in nodes)

    def reference(self, node: Expression) -> str:
        """A table or column where a name with stars may stand."""
        if isinstance(node, PathExpression) and "*" in node.name.text and _WILD.fullmatch(node.name.text):
            return f"{self._base(node.base)}.{node.name.text}"
        return self.scalar(node)

    def named(self, item: NamedExpression) -> str:
        value = self.scalar(item.value)
        names = ", ".join(print_name(name.text) for name in item.names)
        if item.tuple_form:
            return f"({names}) = {value}"
        return f"{names} = {value}" if names else value

    def ordered(self, item: OrderedExpression) -> str:
        order = f" {item.direction}" if item.direction else ""
        nulls = f" nulls {item.nulls}" if item.nulls else ""
        return f"{self.reference(item.value)}{order}{nulls}"

    def _compound(self, node: Expression) -> str:
        match node:
            case BinaryExpression():
                return self._binary(node)
            case ListExpression():
                return f"{self.scalar(node.left, EQUALITY + 1)} {node.operator} ({self.many(node.items)})"
            case BetweenExpression():
                value = self.scalar(node.value, EQUALITY + 1)
                return f"{value} {node.operator} ({self.scalar(node.low)} .. {self.scalar(node.high)})"
            case UnaryExpression():
                return f"{node.operator}{self.scalar(node.operand, _UNARY)}"
            case _:
                return self._simple(node)

    def _binary(self, node: BinaryExpression) -> str:
        """Along the left side without recursion: such chains are long."""
        right_parts: list[str] = []
        while True:
            precedence = OPERATORS[node.operator].precedence
            right_parts.append(f" {node.operator} {self.scalar(node.right, precedence + 1)}")
            needed = precedence + (precedence in NOT_ASSOCIATIVE)
            left = node.left
            if not isinstance(left, BinaryExpression) or _level(left) < needed:
                return self.scalar(left, needed) + "".join(reversed(right_parts))
            node = left

    def _simple(self, node: Expression) -> str:
        match node:
            case Literal() | DynamicLiteral() | TypeLiteral():
                return _constant(node)
            case NameReference():
                return print_name(node.name)
            case NamePattern():
                return node.pattern
            case Star():
                return "*"
            case PathExpression() | ElementExpression() | CallExpression():
                return self._postfix(node)
            case PipelineExpression():
                return f"({self._pipeline(node.pipeline)})"
            case _:
                return ""

    def _postfix(self, node: PathExpression | ElementExpression | CallExpression) -> str:
        match node:
            case PathExpression():
                return f"{self._base(node.base)}.{print_name(node.name.text)}"
            case ElementExpression():
                return f"{self._base(node.base)}[{self.scalar(node.index)}]"
            case CallExpression():
                base = f"{self._base(node.base)}." if node.base else ""
                arguments = ", ".join(self._argument(argument) for argument in node.arguments)
                return f"{base}{print_name(node.name.text)}({arguments})"
            case _:
                assert_never(node)

    def _base(self, node: Expression) -> str:
        text = self.scalar(node, _POSTFIX)
        return f"({text})" if isinstance(node, Literal | Star) else text

    def _argument(self, argument: Argument) -> str:
        value = self.scalar(argument.value)
        return f"{argument.name.text} = {value}" if argument.name else value


def _constant(node: Literal | DynamicLiteral | TypeLiteral) -> str:
    match node:
        case Literal():
            return print_literal(node)
        case DynamicLiteral():
            return f"dynamic({print_json(node.value)})"
        case TypeLiteral():
            return f"typeof({node.type})" if node.type else f"typeof{print_columns(node.columns)}"
        case _:
            assert_never(node)


def _level(node: Expression) -> int:
    match node:
        case BinaryExpression():
            return OPERATORS[node.operator].precedence
        case ListExpression() | BetweenExpression():
            return EQUALITY
        case UnaryExpression():
            return _UNARY
        case _:
            return _POSTFIX
