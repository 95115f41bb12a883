"""The typed trees that the generator draws, and their KQL text. Types are the language's own names."""

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

Expr: TypeAlias = "Lit | Col | Call | InTable | ToScalar"


@dataclass(frozen=True, slots=True)
class Lit:
    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Col:
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    type: str
    name: str
    args: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class InTable:
    """value in (query); the query's first column."""

    type: str
    name: str
    value: Expr
    query: "Pipeline"


@dataclass(frozen=True, slots=True)
class ToScalar:
    type: str
    query: "Pipeline"


Named: TypeAlias = tuple[str, Expr]


@dataclass(frozen=True, slots=True)
class Where:
    predicate: Expr


@dataclass(frozen=True, slots=True)
class Extend:
    items: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Project:
    items: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class ProjectAway:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rename:
    new: str
    old: str


@dataclass(frozen=True, slots=True)
class Agg:
    """An aggregate call with the name of its column; `carried` names the further columns of arg_max and arg_min."""

    name: str
    type: str
    function: str
    args: tuple[Expr, ...] = ()
    carried: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Summarize:
    aggregates: tuple[Agg, ...]
    groups: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Distinct:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """`on` pairs a left with a right column; equal names are written as one. `kind` "" is the default."""

    kind: str
    right: "Pipeline"
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    kind: str
    right: "Pipeline"
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Union:
    """Further legs; `source` names the column of the legs' tables."""

    legs: tuple["Pipeline", ...]
    kind: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    value: Expr
    direction: str = ""  # "", "asc", "desc"
    nulls: str = ""  # "", "first", "last"


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Top:
    count: int
    key: Key


@dataclass(frozen=True, slots=True)
class Take:
    count: int


@dataclass(frozen=True, slots=True)
class Count:
    pass


@dataclass(frozen=True, slots=True)
class Expand:
    """mv-expand of one column into `name`, of type `type` ("" stays dynamic)."""

    name: str
    value: Expr
    type: str = ""
    index: str = ""
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Apply:
    """mv-apply with one element column."""

    name: str
    value: Expr
    type: str
    body: tuple["Operator", ...]


@dataclass(frozen=True, slots=True)
class Parse:
    """`pieces`: texts and (name, type) captures in turn; a leading or trailing "*" is a piece of its own."""

    value: Expr
    pieces: tuple[Any, ...]
    drops: bool = False


@dataclass(frozen=True, slots=True)
class Win:
    """A window call with the name of its column."""

    name: str
    type: str
    function: str
    args: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Windows:
    """serialize, then extend."""

    items: tuple[Win, ...]


@dataclass(frozen=True, slots=True)
class MakeSeries:
    aggregate: Agg
    default: Lit
    axis: str
    start: Lit
    stop: Lit
    step: Lit
    groups: tuple[str, ...] = ()


