"""mv-expand: a row for each element of a dynamic value."""

from bluetick.functions.definition import Argument
from bluetick.functions.scalar import json_text
from bluetick.functions.scalar.sets import LONGEST_RANGE
from bluetick.functions.scalar.text_form import or_empty
from bluetick.lowering.lowerer import Lowerer
from bluetick.lowering.stage import Stage
from bluetick.plan.expressions import Literal
from bluetick.plan.relations import (
    Aggregate,
    Expand,
    ExpandItem,
    Filter,
    Limit,
    Project,
    Reference,
    Relation,
    Sort,
    Values,
)
from bluetick.sql import tree as sql
from bluetick.sql.tree import Expr
from bluetick.types import Type


def lower_expand(lowerer: Lowerer, relation: Expand) -> Stage:
    """Lists first, then a row for each position up to the longest list, then the elements at that position.

    An ordered input (one row is ordered) keeps its order, with the position behind it.
    """
    stage = lowerer.lower(relation.input)
    is_alone = len(relation.items) == 1 and relation.index is None and relation.limit is None
    if is_alone and not _is_ordered(relation, stage):
        return _each_element(lowerer, relation, stage)
    row = stage.row(relation.input.columns)
    forms = lowerer.flavour.json
    values = [(lowerer.fresh_alias("value"), lowerer.expressions.lower(i.value, row)) for i in relation.items]
    computed = lowerer.add(sql.Select(tuple(values), lowerer.source(stage), star=stage.relation != ""), {})
    items = zip(relation.items, values, strict=True)
    lists = [(lowerer.fresh_alias("list"), _elements(item, sql.Column(v), forms, relation)) for item, (v, _) in items]
    listed = lowerer.add(sql.Select(tuple(lists), lowerer.source(computed), star=True), {})
    last = sql.Binary("-", _longest(lowerer, relation, [name for name, _ in lists]), sql.long(1))
    position = lowerer.fresh_alias("position")
    numbers = ((position, lowerer.flavour.numbers_to(last)),)
    numbered = lowerer.add(sql.Select(numbers, lowerer.source(listed), star=True), {})
    return _pick_elements(lowerer, relation, stage, numbered, position, [name for name, _ in lists])


def _is_ordered(relation: Expand, input_stage: Stage) -> bool:
    return bool(input_stage.order) or _has_one_row(relation.input)


def _each_element(lowerer: Lowerer, relation: Expand, stage: Stage) -> Stage:
    """Nobody asks where in its list an element stood."""
    (item,) = relation.items
    value = lowerer.expressions.lower(item.value, stage.row(relation.input.columns))
    source = stage
    if not isinstance(value, sql.Column):  # what names it often is short then
        name = lowerer.fresh_alias("value")
        source = lowerer.add(sql.Select(((name, value),), lowerer.source(stage), star=stage.relation != ""), {})
        value = sql.Column(name)
    aliases = {c.id: stage.aliases[c.id] for c in relation.input.columns}
    kept = dict.fromkeys((*aliases.values(), *stage.hidden))
    elements = _elements(item, value, lowerer.flavour.json, relation)
    each = lowerer.fresh_alias("each")  # Spark wants the call to stand alone
    rows = lowerer.add(
        sql.Select(((each, sql.call(lowerer.flavour.each, elements)),), lowerer.source(source), star=True), {}
    )
    aliases[item.column.id] = alias = lowerer.alias(item.column)
    items = (*((one, sql.Column(one)) for one in kept), (alias, _element(item, sql.Column(each))))
    return lowerer.add(sql.Select(items, lowerer.source(rows)), aliases)


def _longest(lowerer: Lowerer, relation: Expand, lists: list[str]) -> Expr:
    length = lowerer.flavour.json.length
    lengths: list[Expr] = [sql.Cast(sql.call(length, sql.Column(name)), "BIGINT") for name in lists]
    most = lengths[0] if len(lengths) == 1 else sql.Call("greatest", tuple(lengths))
    if relation.limit is None:
        return most
    return sql.call("least", most, lowerer.expressions.lower(relation.limit, {}))


def _pick_elements(
    lowerer: Lowerer, relation: Expand, stage: Stage, numbered: Stage, position: str, lists: list[str]
) -> Stage:
    at = lowerer.flavour.json.at
    aliases = {c.id: stage.aliases[c.id] for c in relation.input.columns}
    names = dict.fromkeys((*aliases.values(), *stage.hidden))
    items: list[tuple[str, Expr]] = [(name, sql.Column(name)) for name in names]
    following = sql.Binary("+", sql.Column(position), sql.long(1))
    for item, name in zip(relation.items, lists, strict=True):
        aliases[item.column.id] = alias = lowerer.alias(item.column)
        items.append((alias, _element(item, at(sql.Column(name), following))))
    if relation.index is not None:
        aliases[relation.index.id] = position
    items.append((position, sql.Column(position)))
    order = (*stage.order, sql.Order(sql.Column(position))) if _is_ordered(relation, stage) else ()
    return lowerer.add(sql.Select(tuple(items), lowerer.source(numbered)), aliases, order)


def _has_one_row(relation: Relation) -> bool:
    """Whether there can be no second row, so that the elements' own order is the rows' order."""
    match relation:
        case Values(rows=rows):
            return len(rows) <= 1
        case Aggregate(groups=groups):
            return not groups
        case Limit(count=Literal(value=int() as count)) if count <= 1:
            return True
        case Project(input=inner) | Filter(input=inner) | Sort(input=inner) | Limit(input=inner):
            return _has_one_row(inner)
        case Reference(binding=binding):
            return _has_one_row(binding.relation)
        case _:
            return False


def _elements(item: ExpandItem, value: Expr, forms: json_text.Forms, relation: Expand) -> Expr:
    """The list that a value expands to: of JSON texts, of what tostring prints of them, or of numbers."""
    if item.value.type is Type.LONG:
        numbers = forms.count_up(sql.Binary("+", sql.call("least", value, sql.long(LONGEST_RANGE - 1)), sql.long(1)))
        return sql.Case(((sql.is_null(value), sql.call(forms.make_list, sql.null(Type.LONG))),), numbers)
    is_text = item.column.type is Type.STRING
    whens = (
        (sql.is_null(value), forms.list_of(sql.null(Type.STRING))),
        (json_text.is_array(value), forms.texts(value) if is_text else forms.elements(value)),
        (json_text.is_bag(value), _entries(value, forms, relation.as_pairs)),
    )
    single = forms.reading.text(Argument(value, Type.DYNAMIC)) if is_text else value
    return sql.Case(whens, forms.list_of(single))


def _element(item: ExpandItem, element: Expr) -> Expr:
    """No string is null: not that of a null, nor that which fills up beside a longer list."""
    return or_empty(element) if item.column.type is Type.STRING else element


def _entries(bag: Expr, forms: json_text.Forms, as_pairs: bool) -> Expr:
    """A bag's entries, each a bag of one entry or a pair."""
    opening, between, closing = ("[", ",", "]") if as_pairs else ("{", ":", "}")
    content = sql.coalesce(forms.at(forms.values(bag), sql.Binary("+", forms.index, sql.long(1))), json_text.NULL_TEXT)
    key = forms.quote(json_text.ELEMENT)
    entry = json_text.joined(sql.text(opening), key, sql.text(between), content, sql.text(closing))
    return forms.numbered(forms.keys(bag), entry)
