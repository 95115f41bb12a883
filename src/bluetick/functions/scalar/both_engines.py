"""Scalar functions written once: one builder, and the engines' own forms that it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypedDict, TypeVar, Unpack

from bluetick.functions.definition import (
    BoundCall,
    Check,
    Example,
    Lowering,
    Nulls,
    Parameter,
    ResultName,
    ReturnRule,
    ScalarFunction,
    Signature,
    signature,
)
from bluetick.sql.tree import Expr

Forms = TypeVar("Forms")


class Details(TypedDict, total=False):
    """What only some functions say of themselves, as in `ScalarFunction`."""

    aliases: tuple[str, ...]
    result_name: ResultName
    check: Check | None
    differs: str


def lowered_by(build: Callable[[BoundCall, Forms], Expr], forms: Forms) -> Lowering:
    """The lowering that this builder gives with one engine's forms."""

    def lower(bound: BoundCall) -> Expr:
        return build(bound, forms)

    return lower


@dataclass(frozen=True, slots=True)
class BothEngines(Generic[Forms]):
    """The forms of both engines, and the null rule of a function that names none."""

    duckdb: Forms
    spark: Forms
    nulls: Nulls = Nulls.NEVER

    def function(
        self,
        name: str,
        summary: str,
        signatures: tuple[Signature, ...],
        build: Callable[[BoundCall, Forms], Expr],
        examples: tuple[Example, ...],
        nulls: Nulls | None = None,
        **details: Unpack[Details],
    ) -> ScalarFunction:
        return ScalarFunction(
            name=name,
            summary=summary,
            signatures=signatures,
            nulls=nulls or self.nulls,
            duckdb=lowered_by(build, self.duckdb),
            spark=lowered_by(build, self.spark),
            examples=examples,
            **details,
        )

    def with_parameters(
        self,
        name: str,
        summary: str,
        parameters: tuple[Parameter, ...],
        returns: ReturnRule,
        build: Callable[[BoundCall, Forms], Expr],
        examples: tuple[Example, ...],
        nulls: Nulls | None = None,
        **details: Unpack[Details],
    ) -> ScalarFunction:
        """A function of one signature."""
        return self.function(
            name, summary, (signature(*parameters, returns=returns),), build, examples, nulls, **details
        )
