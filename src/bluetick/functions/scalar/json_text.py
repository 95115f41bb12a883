"""Dynamic values as canonical JSON text: how each engine writes, reads and takes apart that text.

`Forms` holds what the two engines spell differently; the array, bag and conversion functions are written once over it.
Conventions: compact, keys in written order; datetime as seven-digit ISO text, timespan and guid as their KQL text,
decimal as text, not-a-number and infinities as the texts "NaN", "Infinity", "-Infinity"; a null is SQL NULL outside and
`null` inside arrays and bags.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.functions.definition import Argument
from bluetick.functions.scalar import conversions
from bluetick.functions.scalar.text_form import timespan_text
from bluetick.sql.tree import (
    Bare,
    Binary,
    Bound,
    Call,
    Case,
    Cast,
    Expr,
    Lambda,
    Literal,
    call,
    coalesce,
    is_not_null,
    is_null,
    long,
    null,
    text,
    when,
)
from bluetick.types import Type

NULL_TEXT = text("null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """One engine's spelling of JSON text and of lists. A list here is the engine's list of JSON texts."""

    quote: Callable[[Expr], Expr]  # string -> JSON string with quotes
    real: Callable[[Expr], Expr]  # finite real -> JSON number
    instant: Callable[[Expr], Expr]  # datetime -> ISO text, 7 digits and Z, without quotes
    elements: Callable[[Expr], Expr]  # JSON array -> list; NULL if the text is no array; null elements are NULL
    texts: Callable[[Expr], Expr]  # JSON array -> list of what tostring prints of each element; of null also NULL
    keys: Callable[[Expr], Expr]  # JSON bag -> list of key names; NULL if the text is no bag
    values: Callable[[Expr], Expr]  # JSON bag -> list beside `keys`
    array_length: Callable[[Expr], Expr]  # long; NULL if the text is no array
    part: Callable[[Expr, Expr, Expr], Expr]  # list, first position from 1, count -> list
    unique: Callable[[Expr], Expr]  # list -> list without repetitions, first ones kept in their order
    at: Callable[[Expr, Expr], Expr]  # list, position from 1 and within it -> element
    count_up: Callable[[Expr], Expr]  # n -> list of the longs 0 to n - 1; empty where n is not positive
    index: Expr  # zero-based position in the body of `numbered`
    sort: Callable[[Expr, bool], Expr]  # list of structs, descending -> sorted list
    struct: Callable[[tuple[Expr, ...]], Expr]  # values -> struct with the fields f0, f1 ...
    sum: Callable[[Expr], Expr]  # list of reals -> real; 0 of none
    reading: conversions.Reading  # dynamic -> any other type
    list_type: str
    make_list: str
    transform: str
    filter: str
    concat: str
    contains: str
    position: str  # of the first equal element, from 1; 0 or NULL if none
    reverse: str
    join: str
    length: str

    def map(self, items: Expr, body: Expr) -> Expr:
        """The list of `body` over Bound("e_")."""
        return Call(self.transform, (items, Lambda(("e_",), body)))

    def keep(self, items: Expr, condition: Expr) -> Expr:
        """The elements for which `condition` over Bound("e_") holds."""
        return Call(self.filter, (items, Lambda(("e_",), condition)))

    def numbered(self, items: Expr, body: Expr) -> Expr:
        """The list of `body` over ELEMENT and this engine's `index`."""
        return Call(self.transform, (items, Lambda(("e_", "i_"), body)))

    def array(self, items: Expr) -> Expr:
        """The JSON array of a list; NULL of a NULL list."""
        shown = self.map(items, coalesce(ELEMENT, NULL_TEXT))
        return joined(text("["), call(self.join, shown, text(",")), text("]"))

    def bag(self, entries: Expr) -> Expr:
        """The JSON bag of a list of `"key":value` texts, those that are NULL left out; NULL of a NULL list."""
        return joined(text("{"), call(self.join, entries, text(",")), text("}"))

    def list_of(self, *items: Expr) -> Expr:
        return Cast(call(self.make_list, *items), self.list_type)


