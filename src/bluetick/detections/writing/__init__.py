"""Rules out: a detection written in the form of another service, and what of it does not fit there."""

from bluetick.detections.writing.arm import ARM
from bluetick.detections.writing.defender import DEFENDER
from bluetick.detections.writing.kql import KQL
from bluetick.detections.writing.sentinel import SENTINEL
from bluetick.detections.writing.target import Columns, Target, Written

TARGETS: tuple[Target, ...] = (SENTINEL, ARM, DEFENDER, KQL)

__all__ = ["TARGETS", "Columns", "Target", "Written"]
