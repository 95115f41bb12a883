"""Rules as Sentinel's YAML."""

from bluetick.detections.documents.arm_json import RESOURCE
from bluetick.detections.model import Detection
from bluetick.detections.writing.arm_leftovers import arm_leftovers
from bluetick.detections.writing.defender_leftovers import defender_leftovers
from bluetick.detections.writing.limits import sentinel_limits
from bluetick.detections.writing.sentinel_tree import sentinel_tree
from bluetick.detections.writing.target import Columns, Target, Written
from bluetick.detections.writing.yaml_text import render_yaml
from bluetick.diagnostics import Diagnostic

_NAME = "Sentinel"


def write_sentinel(detection: Detection, _: Columns) -> Written:
    tree = sentinel_tree(detection)
    found: list[Diagnostic] = sentinel_limits(detection, _NAME)
    found += defender_leftovers(detection, _NAME)
    found += arm_leftovers(tree, "a rule in YAML")
    return Written(render_yaml(tree.kept(lambda key: key != RESOURCE)), tuple(found))


SENTINEL = Target("sentinel", ".yaml", write_sentinel)
