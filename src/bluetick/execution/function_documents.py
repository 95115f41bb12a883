"""Files of stored functions: KQL texts, parser definitions in YAML, saved searches in JSON.

Each form comes down to one text, `let name = (parameters) { body }`, whose lines are those of the file.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bluetick.binder.schema import StoredFunction
from bluetick.diagnostics import SourceText, Span
from bluetick.syntax import parse
from bluetick.syntax.expressions import MissingExpression
from bluetick.syntax.statements import FunctionDeclaration, LetStatement, Query, QueryStatement

_KQL = (".kql", ".csl", ".kusto", ".txt")
_YAML = (".yaml", ".yml")
SUFFIXES = (*_KQL, *_YAML, ".json")

# The fields of a document, in lower case, by what they say.
_NAMES = (
    "functionname", "parsername", "functionalias", "equivalentbuiltinparser", "equivalentbuiltinfunction"
)  # fmt: skip
_QUERIES = ("functionquery", "parserquery", "query")
_PARAMETERS = ("functionparams", "parserparams", "functionparameters")

_STRING = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
_COMMAND = re.compile(
    r"^[ \t]*\.(?:create-or-alter|create|alter)\s+function\s+(?:ifnotexists\s+)?"
    rf"(?:with\s*\((?:[^()\"']|{_STRING})*\)\s*)?(?P<name>[\w-]+|\[\s*(?:{_STRING})\s*\])\s*(?=\()",
    re.MULTILINE,
)
_ANY_COMMAND = re.compile(r"^[ \t]*\.[a-z]", re.MULTILINE)
_LET = re.compile(r"(?:^|;)[ \t]*let\s+(\w+)\s*=\s*(?:view\s*)?\(", re.MULTILINE)
_YAML_FIELD = re.compile(r"""^["']?([A-Za-z]+)["']?[ \t]*:[ \t]*["']?([\w.-]+)""", re.MULTILINE)
_JSON_FIELD = re.compile(r"""\"([fFpPeE][A-Za-z]+)\"\s*:\s*\"([\w.-]+)\"""")


@dataclass(frozen=True, slots=True)
class _Written:
    """A function of a document: its names, its parameters as KQL, its body, and where that begins in the file."""

    names: tuple[str, ...]
    parameters: str
    body: str
    place: str
    first_line: int


class _NoFunctionError(Exception):
    """The file holds no function that can be read; the message says why."""


def names_in(path: Path, text: str) -> Iterator[tuple[str, bool]]:
    """Every name that the file may hold a function of, without parsing it; and whether it is likely to: a let may be
    an inner one, of a query that has the file's name."""
    suffix = path.suffix.lower()
    if suffix not in _KQL:
        fields = _YAML_FIELD if suffix in _YAML else _JSON_FIELD
        yield from ((name, True) for key, name in fields.findall(text) if key.lower() in _NAMES)
        return
    commands = list(_COMMAND.finditer(text)) if "function" in text and _ANY_COMMAND.search(text) else []
    yield from ((_plain(command["name"]), True) for command in commands)
    if not commands:
        is_lets = text.rstrip("; \t\r\n").endswith("}")
        yield path.stem, not is_lets
        yield from ((name, is_lets) for name in _LET.findall(text))


