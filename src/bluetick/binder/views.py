"""Expressions over one source's row: what a mapping of columns is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bluetick.binder.bind import new_env
from bluetick.binder.calls import promote
from bluetick.binder.schema import CatalogSchema
from bluetick.binder.scope import Env, Row, TooLargeError
from bluetick.diagnostics import Diagnostic, Span, codes, mapping_codes
from bluetick.functions.registry import find_scalar
from bluetick.plan.expressions import (
    Call,
    Column,
    ColumnRef,
    Expr,
    InTable,
    Invalid,
    Literal,
    Parameter,
    ScalarQuery,
    walk,
)
from bluetick.syntax.expressions import Expression
from bluetick.types import Type

_WIDENING = {
    (Type.INT, Type.LONG), (Type.INT, Type.REAL), (Type.INT, Type.DECIMAL), (Type.LONG, Type.DECIMAL)
}  # fmt: skip
_PLAIN_TEXT = (Type.BOOL, Type.INT, Type.LONG, Type.GUID)  # of which each value has one text
_INT = range(-(2**31), 2**31)
_EXACT_REAL = range(-(2**53), 2**53 + 1)


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a source or a field below one, with the type that holds everything it may."""

    way: tuple[str, ...]
    type: Type


@dataclass(slots=True)
class SourceRow:
    """A row of a source while expressions over it are bound; says which columns they read.

    The same field may be read under several types: each is a column of its own.
    """

    fields: Sequence[Field]
    catalog: CatalogSchema
    env: Env = field(init=False)
    _read: dict[int, Field] = field(default_factory=dict)
    _columns: dict[Field, Column] = field(default_factory=dict)

    def __post_init__(self) -> None:
        env = new_env(self.catalog)
        self.env = env
        found = {one.way: self.column(one) for one in self.fields}
        top = {way[0]: column for way, column in found.items() if len(way) == 1}
        self.env = env.with_row(Row(top, fields={way: column for way, column in found.items() if len(way) > 1}))

    def column(self, wanted: Field) -> Column:
        """The column that holds a field as a type."""
        if wanted not in self._columns:
            column = self.env.state.column("_".join(wanted.way), wanted.type)
            self._columns[wanted] = column
            self._read[column.id] = wanted
        return self._columns[wanted]

    def field_of(self, column: Column) -> Field:
        return self._read[column.id]

    def bind(self, node: Expression, span: Span) -> tuple[Expr, tuple[Diagnostic, ...]]:
        """A scalar expression over the row, and what is wrong with it."""
        state = self.env.state
        state.diagnostics, state.work = [], 0
        try:
            value = self.env.expression(node)
        except (RecursionError, TooLargeError):
            state.report(codes.plan_too_large(span, "too many expressions"))
            value = Invalid()
        refused = next((what for part in walk(value) if (what := _beyond_the_row(part))), "")
        if refused:
            state.report(mapping_codes.not_of_the_row(span, refused))
        return value, tuple(state.diagnostics)

    def converted(self, value: Expr, wanted: Type) -> Expr | None:
        """The value as another type, where every value stays what it is; None where that needs a function.

        A field by itself is read as the type, by the rules of files: one that does not fit is an error that names it.
        """
        if value.type is wanted or isinstance(value, Invalid):
            return value
        if isinstance(value, ColumnRef):
            return ColumnRef(self.column(Field(self.field_of(value.column).way, wanted)))
        if isinstance(value, Literal) and value.value is None:
            return Literal("" if wanted is Type.STRING else None, wanted)
        if isinstance(value, Literal) and value.type is Type.LONG and isinstance(value.value, int):
            exact = {Type.INT: _INT, Type.REAL: _EXACT_REAL}.get(wanted)
            if exact is not None and value.value in exact:
                return Literal(float(value.value) if wanted is Type.REAL else value.value, wanted)
        parse_json = find_scalar("parse_json")
        if wanted is Type.DYNAMIC and value.type is Type.STRING and parse_json is not None:
            return Call(parse_json, (value,), wanted)  # as a file's text is read where a bag is wanted
        if wanted is Type.STRING and value.type in _PLAIN_TEXT:
            return as_text(value)
        if wanted is Type.DYNAMIC or (value.type, wanted) in _WIDENING:
            return promote(value, wanted)
        return None


def as_text(value: Expr) -> Expr | None:
    """What tostring() makes of a value."""
    function = find_scalar("tostring")
    return None if function is None else Call(function, (value,), Type.STRING)


def _beyond_the_row(part: Expr) -> str:
    """What keeps a part of an expression from being computed out of one row by the engine."""
    match part:
        case ScalarQuery():
            return "toscalar()"
        case InTable():
            return "'in' with a table"
        case Call(function=function) if function.compute is not None:
            return f"'{function.name}', which is computed outside the engine,"
        case Parameter():
            return "a parameter of a query"
        case _:
            return ""
