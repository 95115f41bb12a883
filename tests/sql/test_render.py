"""What the tree prints as, for each dialect; and that what is printed means what the tree means."""

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import reduce
from uuid import UUID

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from bluetick.diagnostics.errors import EngineError
from bluetick.sql.dialect import DUCKDB, SPARK, Dialect, LiteralValue
from bluetick.sql.render import render_expression, render_statement
from bluetick.sql.tree import (
    EMPTY,
    FALSE,
    TRUE,
    Aggregate,
    Bare,
    Binary,
    Bound,
    Call,
    Case,
    Cast,
    Column,
    Cte,
    Expr,
    Field,
    In,
    InRelation,
    JoinItem,
    Lambda,
    Literal,
    Order,
    Parameter,
    RelationRef,
    Select,
    Statement,
    Subscript,
    TableCall,
    Unary,
    UnionAll,
    Values,
    Window,
    any_of,
    is_not_null,
    is_null,
    long,
    not_,
    null,
    text,
)
from bluetick.types import Type

_DUCKDB = duckdb.connect()
X, Y = Column("x"), Column("y")
BOTH = pytest.mark.parametrize("dialect", [DUCKDB, SPARK], ids=lambda dialect: dialect.name)


def check(expr: Expr, duckdb_text: str, spark_text: str) -> None:
    assert render_expression(expr, DUCKDB) == duckdb_text
    assert render_expression(expr, SPARK) == spark_text


def evaluate(expr: Expr) -> tuple[object, str]:
    """The value DuckDB gives and the name of its type."""
    printed = render_expression(expr, DUCKDB)
    row = _DUCKDB.cursor().execute(f"SELECT v, typeof(v) FROM (SELECT {printed} AS v)").fetchone()  # noqa: S608
    assert row is not None
    return row[0], str(row[1])


@pytest.mark.parametrize(
    ("value", "type_", "duckdb_text", "spark_text"),
    [
        (True, Type.BOOL, "TRUE", "TRUE"),
        (5, Type.INT, "CAST(5 AS INTEGER)", "5"),
        (5, Type.LONG, "CAST(5 AS BIGINT)", "5L"),
        (-(2**63), Type.LONG, "CAST(-9223372036854775808 AS BIGINT)", "-9223372036854775808L"),
        (1_500_000, Type.TIMESPAN, "CAST(1500000 AS BIGINT)", "1500000L"),
        (1.5, Type.REAL, "1.5e0", "1.5D"),
        (5, Type.REAL, "5.0e0", "5.0D"),
        (1e22, Type.REAL, "1e+22", "1e+22D"),
        (math.nan, Type.REAL, "CAST('NaN' AS DOUBLE)", "CAST('NaN' AS DOUBLE)"),
        (-math.inf, Type.REAL, "CAST('-Infinity' AS DOUBLE)", "CAST('-Infinity' AS DOUBLE)"),
        (Decimal("1.50"), Type.DECIMAL, "CAST('1.50' AS DECIMAL(38,18))", "CAST('1.50' AS DECIMAL(38,18))"),
        (Decimal("1E+3"), Type.DECIMAL, "CAST('1000' AS DECIMAL(38,18))", "CAST('1000' AS DECIMAL(38,18))"),
        ("it's", Type.STRING, "'it''s'", r"'it\'s'"),
        ("C:\\new", Type.STRING, "'C:\\new'", r"'C:\\new'"),
        ("${x}", Type.STRING, "'${x}'", r"'\u0024{x}'"),
        ('{"a":1}', Type.DYNAMIC, "'{\"a\":1}'", "'{\"a\":1}'"),
        (None, Type.STRING, "CAST(NULL AS VARCHAR)", "CAST(NULL AS STRING)"),
        (None, Type.DECIMAL, "CAST(NULL AS DECIMAL(38,18))", "CAST(NULL AS DECIMAL(38,18))"),
        (datetime(1, 1, 1), Type.DATETIME, *["TIMESTAMP '0001-01-01 00:00:00.000000'"] * 2),
        (
            datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            Type.DATETIME,
            *["TIMESTAMP '2023-12-31 23:00:00.000000'"] * 2,
        ),
        (
            UUID("0f0e0d0c-0b0a-0908-0706-050403020100"),
            Type.GUID,
            "CAST('0f0e0d0c-0b0a-0908-0706-050403020100' AS UUID)",
            "'0f0e0d0c-0b0a-0908-0706-050403020100'",
        ),
    ],
)
def test_literal(value: LiteralValue, type_: Type, duckdb_text: str, spark_text: str) -> None:
    check(Literal(value, type_), duckdb_text, spark_text)


