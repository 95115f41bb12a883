"""Which columns a statement needs of the relations outside it: those that its result depends on."""

from collections.abc import Iterator, Sequence

from bluetick.sql.tree import (
    Aggregate,
    Binary,
    Call,
    Case,
    Cast,
    Column,
    Expr,
    Field,
    FromItem,
    In,
    InRelation,
    JoinItem,
    Lambda,
    Order,
    Relation,
    RelationRef,
    Select,
    Statement,
    Subscript,
    Unary,
    UnionAll,
    Values,
    Window,
)


def columns_read(statement: Statement) -> dict[str, set[str]]:
    """For each relation that is no CTE of the statement, the names of the columns that are needed of it. A relation of
    which only the rows count is there with none."""
    needed: dict[str, set[str]] = {}
    _read(statement.body, None, needed)
    for cte in reversed(statement.ctes):
        if cte.name in needed:
            _read(cte.relation, needed.pop(cte.name), needed)
    return needed


def _read(relation: Relation, wanted: set[str] | None, needed: dict[str, set[str]]) -> None:
    """Notes what a relation reads, when `wanted` of its columns are needed (None: all)."""
    match relation:
        case Select():
            _read_select(relation, wanted, needed)
        case UnionAll(selects=selects):
            names = [name for name, _ in selects[0].items]
            for select in selects:
                own = [name for name, _ in select.items]
                renamed = None if wanted is None else {b for a, b in zip(names, own, strict=True) if a in wanted}
                _read_select(select, renamed, needed)
        case Values(rows=rows):
            _note([cell for row in rows for cell in row], {}, needed)


def _read_select(select: Select, wanted: set[str] | None, needed: dict[str, set[str]]) -> None:
    sources = dict(_sources(select.source))
    for name in sources.values():
        needed.setdefault(name, set())
    takes_all = wanted is None or select.distinct
    items = [(name, value) for name, value in select.items if takes_all or name in (wanted or ())]
    if select.star and wanted is not None:
        passed = wanted - {name for name, _ in select.items}
        for name in sources.values():
            needed[name] |= passed
    _note([value for _, value in items], sources, needed)
    rest = (select.where, select.having, select.limit, *_joined(select.source))
    _note([part for part in rest if part is not None], sources, needed)
    _note([*select.group_by, *(order.value for order in select.order_by)], sources, needed)


def _sources(item: FromItem | None) -> Iterator[tuple[str, str]]:
    """The relations that are selected from, by the names that columns give them."""
    while isinstance(item, JoinItem):
        yield item.right.alias or item.right.name, item.right.name
        item = item.left
    if isinstance(item, RelationRef):
        yield item.alias or item.name, item.name


def _joined(item: FromItem | None) -> Iterator[Expr | None]:
    while isinstance(item, JoinItem):
        yield item.on
        item = item.left


def _note(values: Sequence[Expr], sources: dict[str, str], needed: dict[str, set[str]]) -> None:
    """A column without a table may be of any source: the names of a statement are its own."""
    pending = list(values)
    while pending:
        value = pending.pop()
        pending.extend(_inside(value))
        if isinstance(value, Column):
            for alias, name in sources.items():
                if value.table in ("", alias):
                    needed[name].add(value.name)
        elif isinstance(value, InRelation):
            needed.setdefault(value.relation, set()).add(value.column)


def _inside(expr: Expr) -> list[Expr]:  # noqa: C901, PLR0911 - one match over all nodes
    match expr:
        case Call(args=args, named=named):
            return [*args, *(value for _, value in named)]
        case Cast(value=value) | Field(value=value) | InRelation(value=value):
            return [value]
        case Binary(left=left, right=right):
            return [left, right]
        case Unary(operand=operand):
            return [operand]
        case Case(whens=whens, otherwise=otherwise):
            return [part for when in whens for part in when] + ([] if otherwise is None else [otherwise])
        case In(value=value, items=items):
            return [value, *items]
        case Lambda(body=body):
            return [body]
        case Subscript(value=value, index=index):
            return [value, index]
        case Aggregate(args=args, order=order, filter=condition):
            return [*args, *_values(order), *([] if condition is None else [condition])]
        case Window(call=call, partition=partition, order=order):
            return [call, *partition, *_values(order)]
        case _:
            return []


def _values(order: Sequence[Order]) -> list[Expr]:
    return [one.value for one in order]
