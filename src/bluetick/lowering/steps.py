"""What steps outside SQL left, beside the rows that it belongs to: providers' answers and what Python computed."""

from bluetick.lowering.lowerer import Lowerer
from bluetick.lowering.stage import Stage
from bluetick.plan.relations import Computed, ProviderLookup, PythonOperator, PythonTable
from bluetick.sql import tree as sql
from bluetick.types import Type

_LEFT, _RIGHT = "l", "r"
PROVIDER_KEY = "lookup_key"
PYTHON_ROW, PYTHON_PLACE = "input_row", "output_place"


def lower_provider(lowerer: Lowerer, relation: ProviderLookup) -> Stage:
    """The rows beside what the provider's step brought for their keys; an id not asked for has nothing."""
    stage = lowerer.lower(relation.input)
    profiles = lowerer.context.providers[id(relation)]
    aliases = {c.id: stage.aliases[c.id] for c in relation.input.columns}
    names = dict.fromkeys((*aliases.values(), *stage.hidden))
    items: list[tuple[str, sql.Expr]] = [(name, sql.Column(name, _LEFT)) for name in names]
    for column, provided in zip(relation.added, relation.fields, strict=True):
        value: sql.Expr = sql.Column(provided, _RIGHT)
        if column.type is Type.STRING:
            value = sql.coalesce(value, sql.EMPTY)
        aliases[column.id] = lowerer.alias(column)
        items.append((aliases[column.id], value))
    on = sql.Binary("=", stage.column(relation.key, _LEFT), sql.Column(PROVIDER_KEY, _RIGHT))
    join = sql.JoinItem(sql.RelationRef(stage.relation, _LEFT), sql.RelationRef(profiles, _RIGHT), "LEFT", on)
    return lowerer.add(sql.Select(tuple(items), join), aliases, stage.order)


def python_column(place: int) -> str:
    """The name of a column that a Python operator adds."""
    return f"c{place}"


def lower_python(lowerer: Lowerer, relation: PythonOperator) -> Stage:
    """The operator's rows beside the input rows that they are, in the operator's order."""
    result = lowerer.context.python[id(relation)]
    lowerer.reserve(result.input)
    aliases = dict(result.input.aliases)
    items: list[tuple[str, sql.Expr]] = [(name, sql.Column(name, _LEFT)) for name in dict.fromkeys(aliases.values())]
    for place, column in enumerate(relation.operator.columns):
        aliases[column.id] = lowerer.alias(column)
        items.append((aliases[column.id], sql.Column(python_column(place), _RIGHT)))
    order = lowerer.fresh_alias(PYTHON_PLACE)
    items.append((order, sql.Column(PYTHON_PLACE, _RIGHT)))
    on = sql.Binary("=", sql.Column(result.number, _LEFT), sql.Column(PYTHON_ROW, _RIGHT))
    join = sql.JoinItem(
        sql.RelationRef(result.input.relation, _LEFT), sql.RelationRef(result.relation, _RIGHT), "INNER", on
    )
    return lowerer.add(sql.Select(tuple(items), join), aliases, (sql.Order(sql.Column(order)),))


def result_column(place: int) -> str:
    """The name of a computed call's result."""
    return f"v{place}"


def lower_computed(lowerer: Lowerer, relation: Computed) -> Stage:
    """The input's rows, each beside the results for its arguments."""
    result = lowerer.context.calls[id(relation)]
    stage = result.input
    lowerer.reserve(stage)
    aliases = dict(stage.aliases)
    names = dict.fromkeys((*aliases.values(), *stage.hidden))
    items: list[tuple[str, sql.Expr]] = [(name, sql.Column(name, _LEFT)) for name in names]
    source: sql.RelationRef | sql.JoinItem = sql.RelationRef(stage.relation, _LEFT)
    for number, answers in enumerate(result.answers):
        table = f"{_RIGHT}{number}"
        for place, column in enumerate(column for call in answers.calls for column in call.columns):
            aliases[column.id] = lowerer.alias(column)
            items.append((aliases[column.id], sql.Column(result_column(place), table)))
        on = [
            sql.Binary(_same(type_), sql.Column(name, _LEFT), sql.Column(python_column(place), table))
            for place, (name, type_) in enumerate(answers.arguments)
        ]
        source = sql.JoinItem(source, sql.RelationRef(answers.relation, table), "LEFT", sql.all_of(*on))
    return lowerer.add(sql.Select(tuple(items), source), aliases, stage.order)


def _same(type_: Type) -> str:
    return "=" if type_ is Type.STRING else "IS NOT DISTINCT FROM"


def lower_python_table(lowerer: Lowerer, relation: PythonTable) -> Stage:
    """The operator's rows in its order."""
    rows = lowerer.context.tables[id(relation)]
    aliases = {column.id: lowerer.alias(column) for column in relation.columns}
    order = lowerer.fresh_alias(PYTHON_PLACE)
    items: list[tuple[str, sql.Expr]] = [
        (aliases[column.id], sql.Column(python_column(place))) for place, column in enumerate(relation.columns)
    ]
    items.append((order, sql.Column(PYTHON_PLACE)))
    return lowerer.add(sql.Select(tuple(items), sql.RelationRef(rows)), aliases, (sql.Order(sql.Column(order)),))
