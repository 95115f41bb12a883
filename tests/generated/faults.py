"""Planted faults: what a wrong translation would look like, to be found by the checks. One is in place at a time."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, TypeAlias
from unittest import mock

from bluetick.functions.definition import (
    AggregateFunction,
    AggregateLowering,
    Argument,
    BoundAggregate,
    BoundCall,
    Lowering,
    ScalarFunction,
    WindowFunction,
    WindowLowering,
)
from bluetick.functions.registry import CATALOGUE
from bluetick.sql.tree import Expr
from generated.tree import INFIX, LISTED

# What a fault puts in place: (dictionary, key, value) or (module, name, value).
Patch: TypeAlias = tuple[MutableMapping[Any, Any] | ModuleType, Any, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """`words`: a query without all of them is not touched by the fault, and need not be run to look for it."""

    name: str
    words: tuple[str, ...]
    patches: Callable[[], Sequence[Patch]]

    def __str__(self) -> str:
        return self.name

    def may_touch(self, queries: Sequence[str]) -> bool:
        return any(all(word in text for word in self.words) for text in queries)

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for target, name, value in self.patches():
                if isinstance(target, MutableMapping):
                    stack.enter_context(mock.patch.dict(target, {name: value}))
                else:
                    stack.enter_context(mock.patch.object(target, name, value))
            yield


# --- functions -------------------------------------------------------------------------------------------------------

Wrong: TypeAlias = Callable[[BoundCall, Lowering], Expr]  # the call, and how it is lowered when nothing is wrong


def _patched(table: MutableMapping[str, Any], name: str, changed: Any) -> list[Patch]:
    """The function in place of the right one, under all its names."""
    original = table[name]
    return [(table, other, changed) for other, function in table.items() if function is original]


def scalar(name: str, fault: str, wrong: Wrong) -> Fault:
    """A scalar function or operator that is lowered wrongly."""

    def patches() -> list[Patch]:
        right: ScalarFunction = CATALOGUE.scalars[name]
        changed = replace(
            right, duckdb=lambda bound: wrong(bound, right.duckdb), spark=lambda bound: wrong(bound, right.spark)
        )
        return _patched(CATALOGUE.scalars, name, changed)

    return Fault(fault, (_word(name),), patches)


def _word(name: str) -> str:
    """How a query spells the function."""
    spelled = {"unary-": "(-(", ".": ".", "[]": "[", "not": "not("}
    if name in LISTED:
        return f" {name} ("
    return spelled.get(name) or (f" {name} " if name in INFIX or "between" in name else f"{name}(")


def taken_for(name: str, other: str) -> Fault:
    """A function lowered as if it were another one."""

    def wrong(bound: BoundCall, _: Lowering) -> Expr:
        return CATALOGUE.scalars[other].duckdb(replace(bound, name=other))

    return scalar(name, f"{name} for {other}", wrong)


def argument(bound: BoundCall, place: int, sql: Expr) -> BoundCall:
    """The call with another expression as one of its arguments."""
    changed = Argument(sql, bound[place].type)
    return replace(bound, args=(*bound.args[:place], changed, *bound.args[place + 1 :]))


WrongAggregate: TypeAlias = Callable[[BoundAggregate, AggregateLowering], Expr]


def aggregate(name: str, fault: str, wrong: WrongAggregate) -> Fault:
    def patches() -> list[Patch]:
        right: AggregateFunction = CATALOGUE.aggregates[name]
        changed = replace(
            right, duckdb=lambda bound: wrong(bound, right.duckdb), spark=lambda bound: wrong(bound, right.spark)
        )
        return _patched(CATALOGUE.aggregates, name, changed)

    return Fault(fault, (f"{name}(",), patches)


def aggregate_taken_for(name: str, other: str) -> Fault:
    def wrong(bound: BoundAggregate, _: AggregateLowering) -> Expr:
        return CATALOGUE.aggregates[other].duckdb(replace(bound, name=other))

    return aggregate(name, f"aggregate {name} for {other}", wrong)


def window(name: str, fault: str, wrong: Callable[[Any, WindowLowering], Expr]) -> Fault:
    def patches() -> list[Patch]:
        right: WindowFunction = CATALOGUE.windows[name]
        changed = replace(
            right, duckdb=lambda bound: wrong(bound, right.duckdb), spark=lambda bound: wrong(bound, right.spark)
        )
        return _patched(CATALOGUE.windows, name, changed)

    return Fault(fault, (f"{name}(",), patches)


# --- the lowering itself ---------------------------------------------------------------------------------------------


def replaced(fault: str, words: tuple[str, ...], module: ModuleType, name: str, value: Callable[[Any], Any]) -> Fault:
    """Another value for a name of a module; `value` makes it of the right one."""
    return Fault(fault, words, lambda: [(module, name, value(vars(module)[name]))])
