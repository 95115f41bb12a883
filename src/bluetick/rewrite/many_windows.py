"""One statement for many runs, each as of its own instant: the rows of all of them, with the run's instant beside each.

A row of a table is given to the windows that read it, by its time, and from there on the instant goes along: it is one
more key of every group, join and partition, and what now() and ago() are computed from. So a month of hourly runs reads
and groups the month once.

Exact because a run's rows meet only rows of the same instant, and so each run has the groups, joins and orders that it
has alone. What reads a long time and is grouped by count, sum, min or max is first grouped by stretches of time that no
window's end cuts; of whole numbers and times these make the same. What cannot be given to windows so, or only with many
copies of each row, is not done together.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bluetick.functions.registry import CATALOGUE
from bluetick.plan.column_use import columns_in
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, InTable, walk
from bluetick.plan.ranges import is_range
from bluetick.plan.rebuilding import with_expressions, with_inputs
from bluetick.plan.relations import (
    Aggregate,
    Binding,
    Computed,
    Expand,
    Filter,
    Join,
    JoinKind,
    Limit,
    Project,
    PythonOperator,
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
    expressions,
    inputs,
)
from bluetick.plan.traversal import queries_in
from bluetick.rewrite.fresh import FreshColumns, fresh_for, over
from bluetick.rewrite.inlined_lets import nodes_of
from bluetick.rewrite.kept_parts import MOVING, conjuncts
from bluetick.rewrite.window_queries import Queries
from bluetick.rewrite.window_rows import Asked, Lifted, NotTogetherError, Rows, Spreading, Timed, Windows, as_of
from bluetick.types import Type

_RIGHT_KINDS = frozenset({JoinKind.RIGHTOUTER, JoinKind.RIGHTSEMI, JoinKind.RIGHTANTI})
_SEMI_KINDS = frozenset({JoinKind.LEFTSEMI, JoinKind.LEFTANTI, JoinKind.RIGHTSEMI, JoinKind.RIGHTANTI})


def in_one_pass(statement: TabularStatement, windows: Windows) -> TabularStatement:
    """The rows of all windows in their order, the first window's first: a first column with the window's instant, then
    the statement's. Tables are read without a time scope. NotTogetherError where that cannot be, or does not pay."""
    if statement.assertions:
        raise NotTogetherError("an assertion is of one run")
    lifting = _Lifting(Spreading(windows, fresh_for(nodes_of(statement))))
    try:
        rows = lifting.rows(statement.relation)
    except RecursionError:
        raise NotTogetherError("the plan is too deep") from None
    if rows.window is None:
        raise NotTogetherError("every run gives the same")
    columns = statement.relation.columns
    own = lifting.fresh.column("window", Type.DATETIME)
    items = ((own, ColumnRef(rows.window)), *((lifting.fresh.column(c.name, c.type), ColumnRef(c)) for c in columns))
    relation = Sort(Project(rows.relation, tuple(items)), (SortKey(ColumnRef(own), False, False),))
    return TabularStatement(statement.name, relation)


