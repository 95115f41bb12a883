"""Run many cases in few queries through the public surface, and compare what comes back."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import groupby

from example_forms import Case

import bluetick
from bluetick.enrichment.places import AddressPlaces
from bluetick.session import Session

ENGINES = {"duckdb": "duckdb", "spark": "local[2]"}
_BATCH = 40
# What the examples of geo_info_from_ip_address are answered from.
PLACES = ({"network": "20.53.203.0/24", "country": "AU", "city": "Sydney", "latitude": "-33.8715"},)


@cache
def session(engine: str) -> Session:
    """One session for the whole test run: starting Spark takes seconds."""
    return bluetick.connect(engine=ENGINES[engine], geo=AddressPlaces(PLACES))


class Run:
    """Cases in batches; a batch runs when the first of its values is asked for, so that no single test takes long."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._batches = list(_batches(cases))
        self._place = {case.id: place for place, batch in enumerate(self._batches) for case in batch}
        self._values: dict[tuple[str, int], dict[str, object]] = {}

    def value(self, engine: str, case: Case) -> object:
        """The case's value, or the exception that it raised."""
        place = self._place[case.id]
        if (engine, place) not in self._values:
            self._values[engine, place] = _run_batch(session(engine), self._batches[place])
        return self._values[engine, place][case.id]


def _batches(cases: Sequence[Case]) -> Iterator[list[Case]]:
    def kind(case: Case) -> tuple[str, str]:
        return case.operator, case.source

    for _, group in groupby(sorted(cases, key=kind), key=kind):
        members = list(group)
        for start in range(0, len(members), _BATCH):
            yield members[start : start + _BATCH]


def _run_batch(target: Session, batch: list[Case]) -> dict[str, object]:
    """A case that does not bind is left out of the query; where the query fails, each case runs alone."""
    refused = {case.id: error for case in batch if (error := _refusal(target, case)) is not None}
    accepted = [case for case in batch if case.id not in refused]
    values: dict[str, object] = {**refused}
    if accepted:
        try:
            values.update(_run(target, accepted))
        except Exception as error:
            if len(accepted) == 1:
                values[accepted[0].id] = error
            else:
                for case in accepted:
                    values.update(_run_batch(target, [case]))
    return values


def _refusal(target: Session, case: Case) -> Exception | None:
    diagnostics = target.check(query_text([case])).diagnostics
    return AssertionError("; ".join(d.message for d in diagnostics)) if diagnostics else None


def _run(target: Session, batch: list[Case]) -> dict[str, object]:
    result = target.query(query_text(batch))
    places = {name: place for place, (name, _) in enumerate(result.columns)}  # a call may give several columns
    rows = list(result.rows())
    if batch[0].operator == "extend":
        return {case.id: [row[places[f"x{index}"]] for row in rows] for index, case in enumerate(batch)}
    (row,) = rows
    return {case.id: row[places[f"x{index}"]] for index, case in enumerate(batch)}


def query_text(batch: list[Case]) -> str:
    """One query whose columns are the cases, in order."""
    names = [f"x{index}" for index in range(len(batch))]
    operator = batch[0].operator
    if operator == "project":
        return _over_one_table(batch)
    items = ", ".join(f"{name} = {case.expression}" for name, case in zip(names, batch, strict=True))
    match operator:
        case "print":
            return f"print {items}"
        case "summarize":
            return f"{batch[0].source} | summarize {items}"
        case _:
            return f"{batch[0].source} | serialize | extend {items} | project {', '.join(names)}"


def _over_one_table(batch: list[Case]) -> str:
    """One row with the columns of every case; a case's c0 is known inside the table by the case's number."""
    declared, literals, items = [], [], []
    for index, case in enumerate(batch):
        expression = case.expression
        for name, type_, literal in case.columns:
            own = f"t{index}{name}"
            declared.append(f"{own}: {type_}")
            literals.append(literal)
            expression = expression.replace(f" {name} ", f" {own} ")
        items.append(f"x{index} = {expression}")
    return f"datatable({', '.join(declared)})[{', '.join(literals)}] | project {', '.join(items)}"


def same(actual: object, expected: object) -> bool:
    """Equal value of equal type; reals to 12 digits, NaN equal to itself."""
    match expected:
        case datetime():
            expected = expected if expected.tzinfo else expected.replace(tzinfo=UTC)
            return actual == expected
        case float():
            return isinstance(actual, float) and (
                math.isclose(actual, expected, rel_tol=1e-12, abs_tol=0.0)
                or (math.isnan(actual) and math.isnan(expected))
            )
        case list():
            return (
                isinstance(actual, list)
                and len(actual) == len(expected)
                and all(same(a, e) for a, e in zip(actual, expected, strict=True))
            )
        case dict():
            return (
                isinstance(actual, dict)
                and actual.keys() == expected.keys()
                and all(same(actual[key], value) for key, value in expected.items())
            )
        case _:
            return type(actual) is type(expected) and actual == expected
