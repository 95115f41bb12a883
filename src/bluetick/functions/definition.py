"""What a KQL function is: one value that holds its signatures, null rule, lowerings and examples."""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from bluetick.diagnostics.errors import EngineError
from bluetick.sql.tree import Expr, Order
from bluetick.types import Type

ReturnRule: TypeAlias = Type | Callable[[tuple[Type, ...]], Type]


class _NotConstant:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOT_CONSTANT"


NOT_CONSTANT = _NotConstant()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter. An argument of another type is promoted to `types` where that is safe
    (int to long to real to decimal; dynamic only where named). `constant` wants a literal (after lets are inlined)."""

    name: str
    types: tuple[Type, ...]
    optional: bool = False
    repeat: int = 1  # how many times it may stand, last parameters only; several repeating ones repeat as a group
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    parameters: tuple[Parameter, ...]
    returns: ReturnRule

    def result(self, types: tuple[Type, ...]) -> Type:
        return self.returns if isinstance(self.returns, Type) else self.returns(types)


def param(name: str, *types: Type, optional: bool = False, repeat: int = 1, constant: bool = False) -> Parameter:
    return Parameter(name, types, optional, repeat, constant)


def signature(*parameters: Parameter, returns: ReturnRule) -> Signature:
    return Signature(parameters, returns)


@dataclass(frozen=True, slots=True)
class Argument:
    """One passed argument. `constant` is the Python value of a literal (timespan as int microseconds, dynamic as
    parsed JSON, None for a typed null), else NOT_CONSTANT. `name` is the column name that the argument has itself."""

    sql: Expr
    type: Type
    constant: Any = NOT_CONSTANT
    name: str = ""

    @property
    def is_constant(self) -> bool:
        return self.constant is not NOT_CONSTANT


@dataclass(frozen=True, slots=True)
class BoundCall:
    """A call whose signature is chosen. `now` is the symbolic instant of the query for functions that need it.

    `truth_only`: the result is only tested for truth (a filter's conjunct), so null may stand for false; then the
    plain comparison, which engines prune by, is as good as the one that keeps null and false apart.
    """

    name: str
    args: tuple[Argument, ...]
    returns: Type
    now: Expr
    truth_only: bool = False

    def __getitem__(self, index: int) -> Argument:
        return self.args[index]

    def __len__(self) -> int:
        return len(self.args)


Lowering: TypeAlias = Callable[[BoundCall], Expr]


class InexactError(EngineError):
    """A lowering raises it for arguments of which its engine cannot give what the others give.

    `of_rows`: only because a row gives an argument that would have to be a constant.
    """

    def __init__(self, reason: str, hint: str = "", *, of_rows: bool = False) -> None:
        super().__init__(reason)
        self.hint = hint
        self.of_rows = of_rows


class Nulls(Enum):
    """PROPAGATE: a null argument (strings have none) gives null. NEVER: the result is never null for any argument.
    OWN: its own rule, told in the summary and shown by examples."""

    PROPAGATE = "propagate"
    NEVER = "never"
    OWN = "own"


class NameRule(Enum):
    """How Kusto names the column of an unnamed call (`result_name_kind` of the inventory)."""

    NONE = "none"  # Column1, print_0
    FIRST_ARGUMENT = "first argument"  # tostring(d.a) -> d_a, bin(t, 1h) -> t
    PREFIX_AND_FIRST_ARGUMENT = "prefix and first argument"  # strlen(b) -> strlen_b; no name of its own: strlen_
    PREFIX_AND_FIRST_TWO_ARGUMENTS = "prefix and first two arguments"  # covariance(x, y) -> covariance_x_y
    PREFIX_ONLY = "prefix only"  # prefix alone: count_
    ONLY_ARGUMENT = "only argument"  # make_datetime(t) -> t, but make_datetime(y, m, d) has none
    SORTED_ARRAY = "sorted array"  # array_sort_asc(a) -> a_sorted; no name of its own: array0_sorted


@dataclass(frozen=True, slots=True)
class ResultName:
    rule: NameRule = NameRule.NONE
    prefix: str = ""


UNNAMED = ResultName()
AS_ARGUMENT = ResultName(NameRule.FIRST_ARGUMENT)


def prefixed(prefix: str) -> ResultName:
    return ResultName(NameRule.PREFIX_AND_FIRST_ARGUMENT, prefix)


@dataclass(frozen=True, slots=True)
class Example:
    """A KQL expression and the Python value it has (timedelta, datetime, UUID, Decimal, list, dict, None ...).

    For an aggregate or window function `over` is the text of a datatable that the expression summarises.
    `spark` false marks a gap on Spark, with the reason in `gap`; the test for it is a strict expected failure.
    """

    expression: str
    value: Any
    over: str = ""
    gap: str = ""


# Computes one call in Python; see ScalarFunction.
Compute: TypeAlias = Callable[..., Any]


def _in_python(call: BoundCall) -> Expr:
    raise AssertionError(f"{call.name} is computed in Python, and stands in no SQL")


@dataclass(frozen=True, slots=True)
class Resource:
    """Data that a computed function needs of the session: its name there, and how a user gives it."""

    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Part:
    """One of several results of a call: the end of its column's name (behind the call's own result name and an
    underscore), and its type."""

    name: str
    type: Type


# A problem with constant arguments that only the function can see: message, or "" when all is well.
Check: TypeAlias = Callable[[tuple[Argument, ...]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarFunction:
    """A scalar function or operator (operators are named by their symbol: '==', 'has', 'and').

    It has a lowering for each engine, or `compute`, for what no SQL can say: then a step of the program calls it once
    for each distinct tuple of arguments, and gives the engine its results. `compute` takes and gives physical values
    (a datetime is naive UTC, a timespan whole microseconds, a guid lower-case text), a dynamic as what its JSON says;
    with `json_as_text` it takes one as JSON text, but still gives what the JSON says. With Nulls.PROPAGATE it sees no
    null. It never fails: what has no answer is None. With `parts` it gives a tuple, one value for each (or None: all
    are null). With a `resource` the session's is its first argument. `otherwise` stands in where an argument that the
    lowerings want to be constant is none.

    With `may_be_inexact` a lowering may raise InexactError: the call is refused, or where a row gives what would
    have to be a constant `by_rows` stands in, which Python computes.
    """

    name: str
    summary: str
    signatures: tuple[Signature, ...]
    nulls: Nulls
    duckdb: Lowering = _in_python
    spark: Lowering = _in_python
    compute: Compute | None = None
    json_as_text: bool = False
    parts: tuple[Part, ...] = ()
    resource: Resource | None = None
    examples: tuple[Example, ...]
    aliases: tuple[str, ...] = ()
    result_name: ResultName = UNNAMED
    check: Check | None = None
    otherwise: "ScalarFunction | None" = None
    may_be_inexact: bool = False
    by_rows: "ScalarFunction | None" = None
    differs: str = ""


@dataclass(frozen=True, slots=True)
class BoundAggregate:
    """An aggregate call. `order` is the fixed order of the input rows, to be used where the order can be seen."""

    name: str
    args: tuple[Argument, ...]
    returns: Type
    order: tuple[Order, ...] = ()

    def __getitem__(self, index: int) -> Argument:
        return self.args[index]

    def __len__(self) -> int:
        return len(self.args)


AggregateLowering: TypeAlias = Callable[[BoundAggregate], Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateFunction:
    """An aggregate with one result column. (arg_max, arg_min, take_any and percentiles are the plan's own nodes.)

    The lowering gives the value for no rows and for nulls only as well: sum 0, make_list [], avg NaN, min null.

    Where SQL can only gather what the aggregate needs, the lowerings give that as a dynamic value, and `finish` makes
    the aggregate's value of it in Python, as `compute` of a ScalarFunction does (it is the one argument, parsed).
    """

    name: str
    summary: str
    signatures: tuple[Signature, ...]
    duckdb: AggregateLowering
    spark: AggregateLowering
    examples: tuple[Example, ...]
    aliases: tuple[str, ...] = ()
    result_name: ResultName = UNNAMED
    check: Check | None = None
    needs_order: bool = False  # make_list: the order of input rows can be seen
    finish: Compute | None = None
    differs: str = ""


@dataclass(frozen=True, slots=True)
class BoundWindow:
    """A window call over serialized rows: `order` is their order."""

    name: str
    args: tuple[Argument, ...]
    returns: Type
    order: tuple[Order, ...] = ()

    def __getitem__(self, index: int) -> Argument:
        return self.args[index]

    def __len__(self) -> int:
        return len(self.args)


WindowLowering: TypeAlias = Callable[[BoundWindow], Expr]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFunction:
    """row_number, prev, next, row_cumsum ...: may stand only over serialized rows.

    `restarts`: the second argument says where it begins anew; the binder cuts the rows there, so that a lowering never
    sees it.
    """

    name: str
    summary: str
    signatures: tuple[Signature, ...]
    duckdb: WindowLowering
    spark: WindowLowering
    examples: tuple[Example, ...]
    aliases: tuple[str, ...] = ()
    result_name: ResultName = UNNAMED
    check: Check | None = None
    restarts: bool = False
    differs: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every function by name; made once by `registry`."""

    scalars: MutableMapping[str, ScalarFunction]
    aggregates: MutableMapping[str, AggregateFunction]
    windows: MutableMapping[str, WindowFunction]
