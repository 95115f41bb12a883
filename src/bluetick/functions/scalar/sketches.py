"""dcount_hll and hll_merge over what the aggregate hll gives: [[1024,14],[hashes],[]], hashes ascending."""

from collections.abc import Callable
from dataclasses import dataclass

from bluetick.functions.definition import (
    Argument,
    BoundCall,
    Example,
    Lowering,
    NameRule,
    Nulls,
    ResultName,
    ScalarFunction,
    param,
    prefixed,
    signature,
)
from bluetick.functions.scalar import json_text
from bluetick.functions.scalar.json_text import Forms
from bluetick.functions.scalar.string_forms import DUCKDB as DUCKDB_STRINGS
from bluetick.functions.scalar.string_forms import SPARK as SPARK_STRINGS
from bluetick.functions.scalar.string_forms import StringForms
from bluetick.sql.tree import Bare, Cast, Expr, call, coalesce, text, when
from bluetick.types import Type

EXACT = "Kusto's hll is an estimate; here it keeps a hash of each distinct value, so that its counts are exact."

_HEAD, _TAIL = "[[1024,14],", ",[]]"
_DIGITS = 16  # of a hash: 64 bits


@dataclass(frozen=True, slots=True)
class Sketches:
    """One engine's lists of hashes."""

    strings: StringForms
    forms: Forms
    collect: str  # the aggregate that makes a list
    member: Callable[[Expr], Expr]  # JSON array -> JSON text of its second item
    flatten: str
    distinct: str
    sort: str

    def hashed(self, value: Argument) -> Expr:
        return call("substring", call("md5", self.strings.text(value)), Bare(1), Bare(_DIGITS))

    def array(self, sketch: Expr) -> Expr:
        """The JSON array of the hashes; null of what is no sketch."""
        found = self.member(sketch)
        return when(json_text.is_array(found), found)

    def hashes(self, sketch: Expr) -> Expr:
        return coalesce(self.strings.items(self.array(sketch)), self.forms.list_of())

    def flat(self, lists: Expr) -> Expr:
        return call(self.flatten, lists)

    def sketch(self, hashes: Expr) -> Expr:
        """The value that holds these hashes, each once; of no list none."""
        known = call(self.sort, call(self.distinct, coalesce(hashes, self.forms.list_of())))
        return call("concat", text(_HEAD), self.strings.json_of_texts(known), text(_TAIL))


DUCKDB = Sketches(
    DUCKDB_STRINGS,
    json_text.DUCKDB,
    collect="list",
    member=lambda value: Cast(call("json_extract", value, text("$[1]")), Type.STRING),
    flatten="flatten",
    distinct="list_distinct",
    sort="list_sort",
)
SPARK = Sketches(
    SPARK_STRINGS,
    json_text.SPARK,
    collect="collect_list",
    member=lambda value: call("get_json_object", value, text("$[1]")),
    flatten="flatten",
    distinct="array_distinct",
    sort="sort_array",
)


def _count(sketches: Sketches) -> Lowering:
    return lambda bound: sketches.forms.array_length(sketches.array(bound[0].sql))


def _merge(sketches: Sketches) -> Lowering:
    def lower(bound: BoundCall) -> Expr:
        merged = sketches.hashes(bound[0].sql)
        for argument in bound.args[1:]:
            merged = call(sketches.forms.concat, merged, sketches.hashes(argument.sql))
        return sketches.sketch(merged)

    return lower


_ONE, _TWO = "dynamic([[1024,14],['0a','0b'],[]])", "dynamic([[1024,14],['00','0b'],[]])"

FUNCTIONS: tuple[ScalarFunction, ...] = (
    ScalarFunction(
        name="dcount_hll",
        summary="How many distinct values a value of hll holds; null where it is none.",
        signatures=(signature(param("hll", Type.DYNAMIC), returns=Type.LONG),),
        nulls=Nulls.PROPAGATE,
        duckdb=_count(DUCKDB),
        spark=_count(SPARK),
        result_name=prefixed("dcount_hll"),
        differs=EXACT,
        examples=(
            Example(f"dcount_hll({_ONE})", 2),
            Example("dcount_hll(dynamic([[1024,14],[],[]]))", 0),
            Example("dcount_hll(dynamic({'a': 1}))", None),
            Example("dcount_hll(dynamic(null))", None),
        ),
    ),
    ScalarFunction(
        name="hll_merge",
        summary="One value of hll for several; what is none holds no values.",
        signatures=(signature(param("hll", Type.DYNAMIC, repeat=64), returns=Type.DYNAMIC),),
        nulls=Nulls.NEVER,
        duckdb=_merge(DUCKDB),
        spark=_merge(SPARK),
        result_name=ResultName(NameRule.PREFIX_ONLY, "hll_merged_result"),
        differs=EXACT,
        examples=(
            Example(f"hll_merge({_ONE}, {_TWO})", [[1024, 14], ["00", "0a", "0b"], []]),
            Example(f"hll_merge(dynamic(null), {_ONE})", [[1024, 14], ["0a", "0b"], []]),
        ),
    ),
)
