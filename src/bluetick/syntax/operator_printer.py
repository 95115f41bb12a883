"""Tabular operators back to KQL."""

from bluetick.syntax.expression_printer import (
    ExpressionPrinter,
    PrintPipeline,
    print_column,
    print_columns,
    print_name,
    quote,
)
from bluetick.syntax.expressions import (
    CallExpression,
    Expression,
    NamedExpression,
    NamePattern,
    NameReference,
    OrderedExpression,
    PathExpression,
)
from bluetick.syntax.graph import (
    GraphComponentsOperator,
    GraphMatchOperator,
    GraphToTableOperator,
    GraphWhereOperator,
    MakeGraphOperator,
)
from bluetick.syntax.graph_printer import GraphPrinter
from bluetick.syntax.operators import (
    AsOperator,
    CountOperator,
    DistinctOperator,
    EvaluateOperator,
    ExpressionSource,
    FacetOperator,
    FindOperator,
    ForkOperator,
    InvokeOperator,
    JoinOperator,
    MakeSeriesOperator,
    MissingOperator,
    MvApplyOperator,
    MvExpandItem,
    MvExpandOperator,
    Operator,
    Parameters,
    ParseKvOperator,
    ParseOperator,
    ParsePart,
    PartitionOperator,
    Pipeline,
    ProjectOperator,
    ProjectReorderOperator,
    ReduceOperator,
    RenderOperator,
    SampleDistinctOperator,
    ScanOperator,
    ScanStep,
    SearchOperator,
    SerializeOperator,
    SimpleOperator,
    SortOperator,
    SummarizeOperator,
    TakeOperator,
    TopHittersOperator,
    TopNestedClause,
    TopNestedOperator,
    TopOperator,
    UnionOperator,
    WhereOperator,
)


