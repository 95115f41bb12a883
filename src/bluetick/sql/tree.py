"""The SQL tree: what lowering builds. Frozen values without a dialect's spelling; `render` parenthesises, quotes
and prints them. A function is called by the name the engine has for it: choosing it is the caller's business.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A typed constant; None is the typed NULL. A timespan is its microseconds; a dynamic its JSON text.

    Printed with its exact type: a long as BIGINT, a real as DOUBLE (never the engine's DECIMAL).
    """

    value: bool | int | float | Decimal | str | datetime | UUID | None
    type: Type


@dataclass(frozen=True, slots=True)
class Bare:
    """A small integer or word printed as it stands, where an engine wants a plain literal: list indexes, `'utf-8'`."""

    value: int | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value known only when the query runs: now, a query parameter, the result of a scalar step."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its alias; `table` where two inputs of a join are told apart."""

    name: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A function call, printed verbatim. `named` arguments print as name := value (DuckDB's struct_pack)."""

    name: str
    args: "tuple[Expr, ...]" = ()
    named: "tuple[tuple[str, Expr], ...]" = ()


@dataclass(frozen=True, slots=True)
class Cast:
    """CAST; `type` is a KQL type or the engine's own type text such as 'VARCHAR[]'. `safe` is TRY_CAST."""

    value: "Expr"
    type: Type | str
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Binary:
    """operator in + - * / // % = <> < <= > >= AND OR || LIKE ILIKE and 'IS NOT DISTINCT FROM', '->', '->>'."""

    operator: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Unary:
    """operator in NOT - IS NULL, IS NOT NULL (the last two are printed behind)."""

    operator: str
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Case:
    whens: "tuple[tuple[Expr, Expr], ...]"
    otherwise: "Expr | None" = None


@dataclass(frozen=True, slots=True)
class In:
    value: "Expr"
    items: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class InRelation:
    """value IN (SELECT column FROM relation)."""

    value: "Expr"
    relation: str
    column: str


@dataclass(frozen=True, slots=True)
class Lambda:
    """x -> body for list functions (printed `lambda x: body` for DuckDB, `x -> body` for Spark)."""

    names: tuple[str, ...]
    body: "Expr"


@dataclass(frozen=True, slots=True)
class Bound:
    """A lambda's variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Subscript:
    """value[index], as the engine counts."""

    value: "Expr"
    index: "Expr"


@dataclass(frozen=True, slots=True)
class Field:
    """struct.field"""

    value: "Expr"
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    value: "Expr"
    descending: bool = False
    nulls_first: bool = True


@dataclass(frozen=True, slots=True)
class Aggregate:
    """name(DISTINCT args ORDER BY order) FILTER (WHERE condition)."""

    name: str
    args: "tuple[Expr, ...]" = ()
    distinct: bool = False
    order: tuple[Order, ...] = ()
    filter: "Expr | None" = None


@dataclass(frozen=True, slots=True)
class Window:
    """call OVER (PARTITION BY .. ORDER BY .. frame); `frame` is the text after ORDER BY, such as
    'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'."""

    call: "Call | Aggregate"
    partition: "tuple[Expr, ...]" = ()
    order: tuple[Order, ...] = ()
    frame: str = ""


Expr: TypeAlias = (
    Literal
    | Bare
    | Parameter
    | Column
    | Call
    | Cast
    | Binary
    | Unary
    | Case
    | In
    | InRelation
    | Lambda
    | Bound
    | Subscript
    | Field
    | Aggregate
    | Window
)


# --- relations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RelationRef:
    """A CTE of this statement, or a relation that the engine binds (a table's files, a step's result)."""

    name: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class JoinItem:
    """kind: INNER, LEFT, RIGHT, FULL, SEMI, ANTI, CROSS (SEMI and ANTI keep the left side)."""

    left: "FromItem"
    right: RelationRef
    kind: str
    on: Expr | None


@dataclass(frozen=True, slots=True)
class TableCall:
    """A function that gives rows of one column, which has the alias; its arguments are constants."""

    name: str
    args: tuple[Expr, ...]
    alias: str


FromItem: TypeAlias = RelationRef | JoinItem | TableCall


@dataclass(frozen=True, slots=True)
class Select:
    """items: (alias, expression); `star` puts * before them (every column of the source)."""

    items: tuple[tuple[str, Expr], ...]
    source: FromItem | None = None
    star: bool = False
    where: Expr | None = None
    group_by: tuple[Expr, ...] = ()
    having: Expr | None = None
    order_by: tuple[Order, ...] = ()
    limit: Expr | None = None
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class UnionAll:
    selects: tuple[Select, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Rows of constants under column aliases; may have no row (then the types are taken from `types`)."""

    names: tuple[str, ...]
    types: tuple[Type, ...]
    rows: tuple[tuple[Expr, ...], ...]


Relation: TypeAlias = Select | UnionAll | Values


@dataclass(frozen=True, slots=True)
class Cte:
    """materialized: True, False, or None to leave it to the engine."""

    name: str
    relation: Relation
    materialized: bool | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """WITH ctes body."""

    ctes: tuple[Cte, ...]
    body: Relation


# --- constructors that most callers want -----------------------------------------------------------------------

TRUE = Literal(True, Type.BOOL)
FALSE = Literal(False, Type.BOOL)
EMPTY = Literal("", Type.STRING)


def null(type_: Type) -> Literal:
    return Literal(None, type_)


def text(value: str) -> Literal:
    return Literal(value, Type.STRING)


def long(value: int) -> Literal:
    return Literal(value, Type.LONG)


def call(name: str, *args: Expr) -> Call:
    return Call(name, args)


def is_null(value: Expr) -> Unary:
    return Unary("IS NULL", value)


def is_not_null(value: Expr) -> Unary:
    return Unary("IS NOT NULL", value)


def not_(value: Expr) -> Unary:
    return Unary("NOT", value)


def all_of(*conditions: Expr) -> Expr:
    """The conjunction; TRUE of none."""
    if not conditions:
        return TRUE
    result = conditions[0]
    for condition in conditions[1:]:
        result = Binary("AND", result, condition)
    return result


def any_of(*conditions: Expr) -> Expr:
    """The disjunction; FALSE of none."""
    if not conditions:
        return FALSE
    result = conditions[0]
    for condition in conditions[1:]:
        result = Binary("OR", result, condition)
    return result


def when(condition: Expr, then: Expr, otherwise: Expr | None = None) -> Case:
    return Case(((condition, then),), otherwise)


def coalesce(*values: Expr) -> Call:
    return Call("coalesce", values)
