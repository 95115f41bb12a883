"""What is refused on purpose is refused with its reason, and is built nowhere."""

import pytest

import bluetick
from bluetick.binder.functions import SPECIAL
from bluetick.binder.operators import evaluate
from bluetick.functions.refusals import FUNCTIONS, OPERATORS, PLUGINS
from bluetick.functions.registry import CATALOGUE


def test_nothing_refused_is_built() -> None:
    built = CATALOGUE.scalars.keys() | CATALOGUE.aggregates.keys() | CATALOGUE.windows.keys() | SPECIAL.keys()
    assert FUNCTIONS.keys().isdisjoint(built)
    assert PLUGINS.keys().isdisjoint(evaluate.PLUGINS)


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_that_is_refused_does_not_bind(name: str) -> None:
    (problem,) = bluetick.connect().check(f"print x = '' | {name} by x").diagnostics
    assert problem.code in {"BTK0100", "BTK0107"}
    assert problem.hint == OPERATORS[name]


@pytest.mark.parametrize("name", ["rand", "extent_id", "current_principal", "cursor_current"])
def test_a_function_says_why(name: str) -> None:
    (problem,) = bluetick.connect().check(f"print x = {name}()").diagnostics
    assert (problem.code, problem.hint) == ("BTK0106", FUNCTIONS[name])


@pytest.mark.parametrize("name", ["entity_group", "stored_query_result"])
def test_a_tabular_function_says_why(name: str) -> None:
    (problem,) = bluetick.connect().check(f"{name}('x') | take 1").diagnostics
    assert (problem.code, problem.hint) == ("BTK0106", FUNCTIONS[name])


@pytest.mark.parametrize("name", ["python", "sql_request", "infer_storage_schema"])
def test_a_plugin_says_why(name: str) -> None:
    (problem,) = bluetick.connect().check(f"print 1 | evaluate {name}('x')").diagnostics
    assert (problem.code, problem.hint) == ("BTK0105", PLUGINS[name])
