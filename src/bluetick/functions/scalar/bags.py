"""Functions over dynamic bags: their keys, merging, removing and setting of keys, also by the path `$.a.b`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bluetick.functions.definition import Argument, BoundCall, Check, Example, Nulls, ScalarFunction, Signature, param
from bluetick.functions.scalar.arrays import ONE, array_function, length_of
from bluetick.functions.scalar.dynamic import step_duckdb, step_spark
from bluetick.functions.scalar.json_text import (
    DUCKDB,
    ELEMENT,
    NULL_TEXT,
    SPARK,
    Forms,
    is_array,
    is_bag,
    is_text,
    item_text,
    joined,
)
from bluetick.functions.scalar.variable_arguments import has_key, remove_keys, with_variables
from bluetick.sql.tree import FALSE, Binary, Case, Expr, all_of, any_of, call, coalesce, null, text, when
from bluetick.types import ANY_SCALAR, Type

BAG = param("bag", Type.DYNAMIC)
EMPTY_BAG = text("{}")


@dataclass(frozen=True, slots=True)
class Bags:
    """One engine's forms, and its access to the value under a key."""

    forms: Forms
    member: Callable[[Expr, str], Expr]

    def entry(self, key: Expr, value: Expr) -> Expr:
        return joined(self.forms.quote(key), text(":"), value)

    def value_here(self, bag: Expr) -> Expr:
        """Within a lambda over the keys of the bag: the value beside the key."""
        return coalesce(self.forms.at(self.forms.values(bag), Binary("+", self.forms.index, ONE)), NULL_TEXT)


_DUCKDB = Bags(DUCKDB, step_duckdb)
_SPARK = Bags(SPARK, step_spark)


def _steps(key: str) -> tuple[str, ...]:
    """The keys that a name stands for: itself, or those of the path `$.a.b`."""
    return tuple(key[2:].split(".")) if key.startswith("$.") else (key,)


def _path_problem(key: Any) -> str:
    if not isinstance(key, str):
        return "a key of a bag must be a string"
    if key.startswith("$") and (not key.startswith("$.") or "[" in key or not all(_steps(key))):
        return f"a key of a bag, or a path such as $.a.b, is wanted, not '{key}'"
    return ""


def _check_key(args: tuple[Argument, ...]) -> str:
    return _path_problem(args[1].constant)


def _bag_function(
    name: str,
    summary: str,
    signature: Signature,
    lower: Callable[[BoundCall, Bags], Expr],
    *examples: Example,
    check: Check | None = None,
    nulls: Nulls = Nulls.OWN,
) -> ScalarFunction:
    return ScalarFunction(
        name=name,
        summary=summary,
        signatures=(signature,),
        nulls=nulls,
        duckdb=lambda bound: lower(bound, _DUCKDB),
        spark=lambda bound: lower(bound, _SPARK),
        check=check,
        examples=examples,
    )


def _keys(bound: BoundCall, forms: Forms) -> Expr:
    return forms.array(forms.map(forms.keys(bound[0].sql), forms.quote(ELEMENT)))


BAG_KEYS = array_function(
    "bag_keys",
    "The top-level keys of a bag, in their order; null for what is no bag.",
    (BAG,),
    _keys,
    Example("bag_keys(dynamic({'a': 'b', 'c': {'d': 123}}))", ["a", "c"]),
    Example("bag_keys(dynamic({}))", []),
    Example("bag_keys(dynamic('a'))", None),
    nulls=Nulls.PROPAGATE,
)


def _has_key(bound: BoundCall, bags: Bags) -> Expr:
    *way, last = _steps(str(bound[1].constant))
    holder = bound[0].sql
    for key in way:
        holder = bags.member(holder, key)
    found = call(bags.forms.contains, bags.forms.keys(holder), text(last))
    return when(is_bag(bound[0].sql), coalesce(found, FALSE))


