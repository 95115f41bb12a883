"""Dynamic values: parsing JSON text, paths into it, and the conversion of any value to dynamic."""

from collections.abc import Callable
from typing import TypeAlias

from bluetick.functions.definition import (
    AS_ARGUMENT,
    Argument,
    BoundCall,
    Example,
    Lowering,
    Nulls,
    ScalarFunction,
    param,
    signature,
)
from bluetick.functions.scalar.json_path import look_up, split_path
from bluetick.functions.scalar.json_text import (
    DUCKDB,
    NULL_TEXT,
    SPARK,
    Forms,
    is_array,
    is_bag,
    is_text,
    joined,
    spark_entry,
    to_dynamic,
)
from bluetick.sql.tree import (
    EMPTY,
    Bare,
    Binary,
    Call,
    Case,
    Cast,
    Expr,
    Literal,
    all_of,
    call,
    is_not_null,
    long,
    not_,
    null,
    text,
    when,
)
from bluetick.types import ANY_SCALAR, INTEGER, Type

# One step into a value: a key or an index (from the end if negative).
Step: TypeAlias = str | int
PathForm: TypeAlias = Callable[[Expr, Step], Expr]


def _non_null(json: Expr) -> Expr:
    return call("nullif", json, NULL_TEXT)


# --- parse_json ------------------------------------------------------------------------------------------------


def _parse_duckdb(bound: BoundCall) -> Expr:
    value = bound[0].sql
    if bound[0].type is Type.DYNAMIC:
        return value
    # A safe cast, not json_valid: the optimiser may fold json() of a constant that its guard would have kept out.
    json = Cast(value, "JSON", safe=True)
    # DuckDB also takes bare NaN and Infinity for JSON; Kusto's parser does not.
    odd = call("regexp_matches", value, text(r"^\s*-?[A-Z]|^\s*-?(nan|inf)"))
    whens = (
        (Binary("=", value, EMPTY), null(Type.DYNAMIC)),
        (all_of(is_not_null(json), not_(odd)), _non_null(Cast(call("json", json), Type.STRING))),
    )
    return Case(whens, DUCKDB.quote(value))


def _parse_spark(bound: BoundCall) -> Expr:
    value = bound[0].sql
    if bound[0].type is Type.DYNAMIC:
        return value
    # Inside an array and under [*], a string keeps its quotes; the count sees to it that this is one value.
    array = joined(text("["), value, text("]"))
    is_json = all_of(is_not_null(call("try_parse_json", value)), Binary("=", call("json_array_length", array), Bare(1)))
    whens = (
        (is_json, _non_null(call("get_json_object", array, text("$[*]")))),
        (Binary("=", value, EMPTY), null(Type.DYNAMIC)),
    )
    return Case(whens, SPARK.quote(value))


PARSE_JSON = ScalarFunction(
    name="parse_json",
    aliases=("todynamic", "parsejson", "toobject"),
    summary="Read text as JSON; text that is no JSON is a dynamic string, and the empty text is null.",
    signatures=(signature(param("value", Type.STRING, Type.DYNAMIC), returns=Type.DYNAMIC),),
    nulls=Nulls.OWN,
    duckdb=_parse_duckdb,
    spark=_parse_spark,
    result_name=AS_ARGUMENT,
    examples=(
        Example("""parse_json('{"a": [1, 2.0, "x"]}')""", {"a": [1, 2.0, "x"]}),
        Example("parse_json('')", None),
        Example("parse_json('null')", None),
        Example("parse_json('not json')", "not json"),
    ),
)


# --- paths -----------------------------------------------------------------------------------------------------


