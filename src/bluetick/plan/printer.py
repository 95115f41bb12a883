"""A plan as text, for people: named parts first, then each statement, one line a node under the node it feeds."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bluetick.plan.expressions import (
    Call,
    Column,
    ColumnRef,
    Expr,
    InTable,
    Invalid,
    Literal,
    Parameter,
    PartOf,
    Promote,
    ScalarQuery,
    WindowCall,
)
from bluetick.plan.relations import (
    Aggregate,
    AggregateCall,
    Binding,
    Computed,
    ComputedItem,
    Expand,
    External,
    Filter,
    Join,
    Limit,
    PickRow,
    Project,
    ProviderLookup,
    PythonOperator,
    PythonTable,
    QueryPlan,
    Range,
    Reference,
    Relation,
    Scan,
    Serialize,
    Sort,
    SortKey,
    TabularStatement,
    Union,
    Values,
    Window,
    inputs,
)
from bluetick.plan.scan_steps import ScanStep, ScanSteps
from bluetick.types import Type
from bluetick.values import format_datetime7, format_timespan

_INDENT = "  "


def print_plan(plan: QueryPlan) -> str:
    """Every statement of a plan: a column is name#id:type where it is made and name#id where it is used.

    Lets, `as` names, toscalar queries and the tables of `in` stand before the statement that uses them, once.
    """
    printer = _Printer()
    for (name, default), symbol in zip(plan.parameters, plan.parameter_types, strict=True):
        given = "" if default is None else f" = {printer.expression(default)}"
        printer.blocks.append(f"parameter {name}:{symbol.type}{given}")
    for statement in plan.statements:
        printer.statement(statement)
    return "\n".join(printer.blocks)


@dataclass(slots=True)
class _Printer:
    """`blocks` are the finished parts in order; a part that a line mentions is finished before that line's own."""

    blocks: list[str] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)  # id of a binding or an inner query -> its printed name
    taken: dict[str, int] = field(default_factory=dict)

    def statement(self, statement: TabularStatement) -> None:
        held = [f"assert {self.expression(a.condition)}, {_quoted(a.message)}" for a in statement.assertions]
        body = self._tree(statement.relation)
        columns = _columns(statement.relation.columns)
        drawn = [f"render {', '.join(f'{k}={v}' for k, v in statement.visualization)}"]
        head = [*held, f"{statement.name} {columns}"]
        self.blocks.append("\n".join([*head, *body, *(drawn if statement.visualization else [])]))

    def _tree(self, relation: Relation) -> list[str]:
        lines: list[str] = []
        pending = [(relation, 1)]
        while pending:
            node, depth = pending.pop()
            lines.append(_INDENT * depth + self._line(node))
            if not isinstance(node, Reference):
                pending.extend((inner, depth + 1) for inner in reversed(inputs(node)))
        return lines

    def _named(self, owner: object, name: str, relation: Relation, note: str = "") -> str:
        """The printed name of a part that stands by itself; its block is written at its first use."""
        known = self.names.get(id(owner))
        if known is not None:
            return known
        body = self._tree(relation)
        number = self.taken[name] = self.taken.get(name, 0) + 1
        shown = self.names[id(owner)] = name if number == 1 else f"{name}@{number}"
        self.blocks.append("\n".join([f"let {shown}{note} {_columns(relation.columns)}", *body]))
        return shown

    def _binding(self, binding: Binding) -> str:
        return self._named(binding, binding.name, binding.relation, " materialized" if binding.materialized else "")

    # --- nodes ---

    def _line(self, node: Relation) -> str:  # noqa: C901, PLR0911, PLR0912 - one match over all nodes
        match node:
            case Scan(table=table, time_column=time):
                return f"Scan {table} {_columns(node.columns)}{f' time {_used(time)}' if time is not None else ''}"
            case Values(rows=rows):
                return f"Values {_columns(node.columns)} {', '.join(self._row(row) for row in rows)}".rstrip()
            case Range(column=column, start=start, stop=stop, step=step):
                bounds = " ".join(f"{word} {self.expression(e)}" for word, e in _bounds(start, stop, step))
                return f"Range {_made(column)} {bounds}"
            case External(uris=uris, format=form):
                return f"External {form} {', '.join(uris)} {_columns(node.columns)}"
            case Filter(predicates=predicates):
                return f"Filter {self.list(predicates)}"
            case Project(items=items):
                return f"Project [{', '.join(self._item(c, e) for c, e in items)}]"
            case Aggregate():
                return self._aggregate(node)
            case Join():
                return self._join(node)
            case Union(legs=legs):
                filled = "; ".join(self.list(exprs) for _, exprs in legs)
                return f"Union {_columns(node.columns)} of {filled}"
            case Sort(keys=keys):
                return f"Sort {', '.join(self._key(key) for key in keys)}"
            case Serialize():
                return "Serialize"
            case Limit(count=count, partition=partition):
                return f"Limit {self.expression(count)}{_partition(partition)}"
            case Window(items=calls, partition=partition):
                return f"Window [{', '.join(self._item(c, e) for c, e in calls)}]{_partition(partition)}"
            case Expand():
                return self._expand(node)
            case ProviderLookup(provider=provider, key=key, limit=limit, added=added):
                return f"ProviderLookup {provider} of {_used(key)} limit {limit} adds {_columns(added)}"
            case PythonOperator(operator=operator, partition=partition):
                return f"PythonOperator {self._scan(operator)}{_partition(partition)}"
            case Computed(items=computed):
                return f"Computed [{', '.join(self._computed(item) for item in computed)}]"
            case PythonTable(operator=table_operator):
                return f"PythonTable {table_operator.name} {_columns(node.columns)}"
            case Reference(binding=binding):
                return f"Reference {self._binding(binding)} {_columns(node.columns)}"

    def _computed(self, item: ComputedItem) -> str:
        made = ", ".join(_made(column) for column in item.columns)
        return f"{made} = {item.function.name}({self.list(item.args)})"

    def _row(self, row: Sequence[Expr]) -> str:
        return f"({self.list(row)})"

    def _item(self, column: Column, value: Expr) -> str:
        if isinstance(value, ColumnRef) and value.column == column:
            return _made(column)
        return f"{_made(column)} = {self.expression(value)}"

    def _aggregate(self, node: Aggregate) -> str:
        items = [text for item in node.items for text in self._aggregate_item(item)]
        groups = ", ".join(self._item(c, e) for c, e in node.groups)
        return f"Aggregate [{', '.join(items)}]" + (f" by [{groups}]" if node.groups else "")

    def _aggregate_item(self, item: AggregateCall | PickRow) -> list[str]:
        if isinstance(item, AggregateCall):
            return [f"{_made(item.column)} = {item.function.name}({self.list(item.args)})"]
        picked = ", ".join(self._item(c, e) for c, e in item.items)
        which = "any row" if item.by is None else f"{'max' if item.descending else 'min'} {self.expression(item.by)}"
        where = "" if item.condition is None else f" where {self.expression(item.condition)}"
        return [f"pick {which}{where} ({picked})"]

    def _join(self, node: Join) -> str:
        keys = ", ".join(f"{self.expression(a)} == {self.expression(b)}" for a, b in node.keys)
        left, right = (
            f"[{', '.join(f'{_made(out)} = {_used(source)}' for out, source in items)}]"
            for items in (node.left_items, node.right_items)
        )
        return f"Join {node.kind.value} on {keys} left {left} right {right}"

    def _key(self, key: SortKey) -> str:
        direction = "desc" if key.descending else "asc"
        return f"{self.expression(key.value)} {direction} nulls {'first' if key.nulls_first else 'last'}"

    def _expand(self, node: Expand) -> str:
        items = ", ".join(f"{_made(item.column)} = {self.expression(item.value)}" for item in node.items)
        index = "" if node.index is None else f" index {_made(node.index)}"
        limit = "" if node.limit is None else f" limit {self.expression(node.limit)}"
        return f"Expand [{items}]{index}{limit}{' as pairs' if node.as_pairs else ''}"

    def _scan(self, node: ScanSteps) -> str:
        added = ", ".join(self._item(column, default) for column, default in node.added)
        steps = "; ".join(self._step(step) for step in node.steps)
        number = "" if node.match_id is None else f" match id {_made(node.match_id)}"
        return f"scan [{added}]{number} ({steps})"

    def _step(self, step: ScanStep) -> str:
        held = ", ".join(f"{_made(state)} = {_used(source)}" for state, source in step.held)
        assigned = ", ".join(f"{_used(c)} = {self.expression(value)}" for c, value in step.assignments)
        result = f" => {assigned}" if assigned else ""
        return f"{step.name} output={step.output.value} [{held}]: {self.expression(step.condition)}{result}"

    # --- expressions ---

    def list(self, expressions: Sequence[Expr]) -> str:
        return ", ".join(self.expression(e) for e in expressions)

    def expression(self, expr: Expr) -> str:  # noqa: C901, PLR0911 - one match over all nodes
        match expr:
            case Literal(value=value, type=type_):
                return _literal(value, type_)
            case ColumnRef(column=column):
                return _used(column)
            case Parameter(name=name):
                return f"@{name}"
            case Promote(value=value, type=type_):
                return f"{self.expression(value)}::{type_}"
            case Call(function=function):
                return self._call(function.name, expr)
            case PartOf(call=call, index=index):
                return f"{self.expression(call)}[{index}]"
            case WindowCall(function=window, args=args):
                return f"{window.name}({self.list(args)})"
            case ScalarQuery(relation=relation):
                return f"toscalar({self._named(expr, 'scalar', relation)})"
            case InTable(value=value, relation=relation, negated=negated, fold=fold):
                operator = f"{'!' if negated else ''}in{'~' if fold else ''}"
                return f"({self.expression(value)} {operator} {self._named(expr, 'list', relation)})"
            case Invalid():
                return "invalid"

    def _call(self, name: str, call: Call) -> str:
        if name in ("and", "or"):
            return f"({f' {name} '.join(self.expression(e) for e in _chain(name, call))})"
        if not any(c.isalpha() for c in name) and len(call.args) == 2 and name[0] not in ".[":
            return f"({self.expression(call.args[0])} {name} {self.expression(call.args[1])})"
        return f"{name}({self.list(call.args)})"


