"""Graph operators: make-graph, the patterns of graph-match and graph-shortest-paths, and the rest of the family."""

from bluetick.diagnostics import syntax_codes as codes
from bluetick.syntax.cursor import Cursor
from bluetick.syntax.expression_parser import parse_expression, parse_name, parse_postfix
from bluetick.syntax.expressions import Expression, Name, NamedExpression
from bluetick.syntax.graph import (
    GraphComponentsOperator,
    GraphMatchOperator,
    GraphNodes,
    GraphOutput,
    GraphToTableOperator,
    GraphWhereOperator,
    MakeGraphOperator,
    PatternEdge,
    PatternElement,
    PatternNode,
    PatternSequence,
)
from bluetick.syntax.item_parser import accept_word, parse_leg, parse_list, parse_named, parse_parameters
from bluetick.syntax.join_operator_parser import parse_subquery

_OUTPUT_PARAMETERS = {"nodes": ("with_node_id",), "edges": ("with_source_id", "with_target_id")}


def parse_make_graph(c: Cursor, start: int, _: str) -> MakeGraphOperator:
    parameters = parse_parameters(c)
    source = parse_name(c)
    is_directed = _accept_text(c, "-->")
    if not is_directed and not _accept_text(c, "--"):
        c.report(codes.expected(c.gap(), "'-->'", c.found()))
    target = parse_name(c)
    nodes: tuple[GraphNodes, ...] = ()
    node_id = partition = subquery = None
    if c.accept("with_node_id"):
        c.expect("=")
        node_id = parse_name(c)
    elif c.accept("with"):
        nodes = parse_list(c, _parse_nodes)
    if accept_word(c, "partitioned-by"):
        partition = parse_name(c)
        subquery = parse_subquery(c)
    return MakeGraphOperator(
        c.span_from(start), source, target, is_directed, nodes, node_id, partition, subquery, parameters
    )


def _parse_nodes(c: Cursor) -> GraphNodes:
    start = c.current.start
    table = parse_leg(c)
    c.expect("on")
    key = parse_name(c)
    return GraphNodes(c.span_from(start), table, key)


def _accept_text(c: Cursor, text: str) -> bool:
    """Consume this run of signs: the lexer has a token for each of them."""
    if not c.text.startswith(text, c.current.start):
        return False
    c.advance_to(c.current.start + len(text))
    return True


# --- patterns ------------------------------------------------------------------------------------------------


def parse_graph_match(c: Cursor, start: int, keyword: str) -> GraphMatchOperator:
    parameters = parse_parameters(c, "cycles", "output")
    sequences = parse_list(c, _parse_sequence)
    predicate: Expression | None = None
    if c.accept("where"):
        with c.predicate(True):
            predicate = parse_expression(c)
    items: tuple[NamedExpression, ...] | None = parse_list(c, parse_named) if c.accept("project") else None
    return GraphMatchOperator(c.span_from(start), keyword, sequences, predicate, items, parameters)


def _parse_sequence(c: Cursor) -> PatternSequence:
    """A node, then edges with a node behind each."""
    start = c.current.start
    elements: list[PatternElement] = [_parse_node(c)]
    while (edge := _parse_edge(c)) is not None:
        elements += [edge, _parse_node(c)]
    return PatternSequence(c.span_from(start), tuple(elements))


def _parse_node(c: Cursor) -> PatternNode:
    start = c.current.start
    opening = c.open("(")
    if opening is None:
        return PatternNode(c.missing_span(), None)
    name = _optional_name(c)
    c.close(opening)
    return PatternNode(c.span_from(start), name)


def _optional_name(c: Cursor) -> Name | None:
    return parse_name(c) if c.at_name() else None


def _parse_edge(c: Cursor) -> PatternEdge | None:
    start = c.current.start
    for text in ("-->", "<--", "--"):
        if _accept_text(c, text):
            return PatternEdge(c.span_from(start), text)
    points_left = _accept_text(c, "<-[")
    if not points_left and not _accept_text(c, "-["):
        return None
    name = _optional_name(c)
    least = most = None
    if c.accept("*"):
        least = parse_postfix(c)
        c.expect("..")
        most = parse_postfix(c)
    points_right = _accept_text(c, "]->")
    if not points_right and not _accept_text(c, "]-"):
        c.report(codes.expected(c.gap(), "']->' or ']-'", c.found()))
    if points_left and points_right:
        c.report(codes.expected(c.gap(), "an edge with one direction", "two arrows"))
    arrow = "<--" if points_left else "-->" if points_right else "--"
    return PatternEdge(c.span_from(start), arrow, name, least, most)


# --- the rest of the family ----------------------------------------------------------------------------------


def parse_graph_components(c: Cursor, start: int, _: str) -> GraphComponentsOperator:
    parameters = parse_parameters(c, "kind", "with_component_id")
    return GraphComponentsOperator(c.span_from(start), parameters)


def parse_graph_where(c: Cursor, start: int, keyword: str) -> GraphWhereOperator:
    with c.predicate(True):
        predicate = parse_expression(c)
    return GraphWhereOperator(c.span_from(start), keyword, predicate)


def parse_graph_to_table(c: Cursor, start: int, _: str) -> GraphToTableOperator:
    outputs = parse_list(c, _parse_output)
    return GraphToTableOperator(c.span_from(start), outputs)


def _parse_output(c: Cursor) -> GraphOutput:
    start = c.current.start
    kind = c.current.text
    if kind not in _OUTPUT_PARAMETERS:
        c.report(codes.expected(c.gap(), "'nodes' or 'edges'", c.found()))
        return GraphOutput(c.missing_span(), "nodes")
    c.advance()
    name = parse_name(c) if c.accept("as") else None
    parameters = parse_parameters(c, *_OUTPUT_PARAMETERS[kind])
    return GraphOutput(c.span_from(start), kind, name, parameters)