BAG_HAS_KEY = _bag_function(
    "bag_has_key",
    "Whether the bag has the key, or the path of keys `$.a.b`.",
    Signature((BAG, param("key", Type.STRING, constant=True)), Type.BOOL),
    _has_key,
    Example("bag_has_key(dynamic({'key1': 123, 'key2': null}), 'key2')", True),
    Example("bag_has_key(dynamic({'key1': {'prop1': 1}}), '$.key1.prop1')", True),
    Example("bag_has_key(dynamic({'key1': {'prop1': 1}}), '$.key1.prop2')", False),
    Example("bag_has_key(dynamic([1]), 'key1')", None),
    Example("bag_has_key(dynamic({}), 'key1')", False),
    check=_check_key,
)


def _merge(bound: BoundCall, bags: Bags) -> Expr:
    """Entries bag by bag, each without the keys of the bags before it; joining passes over what is NULL."""
    forms = bags.forms
    values = [when(is_bag(arg.sql), arg.sql, EMPTY_BAG) for arg in bound.args]
    lists = []
    for place, value in enumerate(values):
        keys = forms.keys(value)
        entry = bags.entry(ELEMENT, bags.value_here(value))
        taken = [call(forms.contains, forms.keys(earlier), ELEMENT) for earlier in values[:place]]
        lists.append(forms.numbered(keys, Case(((any_of(*taken), null(Type.STRING)),), entry) if taken else entry))
    entries = call(forms.concat, *lists)
    return when(any_of(*(is_bag(arg.sql) for arg in bound.args)), forms.bag(entries))


BAG_MERGE = _bag_function(
    "bag_merge",
    "One bag of all keys; of a key in several bags the leftmost value stays. What is no bag is passed over.",
    Signature((BAG, param("more", Type.DYNAMIC, repeat=63)), Type.DYNAMIC),
    _merge,
    Example("bag_merge(dynamic({'a': 1, 'b': 2}), dynamic({'b': 3, 'c': 4}))", {"a": 1, "b": 2, "c": 4}),
    Example("bag_merge(dynamic({'a': 1}), dynamic(null))", {"a": 1}),
    Example("bag_merge(dynamic(null), dynamic(null))", None),
)


def _removals(names: list[str]) -> dict[str, list[str]]:
    """Top-level key -> paths to remove below it; none: the key itself goes."""
    found: dict[str, list[str]] = {}
    for name in names:
        first, *below = _steps(name)
        if not below:
            found[first] = []
        elif found.get(first, [""]):
            found.setdefault(first, []).append("$." + ".".join(below))
    return found


def _without(value: Expr, removals: Mapping[str, list[str]], bags: Bags) -> Expr:
    whens: list[tuple[Expr, Expr]] = []
    for key, below in removals.items():
        kept: Expr = null(Type.STRING)
        if below:
            member = bags.member(value, key)
            inner = _without(member, _removals(below), bags)
            kept = bags.entry(ELEMENT, Case(((is_bag(member), inner),), bags.value_here(value)))
        whens.append((Binary("=", ELEMENT, text(key)), kept))
    entry = bags.entry(ELEMENT, bags.value_here(value))
    body = Case(tuple(whens), entry) if whens else entry
    kept_entries = bags.forms.bag(bags.forms.numbered(bags.forms.keys(value), body))
    return when(is_bag(value), coalesce(kept_entries, text("{}")))  # DuckDB joins nothing but nulls to null


def _remove(bound: BoundCall, bags: Bags) -> Expr:
    return _without(bound[0].sql, _removals(list(bound[1].constant)), bags)


def _check_remove(args: tuple[Argument, ...]) -> str:
    names = args[1].constant
    if not isinstance(names, list):
        return "the keys of bag_remove_keys() must be a constant array"
    return next((problem for name in names if (problem := _path_problem(name))), "")