@pytest.mark.parametrize(
    ("value", "type_", "name"),
    [
        (7, Type.INT, "INTEGER"),
        (2**63 - 1, Type.LONG, "BIGINT"),
        (-(2**63), Type.LONG, "BIGINT"),
        (5e-324, Type.REAL, "DOUBLE"),
        (-0.0, Type.REAL, "DOUBLE"),
        (1.7976931348623157e308, Type.REAL, "DOUBLE"),
        (math.inf, Type.REAL, "DOUBLE"),
        (Decimal("-0.100000000000000000"), Type.DECIMAL, "DECIMAL(38,18)"),
        ("nul \0 quote ' back\\slash \U0001f436 \n", Type.STRING, "VARCHAR"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999), Type.DATETIME, "TIMESTAMP"),
        (datetime(1, 1, 1, 0, 0, 0, 1), Type.DATETIME, "TIMESTAMP"),
        (UUID(int=1), Type.GUID, "UUID"),
        (None, Type.TIMESPAN, "BIGINT"),
        (False, Type.BOOL, "BOOLEAN"),
    ],
)
def test_literal_is_exact_in_duckdb(value: LiteralValue, type_: Type, name: str) -> None:
    found, found_type = evaluate(Literal(value, type_))
    assert (found, found_type) == (value, name)
    assert repr(found) == repr(value)


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=200, deadline=None)
def test_any_text_arrives_whole(value: str) -> None:
    assert evaluate(text(value))[0] == value


@given(st.floats(allow_nan=False))
@settings(max_examples=200, deadline=None)
def test_any_real_arrives_exactly(value: float) -> None:
    assert repr(evaluate(Literal(value, Type.REAL))[0]) == repr(value)


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (2**63, Type.LONG),
        (2**31, Type.INT),
        ("5", Type.LONG),
        (True, Type.LONG),
        (5, Type.STRING),
        (5, Type.BOOL),
        ("x", Type.REAL),
        ("2024-01-01", Type.DATETIME),
        ("\ud800", Type.STRING),
        (Decimal(10) ** 38, Type.DECIMAL),
        (Decimal("NaN"), Type.DECIMAL),
    ],
)
def test_literal_that_does_not_fit(value: LiteralValue, type_: Type) -> None:
    with pytest.raises(EngineError):
        render_expression(Literal(value, type_), DUCKDB)


def test_identifiers_are_quoted() -> None:
    check(Column('a"b`c'), '"a""b`c"', '`a"b``c`')
    check(Column("c", "t"), '"t"."c"', "`t`.`c`")


def test_calls_are_verbatim() -> None:
    check(Call("Date_Part", (text("x"), X)), "Date_Part('x', \"x\")", "Date_Part('x', `x`)")
    check(Call("struct_pack", (), (("a b", X),)), 'struct_pack("a b" := "x")', "struct_pack(`a b` := `x`)")
    check(Cast(X, "VARCHAR[]"), 'CAST("x" AS VARCHAR[])', "CAST(`x` AS VARCHAR[])")
    check(Cast(X, Type.STRING, safe=True), 'TRY_CAST("x" AS VARCHAR)', "TRY_CAST(`x` AS STRING)")
    check(
        Call("f", (X, Lambda(("e", "i"), Binary("+", Bound("e"), Bound("i"))))),
        'f("x", LAMBDA "e", "i" : "e" + "i")',
        "f(`x`, (`e`, `i`) -> `e` + `i`)",
    )
    check(Subscript(X, Bare(1)), '("x")[1]', "(`x`)[1]")
    check(Field(Subscript(X, Bare(-1)), "f"), '("x")[-1]."f"', "(`x`)[-1].`f`")


