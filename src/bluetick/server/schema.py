"""What the database has, for clients that ask: tables with their columns, stored functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bluetick.binder.schema import StoredFunction, TableFace
from bluetick.session import Session

DOTNET: Final = {
    "bool": "System.SByte",
    "int": "System.Int32",
    "long": "System.Int64",
    "real": "System.Double",
    "decimal": "System.Data.SqlTypes.SqlDecimal",
    "string": "System.String",
    "datetime": "System.DateTime",
    "timespan": "System.TimeSpan",
    "guid": "System.Guid",
    "dynamic": "System.Object",
}


@dataclass(frozen=True, slots=True)
class Function:
    """A stored function as clients see it: each parameter as (name, type or ''), all of them as written, the body."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    declared: str
    body: str


@dataclass(frozen=True, slots=True)
class Database:
    """One database: a lake, and what was registered beside it."""

    name: str
    tables: tuple[TableFace, ...]
    functions: tuple[Function, ...]

    def table(self, name: str) -> TableFace | None:
        return next((table for table in self.tables if table.name == name), None)

    def function(self, name: str) -> Function | None:
        return next((function for function in self.functions if function.name == name), None)


def database(name: str, session: Session) -> Database:
    """What stands in the session's catalog now. A table that cannot be read is not among them: a query that names it
    is told why."""
    functions = (session.catalog.function(one) for one in session.catalog.function_names())
    return Database(
        name,
        tuple(sorted(session.faces({}), key=lambda face: face.name)),
        tuple(_function(one) for one in functions if one is not None and not one.problem),
    )


def _function(function: StoredFunction) -> Function:
    declaration, text = function.declaration, function.source.text
    written = [text[one.span.start : one.span.end] for one in declaration.parameters]
    behind = declaration.parameters[-1].span.end if declaration.parameters else declaration.span.start
    start = text.find("{", behind, declaration.span.end)
    return Function(
        function.name,
        tuple((one.name.text, "" if one.type is None else str(one.type)) for one in declaration.parameters),
        f"({', '.join(written)})",
        text[start : declaration.span.end] if start >= 0 else "{}",
    )


def csl(columns: Sequence[tuple[str, Any]]) -> str:
    """a:long,['b c']:string"""
    return ",".join(f"{_quoted(name)}:{type_}" for name, type_ in columns)


def _quoted(name: str) -> str:
    if name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit():
        return name
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{escaped}']"


def document(of: Database) -> dict[str, Any]:
    """The database as `.show schema as json` has it."""
    return {
        "Name": of.name,
        "Tables": {table.name: table_document(table) for table in of.tables},
        "ExternalTables": {},
        "MaterializedViews": {},
        "EntityGroups": {},
        "MajorVersion": 1,
        "MinorVersion": 1,
        "Functions": {one.name: _function_document(one) for one in of.functions},
        "DatabaseAccessMode": "ReadWrite",
    }


def table_document(table: TableFace) -> dict[str, Any]:
    columns = [{"Name": n, "Type": DOTNET[str(t)], "CslType": str(t)} for n, t in table.columns]
    return {"Name": table.name, "Folder": "", "DocString": "", "OrderedColumns": columns}


def _function_document(function: Function) -> dict[str, Any]:
    return {
        "Name": function.name,
        "InputParameters": [
            {"Name": name, "Type": DOTNET.get(type_, ""), "CslType": type_} for name, type_ in function.parameters
        ],
        "Body": function.body,
        "Folder": "",
        "DocString": "",
        "FunctionKind": "Unknown",
        "OutputColumns": [],
    }
