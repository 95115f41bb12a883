"""graph-match and graph-shortest-paths.

https://learn.microsoft.com/kusto/query/graph-match-operator
https://learn.microsoft.com/kusto/query/graph-shortest-paths-operator
"""

from bluetick.binder.expressions import bind_predicate
from bluetick.binder.names import Names, own_name
from bluetick.binder.operators.graphs.matching import Matching
from bluetick.binder.operators.graphs.mentions import DEGREES, Mentions, conjuncts, mentions
from bluetick.binder.operators.graphs.shape import NodeVariable, PathVariable, shape_of
from bluetick.binder.operators.join import word
from bluetick.binder.scope import Env
from bluetick.diagnostics import Span, codes
from bluetick.plan.expressions import Column, ColumnRef, Expr, Invalid, walk
from bluetick.plan.graph import Graph
from bluetick.plan.graph_paths import ShortestPaths
from bluetick.plan.graph_pattern import Cycles
from bluetick.plan.graph_search import GraphMatch
from bluetick.plan.relations import Filter, Project, Relation
from bluetick.syntax.expressions import Argument, CallExpression, Expression, Name, NamedExpression, NameReference
from bluetick.syntax.graph import GraphMatchOperator, PatternEdge

_OPTIONS = {"graph-match": ("cycles",), "graph-shortest-paths": ("output", "cycles")}
_VALUES = {"cycles": tuple(c.value for c in Cycles), "output": ("any", "all")}


def bind_graph_match(env: Env, node: GraphMatchOperator, graph: Graph) -> Relation | None:
    options = _options(env, node)
    if options is None or not _is_known_form(env, node):
        return None
    outside = env.without_row()
    shape = shape_of(outside, graph, node)
    if shape is None:
        return None
    work = Matching(outside, shape)
    left = _conditions(work, node.predicate)
    items = _items(work, node.items or ())
    if left is None or items is None:
        return None
    wanted = [*(expr for expr, _ in left), *(expr for _, expr in items)]
    if node.keyword == "graph-match":
        relation = work.relation(wanted, [expr for expr, _ in left], options[0], GraphMatch)
    elif _is_of_ends(work, left):
        relation = work.relation(wanted, (), options[0], lambda pattern: ShortestPaths(pattern, options[1]))
    else:
        return None
    if left:
        relation = Filter(relation, tuple(expr for expr, _ in left), tuple(span for _, span in left))
    return Project(relation, tuple(items))


def _options(env: Env, node: GraphMatchOperator) -> tuple[Cycles, bool] | None:
    """cycles=, and whether output= of graph-shortest-paths asks for all."""
    values = {"cycles": Cycles.UNIQUE_EDGES.value, "output": "any"}
    for parameter in node.parameters:
        name, value = parameter.name, word(parameter)
        if name not in _OPTIONS[node.keyword]:
            env.report(codes.form_not_supported(parameter.span, f"{node.keyword} with '{name}'"))
            return None
        if value not in _VALUES[name]:
            env.report(codes.bad_parameter(parameter.span, name, ", ".join(_VALUES[name])))
            return None
        values[name] = value
    return Cycles(values["cycles"]), values["output"] == "all"


def _is_known_form(env: Env, node: GraphMatchOperator) -> bool:
    if node.items is None:
        env.report(codes.form_not_supported(node.span, f"{node.keyword} without project"))
        return False
    if node.keyword == "graph-match":
        return True
    if len(node.sequences) > 1:
        env.report(codes.bad_pattern(node.span, "the pattern of graph-shortest-paths is one sequence"))
        return False
    edges = [element for element in node.sequences[0].elements if isinstance(element, PatternEdge)]
    if all(edge.least is None for edge in edges):
        env.report(codes.bad_pattern(node.span, "graph-shortest-paths needs an edge of variable length"))
        return False
    return True


# --- conditions ------------------------------------------------------------------------------------------------------


def _conditions(work: Matching, predicate: Expression | None) -> list[tuple[Expr, Span]] | None:
    """Gives each condition to what it is about; those that only a whole match can answer come back."""
    left: list[tuple[Expr, Span]] = []
    here = work.row()
    parts = conjuncts(predicate) if predicate is not None else []
    done = [_condition(work, here, part, left) for part in parts]
    return left if all(done) else None


