"""scan: records matched against steps, each of which remembers what it has matched.

https://learn.microsoft.com/kusto/query/scan-operator
What refers to the record alone is computed by the engine, in columns of its own; only what refers to a step's state is
left to Python.
"""

from dataclasses import dataclass, field, replace

from bluetick.binder.calls import promote
from bluetick.binder.expressions import MAX_CHAIN, bind_predicate
from bluetick.binder.operators.ordering import sort_keys
from bluetick.binder.operators.sources import as_cell, declared_columns
from bluetick.binder.operators.windows import is_serialized
from bluetick.binder.scope import Env, Row
from bluetick.diagnostics import Span, codes
from bluetick.plan.evaluation import unknown_part
from bluetick.plan.expressions import Call, Column, ColumnRef, Expr, Invalid, Literal, Promote, walk
from bluetick.plan.relations import Project, PythonOperator, Relation, Sort
from bluetick.plan.scan_steps import ScanStep, ScanSteps, StepOutput
from bluetick.syntax import operators as syntax
from bluetick.syntax.expressions import NamedExpression, NameReference
from bluetick.types import NUMBER, Type, common

_OUTPUTS = {output.value: output for output in StepOutput}


@dataclass(slots=True)
class _Binding:
    """One scan while it is bound. `added` and `record` are by name: the columns that steps fill, and all of a record.

    `sources` says for a column of the state (by id) which column of the record fills it.
    """

    env: Env
    rows: Relation
    declared: dict[str, tuple[Column, Expr]]
    added: dict[str, tuple[Column, Expr]]
    record: dict[str, Column]
    states: dict[str, dict[str, Column]] = field(default_factory=dict)
    sources: dict[int, Column] = field(default_factory=dict)
    computed: list[tuple[Column, Expr]] = field(default_factory=list)


def bind_scan(env: Env, node: syntax.ScanOperator, rows: Relation) -> Relation | None:
    """The record's columns, then the declared ones, then the number of the match where it is asked for."""
    if not _is_known_form(env, node):
        return None
    keys = sort_keys(env, node.order_by, rows)
    partition = _partition(env, node, rows)
    if keys is None or partition is None:
        return None
    rows = Sort(rows, keys) if keys else rows
    if not is_serialized(rows):
        env.report(codes.not_serialized(node.span, "scan"))
        return None
    match_id = _match_id(env, node)
    declared = _declared(env, node, [c.name for c in rows.columns])
    added = None if declared is None else _assigned(env, node, rows, declared)
    if declared is None or added is None:
        return None
    names = {**{c.name: c for c in rows.columns}, **{name: column for name, (column, _) in added.items()}}
    if match_id is not None and match_id.name in names:
        env.report(codes.duplicate_column(node.span, match_id.name))
        return None
    binding = _Binding(env, rows, declared, added, names)
    steps = [_bind_step(binding, step) for step in node.steps]
    done = [step for step in steps if step is not None]
    return _relation(binding, done, match_id, partition) if len(done) == len(steps) else None


def _partition(env: Env, node: syntax.ScanOperator, rows: Relation) -> tuple[Column, ...] | None:
    """The columns after `partition by`: the rows of each of their values go through the steps by themselves."""
    found: list[Column] = []
    for item in node.partition_by:
        value = env.over(rows).expression(item)
        if isinstance(value, Invalid):
            return None
        if not isinstance(value, ColumnRef) or value.type is Type.DYNAMIC:
            what = "scan's partition by anything but a column that is not dynamic"
            env.report(codes.form_not_supported(item.span, what, "extend a column with it before"))
            return None
        found.append(value.column)
    return tuple(found)


def _is_known_form(env: Env, node: syntax.ScanOperator) -> bool:
    for parameter in node.parameters:
        if parameter.name != "with_match_id":
            env.report(codes.form_not_supported(parameter.span, f"scan with '{parameter.name}'"))
            return False
    if not node.steps:
        env.report(codes.bad_argument(node.span, "scan", "it needs a step"))
        return False
    return all(_is_known_step(env, node, place) for place in range(len(node.steps)))


