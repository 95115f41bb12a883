"""Which lint rules have a fix, and which fix."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from bluetick.detections.fixing.conditions import fix_case, fix_null_dropping
from bluetick.detections.fixing.dead_steps import fix_dead_step, fix_lost_order
from bluetick.detections.fixing.joins import fix_few_values, fix_without_kind
from bluetick.detections.fixing.repairs import Fix
from bluetick.detections.linting.model import Subject
from bluetick.diagnostics import Diagnostic

Fixer: TypeAlias = Callable[[Subject, Diagnostic], Fix | None]

FIXERS: Final[Mapping[str, Fixer]] = {
    "BTL004": fix_few_values,
    "BTL005": fix_dead_step,
    "BTL006": fix_null_dropping,
    "BTL010": fix_without_kind,
    "BTL011": fix_case,
    "BTL021": fix_lost_order,
}
