"""What Python computes between two statements: calls over distinct arguments, and whole tables."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from bluetick.diagnostics.errors import Limit, LimitError, SourceError
from bluetick.engines.protocol import ScanColumn
from bluetick.execution.program import MAX_PYTHON_ROWS, ComputeStep, TableStep
from bluetick.lowering.steps import PYTHON_PLACE, python_column, result_column
from bluetick.plan.computing import computing
from bluetick.plan.evaluation import physical
from bluetick.plan.expressions import Literal
from bluetick.types import Type
from bluetick.values import arrow_type, to_physical

_BATCH = 1_000  # rows between two looks at the deadline

Answers = tuple[pa.Table, list[ScanColumn]]


def computed_answers(step: ComputeStep, asked: pa.Table, check: Callable[[], None]) -> Answers:
    """The distinct arguments, each beside its results. `check` raises when the run is to end."""
    if asked.num_rows > MAX_PYTHON_ROWS:
        raise too_many(f"'{step.function.name}'", "different arguments")
    types = [given.type if isinstance(given, Literal) else given for given in step.arguments]
    call = computing(step.function, types, step.results, step.parts)
    open_types = [given for given in step.arguments if not isinstance(given, Literal)]
    columns = {python_column(i): (type_, to_physical(asked.column(i), type_)) for i, type_ in enumerate(open_types)}
    rows = _arguments(step, [column.to_pylist() for _, column in columns.values()], asked.num_rows)
    results = _called(step.function.name, call, rows, check)
    data = {name: column for name, (_, column) in columns.items()}
    for place, type_ in enumerate(step.results):
        data[result_column(place)] = _array([result[place] for result in results], type_)
    kinds = {name: type_ for name, (type_, _) in columns.items()}
    kinds |= {result_column(place): type_ for place, type_ in enumerate(step.results)}
    return pa.table(data), [ScanColumn(name, name, type_) for name, type_ in kinds.items()]


def _arguments(step: ComputeStep, values: list[list[Any]], count: int) -> Iterator[tuple[Any, ...]]:
    """Each row's arguments, literals in their places."""
    columns = iter(values)
    filled = [
        [physical(given.value, given.type)] * count if isinstance(given, Literal) else next(columns)
        for given in step.arguments
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
