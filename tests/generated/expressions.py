"""Random typed expressions over the columns of a relation."""

from collections.abc import Mapping
from random import Random
from typing import Final

from generated.shapes import CONSTANTS, SHAPES, Shape
from generated.tables import POOLS, Columns
from generated.tree import Call, Col, Expr, Lit

_BY_RESULT: Final[Mapping[str, tuple[Shape, ...]]] = {
    type_: tuple(shape for shape in SHAPES if shape.result == type_) for type_ in POOLS
}


class Expressions:
    """Draws expressions. `columns` may be set anew as the pipeline changes them."""

    def __init__(self, random: Random, columns: Columns) -> None:
        self.random = random
        self.columns = columns

    def expression(self, type_: str, depth: int = 2) -> Expr:
        if depth <= 0 or self.random.random() < 0.3:
            return self.leaf(type_)
        shapes = _BY_RESULT[type_]
        shape = self.random.choices(shapes, [shape.weight for shape in shapes])[0]
        return self.call(shape, depth)

    def any_call(self) -> Expr:
        """A call of any shape over columns and constants, for the most part."""
        shape = self.random.choices(SHAPES, [shape.weight for shape in SHAPES])[0]
        return self.call(shape, self.random.choice((1, 1, 2)))

    def call(self, shape: Shape, depth: int) -> Expr:
        args = tuple(self._argument(kind, depth - 1) for kind in shape.kinds)
        if shape.name == "in" and all(arg.type == "dynamic" for arg in args):
            return self.leaf("bool")
        return Call(shape.result, shape.name, args)

    def predicate(self, depth: int = 3) -> Expr:
        """A condition that is no bare column or constant."""
        shapes = _BY_RESULT["bool"]
        shape = self.random.choices(shapes, [shape.weight for shape in shapes])[0]
        return self.call(shape, depth)

    def leaf(self, type_: str) -> Expr:
        if self.random.random() < 0.75 and (column := self.column(type_)) is not None:
            return column
        return self.literal(type_)

    def column(self, type_: str) -> Col | None:
        found = [name for name, own in self.columns if own == type_]
        return Col(type_, self.random.choice(found)) if found else None

    def literal(self, type_: str) -> Lit:
        return Lit(type_, self.random.choice(POOLS[type_]))

    def constant(self, pool: str) -> Lit:
        type_, values = CONSTANTS[pool]
        return Lit(type_, self.random.choice(values))

    def _argument(self, kind: str, depth: int) -> Expr:
        if kind.startswith("="):
            return self.constant(kind[1:])
        if kind == "path":
            return self._path(depth)
        if kind == "text":
            confusable = Col("string", "s2")
            if ("s2", "string") in self.columns and self.random.random() < 0.7:
                return confusable
            return self.column("string") or self.literal("string")
        if kind == "plain":  # engines disagree about the capital of the sharp s, and Kusto's pages do not tell
            return Call(
                "string", "replace_string", (self.expression("string", depth), Lit("string", "ß"), Lit("string", ""))
            )
        return self.expression(kind, depth)

    def _path(self, depth: int) -> Expr:
        """What a path may begin with: a column, or another path."""
        column = self.column("dynamic")
        if column is None:
            return Call("dynamic", "todynamic", (self.literal("string"),))
        if depth > 0 and self.random.random() < 0.3:
            return Call("dynamic", ".", (column, self.constant("key")))
        return column
