"""Python's own evaluation of expressions says what the engine says of the same values."""

import math
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

import pytest

import bluetick
from bluetick.plan.evaluation import compiled, unknown_part
from bluetick.plan.expressions import Expr
from bluetick.plan.relations import Project
from bluetick.session import QueryRequest, Session
from bluetick.values import MICROSECOND

# Of each type the values that are most often wrong.
VALUES = {
    "l": ("long", ["long(null)", "0", "7", "-7", "3", "9223372036854775807"]),
    "i": ("int", ["int(null)", "int(2)", "int(-3)"]),
    "r": ("real", ["real(null)", "0.0", "2.5", "-2.5", "real(nan)", "real(+inf)"]),
    "b": ("bool", ["bool(null)", "true", "false"]),
    "s": ("string", ["''", "'Ab c'", "'ab'", "'ÀÉ_ab'", "'c'", "'xab'"]),
    "t": ("datetime", ["datetime(null)", "datetime(2024-02-28)", "datetime(9999-12-31)"]),
    "d": ("timespan", ["time(null)", "time(0)", "1d", "-90m", "3microseconds"]),
    "g": ("guid", ["guid(null)", "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)"]),
}
NUMBERS = ("l", "i", "r")
COMPARED = ("==", "!=", "<", "<=", ">", ">=")
SEARCHES = ("contains", "startswith", "endswith", "has", "hasprefix", "hassuffix")
SEARCHED = ("=~", "!~", *(f"{no}{name}{case}" for name in SEARCHES for no in ("", "!") for case in ("", "_cs")))

EXPRESSIONS = [
    *(f"x.{a} {op} y.{b}" for op in (*COMPARED, "+", "-", "*", "/", "%") for a in NUMBERS for b in NUMBERS),
    *(f"x.{c} {op} y.{c}" for op in COMPARED for c in ("b", "t", "d")),
    *(f"x.{c} {op} y.{c}" for op in ("==", "!=") for c in ("s", "g")),
    *(f"x.b {op} y.b" for op in ("and", "or")),
    *(f"x.s {op} y.s" for op in SEARCHED),
    *("x.t + y.d", "x.d + y.t", "x.t - y.t", "x.t - y.d", "x.d + y.d", "x.d - y.d", "x.d / y.d", "x.d % y.d"),
    *("x.d * y.i", "x.r * y.d", "x.d / y.l", "x.d / y.r", "not(x.b)", "-(x.d)", "+(x.i)"),
    *(f"-(x.{c})" for c in NUMBERS),
    *(f"{f}(x.{c})" for f in ("isnull", "isnotnull", "isempty", "isnotempty") for c in VALUES),
    *(f"tostring(x.{c})" for c in ("s", "b", "l", "i", "t", "g")),
    *("strcat(x.s, '-', x.l, x.b, y.s)", "tolower(x.s)", "toupper(x.s)", "strlen(x.s)"),
    *("x.s in ('ab', y.s)", "x.s !in ('ab', 'c')", "x.s in~ ('AB', y.s)", "x.s !in~ ('AB')"),
    *("x.l between (y.i .. y.r)", "x.l !between (y.i .. y.r)", "x.t between (y.t .. 1d)", "x.r between (0 .. 2.5)"),
    *(f"{f}(x.{c}, y.{c})" for f in ("max_of", "min_of") for c in ("l", "r", "s", "t", "d", "b")),
    *(
        "max_of(x.l, y.r)",
        "coalesce(x.s, y.s)",
        "coalesce(x.b, y.b, false)",
        "iff(x.b, x.i, y.l)",
        "iff(x.b, x.t, y.t)",
    ),
    *("iff(x.b, x.l, y.r)", "case(x.b, x.s, y.b, y.s, 'none')", "x.l == y.b", "x.l > 2.5", "5 <= x.l"),
]
KNOWN_NOT = ["todouble(x.s) > 1", "x.l == y.s", "bin(x.t, 1d) == y.t", "x.l in (1, 2)", "iff(x.b, x.l, y.s) == 1"]


@cache
def session() -> Session:
    return bluetick.connect()


def source(expression: str) -> tuple[str, str]:
    """A query over all pairs of values that the expression needs, and the expression over its columns."""
    used = sorted({expression[i : i + 3] for i in range(len(expression) - 2) if expression[i : i + 2] in ("x.", "y.")})
    text, table = expression, "print one = 1"
    for name in used:
        column, (type_, values) = name.replace(".", "_"), VALUES[name[2]]
        text = text.replace(name, column)
        cells = ", ".join(f"1, {value}" for value in values)
        table = f"datatable(one:long, {column}:{type_})[{cells}] | join kind=inner ({table}) on one | project-away one1"
    return f"{table} | project {', '.join(name.replace('.', '_') for name in used)}", text


def bound(query: str) -> Project:
    plan, _ = session().plan(QueryRequest(query))
    relation = plan.statements[-1].relation
    assert isinstance(relation, Project)
    return relation


def physical(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None)
        case timedelta():
            return value // MICROSECOND
        case UUID():
            return str(value)
        case _:
            return value


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-15) or (math.isnan(one) and math.isnan(other))
    return one == other and type(one) is type(other)


def is_nan_beside_null(row: tuple[object, ...]) -> bool:
    """Compared by order these are null, which the engines' SQL has as false: no filter can tell."""
    *given, result = row
    return result is False and None in given and any(isinstance(v, float) and math.isnan(v) for v in given)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_as_the_engine(expression: str) -> None:
    table, text = source(expression)
    query = f"{table} | extend result = {text}"
    project = bound(query)
    value: Expr = project.items[-1][1]
    assert unknown_part(value) == ""
    evaluate = compiled(value, {c.id: place for place, c in enumerate(project.input.columns)})
    rows = list(session().query(query).rows())
    assert len(rows) > 1
    ours = [evaluate([physical(value) for value in row[:-1]]) for row in rows]
    wrong = [
        (row, value)
        for row, value in zip(rows, ours, strict=True)
        if not same(value, physical(row[-1])) and not (value is None and is_nan_beside_null(row))
    ]
    assert wrong == []


@pytest.mark.parametrize("expression", KNOWN_NOT)
def test_what_is_not_known_is_told(expression: str) -> None:
    table, text = source(expression)
    assert unknown_part(bound(f"{table} | extend result = {text}").items[-1][1]) != ""
