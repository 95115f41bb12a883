"""The plugins geo_polygon_lookup and geo_line_lookup: rows beside every polygon or line at their position.

https://learn.microsoft.com/kusto/query/geo-polygon-lookup-plugin , geo-line-lookup-plugin
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bluetick.binder.names import Names
from bluetick.binder.operators.plugins.arguments import Call
from bluetick.binder.operators.plugins.macro import bind_macro, chosen
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef
from bluetick.plan.relations import Binding, Join, JoinKind, PythonTable, Relation
from bluetick.plan.table_operator import TableOperator
from bluetick.plan.table_operators.geo_lookup import LineLookup, PolygonLookup
from bluetick.syntax.expressions import Argument
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import NUMBER, Type

_FIRST = 4
_OPTIONS = ("radius", "return_unmatched", "lookup_area_radius", "return_lookup_key")


@dataclass(frozen=True, slots=True)
class _Options:
    """lookup_area_radius is for speed only, and changes no row."""

    radius: float | None = None
    return_unmatched: bool = False
    return_lookup_key: bool = False


def bind_geo_polygon_lookup(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """geo_polygon_lookup(table, polygon, longitude, latitude [, radius, return_unmatched, lookup_area_radius,
    return_lookup_key]): with a radius, polygons within so many metres are found as well."""
    call = Call(env, node, rows)
    options = _options(call) if call.count_is(_FIRST, _FIRST + len(_OPTIONS)) else None
    if options is None:
        return None
    return _bind(call, options, lambda key: PolygonLookup(key, options.radius))


def bind_geo_line_lookup(env: Env, node: EvaluateOperator, rows: Relation) -> Relation | None:
    """geo_line_lookup(table, line, longitude, latitude, radius [, return_unmatched, lookup_area_radius,
    return_lookup_key]): lines within so many metres."""
    call = Call(env, node, rows)
    options = _options(call) if call.count_is(_FIRST + 1, _FIRST + len(_OPTIONS)) else None
    if options is None:
        return None
    radius = options.radius
    if radius is None:
        env.report(codes.bad_argument(node.call.span, call.name, "it needs a radius in metres"))
        return None
    return _bind(call, options, lambda key: LineLookup(key, radius))


def _bind(call: Call, options: _Options, operator: Callable[[int], TableOperator]) -> Relation | None:
    env = call.env
    table = env.without_row().tabular(call.arguments[0].value)
    if table is None:
        return None
    key = Call(env, call.node, table).column(call.arguments[1], Type.DYNAMIC)
    longitude, latitude = (call.column(argument, *NUMBER) for argument in call.arguments[2:_FIRST])
    if key is None or longitude is None or latitude is None:
        return None
    shared = Binding("looked_up", call.rows)
    left, again = env.refer(shared), env.refer(shared)
    places = [call.rows.columns.index(column) for column in (longitude, latitude)]
    positions = _positions(call, again, [again.columns[place] for place in places])
    if positions is None:
        return None
    columns = tuple(env.state.column(c.name, c.type) for c in (*positions.columns, *table.columns))
    found = PythonTable((positions, table), operator(table.columns.index(key)), columns)
    dropped = None if options.return_lookup_key else columns[2 + table.columns.index(key)]
    on = [(left.columns[place], column) for place, column in zip(places, columns, strict=False)]
    kept = [column for column in columns[2:] if column is not dropped]
    return _joined(call, left, found, on, kept, JoinKind.LEFTOUTER if options.return_unmatched else JoinKind.INNER)


def _joined(
    call: Call,
    left: Relation,
    found: PythonTable,
    on: Sequence[tuple[Column, Column]],
    kept: Sequence[Column],
    kind: JoinKind,
) -> Relation:
    names, fresh = Names(), call.env.state.column
    left_items = tuple((fresh(names.claim(c.name), c.type), c) for c in left.columns)
    right_items = tuple((fresh(names.claim(c.name), c.type), c) for c in kept)
    return Join(kind, left, found, tuple((ColumnRef(a), ColumnRef(b)) for a, b in on), left_items, right_items)


def _positions(call: Call, rows: Relation, columns: Sequence[Column]) -> Relation | None:
    """Every position once."""
    tables = {"Rows": chosen(call.env, rows, dict(zip(("x", "y"), columns, strict=True)))}
    return bind_macro(call.env, call.node.span, "Rows | distinct x, y", tables, {})


def _options(call: Call) -> _Options | None:
    """The options, each in its place or by its name."""
    given: dict[str, Argument] = {}
    for argument, in_turn in zip(call.arguments[_FIRST:], _OPTIONS, strict=False):
        name = in_turn if argument.name is None else argument.name.text
        if name not in _OPTIONS or name in given:
            call.bad(argument, f"an option is one of {', '.join(_OPTIONS)}, and stands once")
            return None
        given[name] = argument
    values: dict[str, float | bool] = {}
    for name, argument in given.items():
        literal = call.literal(argument, *((Type.BOOL,) if name.startswith("return_") else NUMBER))
        if literal is None:
            return None
        values[name] = literal.value if literal.type is Type.BOOL else float(literal.value)
    radius = values.get("radius")
    if radius is not None and not radius >= 0:
        call.bad(given["radius"], "a radius is not negative")
        return None
    return _Options(radius, bool(values.get("return_unmatched")), bool(values.get("return_lookup_key")))
