"""mv-expand, and the expansion that mv-apply begins with."""

from dataclasses import dataclass

from bluetick.binder.calls import bind_builtin
from bluetick.binder.names import Names, default_name
from bluetick.binder.operators.conversion import CONVERSIONS
from bluetick.binder.operators.join import word
from bluetick.binder.operators.ordering import row_count
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.functions.registry import find_scalar
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import Expand, ExpandItem, Project, Relation
from bluetick.syntax.expressions import TypeLiteral
from bluetick.syntax.operators import MvApplyOperator, MvExpandItem, MvExpandOperator
from bluetick.types import Type

OLD_KEYWORD, OLD_LIMIT = "mvexpand", 128


@dataclass(frozen=True, slots=True)
class Expansion:
    """An expansion, and its output: the input's columns (an expanded one replaced where it stands), then new ones."""

    node: Expand
    items: tuple[tuple[Column, Expr], ...]
    replaced: frozenset[str]


def bind_expand(env: Env, node: MvExpandOperator, rows: Relation) -> Relation | None:
    expansion = expansion_of(env, node, rows)
    return None if expansion is None else Project(expansion.node, expansion.items)


def expansion_of(env: Env, node: MvExpandOperator | MvApplyOperator, rows: Relation) -> Expansion | None:
    """The expansion that an operator asks for, over its rows; None once reported."""
    as_pairs = _is_array_mode(env, node)
    limit = _limit(env, node)
    outputs: dict[str, tuple[Column, Expr]] = {}
    expanded: list[ExpandItem] = []
    for item in node.items:
        bound = _bind_item(env, item, rows, set(outputs))
        if bound is None:
            return None
        expanded.append(bound[0])
        outputs[bound[1][0].name] = bound[1]
    if as_pairs is None or isinstance(limit, Invalid):
        return None
    existing = {c.name for c in rows.columns}
    items = [outputs.get(c.name, (c, ColumnRef(c))) for c in rows.columns]
    items += [output for name, output in outputs.items() if name not in existing]
    index = _index_column(env, node, existing | set(outputs))
    if index is not None:
        items.append((index, ColumnRef(index)))
    expand = Expand(rows, tuple(expanded), index, limit, as_pairs)
    return Expansion(expand, tuple(items), frozenset(existing & set(outputs)))


def _bind_item(
    env: Env, item: MvExpandItem, rows: Relation, taken: set[str]
) -> tuple[ExpandItem, tuple[Column, Expr]] | None:
    """The dynamic elements, and the output column with the elements as the type that was asked for."""
    value = env.over(rows).expression(item.item.value)
    if isinstance(value, Invalid):
        return None
    if value.type is not Type.DYNAMIC:
        env.report(codes.wrong_type(item.span, "the value to expand", "dynamic", str(value.type)))
        return None
    if len(item.item.names) > 1 or item.item.tuple_form:
        env.report(codes.form_not_supported(item.span, "several names for one expanded value"))
        return None
    name = item.item.names[0].text if item.item.names else default_name(item.item.value) or _free_name(env, rows, taken)
    if name in taken:
        env.report(codes.duplicate_column(item.span, name))
        return None
    is_text = isinstance(item.to_type, TypeLiteral) and item.to_type.type is Type.STRING
    element = env.state.column(name, Type.STRING if is_text else Type.DYNAMIC)
    output = _converted(env, item, element)
    if isinstance(output, Invalid):
        return None
    column = element if isinstance(output, ColumnRef) else env.state.column(name, output.type)
    return ExpandItem(element, value), (column, output)


def _free_name(env: Env, rows: Relation, taken: set[str]) -> str:
    names = Names()
    names.taken = {c.name for c in rows.columns} | taken
    return names.generate(env.state.unnamed)


def _converted(env: Env, item: MvExpandItem, element: Column) -> Expr:
    """`to typeof(T)`: an element that has no such value is null."""
    if not isinstance(item.to_type, TypeLiteral):
        return ColumnRef(element)
    type_ = item.to_type.type
    if type_ is element.type:
        return ColumnRef(element)
    if type_ is None:
        env.report(codes.form_not_supported(item.span, "this type after 'to'"))
        return Invalid()
    function = find_scalar(CONVERSIONS[type_])
    if function is None:
        env.report(codes.function_not_supported(item.span, CONVERSIONS[type_]))
        return Invalid()
    return bind_builtin(env, function, (ColumnRef(element),), item.span)


def _is_array_mode(env: Env, node: MvExpandOperator | MvApplyOperator) -> bool | None:
    """bagexpansion=bag|array, and kind which is another name for it."""
    written = next((p for p in node.parameters if p.name in ("bagexpansion", "kind")), None)
    if written is None:
        return False
    if word(written) not in ("bag", "array"):
        env.report(codes.bad_parameter(written.span, written.name, "bag, array"))
        return None
    return word(written) == "array"


def _index_column(env: Env, node: MvExpandOperator | MvApplyOperator, taken: set[str]) -> Column | None:
    written = next((p for p in node.parameters if p.name == "with_itemindex"), None)
    if written is None:
        return None
    names = Names()
    names.taken = taken
    return env.state.column(names.claim(word(written)), Type.LONG)


def _limit(env: Env, node: MvExpandOperator | MvApplyOperator) -> Expr | None:
    if node.limit is not None:
        return row_count(env, node.limit, "mv-expand") or Invalid()
    if isinstance(node, MvExpandOperator) and node.keyword == OLD_KEYWORD:
        return Literal(OLD_LIMIT, Type.LONG)
    return None
