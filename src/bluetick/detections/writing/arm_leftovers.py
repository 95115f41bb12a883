"""What a resource of an ARM template says of its deployment, which a rule by itself does not have."""

from bluetick.detections.documents.arm_json import RESOURCE
from bluetick.detections.documents.expressions import is_expression
from bluetick.detections.trees import Branch, Tree
from bluetick.diagnostics import Diagnostic
from bluetick.diagnostics.writing_codes import no_place

# What a resource says of its deployment and a rule does without.
_CARRIER = frozenset({"type", "apiVersion", "name", "id", "location", "etag", "scope", "dependsOn"})


def arm_leftovers(tree: Branch, target: str) -> list[Diagnostic]:
    """Nothing for a rule that comes of no template."""
    if not tree.has(RESOURCE):
        return []
    found = [no_place(f"'{key}' of the resource", target) for key in _deployment(tree)]
    return found + [no_place(f"the expression in '{key}'", target) for key in _expressions(tree)]


def _deployment(tree: Branch) -> list[str]:
    return [key for key, value in tree.branch(RESOURCE).entries if key not in _CARRIER and value not in (None, ())]


def _expressions(tree: Branch) -> list[str]:
    """The keys whose value holds an expression that only a deployment computes."""
    return [key for key, value in tree.entries if key not in (RESOURCE, "query") and _holds_expression(value)]


def _holds_expression(tree: Tree) -> bool:
    match tree:
        case str():
            return is_expression(tree)
        case Branch(entries=entries):
            return any(_holds_expression(value) for _, value in entries)
        case tuple():
            return any(_holds_expression(item) for item in tree)
        case _:
            return False
