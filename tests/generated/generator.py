"""Random pipelines: typed operators over the small tables, each new column under a name of its own."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Final

from generated import tree
from generated.expressions import Expressions
from generated.tables import COLUMNS, Columns, Table, at
from generated.tree import Agg, Call, Col, Expr, Key, Lit, Named, Operator, Pipeline

_DRAWN: Final = ("string", "long", "real", "bool", "datetime", "timespan", "dynamic", "guid", "decimal", "int")
_SUMMED: Final = ("n", "n2", "i", "r2", "p")
_ORDERED: Final = ("n", "n2", "i", "r2", "t", "t2", "p", "s", "s2", "k")
_KEYS: Final = ("k", "n2", "s", "b", "t", "i", "n", "g", "p", "t2")
JOINS: Final = (
    *("", "innerunique", "inner", "inner", "leftouter", "rightouter", "fullouter"),
    *("leftsemi", "leftanti", "rightsemi", "rightanti"),
)


class Pipelines:
    """Draws pipelines; `columns` are those after the operators drawn so far."""

    def __init__(self, random: Random, tables: Mapping[str, Table]) -> None:
        self.random = random
        self.tables = tables
        self.columns: Columns = ()
        self._names = 0

    # --- whole pipelines ---

    def pipeline(self, operators: int, table: str = "") -> Pipeline:
        """A pipeline of so many operators."""
        name = table or self.random.choice(list(self.tables))
        self.columns = self.tables[name].columns
        drawn: list[Operator] = []
        while len(drawn) < operators:
            operator = self.random.choices(list(_OPERATORS), list(_OPERATORS.values()))[0](self)
            if operator is not None:
                drawn.append(operator)
            if isinstance(operator, tree.Apply):  # whose rows have no order that anything could build upon
                break
        return Pipeline(name, tuple(drawn))

    def draw(self) -> Expressions:
        return Expressions(self.random, self.columns)

    def fresh(self) -> str:
        self._names += 1
        return f"x{self._names}"

    def some(self, names: tuple[str, ...]) -> Col | None:
        """A column of one of these names, which tell what it holds."""
        found = [Col(type_, name) for name, type_ in self.columns if name in names and COLUMNS[name][0] == type_]
        return self.random.choice(found) if found else None

    def _set(self, more: Columns) -> None:
        self.columns = tuple((dict(self.columns) | dict(more)).items())

    # --- row by row ---

    def where(self) -> Operator:
        return tree.Where(self.draw().predicate(self.random.choice((1, 2, 3))))

    def extend(self) -> Operator:
        items = self._items(self.random.choice((1, 1, 2)))
        self._set(tuple((name, value.type) for name, value in items))
        return tree.Extend(items)

    def _items(self, count: int) -> tuple[Named, ...]:
        draw = self.draw()
        return tuple((self.fresh(), draw.expression(self.random.choice(_DRAWN), 2)) for _ in range(count))

    def project(self) -> Operator:
        kept = [c for c in self.columns if self.random.random() < 0.6 or c[0] in ("k", "n2")]
        items = (*((name, Col(type_, name)) for name, type_ in kept), *self._items(1))
        self.columns = tuple((name, value.type) for name, value in items)
        return tree.Project(tuple(items))

    def project_away(self) -> Operator | None:
        if len(self.columns) < 4:
            return None
        names = tuple(name for name, _ in self.random.sample(self.columns, 2))
        self.columns = tuple(c for c in self.columns if c[0] not in names)
        return tree.ProjectAway(names)

    def rename(self) -> Operator:
        old, new = self.random.choice(self.columns)[0], self.fresh()
        self.columns = tuple((new if name == old else name, type_) for name, type_ in self.columns)
        return tree.Rename(new, old)

    # --- groups ---

    def summarize(self) -> Operator | None:
        aggregates = [a for a in (self.aggregate() for _ in range(self.random.choice((1, 2, 3)))) if a is not None]
        groups = self._groups(self.random.choice((0, 1, 1, 2)))
        if not aggregates and not groups:
            return None
        self.columns = tuple((name, value.type) for name, value in groups)
        for item in aggregates:
            self.columns += ((item.name, item.type), *((name, value.type) for name, value in item.carried))
        return tree.Summarize(tuple(aggregates), groups)

    def _groups(self, count: int) -> tuple[Named, ...]:
        found: dict[str, Expr] = {}
        for _ in range(count):
            column = self.some(_KEYS)
            if column is None:
                continue
            if column.type == "datetime" and self.random.random() < 0.5:
                found[self.fresh()] = Call("datetime", "bin", (column, Lit("timespan", timedelta(days=1))))
            elif column.type == "string" and self.random.random() < 0.3:
                found[self.fresh()] = Call("string", "tolower", (column,))
            else:
                found[column.name] = column
        return tuple(found.items())

    def aggregate(self) -> Agg | None:
        kind = self.random.choices(list(_AGGREGATES), list(_AGGREGATES.values()))[0]
        return kind(self)

    def agg_count(self) -> Agg:
        if self.random.random() < 0.5:
            return Agg(self.fresh(), "long", "count")
        return Agg(self.fresh(), "long", "countif", (self.draw().predicate(1),))

    def agg_sum(self) -> Agg | None:
        column = self.some(_SUMMED)
        if column is None:
            return None
        name = self.random.choice(("sum", "avg", "avg", "sumif", "avgif"))
        if name.startswith("avg"):
            if column.name in ("n", "i"):  # their means are not exact in doubles
                return None
            type_ = column.type if column.type == "timespan" else "real"
        else:
            type_ = "long" if column.type == "int" else column.type
        condition = (self.draw().predicate(1),) if name.endswith("if") else ()
        return Agg(self.fresh(), type_, name, (column, *condition))

    def agg_extreme(self) -> Agg | None:
        column = self.some((*_ORDERED, "b"))
        if column is None:
            return None
        name = self.random.choice(("min", "max", "minif", "maxif"))
        condition = (self.draw().predicate(1),) if name.endswith("if") else ()
        return Agg(self.fresh(), column.type, name, (column, *condition))

    def agg_distinct(self) -> Agg | None:
        column = self.some((*_ORDERED, "b", "g"))
        name = self.random.choice(("dcount", "dcountif", "count_distinct"))
        condition = (self.draw().predicate(1),) if name == "dcountif" else ()
        return None if column is None else Agg(self.fresh(), "long", name, (column, *condition))

    def agg_collection(self) -> Agg | None:
        column = self.some((*_ORDERED, "b", "d", "g", "r"))
        if column is None:
            return None
        name = self.random.choice(("make_list", "make_set", "make_list_if", "make_set_if", "make_list_with_nulls"))
        more: tuple[Expr, ...] = (self.draw().predicate(1),) if name.endswith("if") else ()
        if not more and name != "make_list_with_nulls" and self.random.random() < 0.4:
            more = (Lit("long", self.random.choice((1, 2, 3))),)
        return Agg(self.fresh(), "dynamic", name, (column, *more))

    def agg_pick(self) -> Agg | None:
        if self.random.random() < 0.25:
            any_ = self.some((*_ORDERED, "b", "d", "g"))
            return None if any_ is None else Agg(self.fresh(), any_.type, "take_any", (any_,))
        column = self.some((*_ORDERED, "b"))
        if column is None:
            return None
        carried = tuple(
            (self.fresh(), Col(type_, name))
            for name, type_ in self.random.sample(self.columns, min(2, len(self.columns)))
        )
        return Agg(self.fresh(), column.type, self.random.choice(("arg_max", "arg_min")), (column,), carried)

    def agg_statistic(self) -> Agg | None:
        column = self.some(("n2", "r2"))
        if column is None:
            return None
        name = self.random.choice(("stdev", "variance", "stdevp", "variancep", "percentile", "percentile"))
        if name == "percentile":
            column = self.some(("n2", "r2", "n", "t", "p")) or column
            return Agg(
                self.fresh(), column.type, name, (column, Lit("long", self.random.choice((0, 25, 50, 75, 95, 100))))
            )
        return Agg(self.fresh(), "real", name, (column,))

    def agg_bits(self) -> Agg | None:
        column = self.some(("n", "n2"))
        name = self.random.choice(("binary_all_and", "binary_all_or", "binary_all_xor"))
        return None if column is None else Agg(self.fresh(), "long", name, (column,))

    def distinct(self) -> Operator | None:
        names = tuple(dict.fromkeys(c.name for c in (self.some(_KEYS) for _ in range(2)) if c is not None))
        self.columns = tuple((name, dict(self.columns)[name]) for name in names) or self.columns
        return tree.Distinct(names) if names else None

    def count(self) -> Operator:
        self.columns = (("Count", "long"),)
        return tree.Count()

    # --- order ---

    def key(self) -> Key:
        value: Expr | None = self.some((*_ORDERED, "b", "r", "g"))
        if value is None or self.random.random() < 0.2:
            value = self.draw().expression(self.random.choice(("long", "string", "datetime", "real")), 1)
            if isinstance(value, Lit):
                value = Call("long", "strlen", (self.draw().leaf("string"),))
        nulls = self.random.choice(("", "", "first", "last"))
        return Key(value, self.random.choice(("", "asc", "desc")), nulls)

    def sort(self) -> Operator:
        return tree.Sort(tuple(self.key() for _ in range(self.random.choice((1, 1, 2)))))

    def top(self) -> Operator:
        return tree.Top(self.random.choice((1, 2, 3, 5)), self.key())

    def take(self) -> Operator:
        return tree.Take(self.random.choice((1, 2, 4)))

    def windows(self) -> Operator:
        items = []
        for _ in range(self.random.choice((1, 2))):
            column = self.some((*_ORDERED, "b", "d")) or Col(self.columns[0][1], self.columns[0][0])
            offset = Lit("long", self.random.choice((0, 1, 2)))
            drawn = [
                tree.Win(self.fresh(), column.type, self.random.choice(("prev", "next")), (column,)),
                tree.Win(self.fresh(), column.type, self.random.choice(("prev", "next")), (column, offset)),
                tree.Win(self.fresh(), "long", "row_number"),
                tree.Win(self.fresh(), "long", "row_number", (Lit("long", self.random.choice((0, 5))),)),
            ]
            if (number := self.some(("n2", "r2"))) is not None:
                restart = (self.draw().predicate(1),) if self.random.random() < 0.4 else ()
                drawn += [tree.Win(self.fresh(), number.type, "row_cumsum", (number, *restart))] * 3
            items.append(self.random.choice(drawn))
        self._set(tuple((item.name, item.type) for item in items))
        return tree.Windows(tuple(items))

    # --- several tables ---

    def other(self) -> tuple[Pipeline, Columns]:
        """A table with few of its columns, perhaps filtered."""
        name = self.random.choice(list(self.tables))
        mine, self.columns = self.columns, self.tables[name].columns
        operators: list[Operator] = []
        if self.random.random() < 0.4:
            operators.append(self.where())
        kept = [c for c in self.columns if c[0] in ("k", "n2") or self.random.random() < 0.3]
        operators.append(tree.Project(tuple((c, Col(type_, c)) for c, type_ in kept)))
        self.columns = mine
        return Pipeline(name, tuple(operators)), tuple(kept)

    def join(self) -> Operator | None:
        right, theirs = self.other()
        on = self._shared(theirs)
        if not on:
            return None
        kind = self.random.choice(JOINS)
        if kind in ("leftsemi", "leftanti"):
            pass
        elif kind in ("rightsemi", "rightanti"):
            self.columns = theirs
        else:
            self._beside(theirs)
        return tree.Join(kind, right, on)

    def lookup(self) -> Operator | None:
        right, theirs = self.other()
        on = self._shared(theirs)
        if not on:
            return None
        self._beside(tuple(c for c in theirs if c[0] not in {key for _, key in on}))
        return tree.Lookup(self.random.choice(("", "leftouter", "inner")), right, on)

    def _shared(self, theirs: Columns) -> tuple[tuple[str, str], ...]:
        names = [name for name, type_ in self.columns if (name, type_) in theirs and name in _KEYS]
        self.random.shuffle(names)
        return tuple((name, name) for name in names[: self.random.choice((1, 1, 2))])

    def _beside(self, theirs: Columns) -> None:
        """Right columns whose name is taken: what they are called is the reference's affair, so they are not drawn."""
        self._set(tuple(c for c in theirs if c[0] not in dict(self.columns)))

    def union(self) -> Operator:
        legs = []
        merged = dict(self.columns)
        kind = self.random.choice(("", "", "outer", "inner"))
        for _ in range(self.random.choice((1, 2))):
            leg, columns = self.other()
            if any(merged.get(name, type_) != type_ for name, type_ in columns):
                continue
            legs.append(leg)
            if kind == "inner":
                merged = {name: type_ for name, type_ in merged.items() if name in dict(columns)}
            else:
                merged |= dict(columns)
        if not legs or not merged:
            return self.where()
        self.columns = tuple(merged.items())
        return tree.Union(tuple(legs), kind)

    def in_table(self) -> Operator | None:
        right, theirs = self.other()
        column = self.some(("k", "n2", "s", "t", "n"))
        if column is None or (column.name, column.type) not in theirs:
            return None
        names = ("in", "!in", "in~", "!in~") if column.type == "string" else ("in", "!in")
        query = right + tree.Project(((column.name, column),))
        return tree.Where(tree.InTable("bool", self.random.choice(names), column, query))

    def scalar_query(self) -> Operator | None:
        right, theirs = self.other()
        column = next((c for c in theirs if c[0] in ("n2", "n", "t")), None)
        if column is None:
            return None
        name, type_ = column
        agg = Agg("best", type_, self.random.choice(("min", "max")), (Col(type_, name),))
        value = tree.ToScalar(type_, right + tree.Summarize((agg,)))
        left = self.draw().leaf(type_)
        return tree.Where(Call("bool", self.random.choice(("<", "<=", "==", "!=", ">=")), (left, value)))

    # --- dynamic, text, series ---

    def expand(self) -> Operator | None:
        value = self.draw().column("dynamic")
        if value is None:
            return None
        name = self.fresh() if self.random.random() < 0.5 else value.name
        index = self.fresh() if self.random.random() < 0.3 else ""
        type_ = self.random.choice(("", "", "long", "string", "real", "bool"))
        self._set(((name, type_ or "dynamic"), *(((index, "long"),) if index else ())))
        return tree.Expand(name, value, type_, index, self.random.choice((0, 0, 0, 1, 2)))

    def apply(self) -> Operator | None:
        value = self.draw().column("dynamic")
        if value is None:
            return None
        name, type_ = self.fresh(), self.random.choice(("long", "string"))
        element = Col(type_, name)
        outer, self.columns = self.columns, (*self.columns, (name, type_))
        body: tuple[Operator, ...] = (self.where(),)
        match self.random.choice(("where", "top", "summarize")):
            case "top":
                body = (tree.Top(2, Key(element, self.random.choice(("asc", "desc")))),)
            case "summarize":
                body = (tree.Where(Call("bool", "isnotempty", (element,))), self._applied_sum(element))
        added: Columns = ((name, type_),)
        if isinstance(body[-1], tree.Summarize):
            added = tuple((agg.name, agg.type) for agg in body[-1].aggregates)
        self.columns = (*outer, *added)
        return tree.Apply(name, value, type_, body)

    def _applied_sum(self, element: Col) -> tree.Summarize:
        largest = Agg(self.fresh(), element.type, "max", (element,))
        return tree.Summarize((Agg(self.fresh(), "long", "count"), largest))

    def parse(self) -> Operator | None:
        first, second = self.fresh(), self.fresh()
        patterns: tuple[tuple[object, ...], ...] = (
            ("x=", (first, "long"), ";y=", (second, "string")),
            ("*", "=", (first, "string"), ";", "*"),
            ((first, "string"), " ", (second, "string")),
            ("*", ".", (first, "string")),
            ((first, "long"),),
            ("*", "a", (first, "string"), "b", (second, "string")),
            ((first, "string"), ".", (second, "real")),
        )
        pieces = self.random.choice(patterns)
        value = self.draw().column("string") or Lit("string", "x=1;y=2")
        self._set(tuple(piece for piece in pieces if isinstance(piece, tuple)))
        return tree.Parse(value, pieces, self.random.random() < 0.3)

    def series(self) -> Operator | None:
        axis = self.some(("t", "n2"))
        if axis is None:
            return None
        value = self.some(("n2", "r2"))
        if value is not None and value.name != axis.name and self.random.random() < 0.5:
            agg = Agg(self.fresh(), value.type, self.random.choice(("sum", "max")), (value,))
        else:
            agg = Agg(self.fresh(), "long", "count")
        if axis.type == "datetime":
            limits = (
                Lit("datetime", at(2023, 12, 31)),
                Lit("datetime", at(2024, 1, 4)),
                Lit("timespan", timedelta(days=1)),
            )
        else:
            limits = Lit("long", 0), Lit("long", 4), Lit("long", self.random.choice((1, 2)))
        group = self.some(("k", "b", "i"))
        groups = (group.name,) if group is not None and self.random.random() < 0.6 else ()
        default = Lit("long", 0) if agg.type == "long" else Lit("real", -1.5)
        self.columns = (*((g, dict(self.columns)[g]) for g in groups), (agg.name, "dynamic"), (axis.name, "dynamic"))
        return tree.MakeSeries(agg, default, axis.name, *limits, groups)


