"""The catalogue: one function a name, hints that help, and definitions that are whole."""

import pkgutil
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from types import ModuleType

import pytest
from example_forms import AnyFunction, functions

from bluetick.functions import aggregates, scalar
from bluetick.functions.aggregates.counting import COUNT
from bluetick.functions.definition import AggregateFunction, Parameter
from bluetick.functions.registry import ByName, by_name, find_aggregate, find_scalar, find_window, is_known
from bluetick.functions.topics import AGGREGATES, SCALARS, WINDOWS

FUNCTIONS = tuple(functions())
# Operators that are words, and the binder's own conversion.
NOT_CALLED = re.compile(r"and|or|in|between|to_dynamic|(has|contains|startswith|endswith)\w*")


def test_names_and_aliases_lead_to_the_function() -> None:
    function = replace(COUNT, name="one", aliases=("two",))
    assert by_name([[function]]) == {"one": function, "two": function}


@pytest.mark.parametrize("other", [replace(COUNT, aliases=()), replace(COUNT, name="tally", aliases=("count",))])
def test_a_name_taken_twice_is_refused(other: AggregateFunction) -> None:
    with pytest.raises(ValueError, match="'count'"):
        by_name([[COUNT], [other]])


TOPICS = [(SCALARS, "FUNCTIONS"), (AGGREGATES, "AGGREGATES"), (WINDOWS, "WINDOWS")]


@pytest.mark.parametrize(("topics", "kind"), TOPICS, ids=lambda part: part if isinstance(part, str) else "")
def test_topics_are_what_their_modules_hold(topics: Mapping[str, str], kind: str) -> None:
    modules = {topic: getattr(import_module(f"bluetick.functions.{topic}"), kind) for topic in topics}
    by_name(modules.values())  # no name is taken twice
    for topic, values in modules.items():
        held = list(by_name([values]))
        assert [name.strip() for name in topics[topic].split(",")] == held, f'{topic}: write "{", ".join(held)}"'


@pytest.mark.parametrize(
    ("package", "kind"), [(scalar, "FUNCTIONS"), (aggregates, "AGGREGATES")], ids=["scalar", "agg"]
)
def test_every_module_of_functions_is_a_topic(package: ModuleType, kind: str) -> None:
    topics = SCALARS if kind == "FUNCTIONS" else AGGREGATES
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if hasattr(import_module(module.name), kind):
            assert module.name.removeprefix("bluetick.functions.") in topics


def test_a_function_is_loaded_when_it_is_asked_for() -> None:
    table: ByName[AggregateFunction] = ByName({"aggregates.counting": "count, countif", "no.such": "x"}, "AGGREGATES")
    assert "x" in table
    assert [*table] == ["count", "countif", "x"]
    assert table["count"] is COUNT
    assert table.get("y") is None
    with pytest.raises(ModuleNotFoundError):
        table["x"]
    table["x"] = COUNT
    assert table["x"] is COUNT
    del table["x"]
    assert len(table) == 2


def test_kinds_are_kept_apart() -> None:
    assert find_aggregate("countif") is not None
    assert find_scalar("countif") is None
    assert find_window("prev") is not None
    assert find_aggregate("no_such_function") is None


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_names_are_names_of_the_language(function: AnyFunction) -> None:
    """A misspelt name would never be called."""
    if function.name.isidentifier() and not NOT_CALLED.fullmatch(function.name):
        assert is_known(function.name)


def test_known_though_not_here() -> None:
    assert is_known("hll")
    assert not is_known("frobnicate")


def test_gaps_are_few() -> None:
    examples = [example for function in FUNCTIONS for example in function.examples]
    assert len([example for example in examples if example.gap]) <= len(examples) / 20


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_definition_is_whole(function: AnyFunction) -> None:
    assert function.summary.endswith("."), "a summary is a sentence"
    assert function.examples, "a function without an example is not run by any test"
    assert function.signatures
    for signature in function.signatures:
        _check_order(signature.parameters)


def _check_order(parameters: tuple[Parameter, ...]) -> None:
    """Needed parameters come before optional ones, and the repeating ones stand together."""
    optional = [parameter.optional for parameter in parameters]
    repeating = [parameter.repeat > 1 for parameter in parameters]
    assert optional == sorted(optional)
    changes = sum(one is not other for one, other in pairwise([False, *repeating, False]))
    assert changes in {0, 2}
    assert all(parameter.types for parameter in parameters)
