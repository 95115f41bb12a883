"""Which of a pattern's variables an expression names, before it is bound."""

from collections.abc import Collection
from dataclasses import dataclass, field

from bluetick.syntax.expressions import (
    BetweenExpression,
    BinaryExpression,
    CallExpression,
    ElementExpression,
    Expression,
    ListExpression,
    NameReference,
    PathExpression,
    UnaryExpression,
)

QUANTIFIERS = frozenset({"all", "any", "map"})
DEGREES = ("node_degree_in", "node_degree_out")
FUNCTIONS = ("node_id", "labels", "inner_nodes", *DEGREES)


@dataclass(slots=True)
class Mentions:
    """`names` are of properties (n.x) and of functions' arguments (node_id(n)), without those inside all(), any() and
    map(), which are the `quantifiers`; `wholes` stand by themselves."""

    names: set[str] = field(default_factory=set)
    wholes: set[str] = field(default_factory=set)
    quantifiers: list[CallExpression] = field(default_factory=list)


def mentions(node: Expression, variables: Collection[str]) -> Mentions:
    found = Mentions()
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, NameReference) and part.name in variables:
            found.wholes.add(part.name)
        elif isinstance(part, CallExpression) and part.base is None and part.name.text in QUANTIFIERS:
            found.quantifiers.append(part)
        elif (owner := _owner(part)) in variables:
            found.names.add(owner)
        else:
            pending.extend(_parts(part))
    return found


def _owner(node: Expression) -> str:
    """The name before a dot, or inside node_id() and its like."""
    match node:
        case PathExpression(base=NameReference(name=name)):
            return name
        case CallExpression(name=function, arguments=[argument]) if function.text in FUNCTIONS:
            return argument.value.name if isinstance(argument.value, NameReference) else ""
        case _:
            return ""


def _parts(node: Expression) -> tuple[Expression, ...]:
    match node:
        case CallExpression(arguments=arguments, base=base):
            return (*(a.value for a in arguments), *(() if base is None else (base,)))
        case PathExpression(base=inner):
            return (inner,)
        case ElementExpression(base=inner, index=index):
            return (inner, index)
        case UnaryExpression(operand=operand):
            return (operand,)
        case BinaryExpression(left=left, right=right):
            return (left, right)
        case ListExpression(left=left, items=items):
            return (left, *items)
        case BetweenExpression(value=value, low=low, high=high):
            return (value, low, high)
        case _:
            return ()


def conjuncts(node: Expression) -> list[Expression]:
    """The parts of a condition that all must hold."""
    found: list[Expression] = []
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, BinaryExpression) and part.operator == "and":
            pending += [part.right, part.left]
        else:
            found.append(part)
    return found
