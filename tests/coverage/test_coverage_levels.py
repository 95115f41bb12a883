"""What a level is worth, and the layer that shows it."""

import re
from typing import Any

import pytest

from bluetick.detections.coverage import gathering
from bluetick.detections.coverage.levels import Coverage, Finding, Level, RuleEvidence, coverage_of
from bluetick.detections.coverage.navigator import navigator_layers

NO_DATA = ((Level.FED, "--lake"), (Level.RAN, "--lake"))


def rule(name: str, *techniques: str, **reached: bool) -> RuleEvidence:
    findings = {
        Level[level.upper()]: Finding(is_reached, "" if is_reached else "why") for level, is_reached in reached.items()
    }
    return RuleEvidence(f"{name}.kql", name, name, techniques, {Level.WRITTEN: Finding(True), **findings})


@pytest.mark.parametrize(
    ("reached", "level"),
    [
        ({}, Level.WRITTEN),
        ({"binds": False}, Level.WRITTEN),
        ({"binds": True}, Level.BINDS),
        ({"binds": True, "fed": False}, Level.BINDS),
        ({"binds": True, "fed": True, "ran": True}, Level.RAN),
        ({"binds": True, "fed": False, "tested": True}, Level.BINDS),  # a hit that no data here can give
        ({"binds": True, "fed": True, "ran": False, "tested": True, "proven": True}, Level.FED),
        ({"binds": True, "tested": True}, Level.TESTED),  # nobody looked at data
        ({"binds": True, "fed": True, "ran": True, "tested": False, "proven": True}, Level.RAN),
        ({"binds": True, "fed": True, "ran": True, "tested": True, "proven": True}, Level.PROVEN),
    ],
)
def test_a_level_needs_all_below_it_that_were_looked_at(reached: dict[str, bool], level: Level) -> None:
    assert rule("r", **reached).level is level


def test_what_keeps_a_rule_from_more_is_named() -> None:
    assert rule("r", binds=True, fed=False).obstacle == "fed by filled columns: no, why"
    assert rule("r", binds=True).obstacle == ""


def test_a_technique_has_the_level_of_its_best_rule() -> None:
    found = coverage_of(
        [rule("a", "T1071", "T1071"), rule("b", "T1071", "T1003.001", binds=True, fed=True), rule("c", binds=True)]
    )
    assert [(one.technique, one.level, [r.name for r in one.rules]) for one in found.techniques] == [
        ("T1003.001", Level.FED, ["b"]),
        ("T1071", Level.FED, ["b", "a"]),
    ]
    assert [one.name for one in found.nameless] == ["c"]


def test_only_evidence_covers() -> None:
    rules = [rule("a", "T1001"), rule("b", "T1002", binds=True), rule("c", "T1003", binds=True, fed=True)]
    assert covered(coverage_of(rules, NO_DATA)) == ["T1002", "T1003"]
    assert covered(coverage_of(rules)) == ["T1003"]


def covered(found: Coverage) -> list[str]:
    return [one.technique for one in found.techniques if found.is_covered(one)]


def test_samples_need_a_hit_and_none_that_fails() -> None:
    assert gathering.tested({"a": ("hit", True), "b": ("miss", True)}).is_reached
    assert not gathering.tested({"b": ("miss", True)}).is_reached
    assert not gathering.tested({"a": ("hit", True), "b": ("miss", False)}).is_reached
    assert not gathering.tested({}).is_reached


# --- the layer, held to the published format ------------------------------------------------------------------------

# Of layers/spec/v4.5/layerformat.md in mitre-attack/attack-navigator: name -> (type, is required).
LAYER = {
    "name": (str, True),
    "versions": (dict, False),
    "domain": (str, True),
    "description": (str, False),
    "sorting": (int, False),
    "layout": (dict, False),
    "hideDisabled": (bool, False),
    "techniques": (list, False),
    "gradient": (dict, False),
    "legendItems": (list, False),
}
TECHNIQUE = {
    "techniqueID": (str, True),
    "tactic": (str, False),
    "comment": (str, False),
    "enabled": (bool, False),
    "score": ((int, float), False),
    "color": (str, False),
    "showSubtechniques": (bool, False),
}
LAYOUT = {"layout": (str, False), "showName": (bool, False), "expandedSubtechniques": (str, False)}
GRADIENT = {"colors": (list, True), "minValue": ((int, float), True), "maxValue": ((int, float), True)}
COLOR = re.compile(r"#[0-9a-f]{6}")


def check_object(given: dict[str, Any], properties: dict[str, Any]) -> None:
    assert given.keys() <= properties.keys()
    assert {name for name, (_, is_required) in properties.items() if is_required} <= given.keys()
    for name, value in given.items():
        assert isinstance(value, properties[name][0]), name


def check_layer(layer: dict[str, Any]) -> None:
    check_object(layer, LAYER)
    check_object(layer["layout"], LAYOUT)
    check_object(layer["gradient"], GRADIENT)
    assert layer["versions"]["layer"] == "4.5"
    assert tuple(int(part) for part in layer["versions"]["navigator"].split(".")) >= (4, 9, 0)
    assert layer["domain"] in {"enterprise-attack", "mobile-attack", "ics-attack"}
    assert layer["layout"]["layout"] in {"side", "flat", "mini"}
    assert layer["layout"]["expandedSubtechniques"] in {"none", "all", "annotated"}
    assert len(layer["gradient"]["colors"]) >= 2
    assert layer["gradient"]["maxValue"] > layer["gradient"]["minValue"]
    assert layer["sorting"] in range(4)
    for item in layer["legendItems"]:
        assert item.keys() == {"label", "color"}
    for one in layer["techniques"]:
        check_object(one, TECHNIQUE)
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", one["techniqueID"])
        assert COLOR.fullmatch(one["color"])
        assert layer["gradient"]["minValue"] <= one["score"] <= layer["gradient"]["maxValue"]


def test_the_layer_is_of_the_published_form() -> None:
    rules = [rule("a", "T1001"), rule("b", "T1003.001", "T0801", binds=True, fed=True, ran=True)]
    ics, enterprise = sorted(navigator_layers(coverage_of(rules), "mine"), key=lambda one: len(str(one["domain"])))
    for layer in (ics, enterprise):
        check_layer(layer)
    assert (ics["domain"], [one["techniqueID"] for one in ics["techniques"]]) == ("ics-attack", ["T0801"])
    scores = {one["techniqueID"]: one["score"] for one in enterprise["techniques"]}
    assert scores == {"T1001": 1, "T1003.001": 4}
    legend = {item["label"]: item["color"] for item in enterprise["legendItems"]}
    colors = {one["techniqueID"]: one["color"] for one in enterprise["techniques"]}
    assert colors == {"T1001": legend["written"], "T1003.001": legend["ran without gap"]}
    assert "not covered" in enterprise["techniques"][0]["comment"]


def test_a_layer_of_nothing_is_a_layer() -> None:
    (layer,) = navigator_layers(coverage_of([]), "none")
    check_layer(layer)
    assert layer["techniques"] == []
