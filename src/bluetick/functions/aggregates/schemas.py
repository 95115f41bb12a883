"""buildschema: the least schema that admits all values.

https://learn.microsoft.com/kusto/query/buildschema-aggregation-function
"""

from dataclasses import dataclass, field
from typing import Any

from bluetick.functions.aggregates.collections import whole_list
from bluetick.functions.definition import AggregateFunction, Example, param, prefixed, signature
from bluetick.types import Type
from bluetick.values import Json

_ITEMS = "`indexer`"


@dataclass(slots=True)
class _Shape:
    """What was seen at one place: names of types, and what containers hold, all in the order of appearance."""

    types: dict[str, None] = field(default_factory=dict)
    members: "dict[str, _Shape] | None" = None

    def see(self, value: Any) -> None:
        match value:
            case None:
                pass
            case dict():
                for key, member in value.items():
                    self._member(key).see(member)
                self._container()
            case list():
                items = self._member(_ITEMS)
                for item in value:
                    items.see(item)
            case _:
                self.types[_type_name(value)] = None

    def _container(self) -> "dict[str, _Shape]":
        if self.members is None:
            self.members = {}
        return self.members

    def _member(self, key: str) -> "_Shape":
        return self._container().setdefault(key, _Shape())

    def schema(self) -> Json:
        found: list[Json] = list(self.types)
        if self.members is not None:
            found.append({key: shape.schema() for key, shape in self.members.items()})
        return found[0] if len(found) == 1 else found


def _type_name(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "long"
        case float():
            return "double"
        case _:
            return "string"


def _schema(values: Any) -> Json:
    shape = _Shape()
    for value in values:
        shape.see(value)
    return shape.schema() if shape.types or shape.members is not None else None


_DUCKDB, _SPARK = whole_list()

BUILDSCHEMA = AggregateFunction(
    name="buildschema",
    summary="The least schema that admits all values; null of no values.",
    signatures=(signature(param("expr", Type.DYNAMIC), returns=Type.DYNAMIC),),
    duckdb=_DUCKDB,
    spark=_SPARK,
    finish=_schema,
    needs_order=True,
    result_name=prefixed("schema"),
    examples=(
        Example(
            "buildschema(d)",
            {
                "x": ["long", "string"],
                "y": ["double", {"w": "string"}],
                "z": {"`indexer`": ["long", "string"]},
                "t": {"`indexer`": "string"},
            },
            over="datatable(n:long, d:dynamic)["
            "1, dynamic({'x': 1, 'y': 3.5}), "
            "2, dynamic({'x': 'somevalue', 'z': [1, 2, 3]}), "
            "3, dynamic({'y': {'w': 'zzz'}, 't': ['aa', 'bb'], 'z': ['foo']}), "
            "4, dynamic(null)] | sort by n asc",
        ),
        Example("buildschema(d)", {"a": "bool", "b": []}, over="datatable(d:dynamic)[dynamic({'a': true, 'b': null})]"),
        Example("buildschema(d)", None, over="datatable(d:dynamic)[]"),
    ),
)

AGGREGATES: tuple[AggregateFunction, ...] = (BUILDSCHEMA,)
