"""Expressions of the SQL tree as sqlglot nodes, parenthesised where the printed text needs it.

Functions become `Anonymous`, types user-defined names and constants `Var`, so that sqlglot prints and never translates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from sqlglot import exp

from bluetick.diagnostics import Span, codes
from bluetick.diagnostics.errors import EngineError, QueryError
from bluetick.sql.dialect import Dialect, LiteralValue
from bluetick.sql.tree import (
    Aggregate,
    Bare,
    Binary,
    Bound,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    Field,
    In,
    InRelation,
    Lambda,
    Literal,
    Order,
    Parameter,
    Subscript,
    Unary,
    Window,
)
from bluetick.types import Type

# How tightly a printed form binds. The engines disagree on '||' against '+', and on arrows against everything:
# those never stand bare beside another operator.
LOWEST: Final = 0
_OR: Final = 1
_AND: Final = 2
_NOT: Final = 3
_COMPARE: Final = 4
_CONCAT: Final = 5
_ADD: Final = 6
_MULTIPLY: Final = 7
_SIGN: Final = 8
_ATOM: Final = 9

# Longer chains of one associative operator are printed as a balanced tree: engines bound the depth of an expression.
_FLAT_CHAIN: Final = 64


@dataclass(frozen=True, slots=True)
class _Operator:
    node: type[exp.Binary]
    rank: int
    left: int
    right: int
    associative: bool = False


_BINARY: Final[Mapping[str, _Operator]] = {
    "OR": _Operator(exp.Or, _OR, _OR, _AND, associative=True),
    "AND": _Operator(exp.And, _AND, _AND, _NOT, associative=True),
    "=": _Operator(exp.EQ, _COMPARE, _CONCAT, _CONCAT),
    "<>": _Operator(exp.NEQ, _COMPARE, _CONCAT, _CONCAT),
    "<": _Operator(exp.LT, _COMPARE, _CONCAT, _CONCAT),
    "<=": _Operator(exp.LTE, _COMPARE, _CONCAT, _CONCAT),
    ">": _Operator(exp.GT, _COMPARE, _CONCAT, _CONCAT),
    ">=": _Operator(exp.GTE, _COMPARE, _CONCAT, _CONCAT),
    "LIKE": _Operator(exp.Like, _COMPARE, _CONCAT, _CONCAT),
    "ILIKE": _Operator(exp.ILike, _COMPARE, _CONCAT, _CONCAT),
    "IS NOT DISTINCT FROM": _Operator(exp.NullSafeEQ, _COMPARE, _CONCAT, _CONCAT),
    "||": _Operator(exp.DPipe, _CONCAT, _SIGN, _SIGN, associative=True),
    "+": _Operator(exp.Add, _ADD, _ADD, _MULTIPLY),
    "-": _Operator(exp.Sub, _ADD, _ADD, _MULTIPLY),
    "*": _Operator(exp.Mul, _MULTIPLY, _MULTIPLY, _SIGN),
    "/": _Operator(exp.Div, _MULTIPLY, _MULTIPLY, _SIGN),
    "//": _Operator(exp.IntDiv, _MULTIPLY, _MULTIPLY, _SIGN),
    "%": _Operator(exp.Mod, _MULTIPLY, _MULTIPLY, _SIGN),
    "->": _Operator(exp.JSONExtract, LOWEST, _ATOM, _ATOM),
    "->>": _Operator(exp.JSONExtractScalar, LOWEST, _ATOM, _ATOM),
}
_UNARY: Final[Mapping[str, int]] = {"NOT": _NOT, "-": _SIGN, "IS NULL": _COMPARE, "IS NOT NULL": _COMPARE}


def quoted(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=True)


def raw(text: str) -> exp.Var:
    """Text that is printed as it stands."""
    return exp.Var(this=text)


MAX_NODES = 60_000  # of one statement: a function whose SQL names its argument twice doubles with each nesting


@dataclass(frozen=True, slots=True)
class Converter:
    """Tree to sqlglot for one dialect and one set of parameter values."""

    dialect: Dialect
    parameters: Mapping[str, LiteralValue] = field(default_factory=dict)
    size: Iterator[int] = field(default_factory=lambda: count(1))

    def convert(self, expr: Expr) -> exp.Expr:
        if next(self.size) > MAX_NODES:
            raise QueryError((codes.plan_too_large(Span(0, 0), "expressions nested too deep for one SQL statement"),))
        # The common nodes first and without capture patterns: this function is most of the time of a render.
        match expr:
            case Column():
                name = quoted(expr.name)
                return exp.Column(this=name, table=quoted(expr.table)) if expr.table else name
            case Literal():
                return raw(self.dialect.print_literal(expr.value, expr.type))
            case Call():
                args = [self.convert(arg) for arg in expr.args]
                args.extend(exp.PropertyEQ(this=quoted(key), expression=self.convert(arg)) for key, arg in expr.named)
                return exp.Anonymous(this=expr.name, expressions=args)
            case Binary():
                return self._binary(expr)
            case Cast():
                return self._cast(expr.value, expr.type, expr.safe)
            case _:
                return self._convert_rarer(expr)

    def _convert_rarer(self, expr: Expr) -> exp.Expr:
        match expr:
            case Parameter(name, type_):
                return raw(self._parameter(name, type_))
            case Bare(value):
                return raw(str(value))
            case Bound(name):
                return quoted(name)
            case Unary(operator, operand):
                return self._unary(operator, operand)
            case Case(whens, otherwise):
                return self._case(whens, otherwise)
            case Aggregate():
                return self._aggregate(expr)
            case Window():
                return self._window(expr)
            case _:
                return self._convert_nested(expr)

    def _convert_nested(self, expr: Expr) -> exp.Expr:
        match expr:
            case In(_, ()):
                return raw("FALSE")
            case In(value, items):
                return exp.In(this=self.operand(value, _CONCAT), expressions=[self.convert(item) for item in items])
            case InRelation(value, relation, column):
                query = exp.Select(expressions=[quoted(column)], from_=exp.From(this=exp.Table(this=quoted(relation))))
                return exp.In(this=self.operand(value, _CONCAT), query=exp.Subquery(this=query))
            case Lambda(names, body):
                return exp.Lambda(this=self.convert(body), expressions=[quoted(name) for name in names])
            case Subscript(value, index):
                # json_access: sqlglot else counts the index anew for the dialect it prints.
                return exp.Bracket(this=self._base(value), expressions=[self.convert(index)], json_access=True)
            case Field(value, name):
                return exp.Dot(this=self._base(value), expression=quoted(name))
            case _:
                raise EngineError(f"{type(expr).__name__} cannot stand in an SQL expression")

    def operand(self, expr: Expr, minimum: int) -> exp.Expr:
        """The node, in parentheses unless it binds at least this tightly."""
        node = self.convert(expr)
        return exp.Paren(this=node) if _rank(expr, node) < minimum else node

    def order(self, item: Order) -> exp.Ordered:
        return exp.Ordered(this=self.convert(item.value), desc=item.descending, nulls_first=item.nulls_first)

    def _parameter(self, name: str, type_: Type) -> str:
        if name not in self.parameters:
            raise EngineError(f"the query parameter '{name}' has no value")
        return self.dialect.print_literal(self.parameters[name], type_)

    def _base(self, value: Expr) -> exp.Expr:
        """What a subscript or a field follows; a bare column would read as a table before a dot."""
        node = self.convert(value)
        return node if isinstance(value, Subscript | Field | Bound) else exp.Paren(this=node)

    def _cast(self, value: Expr, type_: Type | str, safe: bool) -> exp.Expr:
        name = self.dialect.types[type_] if isinstance(type_, Type) else type_
        to = exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=name)
        return (
            exp.TryCast(this=self.convert(value), to=to, safe=True)
            if safe
            else exp.Cast(this=self.convert(value), to=to)
        )

    def _unary(self, operator: str, operand: Expr) -> exp.Expr:
        match operator:
            case "NOT":
                return exp.Not(this=self.operand(operand, _NOT))
            case "-":
                return exp.Neg(this=self.operand(operand, _ATOM))
            case "IS NULL":
                return exp.Is(this=self.operand(operand, _CONCAT), expression=exp.Null())
            case "IS NOT NULL":
                return exp.Is(this=self.operand(operand, _CONCAT), expression=exp.Null(), negate=True)
            case _:
                raise EngineError(f"'{operator}' is no operator of one operand")

    def _case(self, whens: tuple[tuple[Expr, Expr], ...], otherwise: Expr | None) -> exp.Expr:
        if not whens:
            return raw("NULL") if otherwise is None else exp.Paren(this=self.convert(otherwise))
        return exp.Case(
            ifs=[exp.If(this=self.convert(condition), true=self.convert(value)) for condition, value in whens],
            default=None if otherwise is None else self.convert(otherwise),
        )

    def _aggregate(self, expr: Aggregate) -> exp.Expr:
        args = [self.convert(arg) for arg in expr.args]
        if expr.distinct and args:
            # Around the first argument only: sqlglot rewrites a DISTINCT of several.
            args[0] = exp.Distinct(expressions=[args[0]])
        if expr.order and args:
            args[-1] = exp.Order(this=args[-1], expressions=[self.order(item) for item in expr.order])
        node: exp.Expr = exp.Anonymous(this=expr.name, expressions=args)
        if expr.filter is not None:
            node = exp.Filter(this=node, expression=exp.Where(this=self.convert(expr.filter)))
        return node

    def _window(self, expr: Window) -> exp.Expr:
        return exp.Window(
            this=self.convert(expr.call),
            partition_by=[self.convert(key) for key in expr.partition],
            order=exp.Order(expressions=[self.order(item) for item in expr.order]) if expr.order else None,
            spec=raw(expr.frame) if expr.frame else None,
        )

    def _binary(self, expr: Binary) -> exp.Expr:
        operator = self._operator(expr.operator)
        if operator.associative:
            return self._chain(operator, _operands(expr))
        # A left-deep run is walked, not recursed into: `a + b + c + ...` may be long.
        spine = [expr]
        while isinstance(left := spine[-1].left, Binary) and self._stays_bare(spine[-1], left):
            spine.append(left)
        node = self.operand(spine[-1].left, self._operator(spine[-1].operator).left)
        for step in reversed(spine):
            operator = self._operator(step.operator)
            node = operator.node(this=node, expression=self.operand(step.right, operator.right))
        return node

    def _operator(self, name: str) -> _Operator:
        if name not in self.dialect.operators:
            raise EngineError(f"{self.dialect.name} has no operator '{name}'")
        return _BINARY[name]

    def _stays_bare(self, parent: Binary, left: Binary) -> bool:
        operator = self._operator(left.operator)
        return not operator.associative and operator.rank >= self._operator(parent.operator).left

    def _chain(self, operator: _Operator, operands: list[Expr]) -> exp.Expr:
        if len(operands) > _FLAT_CHAIN:
            size = -(-len(operands) // _FLAT_CHAIN)
            groups = [operands[start : start + size] for start in range(0, len(operands), size)]
            nodes: list[exp.Expr] = [
                exp.Paren(this=self._chain(operator, group))
                if len(group) > 1
                else self.operand(group[0], operator.right)
                for group in groups
            ]
        else:
            nodes = [self.operand(operand, operator.right) for operand in operands]
        result = nodes[0]
        for node in nodes[1:]:
            result = operator.node(this=result, expression=node)
        return result


def _operands(expr: Binary) -> list[Expr]:
    """The operands of a chain of one associative operator, in order, however it nests."""
    found: list[Expr] = []
    waiting: list[Expr] = [expr]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Binary) and item.operator == expr.operator:
            waiting += (item.right, item.left)
        else:
            found.append(item)
    return found


def _rank(expr: Expr, node: exp.Expr) -> int:
    match expr:
        case Binary(operator):
            return _BINARY[operator].rank
        case Unary(operator):
            return _UNARY[operator]
        case In() | InRelation():
            return _COMPARE
        case Lambda():
            return LOWEST
        case _:
            return _SIGN if isinstance(node, exp.Var) and str(node.this).startswith("-") else _ATOM
