"""The ten scalar types of KQL, and the sets of them that signatures name."""

from enum import Enum


class Type(Enum):
    """A KQL scalar type; the value is its name in the language."""

    BOOL = "bool"
    INT = "int"
    LONG = "long"
    REAL = "real"
    DECIMAL = "decimal"
    STRING = "string"
    DATETIME = "datetime"
    TIMESPAN = "timespan"
    GUID = "guid"
    DYNAMIC = "dynamic"

    def __str__(self) -> str:
        return self.value


ANY_SCALAR: tuple[Type, ...] = tuple(Type)
INTEGER: tuple[Type, ...] = (Type.INT, Type.LONG)
NUMBER: tuple[Type, ...] = (Type.INT, Type.LONG, Type.REAL, Type.DECIMAL)
SUMMABLE: tuple[Type, ...] = (*NUMBER, Type.TIMESPAN, Type.DATETIME)
NOT_DYNAMIC: tuple[Type, ...] = tuple(t for t in Type if t is not Type.DYNAMIC)

# Other spellings that the language accepts where a type is named.
ALIASES: dict[str, Type] = {
    **{t.value: t for t in Type},
    "boolean": Type.BOOL,
    "int32": Type.INT,
    "int64": Type.LONG,
    "double": Type.REAL,
    "float": Type.REAL,
    "date": Type.DATETIME,
    "time": Type.TIMESPAN,
    "uuid": Type.GUID,
    "uniqueid": Type.GUID,
    "object": Type.DYNAMIC,
}

_RANK = {Type.INT: 0, Type.LONG: 1, Type.REAL: 2, Type.DECIMAL: 3}


def widest(types: tuple[Type, ...]) -> Type:
    """The type of arithmetic over these numeric types: int with int is long; real beats long; decimal beats real."""
    top = max(types, key=lambda t: _RANK[t])
    return Type.LONG if top is Type.INT else top


def common(types: tuple[Type, ...]) -> Type:
    """The type of a choice between values (iff, case, coalesce): numbers promote, int stays int; a mix is dynamic."""
    distinct = set(types)
    if len(distinct) == 1:
        return types[0]
    if distinct <= set(NUMBER):
        return max(types, key=lambda t: _RANK[t])
    return Type.DYNAMIC
