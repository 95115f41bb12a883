"""Every example of every function, on both engines: the manual prints what is run here."""

import pytest
from example_forms import Case, cases, on_spark
from example_runner import Run, same

CASES = tuple(cases())


RUNS = {"duckdb": Run(CASES), "spark": Run(on_spark(CASES))}


def check(engine: str, case: Case) -> None:
    value = RUNS[engine].value(engine, case)
    if isinstance(value, Exception):
        pytest.fail(f"{case.expression}: {value}", pytrace=False)
    assert same(value, case.value), f"{case.expression} gave {value!r}, not {case.value!r}"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_on_duckdb(case: Case) -> None:
    check("duckdb", case)


def _on_spark(case: Case) -> object:
    marks = [pytest.mark.xfail(reason=case.gap)] if case.gap else []
    return pytest.param(case, id=str(case), marks=marks)


@pytest.mark.spark
@pytest.mark.parametrize("case", [_on_spark(case) for case in on_spark(CASES)])
def test_on_spark(case: Case) -> None:
    check("spark", case)
