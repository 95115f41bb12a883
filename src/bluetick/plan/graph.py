"""A graph while a query is bound: two relations. It is passed between graph operators, and is no relation itself.

https://learn.microsoft.com/kusto/query/graph-semantics-overview
"""

from dataclasses import dataclass

from bluetick.plan.expressions import Column
from bluetick.plan.relations import Binding

NODE_NUMBER, NODE_ID, NODE_PARTITION = 0, 1, 2  # places of the nodes' columns; properties follow
EDGE_NUMBER, EDGE_SOURCE, EDGE_TARGET = 0, 1, 2  # places of the edges' columns; properties follow
HIDDEN = 3  # how many columns of either are no properties


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes with a number, their id and their partition, edges with a number and the numbers of both ends; behind
    these, the properties of each."""

    nodes: Binding
    edges: Binding

    @property
    def id_column(self) -> Column:
        return self.nodes.relation.columns[NODE_ID]
