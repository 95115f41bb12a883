"""What a plugin's call gives: columns, constants, literals. Each reports what is wrong and gives None."""

from dataclasses import dataclass

from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal, walk
from bluetick.plan.relations import Relation
from bluetick.syntax.expressions import Argument, NameReference
from bluetick.syntax.operators import EvaluateOperator
from bluetick.types import Type


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a plugin over rows."""

    env: Env
    node: EvaluateOperator
    rows: Relation

    @property
    def name(self) -> str:
        return self.node.call.name.text

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return self.node.call.arguments

    def count_is(self, least: int, most: int | None = None) -> bool:
        """Whether there are so many arguments (None: no upper end); and no schema behind the call."""
        given = len(self.arguments)
        if self.node.schema is not None:
            self.env.report(codes.form_not_supported(self.node.span, f"a schema behind '{self.name}'"))
            return False
        if given >= least and (most is None or given <= most):
            return True
        words = f"at least {least} arguments" if most is None else f"{least} to {most} arguments"
        words = f"{least} argument{'' if least == 1 else 's'}" if least == most else words
        self.env.report(codes.wrong_argument_count(self.node.call.span, self.name, words, given))
        return False

    def names_column(self, argument: Argument) -> bool:
        """Whether the argument is just a column's name."""
        node = argument.value
        return isinstance(node, NameReference) and any(c.name == node.name for c in self.rows.columns)

    def expression(self, argument: Argument) -> Expr | None:
        value = self.env.over(self.rows).expression(argument.value)
        return None if isinstance(value, Invalid) else value

    def column(self, argument: Argument, *types: Type) -> Column | None:
        """A column of the rows, of one of these types."""
        value = self.expression(argument)
        if value is None:
            return None
        if not isinstance(value, ColumnRef):
            self.bad(argument, "a column's name is expected here")
            return None
        if types and value.type not in types:
            wanted = " or ".join(str(t) for t in types)
            what = f"column '{value.column.name}' in {self.name}"
            self.env.report(codes.wrong_type(argument.span, what, wanted, str(value.type)))
            return None
        return value.column

    def key(self, argument: Argument) -> Column | None:
        """A column that can be grouped by."""
        found = self.column(argument)
        if found is not None and found.type is Type.DYNAMIC:
            self.env.report(codes.dynamic_key(argument.span, f"'{found.name}' in {self.name}"))
            return None
        return found

    def constant(self, argument: Argument) -> Expr | None:
        """A value that is the same for all rows."""
        value = self.env.without_row().expression(argument.value)
        if isinstance(value, Invalid):
            return None
        if any(isinstance(part, ColumnRef) for part in walk(value)):
            self.env.report(codes.constant_expected(argument.span, f"this argument of '{self.name}'"))
            return None
        return value

    def literal(self, argument: Argument, *types: Type) -> Literal | None:
        value = self.constant(argument)
        if value is None:
            return None
        if not isinstance(value, Literal) or value.type not in types or value.value is None:
            wanted = " or ".join(str(t) for t in types)
            self.env.report(codes.constant_expected(argument.span, f"this argument of '{self.name}' (a {wanted})"))
            return None
        return value

    def bad(self, argument: Argument, problem: str) -> None:
        self.env.report(codes.bad_argument(argument.span, self.name, problem))
