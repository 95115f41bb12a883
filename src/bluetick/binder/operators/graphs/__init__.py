"""make-graph, and the operators that take a graph."""