def _duckdb_path(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    escaped = step.replace("\\", "\\\\").replace('"', '\\"')
    return f'."{escaped}"'


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def step_duckdb(value: Expr, step: Step) -> Expr:
    """The value under a constant key or at a constant position."""
    # An empty key has no path form, and '*' in a path is a wildcard even in quotes; a pointer has both.
    if isinstance(step, str) and (step == "" or "*" in step):
        found = when(is_bag(value), call("json_extract", value, text(_pointer(step))))
        return _non_null(Cast(found, Type.STRING))
    base, path = split_path(value)
    return _non_null(Cast(look_up("json_extract", base, path + _duckdb_path(step)), Type.STRING))


def step_spark(value: Expr, step: Step) -> Expr:
    """The same for Spark."""
    if isinstance(step, int):
        if step < 0:
            return call("try_element_at", SPARK.elements(value), Bare(step))
        path = f"[{step}]"
    elif step == "" or "'" in step or "?" in step:
        return spark_entry(value, text(step))
    else:
        path = f"['{step}']"
    match value:
        case Call("nullif", (Call("get_json_object", (base, Literal(str(so_far), _))), _)):
            return _non_null(call("get_json_object", base, text(so_far + path)))
    array = joined(text("["), value, text("]"))
    return _non_null(call("get_json_object", array, text("$[*]" + path)))


def _member(step: PathForm) -> Lowering:
    return lambda bound: step(bound[0].sql, str(bound[1].constant))


MEMBER = ScalarFunction(
    name=".",
    summary="The value under a key of a bag; null where the key or the bag is missing.",
    signatures=(
        signature(param("value", Type.DYNAMIC), param("key", Type.STRING, constant=True), returns=Type.DYNAMIC),
    ),
    nulls=Nulls.OWN,
    duckdb=_member(step_duckdb),
    spark=_member(step_spark),
    examples=(
        Example("dynamic({'a': {'b': 'x'}}).a.b", "x"),
        Example("dynamic({'a': 1}).b.c", None),
        Example("dynamic({'a': null}).a", None),
        Example("parse_json('\"text\"').a", None),
        Example("dynamic(null).a", None),
    ),
)


def _entry_duckdb(value: Expr, key: Expr) -> Expr:
    escaped = call("replace", call("replace", key, text("~"), text("~0")), text("/"), text("~1"))
    found = when(is_bag(value), call("json_extract", value, joined(text("/"), escaped)))
    return _non_null(Cast(found, Type.STRING))


def _item_duckdb(value: Expr, index: Expr) -> Expr:
    found = when(is_array(value), call("json_extract", value, Cast(index, Type.LONG)))
    return _non_null(Cast(found, Type.STRING))


def _item_spark(value: Expr, index: Expr) -> Expr:
    """Spark counts from 1, and from -1 at the end."""
    position = Cast(index, Type.INT, safe=True)
    past_zero = when(Binary("<", index, long(0)), position, Binary("+", position, Bare(1)))
    return call("try_element_at", SPARK.elements(value), past_zero)


def _element(
    step: PathForm, entry: Callable[[Expr, Expr], Expr], item: Callable[[Expr, Expr], Expr], forms: Forms
) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        value, index = bound.args
        if index.is_constant and isinstance(index.constant, str | int):
            return step(value.sql, index.constant)
        if index.type is Type.STRING:
            return entry(value.sql, index.sql)
        if index.type is not Type.DYNAMIC:
            return item(value.sql, index.sql)
        key = forms.reading.text(index)
        number = Cast(index.sql, Type.LONG, safe=True)
        return when(is_text(index.sql), entry(value.sql, key), item(value.sql, number))

    return lower


def _check_element(args: tuple[Argument, ...]) -> str:
    index = args[1]
    if index.type is Type.DYNAMIC and index.is_constant and not isinstance(index.constant, str | int):
        return "an element of a dynamic value is named by a string or an integer"
    return ""


ELEMENT = ScalarFunction(
    name="[]",
    summary="The value under a key of a bag, or at a position of an array (negative ones from the end), or null.",
    signatures=(
        signature(
            param("value", Type.DYNAMIC), param("index", Type.STRING, *INTEGER, Type.DYNAMIC), returns=Type.DYNAMIC
        ),
    ),
    nulls=Nulls.OWN,
    duckdb=_element(step_duckdb, _entry_duckdb, _item_duckdb, DUCKDB),
    spark=_element(step_spark, spark_entry, _item_spark, SPARK),
    check=_check_element,
    examples=(
        Example("dynamic(['a', 'b', 'c'])[0]", "a"),
        Example("dynamic(['a', 'b', 'c'])[-1]", "c"),
        Example("dynamic(['a'])[1]", None),
        Example("dynamic({'a b': 1})['a b']", 1),
        Example("dynamic({'k': 1, 'v': 2})[strcat('', 'v')]", 2),
        Example("dynamic([10, 20])[tolong('1')]", 20),
        Example("dynamic([])[0]", None),
    ),
)


# --- conversions -----------------------------------------------------------------------------------------------


def _to_dynamic(forms: Forms) -> Lowering:
    return lambda bound: to_dynamic(bound[0], forms)


TO_DYNAMIC = ScalarFunction(
    name="to_dynamic",
    summary="Any value as a dynamic one; the binder puts it where a dynamic is wanted. It has no name in the language.",
    signatures=(signature(param("value", *ANY_SCALAR), returns=Type.DYNAMIC),),
    nulls=Nulls.PROPAGATE,
    duckdb=_to_dynamic(DUCKDB),
    spark=_to_dynamic(SPARK),
    examples=(
        Example("pack_array(1, 2.0, 'a\"b', true, 1d)", [1, 2.0, 'a"b', True, "1.00:00:00"]),
        Example(
            "pack_array(datetime(2024-03-10 13:45:07.5), real(nan), long(null))",
            ["2024-03-10T13:45:07.5000000Z", "NaN", None],
        ),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (PARSE_JSON, MEMBER, ELEMENT, TO_DYNAMIC)
