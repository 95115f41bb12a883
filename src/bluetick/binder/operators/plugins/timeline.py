"""What plugins over a timeline share: an id column, a time column, constants, dimensions, and a KQL text over them.

The text sees the rows as T, with the columns id, t and a dimension each d0, d1 ..., and the constants by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen, renamed
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, Expr, Literal
from bluetick.plan.relations import Relation
from bluetick.syntax.expressions import Argument
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import NUMBER, Type

TIMES = (*NUMBER, Type.DATETIME, Type.TIMESPAN)
CALENDAR = ("week", "month", "year")


class Kind(Enum):
    """What a constant is: a point of the timeline, a distance on it, a distance or a word of the calendar, a number."""

    POINT = "point"
    LENGTH = "length"
    STEP = "step"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the text must know of a call: its dimensions, and the calendar's word ('' for a step that is a value)."""

    dimensions: int
    calendar: str

    @property
    def dims(self) -> tuple[str, ...]:
        return tuple(f"d{i}" for i in range(self.dimensions))

    def by(self, *first: str) -> str:
        """A list of names, then the dimensions."""
        return ", ".join((*first, *self.dims))

    def ascending(self, *first: str) -> str:
        """The same as sort keys."""
        return ", ".join(f"{name} asc" for name in (*first, *self.dims))

    def bin(self, value: str) -> str:
        """The period that a time is in."""
        return f"startof{self.calendar}({value})" if self.calendar else f"bin_at({value}, Step, Start)"

    def shift(self, period: str, count: str) -> str:
        """The period so many periods later."""
        if self.calendar:
            return f"datetime_add('{self.calendar}', {count}, {period})"
        return f"({period} + {count} * Step)"

    def periods_in(self, length: str) -> str:
        """How many periods a distance has at most: a text must still compare where the calendar says."""
        return f"(tolong({length} / 7d) + 1)" if self.calendar else f"tolong({length} / Step)"


@dataclass(frozen=True, slots=True)
class TimelinePlugin:
    """`constants` follow the id and the time, then any dimensions. `text` gives the time, the dimensions, `columns`."""

    constants: tuple[tuple[str, Kind], ...]
    columns: tuple[str, ...]
    text: Callable[[Shape], str]
    is_open: bool = False  # Start and End may be left out


@dataclass(frozen=True, slots=True)
class TimelineCall:
    """The arguments of a call, bound."""

    id: Column
    time: Column
    values: dict[str, Expr]
    dimensions: tuple[Column, ...]
    calendar: str

    @property
    def shape(self) -> Shape:
        return Shape(len(self.dimensions), self.calendar)

    def rows(self, call: Call) -> Relation:
        """The rows with the names that a text has for the columns."""
        dims = {f"d{i}": column for i, column in enumerate(self.dimensions)}
        return chosen(call.env, call.rows, {"id": self.id, "t": self.time, **dims})


def timeline_binder(plugin: TimelinePlugin) -> Callable[[Env, EvaluateOperator, Relation], Relation | None]:
    """The binder of a plugin that its text tells whole."""

    def bind(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
        call = Call(env, node, rows)
        given = bind_timeline(call, call.arguments, plugin)
        if given is None:
            return None
        text = plugin.text(given.shape)
        if "Start" not in given.values:
            text = _bounds(given.shape) + text
        return finished(
            call, given, bind_macro(env, node.call.span, text, {"T": given.rows(call)}, given.values), plugin
        )

    return bind


def finished(call: Call, given: TimelineCall, made: Relation | None, plugin: TimelinePlugin) -> Relation | None:
    if made is None:
        return None
    names = Names()
    wanted = (given.time.name, *(d.name for d in given.dimensions), *plugin.columns)
    return renamed(call.env, made, [names.claim(name) for name in wanted])


def _bounds(shape: Shape) -> str:
    """Without Start and End all rows count, in periods counted from the first row's own."""
    first = shape.bin("t") if shape.calendar else "bin(t, Step)"
    return f"let Start = toscalar(T | summarize min({first})); let End = toscalar(T | summarize max(t));"


def bind_timeline(call: Call, arguments: tuple[Argument, ...], plugin: TimelinePlugin) -> TimelineCall | None:
    """The arguments of a call: id, time, constants, dimensions."""
    wanted = plugin.constants
    constants = 0
    while (
        constants < len(wanted) and constants + 2 < len(arguments) and not call.names_column(arguments[2 + constants])
    ):
        constants += 1
    if plugin.is_open and constants == len(wanted) - 2:
        wanted = wanted[2:]
    if constants < len(wanted) or not call.count_is(2 + len(wanted)):
        if constants < len(wanted) and call.count_is(len(plugin.constants) + (0 if plugin.is_open else 2)):
            names = ", ".join(name for name, _ in plugin.constants)
            call.env.report(
                codes.constant_expected(call.node.call.span, f"each of the arguments {names} of '{call.name}'")
            )
        return None
    id_, time = call.key(arguments[0]), call.column(arguments[1], *TIMES)
    dimensions = [call.key(argument) for argument in arguments[2 + len(wanted) :]]
    if id_ is None or time is None or None in dimensions:
        return None
    values: dict[str, Expr] = {}
    calendar = ""
    for (name, kind), argument in zip(wanted, arguments[2:], strict=False):
        value = call.constant(argument)
        word = _calendar_word(value, kind)
        if value is None or not (word or _fits(call, argument, kind, value, time)):
            return None
        calendar = word or calendar
        values[name] = value
    if calendar and time.type is not Type.DATETIME:
        call.env.report(codes.wrong_type(call.node.call.span, f"'{time.name}'", "datetime", str(time.type)))
        return None
    return TimelineCall(id_, time, values, tuple(d for d in dimensions if d is not None), calendar)


def _calendar_word(value: Expr | None, kind: Kind) -> str:
    is_word = kind is Kind.STEP and isinstance(value, Literal) and value.value in CALENDAR
    return str(value.value) if is_word and isinstance(value, Literal) else ""


def _fits(call: Call, argument: Argument, kind: Kind, value: Expr, time: Column) -> bool:
    """Whether a constant is of a type that goes with the time; what is wrong is reported."""
    if kind is Kind.COUNT or time.type in NUMBER:
        types: tuple[Type, ...] = NUMBER
    elif kind is Kind.POINT:
        types = (time.type,)
    else:
        types = (Type.TIMESPAN,)
    if value.type not in types:
        wanted = " or ".join(str(t) for t in types)
        call.env.report(codes.wrong_type(argument.span, f"this argument of '{call.name}'", wanted, str(value.type)))
        return False
    if isinstance(value, Literal) and kind in (Kind.STEP, Kind.LENGTH) and not (value.value or 0) > 0:
        call.bad(argument, "a period must be above zero")
        return False
    return True
