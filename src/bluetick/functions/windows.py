"""Window functions: they read the rows around their own, so they may stand only over serialized rows."""

from bluetick.functions.aggregates.sums import wrap_long
from bluetick.functions.definition import (
    Argument,
    BoundWindow,
    Example,
    WindowFunction,
    WindowLowering,
    param,
    signature,
)
from bluetick.sql.tree import EMPTY, Aggregate, Bare, Binary, Call, Cast, Expr, Window, coalesce, long, null
from bluetick.types import ANY_SCALAR, INTEGER, NUMBER, Type

_UP_TO_THIS_ROW = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
_ROWS = "datatable(n:long, s:string)[1, 'a', 2, 'b', 3, 'c'] | sort by n asc"
_NULL_ROW = "datatable(k:long, n:long)[1, 5, 2, long(null), 3, 2] | sort by k asc"


def _row_number(bound: BoundWindow) -> Expr:
    number = Cast(Window(Call("row_number"), order=bound.order), Type.LONG)
    return Binary("+", number, Binary("-", bound[0].sql, long(1))) if bound.args else number


def _neighbour(engine_name: str) -> WindowLowering:
    def lower(bound: BoundWindow) -> Expr:
        value = bound[0]
        offset = int(bound[1].constant) if len(bound) > 1 else 1
        return Window(Call(engine_name, (value.sql, Bare(offset), _beyond(bound))), order=bound.order)

    return lower


def _beyond(bound: BoundWindow) -> Expr:
    """What stands where there is no such row."""
    if len(bound) > 2:
        default = bound[2]
        return default.sql if default.type is bound.returns else Cast(default.sql, bound.returns)
    return EMPTY if bound.returns is Type.STRING else null(bound.returns)


def _check_offset(args: tuple[Argument, ...]) -> str:
    wrong = len(args) > 1 and (args[1].constant is None or args[1].constant < 0)
    return "the offset must be 0 or more" if wrong else ""


def _cumulative(bound: BoundWindow) -> Window:
    return Window(Aggregate("sum", (bound[0].sql,)), order=bound.order, frame=_UP_TO_THIS_ROW)


def _running_max(bound: BoundWindow) -> Expr:
    return Window(Aggregate("max", (bound[0].sql,)), order=bound.order, frame=_UP_TO_THIS_ROW)


def _row_cumsum_duckdb(bound: BoundWindow) -> Expr:
    zero = Cast(long(0), bound.returns)
    if bound.returns is Type.LONG:
        return coalesce(wrap_long(_cumulative(bound)), zero)
    return coalesce(Cast(_cumulative(bound), bound.returns), zero)


def _row_cumsum_spark(bound: BoundWindow) -> Expr:
    return coalesce(Cast(_cumulative(bound), bound.returns), Cast(long(0), bound.returns))


def _first_type(types: tuple[Type, ...]) -> Type:
    return types[0]


ROW_NUMBER = WindowFunction(
    name="row_number",
    summary="The number of the row, from 1 or from a given start; it begins anew where `restart` is true.",
    signatures=(
        signature(param("start", Type.LONG, optional=True), returns=Type.LONG),
        signature(param("start", Type.LONG), param("restart", Type.BOOL), returns=Type.LONG),
    ),
    restarts=True,
    duckdb=_row_number,
    spark=_row_number,
    examples=(
        Example("row_number()", [1, 2, 3], over=_ROWS),
        Example("row_number(10)", [10, 11, 12], over=_ROWS),
        Example("row_number(1, s == 'b')", [1, 1, 2], over=_ROWS),
        Example("row_number(5, prev(n) == 2)", [5, 6, 5], over=_ROWS),
        Example("row_number()", [1, 2, 3], over=_NULL_ROW),
    ),
)

PREV = WindowFunction(
    name="prev",
    summary="The value of a column some rows before; a default, null or the empty string where there is no such row.",
    signatures=(
        signature(
            param("column", *ANY_SCALAR),
            param("offset", *INTEGER, optional=True, constant=True),
            param("default", *ANY_SCALAR, optional=True),
            returns=_first_type,
        ),
    ),
    duckdb=_neighbour("lag"),
    spark=_neighbour("lag"),
    check=_check_offset,
    examples=(
        Example("prev(n)", [None, 1, 2], over=_ROWS),
        Example("prev(s)", ["", "a", "b"], over=_ROWS),
        Example("prev(n, 2)", [None, None, 1], over=_ROWS),
        Example("prev(n, 1, -1)", [-1, 1, 2], over=_ROWS),
        Example("prev(n, 1, -1)", [-1, 5, None], over=_NULL_ROW),
    ),
)

NEXT = WindowFunction(
    name="next",
    summary="The value of a column some rows after; a default, null or the empty string where there is no such row.",
    signatures=PREV.signatures,
    duckdb=_neighbour("lead"),
    spark=_neighbour("lead"),
    check=_check_offset,
    examples=(
        Example("next(n)", [2, 3, None], over=_ROWS),
        Example("next(s, 1, 'end')", ["b", "c", "end"], over=_ROWS),
        Example("next(n, 1, -1)", [None, 2, -1], over=_NULL_ROW),
    ),
)

ROW_CUMSUM = WindowFunction(
    name="row_cumsum",
    summary="The sum of a column up to this row, from the first row or the last restart; a null adds nothing.",
    signatures=(
        signature(param("term", *NUMBER), returns=_first_type),
        signature(param("term", *NUMBER), param("restart", Type.BOOL), returns=_first_type),
    ),
    restarts=True,
    duckdb=_row_cumsum_duckdb,
    spark=_row_cumsum_spark,
    examples=(
        Example("row_cumsum(n)", [1, 3, 6], over=_ROWS),
        Example("row_cumsum(n, s == 'c')", [1, 3, 3], over=_ROWS),
        Example("row_cumsum(n)", [5, 5, 7], over=_NULL_ROW),
    ),
)

# Not in the catalogue, as no query can write it: the binder makes row_rank_min of it. The ranks need a window over a
# window, which one expression cannot hold.
RUNNING_MAX = WindowFunction(
    name="running_max",
    summary="The largest value up to this row.",
    signatures=(signature(param("term", Type.LONG), returns=Type.LONG),),
    duckdb=_running_max,
    spark=_running_max,
    examples=(),
)

# Not in the catalogue either: the binder makes steps of scan of it (binder.sessions), and no lowering is asked for.
ROW_WINDOW_SESSION = WindowFunction(
    name="row_window_session",
    summary="The first time of the session that the row belongs to.",
    signatures=(
        signature(
            param("expr", Type.DATETIME),
            param("max_distance_from_first", Type.TIMESPAN),
            param("max_distance_between_neighbors", Type.TIMESPAN),
            param("restart", Type.BOOL, optional=True),
            returns=Type.DATETIME,
        ),
    ),
    duckdb=_running_max,
    spark=_running_max,
    examples=(),
)

WINDOWS: tuple[WindowFunction, ...] = (ROW_NUMBER, PREV, NEXT, ROW_CUMSUM)
