"""Plans as short text: the kinds of the nodes, inputs in brackets."""

from bluetick.plan.relations import (
    Aggregate,
    Filter,
    Join,
    PickRow,
    Project,
    Reference,
    Relation,
    Scan,
    Window,
    inputs,
)
from bluetick.rewrite.inlined_documents import has_documents


def shape(relation: Relation) -> str:
    """Names that only rename are left out; a let's inside stands once, where it is first used."""
    return _shape(relation, set())


def _shape(relation: Relation, seen: set[int]) -> str:
    if isinstance(relation, Reference):
        if id(relation.binding) in seen:
            return relation.binding.name
        seen.add(id(relation.binding))
        return f"{relation.binding.name}={_shape(relation.binding.relation, seen)}"
    if isinstance(relation, Scan):
        return relation.table
    inner = ", ".join(_shape(one, seen) for one in inputs(relation))
    if has_documents(relation):
        return f"parse({inner})"
    return inner if isinstance(relation, Project) else f"{_name(relation)}({inner})"


def _name(relation: Relation) -> str:
    match relation:
        case Join(kind=kind):
            return kind.value
        case Filter(predicates=predicates):
            return f"where{len(predicates)}"
        case Aggregate(items=items):
            picks = any(isinstance(item, PickRow) for item in items)
            return "pick" if picks and len(items) == 1 else "summarize+pick" if picks else "summarize"
        case Window(items=items, ties_are_alike=alike):
            columns = ",".join(column.name for column in relation.input.columns)
            return f"window{len(items)}" + (f" over {columns}" if alike else "")
        case _:
            return type(relation).__name__.lower()
