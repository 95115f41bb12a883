"""What Python computes between two statements: calls over distinct arguments, and whole tables."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from bluetick.diagnostics.errors import Limit, LimitError, SourceError
from bluetick.engines.protocol import ScanColumn
from bluetick.execution.program import MAX_PYTHON_ROWS, ComputeCall, ComputeStep, TableStep
from bluetick.lowering.steps import PYTHON_PLACE, python_column, result_column
from bluetick.plan.computing import computing
from bluetick.plan.evaluation import physical
from bluetick.plan.expressions import Literal
from bluetick.types import Type
from bluetick.values import Column, arrow_type, to_physical

_BATCH = 1_000  # rows between two looks at the deadline

Answers = tuple[pa.Table, list[ScanColumn]]


def computed_answers(step: ComputeStep, asked: pa.Table, check: Callable[[], None]) -> Answers:
    """The distinct arguments, each beside its results. `check` raises when the run is to end."""
    if asked.num_rows > MAX_PYTHON_ROWS:
        raise too_many(f"'{step.calls[0].function.name}'", "different arguments")
    types = [given for given in step.calls[0].arguments if not isinstance(given, Literal)]
    kinds = {python_column(place): type_ for place, type_ in enumerate(types)}
    data: dict[str, Column] = {name: to_physical(asked.column(i), kinds[name]) for i, name in enumerate(kinds)}
    values = [column.to_pylist() for column in data.values()]
    place = 0
    for call in step.calls:
        results = _results(call, values, asked.num_rows, check)
        for part, type_ in enumerate(call.results):
            name = result_column(place)
            data[name], kinds[name] = _array([result[part] for result in results], type_), type_
            place += 1
    return pa.table(data), [ScanColumn(name, name, type_) for name, type_ in kinds.items()]


def _results(
    call: ComputeCall, values: list[list[Any]], count: int, check: Callable[[], None]
) -> list[tuple[Any, ...]]:
    types = [given.type if isinstance(given, Literal) else given for given in call.arguments]
    compute = computing(call.function, types, call.results, call.parts)
    return _called(call.function.name, compute, _arguments(call, values, count), check)


def _arguments(call: ComputeCall, values: list[list[Any]], count: int) -> Iterator[tuple[Any, ...]]:
    """Each row's arguments, literals in their places."""
    columns = iter(values)
    filled = [
        [physical(given.value, given.type)] * count if isinstance(given, Literal) else next(columns)
        for given in call.arguments
    ]
    return zip(*filled, strict=True) if filled else iter([()] * count)


def _called(
    name: str, call: Callable[..., tuple[Any, ...]], rows: Iterator[tuple[Any, ...]], check: Callable[[], None]
) -> list[tuple[Any, ...]]:
    results: list[tuple[Any, ...]] = []
    try:
        while batch := list(islice(rows, _BATCH)):
            results.extend(call(*row) for row in batch)
            check()
    except ModuleNotFoundError as error:
        raise missing_package(name, error) from error
    return results


def table_answers(step: TableStep, asked: list[pa.Table], check: Callable[[], None]) -> Answers:
    """The operator's rows, each with its place."""
    inputs = []
    for table, (_, types) in zip(asked, step.inputs, strict=True):
        if table.num_rows > MAX_PYTHON_ROWS:
            raise too_many(step.operator.name, "rows")
        columns = [to_physical(table.column(i), type_).to_pylist() for i, type_ in enumerate(types)]
        inputs.append(list(zip(*columns, strict=True)) if columns else [()] * table.num_rows)
    try:
        rows = list(step.operator.rows(inputs))
    except ModuleNotFoundError as error:
        raise missing_package(step.operator.name, error) from error
    check()
    data = {
        python_column(place): _array([row[place] for row in rows], type_) for place, type_ in enumerate(step.results)
    }
    data[PYTHON_PLACE] = pa.array(range(len(rows)), pa.int64())
    kinds = {python_column(place): type_ for place, type_ in enumerate(step.results)} | {PYTHON_PLACE: Type.LONG}
    return pa.table(data), [ScanColumn(name, name, type_) for name, type_ in kinds.items()]


def _array(values: list[Any], type_: Type) -> "pa.Array[Any]":
    return pa.array(values, arrow_type(type_))


def too_many(what: str, of_what: str) -> LimitError:
    return LimitError(f"{what} takes at most {MAX_PYTHON_ROWS:,} {of_what}, and more came in", Limit.RESULT)


def missing_package(name: str, error: ModuleNotFoundError) -> SourceError:
    return SourceError(f"'{name}' needs the package '{error.name}': pip install 'bluetick[geo,functions]'")
