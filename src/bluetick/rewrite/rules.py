"""Every rewrite by its name, in the order in which they are made.

Each is a function of a statement alone, gives the same rows in the same order, and may be left out: a test that runs a
query with and without one holds it to that.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from bluetick.plan.relations import Aggregate, Join, PickRow, Reference, Relation, TabularStatement, Window
from bluetick.rewrite.alike_texts import takes_texts_apart, with_alike_texts
from bluetick.rewrite.alike_ties import with_alike_ties
from bluetick.rewrite.coarser_groups import with_coarser_groups
from bluetick.rewrite.counted_lookups import with_counted_lookups
from bluetick.rewrite.early_counts import with_early_counts
from bluetick.rewrite.early_lookups import with_early_lookups
from bluetick.rewrite.filter_order import has_much_to_ask, with_ordered_filters
from bluetick.rewrite.fresh import FreshColumns, fresh_for
from bluetick.rewrite.inlined_documents import has_documents, with_inlined_documents
from bluetick.rewrite.inlined_lets import nodes_of, with_inlined_lets
from bluetick.rewrite.joined_windows import with_joined_windows
from bluetick.rewrite.joint_scalars import with_joint_scalars
from bluetick.rewrite.late_rows import with_late_rows
from bluetick.rewrite.lookup_order import with_ordered_lookups
from bluetick.rewrite.reduced_groups import with_reduced_groups
from bluetick.rewrite.unread_columns import without_unread_columns

Rewrite: TypeAlias = Callable[[TabularStatement, FreshColumns], TabularStatement]

REWRITES: Final[Mapping[str, Rewrite]] = MappingProxyType(
    {
        "joint-scalars": with_joint_scalars,
        "inlined-lets": with_inlined_lets,
        "inlined-documents": with_inlined_documents,
        "filter-order": with_ordered_filters,
        "coarser-groups": with_coarser_groups,
        "lookup-order": with_ordered_lookups,
        "early-counts": with_early_counts,
        "early-lookups": with_early_lookups,
        "reduced-groups": with_reduced_groups,
        "late-rows": with_late_rows,
        "joined-windows": with_joined_windows,
        "alike-ties": with_alike_ties,
        "counted-lookups": with_counted_lookups,
        "unread-columns": without_unread_columns,
        "alike-texts": with_alike_texts,  # of what is read
    }
)
_OF_ANY_PLAN: Final = ("joint-scalars", "unread-columns")

# The names by which a request does without what is kept (execution/baseline), and without windows in one pass.
BASELINE: Final = "baseline-cache"
MANY_WINDOWS: Final = "many-windows"

# What these leave unread was read once for all windows, and a whole baseline is counted once.
OF_SINGLE_RUNS: Final = frozenset({"unread-columns", "early-counts"})


def rewritten(statement: TabularStatement, without: Collection[str] = ()) -> TabularStatement:
    """The statement as it is computed; the same where no rewrite but those `without` has anything to do."""
    for _, anew in _made(statement, without):
        statement = anew
    return statement


def rewrites_made(statement: TabularStatement, without: Collection[str] = ()) -> tuple[str, ...]:
    """The names of those that have something to do."""
    return tuple(name for name, _ in _made(statement, without))


def _made(statement: TabularStatement, without: Collection[str]) -> Iterator[tuple[str, TabularStatement]]:
    """After each rewrite that has something to do: its name, and the statement."""
    nodes = nodes_of(statement)
    names = REWRITES if any(_is_of_use(node) for node in nodes) else _OF_ANY_PLAN
    fresh = fresh_for(nodes)
    for name in names:
        rewrite = REWRITES[name]
        if name not in without and (anew := rewrite(statement, fresh)) is not statement:
            yield name, anew
            statement = anew


def _is_of_use(node: Relation) -> bool:
    return (
        isinstance(node, Join | Window)
        or has_much_to_ask(node)
        or has_documents(node)
        or takes_texts_apart(node)
        or (
            isinstance(node, Aggregate)
            and (isinstance(node.input, Reference) or any(isinstance(item, PickRow) for item in node.items))
        )
    )