def _condition(work: Matching, here: Env, part: Expression, left: list[tuple[Expr, Span]]) -> bool:
    """One condition; False once reported."""
    found = mentions(part, work.shape.variables)
    path = _only_path(work, found)
    if path is not None:
        return work.require(here, _call("all", path, part))
    is_test = isinstance(part, CallExpression) and found.quantifiers == [part] and part.name.text != "map"
    if isinstance(part, CallExpression) and is_test and not work.is_beside(part):
        return work.require(here, part)
    path = _path_beside(work, found)
    if (path is None and _mixes_path(work, part, found)) or _names_whole(work, part, found):
        return False
    asked = part if path is None else _call("all", path, part)
    bound = bind_predicate(here, asked, "the condition of a pattern")
    if isinstance(bound, Invalid):
        return False
    if len(found.names) == 1 and not found.quantifiers and not found.wholes:
        work.conditions.setdefault(next(iter(found.names)), []).append((bound, part.span))
    else:
        left.append((bound, part.span))
    return True


def _path_beside(work: Matching, found: Mentions) -> str | None:
    """The one edge of variable length that is named beside single nodes and edges."""
    paths = [name for name in found.names if isinstance(work.shape.variables[name], PathVariable)]
    return paths[0] if len(paths) == 1 and not found.quantifiers and not found.wholes else None


def _only_path(work: Matching, found: Mentions) -> str | None:
    """The edge of variable length that alone is named."""
    if len(found.names) != 1 or found.quantifiers or found.wholes:
        return None
    name = next(iter(found.names))
    return name if isinstance(work.shape.variables[name], PathVariable) else None


def _mixes_path(work: Matching, node: Expression, found: Mentions) -> bool:
    """Whether a path's elements are named beside something else, once that is reported."""
    path = next((n for n in sorted(found.names) if isinstance(work.shape.variables[n], PathVariable)), None)
    if path is None:
        return False
    what = f"an expression over the elements of '{path}' and something else"
    work.env.report(codes.form_not_supported(node.span, what, f"map({path}, ...) gives their values as an array"))
    return True


def _call(function: str, path: str, value: Expression) -> CallExpression:
    """function(path, value), as if it were written so."""
    arguments = (Argument(value.span, NameReference(value.span, path)), Argument(value.span, value))
    return CallExpression(value.span, Name(value.span, function), arguments)


def _is_of_ends(work: Matching, left: list[tuple[Expr, Span]]) -> bool:
    """Whether the conditions are about the first and last node only: then they choose pairs, not paths among them."""
    ends = {work.shape.edges[0].left, work.shape.edges[-1].right}
    known: set[int] = set()
    for variable in work.shape.variables.values():
        if isinstance(variable, NodeVariable) and variable.slot in ends:
            known |= {column.id for column in variable.element.columns}
    for expr, span in left:
        if any(isinstance(part, ColumnRef) and part.column.id not in known for part in walk(expr)):
            what = "a condition of graph-shortest-paths over several elements that are not the two ends"
            work.env.report(codes.form_not_supported(span, what))
            return False
    return True


# --- columns ---------------------------------------------------------------------------------------------------------


def _items(work: Matching, items: tuple[NamedExpression, ...]) -> list[tuple[Column, Expr]] | None:
    here = work.row()
    names = Names()
    done: list[tuple[Column, Expr]] = []
    for item in items:
        value = _value(work, here, item.value)
        name = None if isinstance(value, Invalid) else _name(here, item, value, names)
        if name is not None:
            done.append((here.state.column(name, value.type), value))
    return done if len(done) == len(items) else None


def _value(work: Matching, here: Env, node: Expression) -> Expr:
    """A column's value; what is over the elements of a path alone is an array of a value for each."""
    found = mentions(node, work.shape.variables)
    path = _only_path(work, found)
    if path is not None:
        return here.call(_call("map", path, node))
    if _mixes_path(work, node, found) or _names_whole(work, node, found):
        return Invalid()
    return here.expression(node)


def _names_whole(work: Matching, node: Expression, found: Mentions) -> bool:
    """Whether a node or a single edge stands without a property, once that is reported."""
    if found.wholes <= work.wholes.keys():
        return False
    work.env.report(codes.form_not_supported(node.span, "a whole node or edge as a value", "name its properties"))
    return True


def _name(env: Env, item: NamedExpression, value: Expr, names: Names) -> str | None:
    """The name of a column; None once reported."""
    if len(item.names) > 1 or item.tuple_form:
        env.report(codes.form_not_supported(item.span, "several names for one expression"))
        return None
    if item.names:
        name = item.names[0].text
        if name in names.taken:
            env.report(codes.duplicate_column(item.span, name))
            return None
        return names.claim(name)
    if isinstance(item.value, CallExpression) and item.value.name.text in DEGREES:
        return names.claim(item.value.name.text)
    own = own_name(item.value, value)
    return names.claim(own) if own else names.generate(env.state.unnamed)
