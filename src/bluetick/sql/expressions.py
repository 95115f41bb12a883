"""Expressions of the SQL tree as text, parenthesised where the text needs it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

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

MAX_NODES: Final = 60_000  # of one statement: a function whose SQL names its argument twice doubles with each nesting


@dataclass(frozen=True, slots=True)
class _Operator:
    rank: int
    left: int
    right: int
    associative: bool = False


_BINARY: Final[Mapping[str, _Operator]] = {
    "OR": _Operator(_OR, _OR, _AND, associative=True),
    "AND": _Operator(_AND, _AND, _NOT, associative=True),
    "=": _Operator(_COMPARE, _CONCAT, _CONCAT),
    "<>": _Operator(_COMPARE, _CONCAT, _CONCAT),
    "<": _Operator(_COMPARE, _CONCAT, _CONCAT),
    "<=": _Operator(_COMPARE, _CONCAT, _CONCAT),
    ">": _Operator(_COMPARE, _CONCAT, _CONCAT),
    ">=": _Operator(_COMPARE, _CONCAT, _CONCAT),
    "LIKE": _Operator(_COMPARE, _CONCAT, _CONCAT),
    "ILIKE": _Operator(_COMPARE, _CONCAT, _CONCAT),
    "IS NOT DISTINCT FROM": _Operator(_COMPARE, _CONCAT, _CONCAT),
    "||": _Operator(_CONCAT, _SIGN, _SIGN, associative=True),
    "+": _Operator(_ADD, _ADD, _MULTIPLY),
    "-": _Operator(_ADD, _ADD, _MULTIPLY),
    "*": _Operator(_MULTIPLY, _MULTIPLY, _SIGN),
    "/": _Operator(_MULTIPLY, _MULTIPLY, _SIGN),
    "//": _Operator(_MULTIPLY, _MULTIPLY, _SIGN),
    "%": _Operator(_MULTIPLY, _MULTIPLY, _SIGN),
    "->": _Operator(LOWEST, _ATOM, _ATOM),
    "->>": _Operator(LOWEST, _ATOM, _ATOM),
}
_UNARY: Final[Mapping[str, int]] = {"NOT": _NOT, "-": _SIGN, "IS NULL": _COMPARE, "IS NOT NULL": _COMPARE}


@dataclass(frozen=True, slots=True)
class Printer:
    """Expressions to text for one dialect and one set of parameter values."""

    dialect: Dialect
    parameters: Mapping[str, LiteralValue] = field(default_factory=dict)
    size: Iterator[int] = field(default_factory=lambda: count(1))

    def quote(self, name: str) -> str:
        return self.dialect.quote_name(name)

    def print(self, expr: Expr) -> str:
        """The text; QueryError for a statement that grows too large, EngineError for a form that nothing has."""
        if next(self.size) > MAX_NODES:
            raise QueryError((codes.plan_too_large(Span(0, 0), "expressions nested too deep for one SQL statement"),))
        # The common nodes first and without capture patterns: this function is most of the time of a render.
        match expr:
            case Column():
                name = self.quote(expr.name)
                return f"{self.quote(expr.table)}.{name}" if expr.table else name
            case Literal():
                return self.dialect.print_literal(expr.value, expr.type)
            case Call():
                named = [f"{self.quote(key)} := {self.print(arg)}" for key, arg in expr.named]
                return f"{expr.name}({', '.join([*map(self.print, expr.args), *named])})"
            case Binary():
                return self._binary(expr)
            case Cast():
                return self._cast(expr)
            case _:
                return self._print_rarer(expr)

    def _print_rarer(self, expr: Expr) -> str:
        match expr:
            case Parameter(name, type_):
                return self._parameter(name, type_)
            case Bare(value):
                return str(value)
            case Bound(name):
                return self.quote(name)
            case Unary(operator, operand):
                return self._unary(operator, operand)
            case Case(whens, otherwise):
                return self._case(whens, otherwise)
            case Aggregate():
                return self._aggregate(expr)
            case Window():
                return self._window(expr)
            case _:
                return self._print_nested(expr)

    def _print_nested(self, expr: Expr) -> str:
        match expr:
            case In(_, ()):
                return "FALSE"
            case In(value, items):
                return f"{self.operand(value, _CONCAT)} IN ({self.print_all(items)})"
            case InRelation(value, relation, column):
                rows = " ".join(("SELECT", self.quote(column), "FROM", self.quote(relation)))
                return f"{self.operand(value, _CONCAT)} IN ({rows})"
            case Lambda(names, body):
                return self.dialect.print_lambda([self.quote(name) for name in names], self.print(body))
            case Subscript(value, index):
                return f"{self._base(value)}[{self.print(index)}]"
            case Field(value, name):
                return f"{self._base(value)}.{self.quote(name)}"
            case _:
                raise EngineError(f"{type(expr).__name__} cannot stand in an SQL expression")

    def print_all(self, expressions: tuple[Expr, ...]) -> str:
        return ", ".join(map(self.print, expressions))

    def operand(self, expr: Expr, minimum: int) -> str:
        """The text, in parentheses unless it binds at least this tightly."""
        text = self.print(expr)
        return f"({text})" if _rank(expr, text) < minimum else text

    def order_by(self, items: tuple[Order, ...]) -> str:
        return f"ORDER BY {', '.join(map(self._order, items))}"

    def _order(self, item: Order) -> str:
        """Where nulls stand is said where it is not where the engine puts them by itself."""
        usual = self.dialect.ascending_nulls_first and not item.descending
        nulls = "" if item.nulls_first == usual else " NULLS FIRST" if item.nulls_first else " NULLS LAST"
        return f"{self.print(item.value)} {'DESC' if item.descending else 'ASC'}{nulls}"

    def _parameter(self, name: str, type_: Type) -> str:
        if name not in self.parameters:
            raise EngineError(f"the query parameter '{name}' has no value")
        return self.dialect.print_literal(self.parameters[name], type_)

    def _base(self, value: Expr) -> str:
        """What a subscript or a field follows; a bare column would read as a table before a dot."""
        text = self.print(value)
        return text if isinstance(value, Subscript | Field | Bound) else f"({text})"

    def _cast(self, expr: Cast) -> str:
        name = self.dialect.types[expr.type] if isinstance(expr.type, Type) else expr.type
        return f"{'TRY_CAST' if expr.safe else 'CAST'}({self.print(expr.value)} AS {name})"

    def _unary(self, operator: str, operand: Expr) -> str:
        match operator:
            case "NOT":
                return f"NOT {self.operand(operand, _NOT)}"
            case "-":
                return f"-{self.operand(operand, _ATOM)}"
            case "IS NULL" | "IS NOT NULL":
                return f"{self.operand(operand, _CONCAT)} {operator}"
            case _:
                raise EngineError(f"'{operator}' is no operator of one operand")

    def _case(self, whens: tuple[tuple[Expr, Expr], ...], otherwise: Expr | None) -> str:
        if not whens:
            return "NULL" if otherwise is None else f"({self.print(otherwise)})"
        parts = [f"WHEN {self.print(condition)} THEN {self.print(value)}" for condition, value in whens]
        if otherwise is not None:
            parts.append(f"ELSE {self.print(otherwise)}")
        return f"CASE {' '.join(parts)} END"

    def _aggregate(self, expr: Aggregate) -> str:
        inside = self.print_all(expr.args)
        if expr.distinct and expr.args:
            inside = f"DISTINCT {inside}"
        if expr.order and expr.args:
            inside = f"{inside} {self.order_by(expr.order)}"
        filtered = "" if expr.filter is None else f" FILTER(WHERE {self.print(expr.filter)})"
        return f"{expr.name}({inside}){filtered}"

    def _window(self, expr: Window) -> str:
        parts = [f"PARTITION BY {self.print_all(expr.partition)}"] if expr.partition else []
        parts += [self.order_by(expr.order)] if expr.order else []
        parts += [expr.frame] if expr.frame else []
        return f"{self.print(expr.call)} OVER ({' '.join(parts)})"

    def _binary(self, expr: Binary) -> str:
        operator = self._operator(expr.operator)
        if operator.associative:
            return self._chain(expr.operator, operator, _operands(expr))
        # A left-deep run is walked, not recursed into: `a + b + c + ...` may be long.
        spine = [expr]
        while isinstance(left := spine[-1].left, Binary) and self._stays_bare(spine[-1], left):
            spine.append(left)
        parts = [self.operand(spine[-1].left, self._operator(spine[-1].operator).left)]
        for step in reversed(spine):
            parts.append(self.dialect.operators[step.operator])
            parts.append(self.operand(step.right, self._operator(step.operator).right))
        return " ".join(parts)

    def _operator(self, name: str) -> _Operator:
        if name not in self.dialect.operators:
            raise EngineError(f"{self.dialect.name} has no operator '{name}'")
        return _BINARY[name]

    def _stays_bare(self, parent: Binary, left: Binary) -> bool:
        operator = self._operator(left.operator)
        return not operator.associative and operator.rank >= self._operator(parent.operator).left

    def _chain(self, name: str, operator: _Operator, operands: list[Expr]) -> str:
        if len(operands) > _FLAT_CHAIN:
            size = -(-len(operands) // _FLAT_CHAIN)
            groups = [operands[start : start + size] for start in range(0, len(operands), size)]
            texts = [
                f"({self._chain(name, operator, group)})" if len(group) > 1 else self.operand(group[0], operator.right)
                for group in groups
            ]
        else:
            texts = [self.operand(operand, operator.right) for operand in operands]
        return f" {self.dialect.operators[name]} ".join(texts)


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


def _rank(expr: Expr, text: str) -> int:
    match expr:
        case Column() | Call() | Cast():
            return _ATOM
        case Binary(operator):
            return _BINARY[operator].rank
        case Unary(operator):
            return _UNARY[operator]
        case In() | InRelation():
            return _COMPARE
        case Lambda():
            return LOWEST
        case _:
            return _SIGN if text.startswith("-") else _ATOM
