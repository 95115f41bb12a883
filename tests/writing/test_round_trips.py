"""What is read, written and read again is the same: as YAML in everything, as a template but for the spelling."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bluetick.detections.documents import read_document_text
from bluetick.detections.model import Detection, QueryPlace
from bluetick.detections.trees import EMPTY, Bare, Branch, Tree
from bluetick.detections.writing.arm import ARM
from bluetick.detections.writing.json_text import render_json
from bluetick.detections.writing.sentinel import SENTINEL
from bluetick.detections.writing.target import Target
from bluetick.detections.writing.yaml_text import render_yaml
from bluetick.diagnostics import Span

NOWHERE = QueryPlace("", Span(0, 0), 0, ())
WORDS = st.text(alphabet="aB c:#'\"-{}[]|>&*!%@`,?\\é\n\t", min_size=1, max_size=20).filter(
    lambda text: text.strip() != ""
)
LINE = WORDS.map(lambda text: " ".join(text.split())).filter(bool)
QUERIES = st.lists(
    st.sampled_from(["T", "| take 1", "  | where A == 'x: y # z'", '\t| extend B = "\\\\"', "", "   ", "// c"]),
    min_size=1,
    max_size=8,
).map(lambda lines: "\n".join(["T", *lines]))
DURATIONS = st.sampled_from(["1h", "PT1H", "P1D", "1d", "5m", "14d", "1.12:00:00", "1d12h"])
TRUTHS = st.booleans()
ENTITIES = st.lists(
    st.builds(
        lambda kind, identifier, column: Branch(
            (
                ("entityType", kind),
                ("fieldMappings", (Branch((("identifier", identifier), ("columnName", column))),)),
            )
        ),
        st.sampled_from(["Host", "Account", "IP"]),
        st.sampled_from(["FullName", "Address"]),
        st.sampled_from(["Computer", "Ip"]),
    ),
    max_size=3,
).map(tuple)
GROUPING = st.builds(
    lambda enabled, length, method: Branch(
        (("enabled", enabled), ("lookbackDuration", length), ("matchingMethod", method), ("groupByEntities", ("Host",)))
    ),
    TRUTHS,
    DURATIONS,
    st.sampled_from(["AllEntities", "anyAlert", "Selected"]),
)
VALUES: dict[str, st.SearchStrategy[Tree]] = {
    "id": st.uuids().map(str),
    "name": LINE,
    "description": WORDS,
    "severity": st.sampled_from(["High", "low", "Informational"]),
    "kind": st.sampled_from(["Scheduled", "NRT", "scheduled"]),
    "enabled": TRUTHS,
    "version": st.sampled_from([Bare("1.0"), Bare("2"), "1.0.2"]),
    "requiredDataConnectors": st.just((Branch((("connectorId", "X"), ("dataTypes", ("T", "U")))),)),
    "queryFrequency": DURATIONS,
    "queryPeriod": DURATIONS,
    "triggerOperator": st.sampled_from(["gt", "LessThan", "eq", "NotEqual"]),
    "triggerThreshold": st.integers(0, 999).map(lambda number: Bare(str(number))),
    "tactics": st.lists(st.sampled_from(["Execution", "Initial Access", "Impact"]), unique=True).map(tuple),
    "relevantTechniques": st.lists(st.sampled_from(["T1059", "T1059.001", "T1110"]), unique=True).map(tuple),
    "entityMappings": ENTITIES,
    "customDetails": st.dictionaries(st.sampled_from(["A", "B b"]), LINE).map(
        lambda found: Branch(tuple(found.items()))
    ),
    "alertDetailsOverride": LINE.map(lambda text: Branch((("alertDisplayNameFormat", text),))),
    "eventGroupingSettings": st.sampled_from(["SingleAlert", "alertPerResult"]).map(
        lambda word: Branch((("aggregationKind", word),))
    ),
    "suppressionEnabled": TRUTHS,
    "suppressionDuration": DURATIONS,
    "incidentConfiguration": st.builds(
        lambda create, grouping: Branch((("createIncident", create), ("groupingConfiguration", grouping))),
        TRUTHS,
        GROUPING,
    ),
    "tags": st.lists(LINE, max_size=2).map(tuple),
    "somebody's own key": st.none() | WORDS | st.lists(TRUTHS, max_size=2).map(tuple),
}


@st.composite
def rules(draw: st.DrawFn) -> Branch:
    """A document of some of the keys, in any order."""
    keys = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True))
    entries: list[tuple[str, Tree]] = [(key, draw(VALUES[key])) for key in keys]
    query = draw(QUERIES) + draw(st.sampled_from(["", "\n", "\n\n"]))
    entries.insert(draw(st.integers(0, len(entries))), ("query", query))
    return Branch(tuple(entries)) if {"id", "name"} & set(keys) else Branch((("name", "A"), *entries))


def read(text: str, name: str) -> Detection:
    result = read_document_text(text.encode(), name)
    (detection,) = result.detections
    return replace(detection, place=NOWHERE, warnings=())


def back(target: Target, detection: Detection) -> Detection:
    return read(target.write(detection, None).text, "rule" + target.suffix)


@given(rules())
@settings(max_examples=300, deadline=None)
def test_yaml_keeps_everything(tree: Branch) -> None:
    rule = read(render_yaml(tree), "rule.yaml")
    assert rule.tree == tree
    assert back(SENTINEL, rule) == rule


@given(rules())
@settings(max_examples=200, deadline=None)
def test_a_template_keeps_everything_but_spelling(tree: Branch) -> None:
    rule = read(render_yaml(tree), "rule.yaml")
    again = back(ARM, rule)
    assert essence(again) == essence(rule)
    for key, value in tree.entries:
        if key in ("tags", "somebody's own key", "version", "requiredDataConnectors"):
            assert again.tree.get(key) == value
    assert essence(back(ARM, again)) == essence(rule)
    assert essence(back(SENTINEL, again)) == essence(rule)


@given(rules())
@settings(max_examples=100, deadline=None)
def test_a_template_is_json_that_any_reader_takes(tree: Branch) -> None:
    rule = read(render_yaml(tree), "rule.yaml")
    assert ARM.write(rule, None).text == render_json(_json_tree(ARM.write(rule, None).text))


def _json_tree(text: str) -> Tree:
    import json  # noqa: PLC0415 - the standard reader is the witness here

    def tree(value: object) -> Tree:
        match value:
            case dict():
                return Branch(tuple((key, tree(item)) for key, item in value.items()))
            case list():
                return tuple(tree(item) for item in value)
            case bool() | str() | None:
                return value
            case _:
                return Bare(repr(value))

    return tree(json.loads(text))


def essence(rule: Detection) -> Detection:
    """What a template must keep: it gives each rule an id and a kind, and says what is left to the service."""
    suppression = replace(rule.alerting.suppression, duration=None)
    is_run = rule.frequency is not None or rule.alerting.kind is not None
    alerting = replace(rule.alerting, suppression=suppression, kind=None)
    return replace(
        rule,
        id="",
        id_derived=False,
        description=rule.description.strip(),
        techniques=tuple(sorted(rule.techniques)),
        threshold=replace(rule.threshold, declared=True) if is_run else rule.threshold,
        alerting=alerting,
        form="",
        tree=EMPTY,
        fields=(),
    )