def _chain(name: str, call: Call) -> list[Expr]:
    """The operands of a chain of one operator, which may be thousands long."""
    found: list[Expr] = []
    pending: list[Expr] = [call]
    while pending:
        node = pending.pop()
        if isinstance(node, Call) and node.function.name == name:
            pending.extend(reversed(node.args))
        else:
            found.append(node)
    return found


def _bounds(start: Expr, stop: Expr, step: Expr) -> tuple[tuple[str, Expr], ...]:
    return ("from", start), ("to", stop), ("step", step)


def _partition(columns: Sequence[Column]) -> str:
    return f" partition by {', '.join(_used(c) for c in columns)}" if columns else ""


def _made(column: Column) -> str:
    return f"{column.name}#{column.id}:{column.type}"


def _used(column: Column) -> str:
    return f"{column.name}#{column.id}"


def _columns(columns: Sequence[Column]) -> str:
    return f"[{', '.join(_made(c) for c in columns)}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _literal(value: object, type_: Type) -> str:
    if value is None:
        return f"{type_}(null)"
    written: dict[Type, Callable[[], str]] = {
        Type.STRING: lambda: _quoted(str(value)),
        Type.BOOL: lambda: str(value).lower(),
        Type.LONG: lambda: str(value),
        Type.REAL: lambda: repr(value),
        Type.DYNAMIC: lambda: f"dynamic({json.dumps(value, ensure_ascii=False, default=str)})",
    }
    return written.get(type_, lambda: f"{type_}({_inner(value, type_)})")()


def _inner(value: object, type_: Type) -> str:
    match value:
        case int() if type_ is Type.TIMESPAN:
            return format_timespan(value)
        case datetime():
            return format_datetime7(value)
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