def read_functions(path: Path, text: str) -> dict[str, StoredFunction]:
    """The functions of a file by name and alias. One that is wrong has a `problem` in place of a declaration.

    Raises ValueError, with what is wrong, for a file that holds none at all.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in _KQL:
            return _of_kql(path, text)
        documents = _yaml_documents(path, text) if suffix in _YAML else _json_documents(path, text)
        found = [_parsed(name, written) for written in documents for name in written.names]
    except _NoFunctionError as error:
        raise ValueError(f"{path}: {error}") from None
    return {function.name: function for function in found}


# --- KQL ---------------------------------------------------------------------------------------------------------


def _of_kql(path: Path, text: str) -> dict[str, StoredFunction]:
    commands = list(_COMMAND.finditer(text))
    if commands:
        ends = [*(command.start() for command in commands[1:]), len(text)]
        found = [_command(path, text, command, end) for command, end in zip(commands, ends, strict=True)]
        return {function.name: function for function in found}
    if _ANY_COMMAND.search(text):
        raise _NoFunctionError("of commands only '.create function' and its kin are read")
    query, problems = parse(text)
    if not any(d.is_error for d in problems) and query.statements and _only_lets(query):
        return _of_lets(query, SourceText(text, str(path)))
    return {path.stem: _parsed(path.stem, _Written((path.stem,), "", text, str(path), 1))}


def _only_lets(query: Query) -> bool:
    return all(isinstance(statement, LetStatement) for statement in query.statements)


def _of_lets(query: Query, source: SourceText) -> dict[str, StoredFunction]:
    """Each let that is a function; it sees those that stand before it."""
    found: dict[str, StoredFunction] = {}
    before: list[LetStatement] = []
    for statement in query.statements:
        if not isinstance(statement, LetStatement):
            continue
        value = statement.value
        if isinstance(value, FunctionDeclaration):
            declaration = replace(value, statements=(*before, *value.statements))
            found[statement.name.text] = _checked(statement.name.text, declaration, source)
        before.append(statement)
    if not found:
        raise _NoFunctionError("it declares values, and no function")
    return found


def _command(path: Path, text: str, command: re.Match[str], end: int) -> StoredFunction:
    """The command's head becomes a `let` in the same place, so that every line keeps its number."""
    name = _plain(command["name"])
    head = text[command.start() : command.end()]
    blank = "".join(c if c == "\n" else " " for c in head)
    let = "let f="
    first = blank.index("\n") if "\n" in blank[: len(let)] else len(let)
    blank = let + blank[first:]
    above = "".join(c for c in text[: command.start()] if c == "\n")
    return _function(name, above + blank + text[command.end() : end], SourceText("", str(path)))


def _plain(name: str) -> str:
    """A name without the brackets and quotes of ['name']."""
    return name.strip("[] \t\n").strip("\"'") if name.startswith("[") else name


# --- documents ---------------------------------------------------------------------------------------------------


def _json_documents(path: Path, text: str) -> list[_Written]:
    """A saved search, or the saved searches anywhere in a template."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _NoFunctionError(f"it is no JSON: {error}") from None
    found = [written for item in _objects(document) if (written := _of_fields(path, item)) is not None]
    if not found:
        raise _NoFunctionError("it has no object with a function's name (functionAlias) and its query")
    return found


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document, in its order, with its keys in lower case."""
    pending = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield {str(key).lower(): value for key, value in item.items()}
            pending.extend(reversed(list(item.values())))
        elif isinstance(item, list):
            pending.extend(reversed(item))


def _of_fields(path: Path, fields: dict[str, Any]) -> _Written | None:
    body = next((fields[key] for key in _QUERIES if isinstance(fields.get(key), str)), None)
    names = _names(fields)
    if body is None or not names:
        return None
    parameters = next((fields[key] for key in _PARAMETERS if fields.get(key)), "")
    return _Written(names, _parameters(parameters), body, f"{path}, query", 1)


def _names(fields: dict[str, Any]) -> tuple[str, ...]:
    given = (fields.get(key) for key in _NAMES)
    return tuple(dict.fromkeys(name.strip() for name in given if isinstance(name, str) and name.strip()))


def _parameters(given: Any) -> str:
    """Parameters as KQL has them: a text of them, or a list of Name, Type, Default."""
    if isinstance(given, str):
        return given
    if not isinstance(given, list):
        raise _NoFunctionError("its parameters are neither a text nor a list")
    return ", ".join(_parameter(item) for item in given)


def _parameter(item: Any) -> str:
    fields = {str(key).lower(): value for key, value in item.items()} if isinstance(item, dict) else {}
    name, type_ = fields.get("name"), fields.get("type")
    if not isinstance(name, str) or not isinstance(type_, str):
        raise _NoFunctionError("each parameter needs a Name and a Type")
    type_ = type_.strip().removeprefix("table:").strip() if type_.strip() != "table" else "(*)"
    if fields.get("default") is None:
        return f"{name}:{type_}"
    return f"{name}:{type_}={_default(str(fields['default']), type_)}"


