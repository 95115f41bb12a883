"""A layer for the ATT&CK Navigator, format 4.5, coloured by the level that each technique reached.

https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
"""

from collections.abc import Sequence
from typing import Any, Final

from bluetick.detections.coverage.levels import Coverage, Level, TechniqueCoverage

LAYER_VERSION: Final = "4.5"
_NAVIGATOR_VERSION: Final = "5.1.0"
_COLORS: Final = {
    Level.WRITTEN: "#d9d9d9",
    Level.BINDS: "#fee8c8",
    Level.FED: "#fdbb84",
    Level.RAN: "#c7e9b4",
    Level.TESTED: "#7fcdbb",
    Level.PROVEN: "#2c7fb8",
}
_SHOWN = 5


def navigator_layers(coverage: Coverage, name: str) -> list[dict[str, Any]]:
    """One layer for each ATT&CK domain that the rules name techniques of; one of enterprise where they name none."""
    by_domain: dict[str, list[TechniqueCoverage]] = {}
    for one in coverage.techniques:
        by_domain.setdefault(_domain(one.technique), []).append(one)
    every = sorted((by_domain or {_ENTERPRISE: []}).items())
    return [_layer(domain, [_technique(one, coverage) for one in found], name) for domain, found in every]


_ENTERPRISE: Final = "enterprise-attack"


def _domain(technique: str) -> str:
    """Numbers that begin with T0 are those of the matrix for industrial systems."""
    return "ics-attack" if technique.startswith("T0") else _ENTERPRISE


def _layer(domain: str, techniques: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    return {
        "name": name,
        "versions": {"navigator": _NAVIGATOR_VERSION, "layer": LAYER_VERSION},
        "domain": domain,
        "description": "The highest level of evidence that a rule of each technique reached (bluetick coverage).",
        "sorting": 3,
        "layout": {"layout": "side", "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": list(techniques),
        "gradient": {
            "colors": [_COLORS[level] for level in Level],
            "minValue": int(min(Level)),
            "maxValue": int(max(Level)),
        },
        "legendItems": [{"label": level.words, "color": _COLORS[level]} for level in Level],
    }


def _technique(one: TechniqueCoverage, coverage: Coverage) -> dict[str, Any]:
    return {
        "techniqueID": one.technique,
        "score": int(one.level),
        "color": _COLORS[one.level],
        "comment": _comment(one, coverage),
        "enabled": True,
        "showSubtechniques": False,
    }


def _comment(one: TechniqueCoverage, coverage: Coverage) -> str:
    lines = [one.level.words if coverage.is_covered(one) else f"not covered: {one.level.words}, no more"]
    for rule in one.rules[:_SHOWN]:
        obstacle = f" ({rule.obstacle})" if rule.obstacle else ""
        lines.append(f"{rule.name}: {rule.level.words}{obstacle}")
    if len(one.rules) > _SHOWN:
        lines.append(f"and {len(one.rules) - _SHOWN} more rules")
    return "\n".join(lines)
