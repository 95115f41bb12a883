"""Lets that each use the one before twice: what they unfold to is bounded."""

import pytest

import bluetick
from bluetick.execution.program import RelationStep, build_program
from bluetick.execution.unfolding import MAX_UNFOLDED
from bluetick.lowering.flavour import DUCKDB
from bluetick.session import QueryRequest

BODIES = {
    "union": "union {0}, ({0} | where a > 100)",
    "join": "{0} | join kind=inner ({0} | project a) on a | project a, b",
    "in": "{0} | where a in (({0} | project a))",
    "toscalar": "{0} | where a >= toscalar({0} | summarize min(a))",
}


def chain(body: str, levels: int) -> str:
    lets = [f"let t{n + 1} = {body.format(f't{n}')};" for n in range(levels)]
    return f"let t0 = datatable(a:long, b:long)[1, 2, 3, 4]; {' '.join(lets)} t{levels} | summarize count(), sum(b)"


def _rows(engine: str, text: str) -> list[tuple[object, ...]]:
    with bluetick.connect(engine=engine) as here:
        return list(here.run(QueryRequest(text, seconds=300))[-1].rows())


@pytest.mark.parametrize("body", BODIES)
def test_twenty_levels_end(body: str) -> None:
    """A million uses of the first let: each form passes its two rows on."""
    assert _rows("duckdb", chain(BODIES[body], 20)) == [(2, 6)]


@pytest.mark.spark
def test_kept_steps_on_spark() -> None:
    """Spark plans what lies under a kept step again for each of its uses, so fewer levels, enough to make one."""
    text = chain(BODIES["in"], 8)
    assert _kept(text) >= 1
    assert _rows("local[2]", text) == [(2, 6)]


def _kept(text: str) -> int:
    with bluetick.connect() as here:
        plan, _ = here.plan(QueryRequest(text))
    steps = build_program(plan.statements[-1], DUCKDB).steps
    return sum(isinstance(step, RelationStep) for step in steps)


def test_steps_are_made_where_a_plan_would_unfold_and_nowhere_else() -> None:
    """Five levels are some hundred nodes; twenty need a step for each six or seven."""
    assert _kept(chain(BODIES["union"], 5)) == 0
    assert 2 <= _kept(chain(BODIES["union"], 20)) <= 4


def test_a_long_let_that_is_used_once_is_no_step() -> None:
    filters = " | ".join(f"where a != {n}" for n in range(MAX_UNFOLDED + 10))
    rows = "let t = range a from 1 to 400 step 1"
    assert _kept(f"{rows} | {filters}; t | count") == 0
    assert _kept(f"{rows} | {filters}; union t, t | count") == 1