def _default(text: str, type_: str) -> str:
    """A default as a literal; that of a string may have lost its quotes to YAML."""
    text = text.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    if type_ == "string" and not is_quoted:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def _yaml_documents(path: Path, text: str) -> list[_Written]:
    import yaml  # noqa: PLC0415 - loaded when a function of a YAML file is named

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise _NoFunctionError(f"it is no YAML{where}") from None
    if not isinstance(root, yaml.MappingNode):
        raise _NoFunctionError("it is not a mapping of keys to values")
    fields: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key, value in root.value:
        word = str(key.value).lower() if isinstance(key, yaml.ScalarNode) else ""
        if word in (*_NAMES, *_QUERIES, *_PARAMETERS):
            fields[word] = _plain_yaml(value)
            if isinstance(value, yaml.ScalarNode) and value.style == "|":
                lines[word] = value.start_mark.line + 2
    written = _of_fields(path, fields)
    if written is None:
        raise _NoFunctionError("it lacks a function's name (FunctionName, ParserName) or its query (FunctionQuery)")
    line = next((lines[key] for key in _QUERIES if key in fields and key in lines), None)
    return [written if line is None else replace(written, place=str(path), first_line=line)]


def _plain_yaml(node: Any) -> Any:
    """Texts, and lists of mappings of texts: what the fields of a function may be."""
    if isinstance(node.value, str):
        is_absent = not node.style and node.value in ("", "~", "null")
        return None if is_absent else node.value
    if node.id == "sequence":
        return [_plain_yaml(item) for item in node.value]
    return {key.value: _plain_yaml(value) for key, value in node.value if isinstance(key.value, str)}


# --- declarations ------------------------------------------------------------------------------------------------


def _parsed(name: str, written: _Written) -> StoredFunction:
    """The function; what is wrong with its body is told as of a text of its own."""
    wrong = next((d for d in parse(written.body)[1] if d.is_error), None)
    if wrong is not None:
        source = SourceText(written.body, written.place, written.first_line)
        return _broken(name, source, f"{source.name}:{_row(source, wrong.span)}: {wrong.message}")
    text = f"let f=({written.parameters}) {{{written.body}\n}}"
    return _function(name, text, SourceText("", written.place, written.first_line))


def _row(source: SourceText, span: Span) -> int:
    return source.position(min(span.start, len(source.text)))[0]


def _function(name: str, text: str, place: SourceText) -> StoredFunction:
    """The function of a text `let f=(parameters) { body }`."""
    source = SourceText(text, place.name, place.first_line)
    query, found = parse(text)
    wrong = next((d for d in found if d.is_error), None)
    if wrong is not None:
        return _broken(name, source, f"{source.name}:{_row(source, wrong.span)}: {wrong.message}")
    match query.statements:
        case (LetStatement(value=FunctionDeclaration() as declaration),):
            return _checked(name, declaration, source)
    return _broken(name, source, f"{source.name}: behind the function stands something else")


def _checked(name: str, declaration: FunctionDeclaration, source: SourceText) -> StoredFunction:
    """A function's body is lets and one expression."""
    for statement in declaration.statements:
        if not isinstance(statement, LetStatement):
            what = "two queries" if isinstance(statement, QueryStatement) else "a statement that is no let"
            return _broken(name, source, f"{source.name}:{_row(source, statement.span)}: a function cannot hold {what}")
    return StoredFunction(name, declaration, source)


def _broken(name: str, source: SourceText, problem: str) -> StoredFunction:
    nothing = FunctionDeclaration(Span(0, 0), (), (), MissingExpression(Span(0, 0)))
    return StoredFunction(name, nothing, source, problem)


def broken(name: str, problem: str) -> StoredFunction:
    """A function that cannot be used, and why."""
    return _broken(name, SourceText("", ""), problem)


def from_text(name: str, parameters: str, body: str, place: str) -> StoredFunction:
    """A function of bluetick's own."""
    return _parsed(name, _Written((name,), parameters, body, place, 1))
