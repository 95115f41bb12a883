"""Each lowering is held to its function's null rule, with nulls that come from a column."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from example_forms import (
    Case,
    call_of,
    computed_name,
    functions,
    movable,
    on_spark,
    over_columns,
    parsed,
    variable_arguments,
)
from example_runner import Run

from bluetick.functions.definition import Nulls, ScalarFunction
from bluetick.functions.registry import find_scalar
from bluetick.types import Type


def _cases() -> Iterator[Case]:
    """Each literal argument of each example's own call in turn, replaced by a null column (strings have no null)."""
    for function in functions():
        if isinstance(function, ScalarFunction) and function.nulls is not Nulls.OWN:
            for index, example in enumerate(function.examples):
                if not example.gap:
                    yield from _with_nulls(function, example.expression, f"{function.name}-{index}")


def _with_nulls(function: ScalarFunction, expression: str, id_: str) -> Iterator[Case]:
    node = parsed(expression)
    if find_scalar(call_of(node)[0]) is not function:
        return
    own = {argument.span.start for argument in variable_arguments(node)}
    offset = node.span.start
    constants = movable(expression)
    for number, constant in enumerate(constants):
        if constant.type is Type.STRING or constant.start + offset not in own:
            continue
        with_null = [replace(c, text=f"{c.type}(null)") if other == number else c for other, c in enumerate(constants)]
        case = over_columns(f"{id_}-argument-{number}", expression, function.nulls, tuple(with_null))
        yield replace(case, computed=computed_name(function))


CASES = tuple(_cases())


RUNS = {"duckdb": Run(CASES), "spark": Run(on_spark(CASES))}


def check(engine: str, case: Case) -> None:
    value = RUNS[engine].value(engine, case)
    if isinstance(value, Exception):
        pytest.fail(f"{case.expression}: {value}", pytrace=False)
    if case.value is Nulls.NEVER:
        assert value is not None
    else:
        assert value is None or value == "", f"{case.expression} of a null gave {value!r}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_on_duckdb(case: Case) -> None:
    check("duckdb", case)


@pytest.mark.spark
@pytest.mark.parametrize("case", on_spark(CASES), ids=str)
def test_on_spark(case: Case) -> None:
    check("spark", case)
