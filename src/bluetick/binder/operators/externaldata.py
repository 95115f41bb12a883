"""externaldata: files named in the query. They are bound here; whether they may be read is the session's decision.

Values arrive as text and are converted as Kusto does, a failed conversion giving null.
"""

from bluetick.binder.calls import call_operator
from bluetick.binder.operators.join import word
from bluetick.binder.scope import Env
from bluetick.diagnostics import codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, Literal
from bluetick.plan.relations import External, Project, Relation
from bluetick.syntax.expressions import Expression
from bluetick.syntax.operators import ExternaldataSource
from bluetick.types import Type

# Format -> how a file is read: https://learn.microsoft.com/kusto/ingestion-supported-formats
FORMATS = {
    "csv": "csv",
    "tsv": "tsv",
    "tsve": "tsv",
    "psv": "psv",
    "scsv": "scsv",
    "txt": "lines",
    "raw": "raw",
    "json": "json",
    "singlejson": "json",
    "multijson": "json",
}
_CONVERSIONS = {Type.DYNAMIC: "parse_json"}


def bind_externaldata(env: Env, node: ExternaldataSource, columns: tuple[Column, ...]) -> Relation | None:
    uris = [_uri(env, uri) for uri in node.uris]
    if not uris or None in uris:
        return None
    given = {p.name: word(p).lower() for p in node.properties}
    written = given.get("format") or _extension(str(uris[0]))
    if written not in FORMATS:
        env.report(codes.bad_parameter(node.span, "format", ", ".join(FORMATS)))
        return None
    raw = tuple(env.state.column(c.name, Type.STRING) for c in columns)
    skips = given.get("ignorefirstrecord") == "true"
    external = External(raw, tuple(str(u) for u in uris), FORMATS[written], skips)
    items: list[tuple[Column, Expr]] = []
    for column, text in zip(columns, raw, strict=True):
        value: Expr = ColumnRef(text)
        if column.type is not Type.STRING:
            name = _CONVERSIONS.get(column.type, f"to{column.type}")
            value = call_operator(env, name, (value,), node.span)
        if isinstance(value, Invalid):
            return None
        items.append((column, value))
    return Project(external, tuple(items))


def _uri(env: Env, node: Expression) -> str | None:
    value = env.expression(node)
    if isinstance(value, Invalid):
        return None
    if not isinstance(value, Literal) or value.type is not Type.STRING or not value.value:
        env.report(codes.constant_expected(node.span, "the address of external data"))
        return None
    return str(value.value).split(";")[0]  # behind a semicolon stand credentials


def _extension(uri: str) -> str:
    """The format that a file's name says, else csv."""
    path = uri.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].removesuffix(".gz").removesuffix(".zip")
    name = path.rsplit("/", 1)[-1]
    found = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return found if found in FORMATS else "csv"
