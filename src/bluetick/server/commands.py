"""Control commands: `.show ...` about what is here, each a table, to which KQL may be piped.

https://learn.microsoft.com/kusto/management/ has their columns. What is not here is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, TypeAlias
from uuid import NAMESPACE_URL, uuid5

import orjson
import pyarrow as pa

from bluetick.server.errors import bad_request
from bluetick.server.schema import DOTNET, Database, csl, document, table_document
from bluetick.syntax.lexer import lex
from bluetick.syntax.literals import decode_string
from bluetick.syntax.tokens import END, NAME, STRING, Token
from bluetick.types import Type
from bluetick.values import arrow_type

Rows: TypeAlias = Sequence[Sequence[Any]]
DEFAULT_DATABASE: Final = "NetDefaultDB"


@dataclass(frozen=True, slots=True)
class CommandTable:
    """What a command gives."""

    columns: tuple[tuple[str, str], ...]
    rows: Rows

    def arrow(self) -> pa.Table:
        """In physical types; two columns of a command never share a name."""
        arrays = [
            pa.array([row[i] for row in self.rows], arrow_type(Type(type_)))
            for i, (_, type_) in enumerate(self.columns)
        ]
        return pa.Table.from_arrays(arrays, names=[name for name, _ in self.columns])


@dataclass(frozen=True, slots=True)
class Command:
    """A command's words, in lower case, with the names in it apart, and the KQL behind its first bar, bar included."""

    words: tuple[str, ...]
    names: tuple[str, ...]
    pipe: str
    text: str


Answerer: TypeAlias = Callable[[Database, Sequence[str]], CommandTable]


_DOT: Final = re.compile(r"(?:\s++|//[^\n]*+)*+\.")
_LONGEST: Final = 64 * 1024


def is_command(text: str) -> bool:
    """Whether a dot comes first, behind comments."""
    return _DOT.match(text) is not None


def parse_command(text: str) -> Command:
    """A quoted or bracketed name, and a bare one where a command takes one, is told as `?` among the words."""
    if len(text) > _LONGEST:
        raise bad_request(f"a command has {_LONGEST} characters at most")
    tokens = lex(text).tokens
    bar = next((i for i, token in enumerate(tokens) if token.text in ("|", "<|")), len(tokens) - 1)
    words: list[str] = []
    names: list[str] = []
    for token in _without_options(tokens[1:bar]):
        if token.kind == STRING:
            words.append("?")
            names.append(decode_string(token.text))
        elif token.kind == NAME and words[-1:] and (words[-1] in _TAKES_NAME) and token.text.lower() not in _KEYWORDS:
            words.append("?")
            names.append(token.text)
        elif token.text not in _BRACKETS:
            words.append(token.text.lower())
    if tokens[bar].text == "<|":
        raise bad_request(f"the command '.{' '.join(words)} <|' is not supported")
    pipe = "" if tokens[bar].kind == END else text[tokens[bar].start :]
    return Command(tuple(words), tuple(names), pipe, text)


_BRACKETS: Final = frozenset("[](),")
_TAKES_NAME: Final = frozenset({"table", "function", "database"})
_KEYWORDS: Final = frozenset({"schema", "details", "cslschema", "as", "json", "entities", "policy", "extents", "data"})


def _without_options(tokens: Sequence[Token]) -> Sequence[Token]:
    """Up to `with (...)`, which says how things are shown, not which."""
    return tokens[: next((i for i, token in enumerate(tokens) if token.text.lower() == "with"), len(tokens))]


def answer_command(command: Command, of: Database) -> CommandTable:
    """The command's table; RequestRefused for one that there is not."""
    answer = _COMMANDS.get(" ".join(command.words))
    if answer is None:
        shown = " ".join(command.text.split())[:200]
        raise bad_request(f"Syntax error: the command '{shown}' is not supported here", kind="SyntaxException")
    return answer(of, command.names)


def _named_database(of: Database, names: Sequence[str]) -> None:
    for name in names:
        check_database(of.name, name)


def check_database(own: str, name: str | None) -> None:
    """A client that names none means the one that there is."""
    if name not in (None, "", own, DEFAULT_DATABASE):
        detail = f"Database '{str(name)[:200]}' could not be found. The one here is '{own}'."
        raise bad_request(detail, "BadRequest_EntityNotFound", "EntityNotFoundException")


# --- the commands ----------------------------------------------------------------------------------------------------


def _version(of: Database, names: Sequence[str]) -> CommandTable:
    number = version("bluetick")
    columns = ("BuildVersion", "BuildTime", "ServiceType", "ProductVersion", "ServiceOffering")
    row = (number, None, "Engine", f"bluetick {number}", '{"Type":"bluetick"}')
    types = ("string", "datetime", "string", "string", "string")
    return CommandTable(tuple(zip(columns, types, strict=True)), [row])


def _databases(of: Database, names: Sequence[str]) -> CommandTable:
    columns = (
        ("DatabaseName", "string"),
        ("PersistentStorage", "string"),
        ("Version", "string"),
        ("IsCurrent", "bool"),
        ("DatabaseAccessMode", "string"),
        ("PrettyName", "string"),
        ("ReservedSlot1", "bool"),
        ("DatabaseId", "guid"),
        ("InTransitionTo", "string"),
        ("SuspensionState", "string"),
    )
    identity = str(uuid5(NAMESPACE_URL, f"bluetick:{of.name}"))
    return CommandTable(columns, [(of.name, "", "v1.1", True, "ReadWrite", of.name, None, identity, "", "")])