_AGGREGATES: Final[Mapping[Callable[[Pipelines], Agg | None], int]] = {
    Pipelines.agg_count: 4,
    Pipelines.agg_sum: 6,
    Pipelines.agg_extreme: 5,
    Pipelines.agg_distinct: 4,
    Pipelines.agg_collection: 6,
    Pipelines.agg_pick: 6,
    Pipelines.agg_statistic: 5,
    Pipelines.agg_bits: 2,
}
_OPERATORS: Final[Mapping[Callable[[Pipelines], Operator | None], int]] = {
    Pipelines.where: 14,
    Pipelines.extend: 10,
    Pipelines.project: 5,
    Pipelines.project_away: 2,
    Pipelines.rename: 2,
    Pipelines.summarize: 22,
    Pipelines.distinct: 3,
    Pipelines.count: 1,
    Pipelines.sort: 7,
    Pipelines.top: 6,
    Pipelines.take: 4,
    Pipelines.windows: 9,
    Pipelines.join: 16,
    Pipelines.lookup: 5,
    Pipelines.union: 6,
    Pipelines.in_table: 5,
    Pipelines.scalar_query: 3,
    Pipelines.expand: 8,
    Pipelines.apply: 6,
    Pipelines.parse: 7,
    Pipelines.series: 4,
}