def test_aggregates_and_windows() -> None:
    order = (Order(X, descending=True, nulls_first=False),)
    aggregate = Aggregate("list", (X, Y), distinct=True, order=order, filter=is_not_null(Y))
    assert render_expression(
        aggregate, DUCKDB
    ) == 'list(DISTINCT "x", "y" ORDER BY "x" DESC) FILTER(WHERE NOT "y" IS NULL)'.replace(
        'NOT "y" IS NULL', '"y" IS NOT NULL'
    )
    check(
        Window(Call("lag", (X,)), (Y,), (Order(X),), "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"),
        'lag("x") OVER (PARTITION BY "y" ORDER BY "x" ASC NULLS FIRST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)',
        "lag(`x`) OVER (PARTITION BY `y` ORDER BY `x` ASC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    )


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (Binary("*", Binary("+", X, Y), X), '("x" + "y") * "x"'),
        (Binary("+", Binary("*", X, Y), X), '"x" * "y" + "x"'),
        (Binary("-", X, Binary("-", Y, X)), '"x" - ("y" - "x")'),
        (Binary("-", Binary("-", X, Y), X), '"x" - "y" - "x"'),
        (Binary("%", X, Binary("%", Y, X)), '"x" % ("y" % "x")'),
        (Binary("AND", Binary("OR", X, Y), X), '("x" OR "y") AND "x"'),
        (Binary("OR", Binary("AND", X, Y), X), '"x" AND "y" OR "x"'),
        (not_(Binary("AND", X, Y)), 'NOT ("x" AND "y")'),
        (not_(Binary("=", X, Y)), 'NOT "x" = "y"'),
        (Binary("=", not_(X), Y), '(NOT "x") = "y"'),
        (Binary("=", Binary("=", X, Y), X), '("x" = "y") = "x"'),
        (is_null(Binary("=", X, Y)), '("x" = "y") IS NULL'),
        (is_null(Binary("+", X, Y)), '"x" + "y" IS NULL'),
        (Binary("||", Binary("+", X, Y), X), '("x" + "y") || "x"'),
        (Binary("+", Binary("||", X, Y), X), '("x" || "y") + "x"'),
        (Binary("||", X, Binary("||", Y, X)), '"x" || "y" || "x"'),
        (Binary("=", Binary("->>", X, text("$.a")), Y), '("x" ->> \'$.a\') = "y"'),
        (Unary("-", Unary("-", X)), '-(-"x")'),
        (Unary("-", Literal(-1.0, Type.REAL)), "-(-1.0e0)"),
        (Binary("*", Unary("-", X), Y), '-"x" * "y"'),
        (Unary("-", Binary("*", X, Y)), '-("x" * "y")'),
        (In(Binary("OR", X, Y), (X, Y)), '("x" OR "y") IN ("x", "y")'),
        (not_(In(X, (Y,))), 'NOT "x" IN ("y")'),
        (In(X, ()), "FALSE"),
        (InRelation(X, "r", "c"), '"x" IN (SELECT "c" FROM "r")'),
        (Case(((X, Y),), X), 'CASE WHEN "x" THEN "y" ELSE "x" END'),
        (Case((), X), '("x")'),
    ],
)
def test_parentheses(expr: Expr, expected: str) -> None:
    assert render_expression(expr, DUCKDB) == expected


def test_operator_of_another_dialect_is_refused() -> None:
    with pytest.raises(EngineError, match="spark has no operator '->>'"):
        render_expression(Binary("->>", X, Y), SPARK)


# --- the printed text means the tree -----------------------------------------------------------------------------

