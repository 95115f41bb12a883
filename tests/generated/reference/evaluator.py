"""Relations: rows with the order that they have, and the operators over them.

What Kusto leaves open is settled as bluetick promises: among ties the smallest row by its columns, null first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from generated import tree
from generated.reference import aggregates, dynamics, instants, parsing
from generated.reference.scalars import FUNCTIONS, promoted
from generated.reference.values import ascending, identity, null_of, row_key, sort_key
from generated.reference.values import to_json as json_value
from generated.tables import Columns, Table
from generated.tree import Expr, Operator, Pipeline


@dataclass(frozen=True, slots=True)
class Row:
    """`order`: comparable parts that tell where the row stands; rows with equal parts stand in no order."""

    values: dict[str, Any]
    order: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    columns: Columns
    rows: list[Row]

    @property
    def types(self) -> dict[str, str]:
        return dict(self.columns)

    def ordered(self) -> list[Row]:
        """The rows in their order, ties by all columns."""
        types = [type_ for _, type_ in self.columns]

        def key(row: Row) -> Any:
            return (*row.order, row_key([row.values[name] for name, _ in self.columns], types))

        return sorted(self.rows, key=key)

    def tuples(self) -> list[tuple[Any, ...]]:
        return [tuple(row.values[name] for name, _ in self.columns) for row in self.ordered()]


@dataclass(frozen=True, slots=True)
class Evaluator:
    tables: Mapping[str, Table]
    now: datetime
    _kept: dict[int, Any] = field(default_factory=dict)

    # --- expressions ---

    def value(self, node: Expr, row: Mapping[str, Any]) -> Any:
        match node:
            case tree.Lit(value=value):
                return value
            case tree.Col(name=name):
                return row[name]
            case tree.InTable():
                return self._in_table(node, row)
            case tree.ToScalar(type=type_, query=query):
                return self._scalar(type_, query)
            case tree.Call():
                return self._call(node, row)

    def _call(self, node: tree.Call, row: Mapping[str, Any]) -> Any:
        types = tuple(arg.type for arg in node.args)
        values = [self.value(arg, row) for arg in node.args]
        match node.name:
            case "now":
                return self.now
            case "ago":
                return None if values[0] is None else instants.moved(self.now, -values[0])
            case "iff" | "case" | "coalesce" | "max_of" | "min_of":
                values = [promoted(v, type_, node.type) for type_, v in zip(types, values, strict=True)]
                types = (node.type,) * len(values)
        result = FUNCTIONS[node.name](types, *values)
        return float(result) if node.type == "real" and isinstance(result, int) else result

    def _in_table(self, node: tree.InTable, row: Mapping[str, Any]) -> bool:
        if id(node) not in self._kept:
            relation = self.relation(node.query)
            self._kept[id(node)] = (node, [r.values[relation.columns[0][0]] for r in relation.rows])
        value, present = self.value(node.value, row), [v for v in self._kept[id(node)][1] if v is not None]
        name = node.name.removeprefix("!")
        found = bool(FUNCTIONS["in~"]((), value, *present)) if name == "in~" else value in present
        return found is not node.name.startswith("!")

    def _scalar(self, type_: str, query: Pipeline) -> Any:
        relation = self.relation(query)
        rows = relation.ordered()
        return rows[0].values[relation.columns[0][0]] if rows else null_of(type_)

    # --- relations ---

    def relation(self, query: Pipeline) -> Relation:
        found = self.table(query.table)
        for operator in query.operators:
            found = self.apply(operator, found)
        return found

    def table(self, name: str) -> Relation:
        table = self.tables[name]
        names = [column for column, _ in table.columns]
        rows = [
            Row(dict(zip(names, values, strict=True)), (place,) if table.is_inline else ())
            for place, values in enumerate(table.rows)
        ]
        return Relation(table.columns, rows)

    def apply(self, node: Operator, rows: Relation) -> Relation:  # noqa: C901, PLR0911, PLR0912 - one match
        match node:
            case tree.Where(predicate=predicate):
                kept = [r for r in rows.rows if self.value(predicate, r.values) is True]
                return Relation(rows.columns, kept)
            case tree.Extend(items=items):
                return self._extend(rows, items)
            case tree.Project(items=items):
                return self._project(rows, items)
            case tree.ProjectAway(names=names):
                return _only(rows, [c for c in rows.columns if c[0] not in names])
            case tree.Rename(new=new, old=old):
                return _renamed(rows, {old: new})
            case tree.Summarize(aggregates=items, groups=groups):
                return self._summarize(rows, items, groups)
            case tree.Distinct(names=names):
                groups = tuple((name, tree.Col(rows.types[name], name)) for name in names)
                return self._summarize(rows, (), groups)
            case tree.Join(kind=kind, right=right, on=on):
                return joined(kind or "innerunique", rows, self.relation(right), on)
            case tree.Lookup(kind=kind, right=right, on=on):
                other = self.relation(right)
                found = joined(kind or "leftouter", rows, other, on)
                gone = {name for name, _ in found.columns[len(rows.columns) :]} & {
                    found.columns[len(rows.columns) + [c for c, _ in other.columns].index(key)][0] for _, key in on
                }
                return _only(found, [c for c in found.columns if c[0] not in gone])
            case tree.Union():
                return self._union(rows, node)
            case tree.Sort(keys=keys):
                return self._sorted(rows, keys)
            case tree.Top(count=count, key=key):
                ordered = self._sorted(rows, (key,))
                return Relation(rows.columns, ordered.ordered()[:count])
            case tree.Take(count=count):
                return Relation(rows.columns, rows.ordered()[:count])
            case tree.Count():
                return Relation((("Count", "long"),), [Row({"Count": len(rows.rows)})])
            case tree.Expand():
                return self._expand(rows, node)
            case tree.Apply():
                return self._apply_each(rows, node)
            case tree.Parse():
                return self._parse(rows, node)
            case tree.Windows(items=items):
                return self._windows(rows, items)
            case tree.MakeSeries():
                return self._series(rows, node)

    def _extend(self, rows: Relation, items: tuple[tree.Named, ...]) -> Relation:
        new = dict(rows.types) | {name: value.type for name, value in items}
        return Relation(
            tuple(new.items()),
            [replace(r, values={**r.values, **{n: self.value(v, r.values) for n, v in items}}) for r in rows.rows],
        )

    def _project(self, rows: Relation, items: tuple[tree.Named, ...]) -> Relation:
        columns = tuple((name, value.type) for name, value in items)
        return Relation(
            columns,
            [replace(r, values={name: self.value(value, r.values) for name, value in items}) for r in rows.rows],
        )

    def _sorted(self, rows: Relation, keys: tuple[tree.Key, ...]) -> Relation:
        def place(row: Row) -> tuple[Any, ...]:
            parts = []
            for key in keys:
                descending = key.direction != "asc"
                nulls_first = key.nulls == "first" if key.nulls else not descending
                value = self.value(key.value, row.values)
                parts.append(sort_key(value, key.value.type, descending=descending, nulls_first=nulls_first))
            return (*parts, *row.order)

        return Relation(rows.columns, [Row(row.values, place(row)) for row in rows.rows])

    def _summarize(self, rows: Relation, items: tuple[tree.Agg, ...], groups: tuple[tree.Named, ...]) -> Relation:
        found: dict[Any, tuple[dict[str, Any], list[Row]]] = {}
        if not groups:
            found[()] = ({}, [])
        for row in rows.ordered():
            keys = {name: self.value(value, row.values) for name, value in groups}
            found.setdefault(tuple(identity(v) for v in keys.values()), (keys, []))[1].append(row)
        columns: Columns = tuple((name, value.type) for name, value in groups)
        for item in items:
            columns += ((item.name, item.type), *((name, value.type) for name, value in item.carried))
        result = []
        for keys, members in found.values():
            values = dict(keys)
            for item in items:
                values.update(self._aggregate(item, Relation(rows.columns, members)))
            result.append(Row(values))
        return Relation(columns, result)

    def _aggregate(self, item: tree.Agg, members: Relation) -> dict[str, Any]:
        types = tuple(arg.type for arg in item.args)
        table = [[self.value(arg, row.values) for arg in item.args] for row in members.rows]
        if item.function in aggregates.PICKS:
            carried = [[self.value(v, r.values) for _, v in item.carried] for r in members.rows]
            smallest = [row_key(r.values.values(), [members.types[n] for n in r.values]) for r in members.rows]
            names = [item.name, *(name for name, _ in item.carried)]
            nulls = [null_of(item.type), *(null_of(v.type) for _, v in item.carried)]
            place = aggregates.PICKS[item.function](types, table, smallest)
            picked = nulls if place is None else [table[place][0], *carried[place]]
            return dict(zip(names, picked, strict=True))
        return {item.name: aggregates.FUNCTIONS[item.function](types, table)}

    def _union(self, rows: Relation, node: tree.Union) -> Relation:
        return united([(None, rows), *((leg.table, self.relation(leg)) for leg in node.legs)], node)

    def _expand(self, rows: Relation, node: tree.Expand) -> Relation:
        columns = dict(rows.types) | {node.name: node.type or "dynamic"}
        if node.index:
            columns[node.index] = "long"
        is_ordered = len(rows.rows) <= 1 or all(row.order for row in rows.rows)
        result = []
        for row in rows.rows:
            found = elements(self.value(node.value, row.values))
            for place, item in enumerate(found[: node.limit] if node.limit else found):
                value = dynamics.convert(item, node.type) if node.type else item
                extra = {node.name: value} | ({node.index: place} if node.index else {})
                result.append(Row(row.values | extra, (*row.order, place) if is_ordered else row.order))
        return Relation(tuple(columns.items()), result)

    def _apply_each(self, rows: Relation, node: tree.Apply) -> Relation:
        """The body over each row's elements, beside the row's own columns; a row without elements gives nothing."""
        columns: Columns = (*rows.columns, (node.name, node.type))
        shape = Relation(columns, [])
        for operator in node.body:
            shape = self.apply(operator, shape)
        own = tuple(c for c in shape.columns if c[0] not in rows.types)
        result = []
        for row in rows.rows:
            found = elements(self.value(node.value, row.values))
            items = [row.values | {node.name: dynamics.convert(item, node.type)} for item in found]
            part = Relation(columns, [Row(values, (place,)) for place, values in enumerate(items)])
            for operator in node.body:
                part = self.apply(operator, part) if part.rows else part
            result += [Row(row.values | {n: r.values[n] for n, _ in own}) for r in part.rows]
        return Relation((*rows.columns, *own), result)

    def _parse(self, rows: Relation, node: tree.Parse) -> Relation:
        captured = [piece for piece in node.pieces if isinstance(piece, tuple)]
        columns = dict(rows.types) | dict(captured)
        result = []
        for row in rows.rows:
            found = parsing.match(self.value(node.value, row.values), node.pieces)
            if found is None and node.drops:
                continue
            values = found if found is not None else {name: null_of(type_) for name, type_ in captured}
            result.append(replace(row, values=row.values | values))
        return Relation(tuple(columns.items()), result)

    def _windows(self, rows: Relation, items: tuple[tree.Win, ...]) -> Relation:
        ordered = rows.ordered()
        columns = dict(rows.types) | {item.name: item.type for item in items}
        tables = {i.name: [[self.value(arg, r.values) for arg in i.args] for r in ordered] for i in items}
        found = {item.name: aggregates.window(item.function, item.type, tables[item.name]) for item in items}
        return Relation(
            tuple(columns.items()),
            [Row(r.values | {n: found[n][p] for n in found}, (p,)) for p, r in enumerate(ordered)],
        )

    def _series(self, rows: Relation, node: tree.MakeSeries) -> Relation:
        start, stop, step = node.start.value, node.stop.value, node.step.value
        count = max(-(-(stop - start) // step), 0)
        axis = [start + step * n for n in range(count)]
        inside = [r for r in rows.rows if r.values[node.axis] is not None and start <= r.values[node.axis] < stop]
        groups: dict[Any, tuple[dict[str, Any], list[Row]]] = {} if node.groups or not inside else {(): ({}, [])}
        for row in inside:
            keys = {name: row.values[name] for name in node.groups}
            groups.setdefault(tuple(identity(v) for v in keys.values()), (keys, []))[1].append(row)
        result = []
        for keys, members in groups.values():
            values = []
            for point in axis:
                here = [r for r in members if point <= r.values[node.axis] < point + step]
                value = self._aggregate(node.aggregate, Relation(rows.columns, here)) if here else {}
                values.append(json_value(value.get(node.aggregate.name, node.default.value), node.aggregate.type))
            points = [json_value(point, rows.types[node.axis]) for point in axis]
            result.append(Row(keys | {node.aggregate.name: values, node.axis: points}))
        types = rows.types
        columns = (
            *((name, types[name]) for name in node.groups),
            (node.aggregate.name, "dynamic"),
            (node.axis, "dynamic"),
        )
        return Relation(columns, result)


def _only(rows: Relation, columns: Iterable[tuple[str, str]]) -> Relation:
    kept = tuple(columns)
    return Relation(kept, [replace(r, values={n: r.values[n] for n, _ in kept}) for r in rows.rows])


def _renamed(rows: Relation, names: Mapping[str, str]) -> Relation:
    columns = tuple((names.get(name, name), type_) for name, type_ in rows.columns)
    return Relation(columns, [replace(r, values={names.get(n, n): v for n, v in r.values.items()}) for r in rows.rows])


def elements(value: Any) -> list[Any]:
    """What mv-expand makes rows of: an array's elements, a bag's entries, or the value itself (null too)."""
    if isinstance(value, list):
        return value
    return [{key: item} for key, item in value.items()] if isinstance(value, dict) else [value]


# --- several relations -----------------------------------------------------------------------------------------------


def united(legs: list[tuple[str | None, Relation]], node: tree.Union) -> Relation:
    """Columns by name: of all legs, or with kind inner those that all legs have."""
    columns: dict[str, str] = {}
    for _, leg in legs:
        columns |= {name: type_ for name, type_ in leg.columns if name not in columns}
    if node.kind == "inner":
        columns = {n: t for n, t in columns.items() if all(n in leg.types for _, leg in legs)}
    first = {node.source: "string"} if node.source else {}
    result = [
        Row(
            {
                **({node.source: name} if node.source else {}),
                **{n: r.values.get(n, null_of(t)) for n, t in columns.items()},
            }
        )
        for name, leg in legs
        for r in leg.rows
    ]
    return Relation(tuple((first | columns).items()), result)


def joined(kind: str, left: Relation, right: Relation, on: tuple[tuple[str, str], ...]) -> Relation:
    """Null keys match each other. A right column whose name is taken gets a number."""

    def left_key(row: Row) -> Any:
        return tuple(identity(row.values[name]) for name, _ in on)

    def right_key(row: Row) -> Any:
        return tuple(identity(row.values[name]) for _, name in on)

    if kind in ("leftsemi", "leftanti"):
        keys = {right_key(row) for row in right.rows}
        return Relation(left.columns, [r for r in left.rows if (left_key(r) in keys) is (kind == "leftsemi")])
    if kind in ("rightsemi", "rightanti"):
        keys = {left_key(row) for row in left.rows}
        return Relation(right.columns, [r for r in right.rows if (right_key(r) in keys) is (kind == "rightsemi")])
    names = _right_names(left, right)
    left_rows = _one_of_each(left, left_key) if kind == "innerunique" else left.rows
    pairs: list[tuple[Row | None, Row | None]] = [
        (a, b) for a in left_rows for b in right.rows if left_key(a) == right_key(b)
    ]
    if kind in ("leftouter", "fullouter"):
        keys = {right_key(row) for row in right.rows}
        pairs += [(a, None) for a in left_rows if left_key(a) not in keys]
    if kind in ("rightouter", "fullouter"):
        keys = {left_key(row) for row in left_rows}
        pairs += [(None, b) for b in right.rows if right_key(b) not in keys]
    columns = (*left.columns, *((names[name], type_) for name, type_ in right.columns))
    return Relation(columns, [Row(_beside(a, left, {}) | _beside(b, right, names)) for a, b in pairs])


def _one_of_each(rows: Relation, key: Any) -> list[Row]:
    """Of the rows with equal keys the smallest."""
    found: dict[Any, Row] = {}
    for row in Relation(rows.columns, [Row(r.values) for r in rows.rows]).ordered():
        found.setdefault(key(row), row)
    return list(found.values())


def _beside(row: Row | None, side: Relation, names: Mapping[str, str]) -> dict[str, Any]:
    if row is None:
        return {names.get(name, name): null_of(type_) for name, type_ in side.columns}
    return {names.get(name, name): row.values[name] for name, _ in side.columns}


def _right_names(left: Relation, right: Relation) -> dict[str, str]:
    taken = {name for name, _ in left.columns} | {name for name, _ in right.columns}
    names: dict[str, str] = {}
    for name, _ in right.columns:
        chosen, number = name, 0
        while (number and chosen in taken) or chosen in left.types:
            number += 1
            chosen = f"{name}{number}"
        taken.add(chosen)
        names[name] = chosen
    return names


__all__ = ["Evaluator", "Relation", "ascending"]