def _entities(of: Database, names: Sequence[str]) -> CommandTable:
    _named_database(of, names)
    columns = ("DatabaseName", "EntityType", "EntityName", "DocString", "Folder", "CslInputSchema", "Content")
    more = ("CslOutputSchema", "Properties")
    types = [(name, "string") for name in (*columns, *more[:1])]
    rows = [(of.name, "Table", t.name, "", "", "", "", csl(t.columns), "{}") for t in of.tables]
    rows += [(of.name, "Function", f.name, "", "", f.declared, f.body, "", "{}") for f in of.functions]
    return CommandTable((*types, (more[1], "dynamic")), rows)


_TABLE_COLUMNS: Final = tuple((name, "string") for name in ("TableName", "DatabaseName", "Folder", "DocString"))


def _tables(of: Database, names: Sequence[str]) -> CommandTable:
    return CommandTable(_TABLE_COLUMNS, [(table.name, of.name, "", "") for table in of.tables])


def _functions(of: Database, names: Sequence[str]) -> CommandTable:
    columns = tuple((name, "string") for name in ("Name", "Parameters", "Body", "Folder", "DocString"))
    return CommandTable(columns, [(f.name, f.declared, f.body, "", "") for f in of.functions])


def _function(of: Database, names: Sequence[str]) -> CommandTable:
    found = of.function(names[0])
    if found is None:
        raise _not_found("Function", names[0])
    return _functions(Database(of.name, (), (found,)), ())


def _empty(*columns: str) -> Answerer:
    return lambda of, names: CommandTable(tuple((name, "string") for name in columns), [])


def _schema_json(of: Database, names: Sequence[str]) -> CommandTable:
    """One cell: everything."""
    _named_database(of, names)
    text = orjson.dumps({"Databases": {of.name: document(of)}}).decode()
    return CommandTable((("DatabaseSchema", "string"),), [(text,)])


def _schema(of: Database, names: Sequence[str]) -> CommandTable:
    """A row for the database, one for each table, one for each column."""
    _named_database(of, names)
    columns = (
        ("DatabaseName", "string"),
        ("TableName", "string"),
        ("ColumnName", "string"),
        ("ColumnType", "string"),
        ("IsDefaultTable", "bool"),
        ("IsDefaultColumn", "bool"),
        ("PrettyName", "string"),
        ("Version", "string"),
        ("Folder", "string"),
        ("DocString", "string"),
    )
    rows: list[tuple[Any, ...]] = [(of.name, "", "", "", False, False, of.name, "v1.1", "", "")]
    for table in of.tables:
        rows.append((of.name, table.name, "", "", False, False, "", "", "", ""))
        rows += [
            (of.name, table.name, name, DOTNET[str(type_)], False, False, "", "", "", "")
            for name, type_ in table.columns
        ]
    return CommandTable(columns, rows)


def _table_schema(of: Database, names: Sequence[str]) -> CommandTable:
    table = of.table(names[0])
    if table is None:
        raise _not_found("Table", names[0])
    columns = tuple((name, "string") for name in ("TableName", "Schema", "DatabaseName", "Folder", "DocString"))
    return CommandTable(columns, [(table.name, csl(table.columns), of.name, "", "")])


def _table_json(of: Database, names: Sequence[str]) -> CommandTable:
    table = of.table(names[0])
    if table is None:
        raise _not_found("Table", names[0])
    columns = tuple((name, "string") for name in ("TableName", "Schema", "DatabaseName", "Folder", "DocString"))
    return CommandTable(columns, [(table.name, orjson.dumps(table_document(table)).decode(), of.name, "", "")])


def _not_found(kind: str, name: str) -> Exception:
    detail = f"Entity ID '{name[:200]}' of kind '{kind}' was not found."
    return bad_request(detail, "BadRequest_EntityNotFound", "EntityNotFoundException")


_COMMANDS: Final[Mapping[str, Answerer]] = {
    "show version": _version,
    "show databases": _databases,
    "show cluster databases": _databases,
    "show databases entities": _entities,
    "show database ? entities": _entities,
    "show tables": _tables,
    "show table ? cslschema": _table_schema,
    "show table ? schema as json": _table_json,
    "show functions": _functions,
    "show function ?": _function,
    "show external tables": _empty("TableName", "TableType", "Folder", "DocString", "Properties"),
    "show materialized - views": _empty("Name", "SourceTable", "Query", "Folder", "DocString"),
    "show graph_models": _empty("Name", "CreationTime", "Id"),
    "show schema as json": _schema_json,
    "show databases schema as json": _schema_json,
    "show databases ? schema as json": _schema_json,
    "show database ? schema as json": _schema_json,
    "show database schema as json": _schema_json,
    "show schema": _schema,
    "show databases schema": _schema,
    "show databases ? schema": _schema,
    "show database ? schema": _schema,
    "show database schema": _schema,
    "get ingestion resources": _empty("ResourceTypeName", "StorageRoot"),
}