Operator: TypeAlias = (
    Where
    | Extend
    | Project
    | ProjectAway
    | Rename
    | Summarize
    | Distinct
    | Join
    | Lookup
    | Union
    | Sort
    | Top
    | Take
    | Count
    | Expand
    | Apply
    | Parse
    | Windows
    | MakeSeries
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    table: str
    operators: tuple[Operator, ...] = ()

    def __add__(self, more: "Operator") -> "Pipeline":
        return Pipeline(self.table, (*self.operators, more))


# --- text ------------------------------------------------------------------------------------------------------------

_SYMBOLS = {"+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!="}
_WORDS = {
    f"{sign}{word}{case}"
    for word in ("contains", "has", "startswith", "endswith", "hasprefix", "hassuffix")
    for sign in ("", "!")
    for case in ("", "_cs")
}
INFIX = _SYMBOLS | _WORDS | {"and", "or", "=~", "!~", "matches regex"}
LISTED = {"in", "!in", "in~", "!in~", "has_any", "has_all"}


def expression_text(node: Expr) -> str:
    match node:
        case Lit(type=type_, value=value):
            return literal_text(type_, value)
        case Col(name=name):
            return name
        case InTable(name=name, value=value, query=query):
            return f"({expression_text(value)} {name} ({query_text(query)}))"
        case ToScalar(query=query):
            return f"toscalar({query_text(query)})"
        case Call(name=name, args=args):
            return _call_text(name, [expression_text(arg) for arg in args], args)


def _call_text(name: str, texts: list[str], args: tuple[Expr, ...]) -> str:
    if name in INFIX:
        return f"({texts[0]} {name} {texts[1]})"
    if name in LISTED:
        return f"({texts[0]} {name} ({', '.join(texts[1:])}))"
    match name:
        case "between" | "!between":
            return f"({texts[0]} {name} ({texts[1]} .. {texts[2]}))"
        case "unary-":
            return f"(-({texts[0]}))"
        case "." if isinstance(args[1], Lit):
            return f"{texts[0]}.{args[1].value}"
        case "[]":
            return f"{texts[0]}[{texts[1]}]"
        case _:
            return f"{name}({', '.join(texts)})"


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\t": "\\t", "\n": "\\n"}


def quoted(value: str) -> str:
    return '"' + "".join(_ESCAPES.get(c, c) for c in value) + '"'


def literal_text(type_: str, value: Any) -> str:  # noqa: PLR0911 - one case for each type
    if type_ == "string":
        return quoted(value)
    if value is None:
        return f"{type_}(null)"
    match type_:
        case "dynamic":
            return f"dynamic({json.dumps(value, ensure_ascii=False)})"
        case "bool":
            return str(value).lower()
        case "long" if value >= 0:
            return str(value)
        case "real":
            return f"real({_real_text(value)})"
        case "datetime":
            return f"datetime({_instant_text(value)})"
        case "timespan":
            return f"time({_span_text(value)})"
        case _:
            return f"{type_}({value})"


def _real_text(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "nan" if math.isnan(value) else "+inf" if value > 0 else "-inf"


def _instant_text(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")


def _span_text(value: timedelta) -> str:
    micros = abs(value) // timedelta(microseconds=1)
    seconds, fraction = divmod(micros, 1_000_000)
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.{fraction:06}"
    return f"{'-' if value < timedelta(0) else ''}{days}.{clock}"


def named_text(items: tuple[Named, ...]) -> str:
    return ", ".join(f"{name} = {expression_text(value)}" for name, value in items)


def query_text(query: Pipeline) -> str:
    return " | ".join((query.table, *(operator_text(operator) for operator in query.operators)))


def operator_text(node: Operator) -> str:  # noqa: C901, PLR0911, PLR0912 - one match over all operators
    match node:
        case Where(predicate=predicate):
            return f"where {expression_text(predicate)}"
        case Extend(items=items):
            return f"extend {named_text(items)}"
        case Project(items=items):
            return f"project {named_text(items)}"
        case ProjectAway(names=names):
            return f"project-away {', '.join(names)}"
        case Rename(new=new, old=old):
            return f"project-rename {new} = {old}"
        case Summarize():
            return _summarize_text(node)
        case Distinct(names=names):
            return f"distinct {', '.join(names)}"
        case Join(kind=kind, right=right, on=on):
            return f"join{_option('kind', kind)} ({query_text(right)}) on {_on_text(on)}"
        case Lookup(kind=kind, right=right, on=on):
            return f"lookup{_option('kind', kind)} ({query_text(right)}) on {_on_text(on)}"
        case Union(legs=legs, kind=kind, source=source):
            return f"union{_option('kind', kind)}{_option('withsource', source)} {', '.join(map(_leg_text, legs))}"
        case Sort(keys=keys):
            return f"sort by {', '.join(map(_key_text, keys))}"
        case Top(count=count, key=key):
            return f"top {count} by {_key_text(key)}"
        case Take(count=count):
            return f"take {count}"
        case Count():
            return "count"
        case Expand():
            return _expand_text(node)
        case Apply(name=name, value=value, type=type_, body=body):
            inner = " | ".join(map(operator_text, body))
            return f"mv-apply {name} = {expression_text(value)} to typeof({type_}) on ({inner})"
        case Parse(value=value, pieces=pieces, drops=drops):
            pattern = " ".join(_piece_text(piece) for piece in pieces)
            return f"parse{'-where' if drops else ''} {expression_text(value)} with {pattern}"
        case Windows(items=items):
            return f"serialize | extend {', '.join(f'{i.name} = {_window_text(i)}' for i in items)}"
        case MakeSeries():
            return _series_text(node)


def _option(name: str, value: str) -> str:
    return f" {name}={value}" if value else ""


def _leg_text(leg: Pipeline) -> str:
    return f"({query_text(leg)})" if leg.operators else leg.table


def _on_text(on: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(left if left == right else f"$left.{left} == $right.{right}" for left, right in on)


def _key_text(key: Key) -> str:
    nulls = f" nulls {key.nulls}" if key.nulls else ""
    return f"{expression_text(key.value)}{' ' if key.direction else ''}{key.direction}{nulls}"


def aggregate_text(node: Agg) -> str:
    args = [expression_text(arg) for arg in node.args]
    args += [expression_text(value) for _, value in node.carried]
    return f"{node.function}({', '.join(args)})"


def _aggregate_item(node: Agg) -> str:
    if node.carried:
        return f"({', '.join((node.name, *(name for name, _ in node.carried)))}) = {aggregate_text(node)}"
    return f"{node.name} = {aggregate_text(node)}"


def _summarize_text(node: Summarize) -> str:
    items = ", ".join(map(_aggregate_item, node.aggregates))
    by = f" by {named_text(node.groups)}" if node.groups else ""
    return f"summarize {items}{by}".replace("summarize  by", "summarize by")


def _expand_text(node: Expand) -> str:
    type_ = f" to typeof({node.type})" if node.type else ""
    limit = f" limit {node.limit}" if node.limit else ""
    index = f" with_itemindex={node.index}" if node.index else ""
    return f"mv-expand{index} {node.name} = {expression_text(node.value)}{type_}{limit}"


def _piece_text(piece: Any) -> str:
    if isinstance(piece, tuple):
        return f"{piece[0]}:{piece[1]}"
    return "*" if piece == "*" else quoted(str(piece))


def _window_text(node: Win) -> str:
    return f"{node.function}({', '.join(expression_text(arg) for arg in node.args)})"


def _series_text(node: MakeSeries) -> str:
    by = f" by {', '.join(node.groups)}" if node.groups else ""
    span = f"from {expression_text(node.start)} to {expression_text(node.stop)} step {expression_text(node.step)}"
    value = f"{node.aggregate.name} = {aggregate_text(node.aggregate)} default = {expression_text(node.default)}"
    return f"make-series {value} on {node.axis} {span}{by}"