class OperatorPrinter:
    """Prints operators, by way of a printer of expressions and one of pipelines."""

    __slots__ = ("_e", "_graphs", "_pipeline")

    def __init__(self, expressions: ExpressionPrinter, pipeline: PrintPipeline) -> None:
        self._e = expressions
        self._pipeline = pipeline
        self._graphs = GraphPrinter(expressions, self.leg, self._subquery)

    def operator(self, node: Operator) -> str:
        """The text of an operator without its pipe."""
        for printed in (self._rows(node), self._columns(node), self._tables(node), self._values(node)):
            if printed is not None:
                return printed
        return self._others(node)

    # --- parts -----------------------------------------------------------------------------------------------

    def parameters(self, parameters: Parameters) -> str:
        """name=value for each, with a space before."""
        return "".join(f" {p.name}={self._e.scalar(p.value)}" for p in parameters)

    def properties(self, properties: Parameters) -> str:
        """with (name = value, ...), or nothing."""
        inner = ", ".join(f"{p.name} = {self._e.scalar(p.value)}" for p in properties)
        return f" with ({inner})" if properties else ""

    def items(self, items: tuple[NamedExpression, ...]) -> str:
        return ", ".join(self._e.named(item) for item in items)

    def ordered(self, items: tuple[OrderedExpression, ...]) -> str:
        return ", ".join(self._e.ordered(item) for item in items)

    def leg(self, pipeline: Pipeline) -> str:
        """A table beside an operator; in parentheses unless it is a name, a path or a call."""
        source = pipeline.source
        if isinstance(source, ExpressionSource) and not pipeline.operators:
            match source.expression:
                case NameReference() | NamePattern() | PathExpression() | CallExpression():
                    return self._e.reference(source.expression)
        return f"({self._pipeline(pipeline)})"

    def _subquery(self, pipeline: Pipeline) -> str:
        text = self._pipeline(pipeline)
        return f"({text})" if pipeline.source is None else f"{{ {text} }}"

    def _clause(self, keyword: str, node: Expression | None) -> str:
        return f" {keyword} {self._e.scalar(node)}" if node is not None else ""

    def _references(self, nodes: tuple[Expression, ...]) -> str:
        return ", ".join(self._e.reference(node) for node in nodes)

    # --- topics ----------------------------------------------------------------------------------------------

    def _rows(self, node: Operator) -> str | None:
        e = self._e
        match node:
            case WhereOperator():
                return f"where{self.parameters(node.parameters)} {e.scalar(node.predicate)}"
            case TakeOperator():
                return f"{node.kind}{self.parameters(node.parameters)} {e.scalar(node.count)}"
            case SampleDistinctOperator():
                return f"sample-distinct {e.scalar(node.count)} of {e.scalar(node.of)}"
            case SortOperator():
                return f"sort{self.parameters(node.parameters)} by {self.ordered(node.items)}"
            case TopOperator():
                return f"top{self.parameters(node.parameters)} {e.scalar(node.count)} by {self.ordered(node.by)}"
            case TopHittersOperator():
                by = self._clause("by", node.by)
                return f"top-hitters {e.scalar(node.count)} of {e.named(node.of)}{by}"
            case TopNestedOperator():
                return ", ".join(self._top_nested(clause) for clause in node.clauses)
            case _:
                return None

    def _top_nested(self, clause: TopNestedClause) -> str:
        count = f" {self._e.scalar(clause.count)}" if clause.count is not None else ""
        others = f" with others = {self._e.scalar(clause.others)}" if clause.others is not None else ""
        order = f" {clause.direction}" if clause.direction else ""
        return f"top-nested{count} of {self._e.named(clause.of)}{others} by {self._e.named(clause.by)}{order}"

    def _columns(self, node: Operator) -> str | None:
        match node:
            case ProjectOperator():
                return f"{node.kind} {', '.join(self._project_item(item) for item in node.items)}"
            case ProjectReorderOperator():
                return f"project-reorder {self.ordered(node.items)}"
            case SummarizeOperator():
                by = f" by {self.items(node.by)}" if node.by else ""
                return f"summarize{self.parameters(node.parameters)} {self.items(node.aggregates)}{by}"
            case DistinctOperator():
                return f"distinct{self.parameters(node.parameters)} {self.items(node.items)}"
            case SerializeOperator():
                return f"serialize {self.items(node.items)}"
            case AsOperator():
                return f"as{self.parameters(node.parameters)} {print_name(node.name.text)}"
            case InvokeOperator():
                return f"invoke {self._e.scalar(node.call)}"
            case _:
                return None

    def _project_item(self, item: NamedExpression) -> str:
        return self._e.named(item) if item.names else self._e.reference(item.value)

    def _tables(self, node: Operator) -> str | None:
        match node:
            case JoinOperator():
                conditions = f" on {self._e.many(node.conditions)}" if node.conditions else ""
                return f"{node.keyword}{self.parameters(node.parameters)} {self.leg(node.right)}{conditions}"
            case UnionOperator():
                return f"union{self.parameters(node.parameters)} {', '.join(map(self.leg, node.legs))}"
            case SearchOperator():
                tables = f" in ({self._references(node.tables)})" if node.tables else ""
                return f"search{self.parameters(node.parameters)}{tables} {self._e.scalar(node.predicate)}"
            case FindOperator():
                return self._find(node)
            case PartitionOperator():
                scope = self._clause("in", node.scope)
                by = self._e.scalar(node.by)
                return f"partition{self.parameters(node.parameters)} by {by}{scope} {self._subquery(node.subquery)}"
            case ForkOperator():
                return "fork" + "".join(
                    f" {f'{print_name(name.text)} = ' if name else ''}{self._subquery(branch)}"
                    for name, branch in node.branches
                )
            case FacetOperator():
                subquery = f" with {self._subquery(node.subquery)}" if node.subquery else ""
                return f"facet by {self._e.many(node.by)}{subquery}"
            case _:
                return None

    def _find(self, node: FindOperator) -> str:
        tables = f" in ({self._references(node.tables)})" if node.tables else ""
        columns = [print_column(column) for column in node.project or ()] + (["pack(*)"] if node.pack else [])
        project = f" project {', '.join(columns)}" if columns else " project-smart" if node.project_smart else ""
        away = f" project-away {self._references(node.project_away)}" if node.project_away else ""
        predicate = self._e.scalar(node.predicate)
        return f"find{self.parameters(node.parameters)}{tables} where {predicate}{project}{away}"

    def _values(self, node: Operator) -> str | None:
        e = self._e
        match node:
            case ParseOperator():
                parts = " ".join(map(_print_part, node.parts))
                return f"{node.keyword}{self.parameters(node.parameters)} {e.scalar(node.value)} with {parts}"
            case ParseKvOperator():
                properties = self.properties(node.parameters)
                return f"parse-kv {e.scalar(node.value)} as {print_columns(node.columns)}{properties}"
            case MvExpandOperator():
                return f"{node.keyword}{self.parameters(node.parameters)} {self._expanded(node.items, node.limit)}"
            case MvApplyOperator():
                expanded = self._expanded(node.items, node.limit)
                return f"mv-apply{self.parameters(node.parameters)} {expanded} on {self._subquery(node.subquery)}"
            case EvaluateOperator():
                schema = f" : {print_columns(node.schema, node.open_schema)}" if node.schema is not None else ""
                return f"evaluate{self.parameters(node.parameters)} {e.scalar(node.call)}{schema}"
            case ReduceOperator():
                inner = ", ".join(f"{p.name} = {e.scalar(p.value)}" for p in node.parameters)
                return f"reduce by {e.named(node.by)}{f' with {inner}' if inner else ''}"
            case RenderOperator():
                return f"render {print_name(node.chart.text)}{self.properties(node.properties)}"
            case _:
                return None

    def _expanded(self, items: tuple[MvExpandItem, ...], limit: Expression | None) -> str:
        texts = (f"{self._e.named(item.item)}{self._clause('to', item.to_type)}" for item in items)
        return f"{', '.join(texts)}{self._clause('limit', limit)}"

    def _others(self, node: Operator) -> str:
        match node:
            case MakeSeriesOperator():
                return self._make_series(node)
            case ScanOperator():
                return self._scan(node)
            case CountOperator():
                return f"count as {print_name(node.name.text)}" if node.name else "count"
            case (
                MakeGraphOperator()
                | GraphMatchOperator()
                | GraphComponentsOperator()
                | GraphWhereOperator()
                | GraphToTableOperator()
            ):
                return self._graphs.operator(node)
            case SimpleOperator():
                return f"{node.keyword} {node.text}".rstrip()
            case MissingOperator():
                return node.text
            case _:
                raise AssertionError(type(node).__name__)

    def _make_series(self, node: MakeSeriesOperator) -> str:
        aggregates = ", ".join(
            f"{self._e.named(a.item)}{f' default = {self._e.scalar(a.default)}' if a.default else ''}"
            for a in node.aggregates
        )
        bounds = [bound for bound in (node.start, node.stop, node.step) if bound is not None]
        if node.is_range:
            where = f" in range({self._e.many(tuple(bounds))})"
        else:
            where = self._clause("from", node.start) + self._clause("to", node.stop) + self._clause("step", node.step)
        by = f" by {self.items(node.by)}" if node.by else ""
        return f"make-series{self.parameters(node.parameters)} {aggregates} on {self._e.named(node.axis)}{where}{by}"

    def _scan(self, node: ScanOperator) -> str:
        order = f" order by {self.ordered(node.order_by)}" if node.order_by else ""
        partition = f" partition by {self._e.many(node.partition_by)}" if node.partition_by else ""
        declared = ", ".join(
            f"{print_column(column)}{f' = {self._e.scalar(default)}' if default else ''}"
            for column, default in node.declarations
        )
        declare = f" declare ({declared})" if declared else ""
        steps = " ".join(self._step(step) for step in node.steps)
        return f"scan{self.parameters(node.parameters)}{order}{partition}{declare} with ({steps})"

    def _step(self, step: ScanStep) -> str:
        optional = " optional" if step.optional else ""
        output = f" output={step.output}" if step.output else ""
        assignments = f" => {self.items(step.assignments)}" if step.assignments else ""
        return f"step {print_name(step.name.text)}{optional}{output}: {self._e.scalar(step.condition)}{assignments};"


def _print_part(part: ParsePart) -> str:
    if part.column is not None:
        return print_column(part.column)
    return "*" if part.kind == "star" else quote(part.text)