ELEMENT = Bound("e_")
INDEX = Bound("i_")


def joined(*parts: Expr) -> Expr:
    """Concatenation that is NULL where a part is."""
    result = parts[0]
    for part in parts[1:]:
        result = Binary("||", result, part)
    return result


def quoted(value: Expr) -> Expr:
    """Quotes around a text that needs no escape."""
    return joined(text('"'), value, text('"'))


def is_bag(value: Expr) -> Expr:
    """Whether canonical JSON text is a bag: its first character tells."""
    return Binary("LIKE", value, text("{%"))


def is_array(value: Expr) -> Expr:
    return Binary("LIKE", value, text("[%"))


def is_text(value: Expr) -> Expr:
    return Binary("LIKE", value, text('"%'))


def _real_text(value: Expr, forms: Forms) -> Expr:
    whens = (
        (is_null(value), null(Type.STRING)),
        (call("isnan", value), text('"NaN"')),
        (Binary("=", value, Literal(float("inf"), Type.REAL)), text('"Infinity"')),
        (Binary("=", value, Literal(float("-inf"), Type.REAL)), text('"-Infinity"')),
    )
    return Case(whens, forms.real(value))


def to_dynamic(argument: Argument, forms: Forms) -> Expr:
    """Any scalar as canonical JSON text; NULL for null."""
    value = argument.sql
    match argument.type:
        case Type.DYNAMIC:
            return value
        case Type.STRING:
            return forms.quote(value)
        case Type.REAL:
            return _real_text(value, forms)
        case Type.DATETIME:
            return quoted(forms.instant(value))
        case Type.TIMESPAN:
            return when(is_not_null(value), quoted(timespan_text(value)))
        case Type.GUID | Type.DECIMAL:
            return when(is_not_null(value), quoted(forms.reading.text(argument)))
        case _:
            return Cast(value, Type.STRING)


def item_text(argument: Argument, forms: Forms) -> Expr:
    """A value as it stands inside an array or a bag: never NULL."""
    return coalesce(to_dynamic(argument, forms), NULL_TEXT)


def converted(argument: Argument, to: Type, forms: Forms) -> Expr:
    """The argument as a value of the type that a choice between values has."""
    if argument.type is to:
        return argument.sql
    if argument.is_constant and argument.constant is None:
        return text("") if to is Type.STRING else null(to)
    if to is Type.DYNAMIC:
        return to_dynamic(argument, forms)
    return conversions.convert(argument, to, forms.reading)


# --- DuckDB --------------------------------------------------------------------------------------------------


def _duckdb_json(value: Expr) -> Expr:
    return Cast(call("to_json", value), Type.STRING)


def _duckdb_unique(items: Expr) -> Expr:
    first = Binary("=", call("list_position", items, ELEMENT), INDEX)
    return call("list_filter", items, Lambda(("e_", "i_"), first))


DUCKDB = Forms(
    quote=_duckdb_json,
    real=_duckdb_json,
    instant=lambda value: call("strftime", value, text("%Y-%m-%dT%H:%M:%S.%f0Z")),
    elements=lambda value: Cast(call("from_json", value, text('["JSON"]')), "VARCHAR[]"),
    texts=lambda value: call("json_extract_string", value, text("$[*]")),
    keys=lambda value: when(is_bag(value), call("json_keys", value)),
    values=lambda value: Cast(call("json_extract", value, text("$.*")), "VARCHAR[]"),
    array_length=lambda value: when(is_array(value), Cast(call("json_array_length", value), Type.LONG)),
    part=lambda items, first, count: call("list_slice", items, first, Binary("-", Binary("+", first, count), long(1))),
    unique=_duckdb_unique,
    at=lambda items, position: call("list_extract", items, position),
    count_up=lambda count: call("range", long(0), count),
    index=Binary("-", INDEX, long(1)),
    sort=lambda items, descending: call("list_sort", items, text("DESC" if descending else "ASC")),
    struct=lambda values: Call("struct_pack", (), tuple((f"f{i}", value) for i, value in enumerate(values))),
    sum=lambda items: coalesce(call("list_sum", items), Literal(0.0, Type.REAL)),
    reading=conversions.DUCKDB,
    list_type="VARCHAR[]",
    make_list="list_value",
    transform="list_transform",
    filter="list_filter",
    concat="list_concat",
    contains="list_contains",
    position="list_position",
    reverse="list_reverse",
    join="array_to_string",
    length="len",
)