def _is_known_step(env: Env, node: syntax.ScanOperator, place: int) -> bool:
    step = node.steps[place]
    if step.optional:
        env.report(codes.form_not_supported(step.span, "an optional step"))
        return False
    if step.output is not None and step.output not in _OUTPUTS:
        env.report(codes.bad_parameter(step.span, "output", ", ".join(_OUTPUTS)))
        return False
    if any(other.name.text == step.name.text for other in node.steps[:place]):
        env.report(codes.bad_argument(step.name.span, "scan", f"two steps are named '{step.name.text}'"))
        return False
    return True


def _match_id(env: Env, node: syntax.ScanOperator) -> Column | None:
    value = next((p.value for p in node.parameters), None)
    return env.state.column(value.name, Type.LONG) if isinstance(value, NameReference) else None


def _null(type_: Type) -> Literal:
    return Literal("" if type_ is Type.STRING else None, type_)


def _declared(env: Env, node: syntax.ScanOperator, taken: list[str]) -> dict[str, tuple[Column, Expr]] | None:
    """The declared columns with their defaults."""
    columns = declared_columns(env, tuple(declaration for declaration, _ in node.declarations))
    if columns is None:
        return None
    found: dict[str, tuple[Column, Expr]] = {}
    for column, (declaration, written) in zip(columns, node.declarations, strict=True):
        if column.name in taken:
            env.report(codes.duplicate_column(declaration.span, column.name))
            return None
        default = _null(column.type) if written is None else env.without_row().expression(written)
        if isinstance(default, Invalid):
            return None
        cell = as_cell(default, column.type)
        if not isinstance(cell, Literal):
            env.report(codes.constant_expected(declaration.span, f"the default of '{column.name}', of its type,"))
            return None
        found[column.name] = (column, cell)
    return found


def _assigned(
    env: Env, node: syntax.ScanOperator, rows: Relation, declared: dict[str, tuple[Column, Expr]]
) -> dict[str, tuple[Column, Expr]] | None:
    """What the steps may fill: the declared columns, and those of the rows that a step assigns anew."""
    added = dict(declared)
    known = {c.name: c for c in rows.columns}
    for item in (item for step in node.steps for item in step.assignments):
        if len(item.names) != 1 or item.tuple_form:
            env.report(codes.form_not_supported(item.span, "an assignment that does not name one column"))
            return None
        name = item.names[0].text
        if name not in added:
            if name not in known:
                env.report(codes.unresolved_column(item.names[0].span, name, (*known, *declared)))
                return None
            added[name] = (env.state.column(name, known[name].type), ColumnRef(known[name]))
        if added[name][0].type is Type.DECIMAL:
            env.report(codes.form_not_supported(item.span, "a step's assignment to a column of type decimal"))
            return None
    return added


# --- steps -----------------------------------------------------------------------------------------------------------


def _bind_step(scan: _Binding, step: syntax.ScanStep) -> ScanStep | None:
    """A step sees the state of the steps before it and its own."""
    fresh = scan.env.state.column
    state = scan.states[step.name.text] = {name: fresh(name, c.type) for name, c in scan.record.items()}
    scan.sources.update({state[name].id: c for name, c in scan.record.items()})
    visible = {c.name: c for c in scan.rows.columns} | {name: column for name, (column, _) in scan.declared.items()}
    here = scan.env.with_row(Row(visible, dict(scan.states)))
    condition = _prepared(scan, bind_predicate(here, step.condition, "the condition of a step"), step.condition.span)
    assignments = [_bind_assignment(scan, here, item) for item in step.assignments]
    done = [item for item in assignments if item is not None]
    if condition is None or len(done) < len(assignments):
        return None
    names = [column.name for column, _ in done]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        scan.env.report(codes.duplicate_column(step.span, twice))
        return None
    output = _OUTPUTS[step.output or StepOutput.ALL.value]
    return ScanStep(step.name.text, output, condition, tuple(done), ())


def _bind_assignment(scan: _Binding, here: Env, item: NamedExpression) -> tuple[Column, Expr] | None:
    column, _ = scan.added[item.names[0].text]
    bound = here.expression(item.value)
    if isinstance(bound, Invalid):
        return None
    value = _as_type(bound, column.type)
    if value is None:
        what = f"the value of column '{column.name}'"
        here.report(codes.wrong_type(item.value.span, what, str(column.type), str(bound.type)))
        return None
    prepared = _prepared(scan, value, item.value.span)
    return None if prepared is None else (column, prepared)