_PYTHON: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_COMPARES: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_leaf = st.integers(-3, 3).map(long)
_number = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.builds(Binary, st.sampled_from(sorted(_PYTHON)), inner, inner),
        st.builds(Unary, st.just("-"), inner),
    ),
    max_leaves=8,
)
_truth = st.recursive(
    st.one_of(st.sampled_from([TRUE, FALSE]), st.builds(Binary, st.sampled_from(sorted(_COMPARES)), _number, _number)),
    lambda inner: st.one_of(
        st.builds(Binary, st.sampled_from(["AND", "OR", "="]), inner, inner),
        st.builds(not_, inner),
        st.builds(is_null, inner),
        st.builds(lambda value, items: In(value, tuple(items)), inner, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=10,
)


def calculate(expr: Expr) -> int | bool:
    match expr:
        case Literal(value):
            assert isinstance(value, int)
            return value
        case Unary("-", operand):
            return -calculate(operand)
        case Unary("NOT", operand):
            return not calculate(operand)
        case Unary("IS NULL", _):
            return False
        case In(value, items):
            return calculate(value) in [calculate(item) for item in items]
        case Binary("AND", left, right):
            return bool(calculate(left) and calculate(right))
        case Binary("OR", left, right):
            return bool(calculate(left) or calculate(right))
        case Binary(name, left, right):
            return {**_PYTHON, **_COMPARES}[name](calculate(left), calculate(right))
        case _:
            raise AssertionError(expr)


@given(st.one_of(_number, _truth))
@settings(max_examples=300, deadline=None)
def test_duckdb_computes_what_the_tree_says(expr: Expr) -> None:
    assert evaluate(expr)[0] == calculate(expr)


_NODES: dict[str, type[exp.Expr]] = {
    "+": exp.Add,
    "-": exp.Sub,
    "*": exp.Mul,
    "/": exp.Div,
    "//": exp.IntDiv,
    "%": exp.Mod,
    "=": exp.EQ,
    "<>": exp.NEQ,
    "<": exp.LT,
    "AND": exp.And,
    "OR": exp.Or,
    "||": exp.DPipe,
    "LIKE": exp.Like,
    "IS NOT DISTINCT FROM": exp.NullSafeEQ,
}
_CHAINS = (exp.And, exp.Or, exp.DPipe)


def _parsed(node: exp.Expr) -> object:
    """What another parser understood, without parentheses; chains of one associative operator flattened."""
    node = node.unnest()
    match node:
        case exp.And() | exp.Or() | exp.DPipe():
            return (type(node), *(_parsed(part) for part in node.flatten()))
        case exp.Column():
            return node.name
        case exp.Is():
            return (exp.Is, _parsed(node.this))
        case exp.Case():
            (when,) = node.args["ifs"]
            return (exp.Case, _parsed(when.this), _parsed(when.args["true"]), _parsed(node.args["default"]))
        case exp.Anonymous():
            return (node.name, *(_parsed(argument) for argument in node.expressions))
        case _:
            return (type(node), *(_parsed(child) for child in node.iter_expressions()))


def _meant(expr: Expr) -> object:
    """What the tree says, in the same form."""
    match expr:
        case Column(name):
            return name
        case Binary(name, left, right) if _NODES[name] in _CHAINS:
            return (_NODES[name], *_links(name, left), *_links(name, right))
        case Binary(name, left, right):
            return (_NODES[name], _meant(left), _meant(right))
        case Unary(name, operand):
            return ({"NOT": exp.Not, "-": exp.Neg, "IS NULL": exp.Is}[name], _meant(operand))
        case In(value, items):
            return (exp.In, _meant(value), *map(_meant, items))
        case Case(((condition, value),), otherwise):
            assert otherwise is not None
            return (exp.Case, _meant(condition), _meant(value), _meant(otherwise))
        case Call(name, args):
            return (name, *map(_meant, args))
        case _:
            raise AssertionError(expr)


def _links(name: str, expr: Expr) -> list[object]:
    if isinstance(expr, Binary) and expr.operator == name:
        return [*_links(name, expr.left), *_links(name, expr.right)]
    return [_meant(expr)]


_word = st.sampled_from([X, Y, Column("z")])
_tree = st.recursive(
    _word,
    lambda inner: st.one_of(
        st.builds(
            Binary,
            st.sampled_from(
                ["+", "-", "*", "/", "//", "%", "=", "<>", "<", "AND", "OR", "||", "LIKE", "IS NOT DISTINCT FROM"]
            ),
            inner,
            inner,
        ),
        st.builds(Unary, st.sampled_from(["NOT", "-", "IS NULL"]), inner),
        st.builds(lambda a, b: In(a, (b, a)), inner, inner),
        st.builds(lambda a, b: Case(((a, b),), a), inner, inner),
        st.builds(lambda a, b: Call("f", (a, b)), inner, inner),
    ),
    max_leaves=12,
)


@BOTH
@given(expr=_tree)
@settings(max_examples=200, deadline=None)
def test_printed_text_parses_back(dialect: Dialect, expr: Expr) -> None:
    printed = render_expression(expr, dialect)
    assert _parsed(sqlglot.parse_one(printed, dialect=dialect.name)) == _meant(expr)


@BOTH
@pytest.mark.parametrize("name", ["AND", "OR", "||", "+"])
def test_thousands_of_operands_render(dialect: Dialect, name: str) -> None:
    cells: list[Expr] = [Column(f"c{i}") for i in range(5000)]
    chain = reduce(lambda left, right: Binary(name, left, right), cells)
    assert render_expression(chain, dialect).count("c") == 5000


def test_duckdb_runs_thousands_of_operands() -> None:
    digits: list[Expr] = [text(str(i % 10)) for i in range(5000)]
    joined = reduce(lambda left, right: Binary("||", left, right), digits)
    assert evaluate(joined)[0] == "0123456789" * 500
    assert evaluate(any_of(*(Binary("=", long(4999), long(i)) for i in range(5000))))[0] is True


# --- parameters ----------------------------------------------------------------------------------------------------


def test_parameter_prints_as_a_typed_literal() -> None:
    now = Parameter("now", Type.DATETIME)
    instant = datetime(2024, 3, 10, 13, 45, tzinfo=UTC)
    assert render_expression(now, DUCKDB, {"now": instant}) == "TIMESTAMP '2024-03-10 13:45:00.000000'"
    assert render_expression(now, SPARK, {"now": None}) == "CAST(NULL AS TIMESTAMP)"
    assert render_expression(Unary("-", Parameter("n", Type.REAL)), DUCKDB, {"n": -2.0}) == "-(-2.0e0)"


def test_parameter_without_a_value() -> None:
    with pytest.raises(EngineError, match="'now' has no value"):
        render_expression(Parameter("now", Type.DATETIME), DUCKDB)


# --- statements ----------------------------------------------------------------------------------------------------

LEFT, RIGHT = RelationRef("l", "a"), RelationRef("r", "b")
SAME = Binary("=", Column("k", "a"), Column("k", "b"))


def fetch(statement: Statement) -> list[tuple[object, ...]]:
    """The rows of a statement over l(k, v) and r(k)."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE l AS FROM (VALUES (1, 'one'), (2, 'two'), (NULL, 'none')) AS t(k, v)")
    connection.execute("CREATE TABLE r AS FROM (VALUES (2), (3)) AS t(k)")
    return connection.execute(render_statement(statement, DUCKDB)).fetchall()


@pytest.mark.parametrize(
    ("kind", "on", "keys"),
    [
        ("INNER", SAME, [2]),
        ("LEFT", SAME, [1, 2, None]),
        ("RIGHT", SAME, [2, None]),
        ("FULL", SAME, [1, 2, None, None]),
        ("SEMI", SAME, [2]),
        ("ANTI", SAME, [1, None]),
        ("CROSS", None, [1, 1, 2, 2, None, None]),
        ("INNER", None, [1, 1, 2, 2, None, None]),
    ],
)
def test_join(kind: str, on: Expr | None, keys: list[int | None]) -> None:
    select = Select(
        (("k", Column("k", "a")),), JoinItem(LEFT, RIGHT, kind, on), order_by=(Order(Bare(1), False, False),)
    )
    assert [row[0] for row in fetch(Statement((), select))] == keys


def test_a_function_that_gives_rows() -> None:
    call = TableCall("generate_series", (long(1), long(3)), 'n"')
    doubled = Binary("*", Column('n"'), long(2))
    assert fetch(Statement((), Select((("d", doubled),), call))) == [(2,), (4,), (6,)]


def test_every_clause() -> None:
    select = Select(
        (("key", Column("k")), ("n", Call("count", (Bare("*"),)))),
        RelationRef("both"),
        where=is_not_null(Column("k")),
        group_by=(Column("k"),),
        having=Binary(">", Call("count", (Bare("*"),)), long(0)),
        order_by=(Order(Column("key"), descending=True),),
        limit=long(2),
        distinct=True,
    )
    legs = UnionAll((Select((("k", Column("k")),), RelationRef("l")), Select((("k", Column("k")),), RelationRef("r"))))
    assert fetch(Statement((Cte("both", legs, materialized=True),), select)) == [(3, 1), (2, 2)]


def test_limited_leg_of_a_union_keeps_its_limit() -> None:
    leg = Select((("k", Column("k")),), RelationRef("r"), order_by=(Order(Column("k")),), limit=Bare(1))
    assert fetch(Statement((), UnionAll((leg, leg)))) == [(2,), (2,)]


def test_union_of_very_many() -> None:
    legs = tuple(Select((("k", long(i)),)) for i in range(2000))
    assert render_statement(Statement((), UnionAll(legs)), SPARK).count("UNION ALL") == 1999


def test_values() -> None:
    rows = Values(("a", "b"), (Type.LONG, Type.STRING), ((long(1), EMPTY), (null(Type.LONG), text("x"))))
    assert fetch(Statement((Cte("v", rows),), Select((), RelationRef("v"), star=True))) == [(1, ""), (None, "x")]
    assert (
        render_statement(Statement((), rows), SPARK)
        == "SELECT * FROM VALUES (1L, ''), (CAST(NULL AS BIGINT), 'x') AS `_rows`(`a`, `b`)"
    )


def test_values_without_rows_keep_their_types() -> None:
    rows = Values(("a", "b"), (Type.REAL, Type.GUID), ())
    result = duckdb.connect().execute(render_statement(Statement((), rows), DUCKDB))
    assert [str(column[1]) for column in result.description] == ["DOUBLE", "UUID"]
    assert result.fetchall() == []


def test_spark_has_no_materialized() -> None:
    statement = Statement((Cte("v", Select((("a", TRUE),)), True),), Select((), RelationRef("v"), star=True))
    assert render_statement(statement, SPARK) == "WITH `v` AS (SELECT TRUE AS `a`) SELECT * FROM `v`"
    assert "AS MATERIALIZED (" in render_statement(statement, DUCKDB)


def test_spark_limit_is_a_plain_number() -> None:
    select = Select((), RelationRef("l"), star=True, limit=Parameter("n", Type.LONG))
    assert render_statement(Statement((), select), SPARK, {"n": 5}) == "SELECT * FROM `l` LIMIT 5"


@pytest.mark.parametrize(
    "relation",
    [
        Select((), RelationRef("l")),
        UnionAll(()),
        Values((), (), ()),
        Select((), JoinItem(LEFT, RIGHT, "LEFT", None), star=True),
        Select((("a", Lambda(("x",), X)), ("b", Unary("!", X)))),
    ],
)
def test_impossible_relations(relation: Select | UnionAll | Values) -> None:
    with pytest.raises(EngineError):
        render_statement(Statement((), relation), DUCKDB)