@dataclass(slots=True)
class _Lifting:
    """Makes nodes anew for all windows, each once. A node has the columns that it had, under the same identities, and
    others that are the same for all rows of a window, or that it gives an order to."""

    spreading: Spreading
    done: dict[int, tuple[Relation, Lifted]] = field(default_factory=dict)  # by the node's id; the node stays alive
    bindings: dict[int, tuple[Binding, Lifted]] = field(default_factory=dict)
    same: dict[int, bool] = field(default_factory=dict)  # by the node's id
    queries: Queries = field(init=False)

    def __post_init__(self) -> None:
        self.queries = Queries(self.rows, self.fresh)

    @property
    def fresh(self) -> FreshColumns:
        return self.spreading.fresh

    def rows(self, node: Relation) -> Rows:
        """With its rows given to their windows."""
        found = self._lifted(node)
        if isinstance(found, Timed):
            found = self.spreading.spread(found)
        self.done[id(node)] = (node, found)
        return found

    def _lifted(self, node: Relation) -> Lifted:
        if id(node) not in self.done:
            self.done[id(node)] = (node, Rows(node, None) if self._is_same(node) else self._anew(node))
        return self.done[id(node)][1]

    def _anew(self, node: Relation) -> Lifted:  # noqa: C901, PLR0911, PLR0912 - one match over all nodes
        match node:
            case Scan(time_column=Column() as time):
                lookback = self.spreading.windows.lookback
                zero = 0 * self.spreading.windows.step
                return Timed(node, time, None if lookback is None else -lookback, zero)
            case Filter():
                return self._filter(node)
            case Project():
                return self._project(node)
            case Aggregate():
                return self._aggregate(node)
            case Join():
                return self._join(node)
            case Union():
                return self._union(node)
            case Reference():
                return self._reference(node)
            case Values() if len(node.rows) == 1:
                return self._row(node)
            case Expand() | Computed():
                below = self._lifted(node.input)
                if isinstance(below, Timed) and not any(map(self._is_moving, expressions(node))):
                    return replace(below, relation=replace(node, input=below.relation))
                return self._passed(node)
            case Sort() | Serialize():
                return self._passed(node)
            case Limit() | Window() | PythonOperator():
                return self._partitioned(node)
            case _:
                raise NotTogetherError(f"{type(node).__name__} is of one run")

    def _is_same(self, node: Relation) -> bool:
        """Whether it has the same rows in every run."""
        if id(node) not in self.same:
            is_timed = isinstance(node, Scan) and node.time_column is not None
            is_own = not is_timed and not any(self._is_moving(expr) for expr in expressions(node))
            self.same[id(node)] = is_own and all(self._is_same(below) for below in inputs(node))
        return self.same[id(node)]

    def _is_moving(self, expr: Expr) -> bool:
        """Whether it may give something else in another run."""
        if any(_is_now(part) for part in walk(expr)):
            return True
        return any(not self._is_same(one.relation) for one in queries_in(expr))

    # --- nodes that pass rows on ---

    def _passed(self, node: Sort | Serialize | Expand | Computed) -> Rows:
        below = self.rows(node.input)
        return self._over(replace(node, input=below.relation), below)

    def _row(self, node: Values) -> Rows:
        """One row, in each window."""
        every = self.spreading.every()
        return self._over(Project(every.relation, tuple(zip(node.columns, node.rows[0], strict=True))), every)

    def _partitioned(self, node: Limit | Window | PythonOperator) -> Rows:
        below = self.rows(node.input)
        own = () if below.window is None else (below.window,)
        return self._over(replace(node, input=below.relation, partition=(*own, *node.partition)), below)

    def _over(self, node: Relation, below: Rows) -> Rows:
        """A node over rows, with the window's instant for now() in its expressions; a projection passes the window
        on."""
        exprs: Sequence[Expr] = expressions(node)
        if any(self._is_moving(expr) for expr in exprs):
            if below.window is None and isinstance(below.relation, Values) and len(below.relation.rows) == 1:
                below = self._row(below.relation)
                node = with_inputs(node, [below.relation])
            window = below.window
            if window is None:
                raise NotTogetherError("rows that are the same in every run have an order")
            if isinstance(node, Filter | Project):
                below, exprs = self.queries.joined(below, exprs)
                node = replace(node, input=below.relation)
            node = with_expressions(node, [self._as_of(expr, window) for expr in exprs])
        if isinstance(node, Project) and below.window is not None:
            window = self.fresh.column("window", Type.DATETIME)
            return Rows(Project(node.input, (*node.items, (window, ColumnRef(below.window)))), window)
        return Rows(node, below.window)

    def _as_of(self, expr: Expr, window: Column) -> Expr:
        if any(not self._is_same(query.relation) for query in queries_in(expr)):
            raise NotTogetherError("an expression asks for rows of its run")
        return as_of(expr, window)

    def _filter(self, node: Filter) -> Lifted:
        below = self._lifted(node.input)
        predicates = list(conjuncts(node.predicates))
        lasting = tuple(one for one in predicates if not self._is_moving(one))
        moving = [one for one in predicates if self._is_moving(one)]
        if lasting:
            below = replace(below, relation=Filter(below.relation, lasting))
        looked_up = [one for one in moving if isinstance(one, InTable) and not self._is_same(one.relation)]
        left = []
        for one in (one for one in moving if one not in looked_up):
            cut = self._cut(below, one)
            below = cut or below
            left += [] if cut else [one]
        for one in looked_up:
            below = self._looked_up(below, one)
        if not left:
            return below
        rows = self._given(below)
        return self._over(Filter(rows.relation, tuple(left)), rows)

    def _cut(self, below: Lifted, predicate: Expr) -> Timed | None:
        if not isinstance(below, Timed) or not is_range(predicate, below.time):
            return None
        return self.spreading.narrowed(below, predicate)

    def _looked_up(self, below: Lifted, one: InTable) -> Lifted:
        """`in (table)` as the join that it is: strings have no null, and of other types a null is in no table."""
        right, (column, *_) = one.relation, one.relation.columns
        key: Expr = ColumnRef(column)
        if column.type is not Type.STRING:
            right = Filter(right, (Call(CATALOGUE.scalars["isnotnull"], (key,), Type.BOOL),))
        value = one.value
        if one.fold:
            key, value = (Call(CATALOGUE.scalars["tolower"], (side,), Type.STRING) for side in (key, value))
        kind = JoinKind.LEFTANTI if one.negated else JoinKind.LEFTSEMI
        items = tuple((column, column) for column in below.relation.columns)
        return self._joined(Join(kind, below.relation, right, ((value, key),), items, ()), below, self._lifted(right))

    def _project(self, node: Project) -> Lifted:
        below = self._lifted(node.input)
        if isinstance(below, Rows) or any(self._is_moving(expr) for _, expr in node.items):
            rows = self._given(below)
            return self._over(replace(node, input=rows.relation), rows)
        names = {expr.column.id: ColumnRef(column) for column, expr in node.items if isinstance(expr, ColumnRef)}
        asked = _renamed(below.asked, names)
        if asked is None:
            rows = self._given(below)
            return self._over(replace(node, input=rows.relation), rows)
        time = self.fresh.column(below.time.name, Type.DATETIME)
        made = Project(below.relation, (*node.items, (time, ColumnRef(below.time))))
        return replace(below, relation=made, time=time, asked=asked)

    def _given(self, below: Lifted) -> Rows:
        return self.spreading.spread(below) if isinstance(below, Timed) else below

    # --- nodes that bring rows together ---

    def _aggregate(self, node: Aggregate) -> Rows:
        below = self._lifted(node.input)
        is_moving = any(self._is_moving(expr) for expr in expressions(node))
        if isinstance(below, Timed) and not is_moving and self.spreading.copies(below) > 1:
            found = self.spreading.merged(node, below)
            if found is not None:
                return found
        rows = self._given(below)
        made = self._over(replace(node, input=rows.relation), rows).relation
        if not isinstance(made, Aggregate):
            raise AssertionError("it is the aggregate itself")
        return self.spreading.grouped(made, rows)

    def _join(self, node: Join) -> Lifted:
        return self._joined(node, self._lifted(node.left), self._lifted(node.right))

    def _joined(self, node: Join, left: Lifted, right: Lifted) -> Lifted:
        """The join of sides that are lifted."""
        if any(self._is_moving(side) for pair in node.keys for side in pair):
            raise NotTogetherError("a join's key is of one run")
        if node.kind is JoinKind.LEFTSEMI and isinstance(left, Timed):
            found = self._asked(node, left, self._given(right))
            if found is not None:
                return found
        sides = self._sides(node.kind, self._given(left), self._given(right))
        return self._with_window(node, *sides)

    def _asked(self, node: Join, left: Timed, right: Rows) -> Timed | None:
        """A semi-join of rows that are not given to windows yet: those go that no window's keys ask for at their
        time."""
        kept = tuple((out, column) for out, column in node.left_items)
        names = {column.id: ColumnRef(out) for out, column in kept}
        asked = _renamed(left.asked, names)
        own = [over(mine, names) for mine, _ in node.keys]
        if asked is None or not set(columns_in(mine for mine, _ in node.keys)) <= set(names):
            return None
        time = self.fresh.column(left.time.name, Type.DATETIME)
        items = (*kept, (time, left.time))
        if right.window is None:
            met = Join(node.kind, left.relation, right.relation, node.keys, items, ())
            return replace(left, relation=met, time=time, asked=asked)
        groups = tuple((self.fresh.column("key", key.type), key) for _, key in node.keys)
        window = self.fresh.column("window", Type.DATETIME)
        binding = Binding("asked", Aggregate(right.relation, (*groups, (window, ColumnRef(right.window))), ()))
        made = self.spreading.reduced(replace(node, left=left.relation), replace(left, time=time), items, binding)
        one = Asked(binding, tuple(zip(own, (column for column, _ in groups), strict=True)), window)
        return replace(left, relation=made, time=time, asked=(*asked, one))

    def _sides(self, kind: JoinKind, left: Rows, right: Rows) -> tuple[Rows, Rows]:
        """With a window on each side that the join's own rows need one of."""
        if left.window is not None and right.window is not None:
            return left, right
        kept = right if kind in _RIGHT_KINDS else left
        is_whole = kept.window is not None and kind not in (JoinKind.FULLOUTER, JoinKind.INNERUNIQUE)
        if kind is JoinKind.INNER or is_whole:
            return left, right
        if kept.window is None and kind in _SEMI_KINDS:
            raise NotTogetherError("rows that are the same in every run have an order")
        return self._crossed(left), self._crossed(right)

    def _crossed(self, side: Rows) -> Rows:
        return self.spreading.crossed(side.relation) if side.window is None else side

    def _with_window(self, node: Join, left: Rows, right: Rows) -> Rows:
        keys = node.keys
        if left.window is not None and right.window is not None:
            keys = ((ColumnRef(left.window), ColumnRef(right.window)), *keys)
        mine = left.window if node.kind not in _RIGHT_KINDS else None
        theirs = right.window if mine is None or node.kind is JoinKind.FULLOUTER else None
        window = self.fresh.column("window", Type.DATETIME)
        other = self.fresh.column("window", Type.DATETIME) if mine is not None else window
        lefts = (*node.left_items, *(() if mine is None else ((window, mine),)))
        rights = (*node.right_items, *(() if theirs is None else ((other, theirs),)))
        made = Join(node.kind, left.relation, right.relation, keys, lefts, rights, node.span)
        if mine is None or theirs is None:
            return Rows(made, window)
        either = Call(CATALOGUE.scalars["coalesce"], (ColumnRef(window), ColumnRef(other)), Type.DATETIME)
        whole = self.fresh.column("window", Type.DATETIME)
        items = tuple((column, ColumnRef(column)) for column in node.columns)
        return Rows(Project(made, (*items, (whole, either))), whole)

    def _union(self, node: Union) -> Rows:
        legs: list[tuple[Relation, tuple[Expr, ...]]] = []
        for leg, exprs in node.legs:
            rows = self._crossed(self.rows(leg))
            if rows.window is None:
                raise AssertionError("rows that were crossed have a window")
            window = rows.window
            own = [self._as_of(expr, window) if self._is_moving(expr) else expr for expr in exprs]
            legs.append((rows.relation, (*own, ColumnRef(window))))
        window = self.fresh.column("window", Type.DATETIME)
        return Rows(Union((*node.columns, window), tuple(legs)), window)

    def _reference(self, node: Reference) -> Lifted:
        binding = node.binding
        if id(binding) not in self.bindings:
            found = self._lifted(binding.relation)
            if isinstance(found, Timed) and found.asked:
                found = self.rows(binding.relation)
            self.bindings[id(binding)] = (replace(binding, relation=found.relation), found)
        made, lifted = self.bindings[id(binding)]
        outer = {inner.id: column for inner, column in zip(binding.relation.columns, node.columns, strict=True)}
        columns = tuple(
            outer.get(column.id) or self.fresh.column(column.name, column.type) for column in made.relation.columns
        )
        now = {column.id: mine for column, mine in zip(made.relation.columns, columns, strict=True)}
        reference = Reference(made, columns)
        if isinstance(lifted, Timed):
            return replace(lifted, relation=reference, time=now[lifted.time.id])
        return Rows(reference, None if lifted.window is None else now[lifted.window.id])


def _is_now(part: Expr) -> bool:
    return isinstance(part, Call) and part.function.name in MOVING


def _renamed(asked: Sequence[Asked], names: dict[int, ColumnRef]) -> tuple[Asked, ...] | None:
    """What is asked, over columns under other names; None where one of them is gone."""
    exprs: Iterable[Expr] = (expr for one in asked for expr, _ in one.keys)
    if not set(columns_in(exprs)) <= set(names):
        return None
    return tuple(replace(one, keys=tuple((over(expr, dict(names)), key) for expr, key in one.keys)) for one in asked)