def _as_type(value: Expr, wanted: Type) -> Expr | None:
    """The value as a column's type, where nothing is lost."""
    if isinstance(value, Literal):
        return as_cell(value, wanted)
    if value.type is wanted or wanted is Type.DYNAMIC:
        return promote(value, wanted)
    is_wider = {value.type, wanted} <= set(NUMBER) and common((value.type, wanted)) is wanted
    return promote(value, wanted) if is_wider else None


def _prepared(scan: _Binding, expr: Expr, span: Span) -> Expr | None:
    """The expression with all that is of the record alone in columns of its own; None once reported."""
    if isinstance(expr, Invalid):
        return None
    declared = {column.id: column for column, _ in scan.declared.values()}
    bare = next((p.column for p in walk(expr) if isinstance(p, ColumnRef) and p.column.id in declared), None)
    if bare is not None:
        what = f"the declared column '{bare.name}' without a step"
        hint = f"write step.{bare.name} for its value in the state of that step"
        scan.env.report(codes.form_not_supported(span, what, hint))
        return None
    if _depth(expr) > MAX_CHAIN:
        scan.env.report(codes.too_deep(span, MAX_CHAIN))
        return None
    prepared = _lifted(scan, expr)
    unknown = unknown_part(prepared)
    if unknown:
        hint = (
            "only simple comparisons, arithmetic and text tests may refer to a step; convert types in an extend before"
        )
        scan.env.report(codes.form_not_supported(span, f"{unknown} beside the state of a step of scan", hint))
        return None
    return prepared


def _of_state(scan: _Binding, expr: Expr) -> bool:
    return any(isinstance(part, ColumnRef) and part.column.id in scan.sources for part in walk(expr))


def _depth(expr: Expr) -> int:
    """How deep the expression nests, without recursion."""
    deepest, pending = 0, [(expr, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        inner = node.args if isinstance(node, Call) else (node.value,) if isinstance(node, Promote) else ()
        pending.extend((part, depth + 1) for part in inner)
    return deepest


def _lifted(scan: _Binding, expr: Expr) -> Expr:
    if isinstance(expr, Literal | ColumnRef):
        return expr
    if not _of_state(scan, expr):
        column = scan.env.state.column("scan_value", expr.type)
        scan.computed.append((column, expr))
        return ColumnRef(column)
    match expr:
        case Call(args=args):
            return replace(expr, args=tuple(_lifted(scan, arg) for arg in args))
        case Promote(value=value):
            return replace(expr, value=_lifted(scan, value))
        case _:
            return expr


# --- the node --------------------------------------------------------------------------------------------------------


def _relation(
    scan: _Binding, steps: list[ScanStep], match_id: Column | None, partition: tuple[Column, ...]
) -> Relation:
    """Only what is referred to is read and remembered."""
    values = [e for step in steps for e in (step.condition, *(value for _, value in step.assignments))]
    values += [default for _, default in scan.added.values()]
    used = {part.column.id: part.column for e in values for part in walk(e) if isinstance(part, ColumnRef)}
    held = [tuple(c for c in scan.states[step.name].values() if c.id in used) for step in steps]
    filled = tuple(
        replace(step, held=tuple((c, scan.sources[c.id]) for c in columns))
        for step, columns in zip(steps, held, strict=True)
    )
    sources = {scan.sources[c.id].id for columns in held for c in columns}
    kept = tuple((c, ColumnRef(c)) for c in scan.rows.columns)
    base = Project(scan.rows, (*kept, *scan.computed)) if scan.computed else scan.rows
    reads = tuple(c for c in base.columns if c.id in used or c.id in sources)
    empty = tuple((c, _empty(scan, c)) for columns in held for c in columns)
    operator = ScanSteps(filled, tuple(scan.added.values()), empty, match_id)
    output = (*scan.record.values(), *(() if match_id is None else (match_id,)))
    node = PythonOperator(base, operator, reads, partition)
    return node if node.columns == output else Project(node, tuple((c, ColumnRef(c)) for c in output))


def _empty(scan: _Binding, column: Column) -> Expr:
    """What a column of the state is while its step has matched nothing: the declared default, or null."""
    declared = scan.declared.get(column.name)
    return _null(column.type) if declared is None else declared[1]
