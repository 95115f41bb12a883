"""The function that reads a text or a dynamic value as each type."""

from bluetick.types import Type

CONVERSIONS = {
    Type.STRING: "tostring",
    Type.LONG: "tolong",
    Type.INT: "toint",
    Type.REAL: "toreal",
    Type.DECIMAL: "todecimal",
    Type.BOOL: "tobool",
    Type.DATETIME: "todatetime",
    Type.TIMESPAN: "totimespan",
    Type.GUID: "toguid",
    Type.DYNAMIC: "parse_json",
}
