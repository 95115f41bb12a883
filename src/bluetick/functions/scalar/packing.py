"""Making arrays and bags of values: pack_array, bag_pack."""

from bluetick.functions.definition import BoundCall, Example, Lowering, Nulls, ScalarFunction, param, signature
from bluetick.functions.scalar.json_text import DUCKDB, SPARK, Forms, item_text, joined
from bluetick.sql.tree import EMPTY, Bare, Binary, Case, Expr, any_of, call, text
from bluetick.types import ANY_SCALAR, Type


def pack_items(items: tuple[Expr, ...]) -> Expr:
    """The JSON array of JSON texts, none of them NULL."""
    parts: list[Expr] = []
    for item in items:
        parts += [text(","), item]
    return joined(text("["), *parts[1:], text("]"))


def _pack_array(forms: Forms) -> Lowering:
    return lambda bound: pack_items(tuple(item_text(arg, forms) for arg in bound.args))


PACK_ARRAY = ScalarFunction(
    name="pack_array",
    summary="An array of the values; a null stays as null.",
    signatures=(signature(param("value", *ANY_SCALAR, repeat=32_767), returns=Type.DYNAMIC),),
    nulls=Nulls.NEVER,
    duckdb=_pack_array(DUCKDB),
    spark=_pack_array(SPARK),
    examples=(
        Example("pack_array(1, 'two', 3.5)", [1, "two", 3.5]),
        Example("pack_array(int(null), '')", [None, ""]),
        Example("pack_array(dynamic([1]), dynamic({'a': 1}))", [[1], {"a": 1}]),
    ),
)


def _bag_pack(forms: Forms) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        parts: list[Expr] = []
        for key, value in zip(bound.args[::2], bound.args[1::2], strict=True):
            parts += [text(","), forms.quote(key.sql), text(":"), item_text(value, forms)]
        return joined(text("{"), *parts[1:], text("}"))

    return lower


BAG_PACK = ScalarFunction(
    name="bag_pack",
    aliases=("pack", "pack_dictionary"),
    summary="A bag of keys and values, in the order written; a null stays as null.",
    signatures=(
        signature(
            param("key", Type.STRING, repeat=32_767), param("value", *ANY_SCALAR, repeat=32_767), returns=Type.DYNAMIC
        ),
    ),
    nulls=Nulls.NEVER,
    duckdb=_bag_pack(DUCKDB),
    spark=_bag_pack(SPARK),
    examples=(
        Example("bag_pack('a', 1, 'b', 'x')", {"a": 1, "b": "x"}),
        Example("bag_pack('a', bag_pack('b', long(null)))", {"a": {"b": None}}),
        Example("bag_pack('q\"', 1).['q\"']", 1),
    ),
)


def _bag_pack_present(forms: Forms) -> Lowering:
    """Entries with a comma before each; the first comma is cut off."""

    def lower(bound: BoundCall) -> Expr:
        entries: list[Expr] = []
        for key, value in zip(bound.args[::2], bound.args[1::2], strict=True):
            shown = item_text(value, forms)
            is_missing = any_of(*(Binary("=", shown, text(nothing)) for nothing in ("null", '""')))
            entry = joined(text(","), forms.quote(key.sql), text(":"), shown)
            entries.append(Case(((is_missing, EMPTY),), entry))
        return joined(text("{"), call("substring", joined(*entries), Bare(2)), text("}"))

    return lower


BAG_PACK_PRESENT = ScalarFunction(
    name="bag_pack of what is there",
    summary="A bag of keys and those values that are neither null nor empty. The binder makes pack_all(true) of it.",
    signatures=BAG_PACK.signatures,
    nulls=Nulls.NEVER,
    duckdb=_bag_pack_present(DUCKDB),
    spark=_bag_pack_present(SPARK),
    examples=(
        Example("toscalar(print a = '', b = 1, c = long(null), d = 'x' | project pack_all(true))", {"b": 1, "d": "x"}),
        Example("toscalar(print a = '' | project pack_all(true))", {}),
    ),
)

FUNCTIONS: tuple[ScalarFunction, ...] = (PACK_ARRAY, BAG_PACK, BAG_PACK_PRESENT)
