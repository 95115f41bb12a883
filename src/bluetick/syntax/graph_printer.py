"""Graph operators back to KQL."""

from collections.abc import Callable

from bluetick.syntax.expression_printer import ExpressionPrinter, print_name
from bluetick.syntax.graph import (
    GraphComponentsOperator,
    GraphMatchOperator,
    GraphOperator,
    GraphOutput,
    GraphToTableOperator,
    GraphWhereOperator,
    MakeGraphOperator,
    PatternEdge,
    PatternElement,
    PatternNode,
)
from bluetick.syntax.operators import Parameters, Pipeline

PrintLeg = Callable[[Pipeline], str]


class GraphPrinter:
    """Prints graph operators; tables beside them and subqueries are printed by what it was given."""

    __slots__ = ("_e", "_leg", "_subquery")

    def __init__(self, expressions: ExpressionPrinter, leg: PrintLeg, subquery: PrintLeg) -> None:
        self._e = expressions
        self._leg = leg
        self._subquery = subquery

    def operator(self, node: GraphOperator) -> str:
        match node:
            case MakeGraphOperator():
                return self._make_graph(node)
            case GraphMatchOperator():
                return self._match(node)
            case GraphComponentsOperator():
                return f"graph-mark-components{self._parameters(node.parameters)}"
            case GraphWhereOperator():
                return f"{node.keyword} {self._e.scalar(node.predicate)}"
            case GraphToTableOperator():
                return f"graph-to-table {', '.join(map(self._output, node.outputs))}"

    def _parameters(self, parameters: Parameters) -> str:
        return "".join(f" {p.name}={self._e.scalar(p.value)}" for p in parameters)

    def _make_graph(self, node: MakeGraphOperator) -> str:
        arrow = "-->" if node.is_directed else "--"
        ends = f"{print_name(node.source.text)} {arrow} {print_name(node.target.text)}"
        tables = ", ".join(f"{self._leg(n.table)} on {print_name(n.key.text)}" for n in node.nodes)
        nodes = f" with {tables}" if tables else ""
        if node.node_id is not None:
            nodes = f" with_node_id={print_name(node.node_id.text)}"
        partition = ""
        if node.partition is not None and node.subquery is not None:
            partition = f" partitioned-by {print_name(node.partition.text)} {self._subquery(node.subquery)}"
        return f"make-graph{self._parameters(node.parameters)} {ends}{nodes}{partition}"

    def _match(self, node: GraphMatchOperator) -> str:
        patterns = ", ".join("".join(map(self._element, s.elements)) for s in node.sequences)
        predicate = f" where {self._e.scalar(node.predicate)}" if node.predicate is not None else ""
        items = f" project {', '.join(map(self._e.named, node.items))}" if node.items else ""
        return f"{node.keyword}{self._parameters(node.parameters)} {patterns}{predicate}{items}"

    def _element(self, element: PatternElement) -> str:
        name = print_name(element.name.text) if element.name is not None else ""
        match element:
            case PatternNode():
                return f"({name})"
            case PatternEdge():
                return self._edge(element, name)

    def _edge(self, edge: PatternEdge, name: str) -> str:
        if edge.name is None and edge.least is None:
            return edge.arrow
        bounds = ""
        if edge.least is not None and edge.most is not None:
            bounds = f"*{self._e.scalar(edge.least)}..{self._e.scalar(edge.most)}"
        first, last = ("<-", "-") if edge.arrow == "<--" else ("-", "->" if edge.arrow == "-->" else "-")
        return f"{first}[{name}{bounds}]{last}"

    def _output(self, output: GraphOutput) -> str:
        name = f" as {print_name(output.name.text)}" if output.name is not None else ""
        return f"{output.kind}{name}{self._parameters(output.parameters)}"