# --- Spark ---------------------------------------------------------------------------------------------------


def _spark_quote(value: Expr) -> Expr:
    # Spark writes JSON only of arrays and structs: the text of a one-element array, without its brackets.
    array = call("to_json", call("array", value))
    return call("substring", array, Bare(2), Binary("-", call("length", array), Bare(2)))


def _spark_requote(bare: Expr, variant: Expr) -> Expr:
    """JSON text of a value from its bare text and its variant: only the variant tells the string 1 from the number."""
    kind = call("schema_of_variant", variant)
    whens = (
        (Binary("=", kind, text("STRING")), _spark_quote(bare)),
        (Binary("=", kind, text("VOID")), null(Type.STRING)),
    )
    return Case(whens, bare)


def _spark_elements(value: Expr) -> Expr:
    body = _spark_requote(Bound("s_"), Bound("v_"))
    bare = call("from_json", value, text("array<string>"))
    variants = call("from_json", value, text("array<variant>"))
    return call("zip_with", bare, variants, Lambda(("s_", "v_"), body))


def _spark_texts(value: Expr) -> Expr:
    shown = conversions.SPARK.text(Argument(ELEMENT, Type.DYNAMIC))
    return call("transform", _spark_elements(value), Lambda(("e_",), shown))


def _spark_values(value: Expr) -> Expr:
    return call("transform", call("json_object_keys", value), Lambda(("k_",), spark_entry(value, Bound("k_"))))


def spark_entry(bag: Expr, key: Expr) -> Expr:
    """JSON text of the value under a key that may be any expression; NULL if missing."""
    bare = call("try_element_at", call("from_json", bag, text("map<string,string>")), key)
    variant = call("try_element_at", call("from_json", bag, text("map<string,variant>")), key)
    return _spark_requote(bare, variant)


def _spark_count_up(count: Expr) -> Expr:
    # Spark's sequence counts down where the end lies before the start.
    counted = call("sequence", long(0), Binary("-", call("greatest", count, long(1)), long(1)))
    return call("slice", counted, Bare(1), Cast(call("greatest", count, long(0)), Type.INT))


def _spark_struct(values: tuple[Expr, ...]) -> Expr:
    return call("named_struct", *(part for i, value in enumerate(values) for part in (text(f"f{i}"), value)))


def _spark_sum(items: Expr) -> Expr:
    added = Binary("+", Bound("a_"), Bound("e_"))
    return call("aggregate", items, Literal(0.0, Type.REAL), Lambda(("a_", "e_"), added))


SPARK = Forms(
    quote=_spark_quote,
    real=lambda value: Cast(value, Type.STRING),
    instant=lambda value: call("date_format", value, text("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'0Z'")),
    elements=_spark_elements,
    texts=_spark_texts,
    keys=lambda value: call("json_object_keys", value),
    values=_spark_values,
    array_length=lambda value: Cast(call("json_array_length", value), Type.LONG),
    part=lambda items, first, count: call("slice", items, Cast(first, Type.INT), Cast(count, Type.INT)),
    unique=lambda items: call("array_distinct", items),
    at=lambda items, position: call("try_element_at", items, Cast(position, Type.INT)),
    count_up=_spark_count_up,
    index=Cast(INDEX, Type.LONG),
    sort=lambda items, descending: call("sort_array", items, Literal(not descending, Type.BOOL)),
    struct=_spark_struct,
    sum=_spark_sum,
    reading=conversions.SPARK,
    list_type="ARRAY<STRING>",
    make_list="array",
    transform="transform",
    filter="filter",
    concat="concat",
    contains="array_contains",
    position="array_position",
    reverse="reverse",
    join="array_join",
    length="size",
)