BAG_REMOVE_KEYS = _bag_function(
    "bag_remove_keys",
    "The bag without the keys of an array; `$.a.b` removes b from the bag under a.",
    Signature((BAG, param("keys", Type.DYNAMIC, constant=True)), Type.DYNAMIC),
    _remove,
    Example("bag_remove_keys(dynamic({'k1': 123, 'k2': 'abc'}), dynamic(['k2', 'k4']))", {"k1": 123}),
    Example("bag_remove_keys(dynamic({'k1': {'p': 1, 'q': 2}, 'k2': 3}), dynamic(['$.k1.p', 'k2']))", {"k1": {"q": 2}}),
    Example("bag_remove_keys(dynamic({'a': 1}), dynamic(['a']))", {}),
    Example("bag_remove_keys(dynamic([1]), dynamic(['a']))", None),
    Example("bag_remove_keys(dynamic({}), dynamic(['a']))", {}),
    check=_check_remove,
    nulls=Nulls.PROPAGATE,
)


def _with(value: Expr, steps: tuple[str, ...], new: Expr, bags: Bags) -> Expr:
    forms = bags.forms
    key, *below = steps
    item = new
    if below:
        member = bags.member(value, key)
        item = _with(when(is_bag(member), member, EMPTY_BAG), tuple(below), new, bags)
    keys = forms.keys(value)
    entry = bags.entry(text(key), item)
    body = Case(((Binary("=", ELEMENT, text(key)), entry),), bags.entry(ELEMENT, bags.value_here(value)))
    missing = Case(((call(forms.contains, keys, text(key)), null(Type.STRING)),), entry)
    return forms.bag(call(forms.concat, forms.numbered(keys, body), forms.list_of(missing)))


def _set(bound: BoundCall, bags: Bags) -> Expr:
    value = bound[0].sql
    steps = _steps(str(bound[1].constant))
    return when(is_bag(value), _with(value, steps, item_text(bound[2], bags.forms), bags))


BAG_SET_KEY = _bag_function(
    "bag_set_key",
    "The bag with a value set under a constant key, or under the path of keys `$.a.b`.",
    Signature((BAG, param("key", Type.STRING, constant=True), param("value", *ANY_SCALAR)), Type.DYNAMIC),
    _set,
    Example("bag_set_key(dynamic({'k1': 1, 'k3': 'abc'}), 'k3', 3)", {"k1": 1, "k3": 3}),
    Example("bag_set_key(dynamic({'k1': 1}), '$.k2.p', 'x')", {"k1": 1, "k2": {"p": "x"}}),
    Example("bag_set_key(dynamic(null), 'k', 1)", None),
    check=_check_key,
)


def _zip(bound: BoundCall, bags: Bags) -> Expr:
    forms = bags.forms
    keys, values = (forms.elements(arg.sql) for arg in bound.args)
    inside = Binary("<", forms.index, length_of(values, forms))
    value = coalesce(when(inside, forms.at(values, Binary("+", forms.index, ONE))), NULL_TEXT)
    entries = forms.numbered(keys, when(is_text(ELEMENT), joined(ELEMENT, text(":"), value)))
    return when(all_of(*(is_array(arg.sql) for arg in bound.args)), forms.bag(entries))


BAG_ZIP = _bag_function(
    "bag_zip",
    "A bag of an array of keys and an array of values; keys without a value have null, keys that are no text go.",
    Signature((param("keys", Type.DYNAMIC), param("values", Type.DYNAMIC)), Type.DYNAMIC),
    _zip,
    Example("bag_zip(dynamic(['a', 'b', 'c']), dynamic([1, '2']))", {"a": 1, "b": "2", "c": None}),
    Example("bag_zip(dynamic(['a', 8]), dynamic([1, 2, 3]))", {"a": 1}),
    Example("bag_zip(dynamic(null), dynamic([1]))", None),
    nulls=Nulls.PROPAGATE,
)

FUNCTIONS: tuple[ScalarFunction, ...] = (
    BAG_KEYS,
    with_variables(BAG_HAS_KEY, has_key),
    BAG_MERGE,
    with_variables(BAG_REMOVE_KEYS, remove_keys),
    BAG_SET_KEY,
    BAG_ZIP,
)
