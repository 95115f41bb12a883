"""What a service that is never late and never ends says of simulated rules, computed from the data alone; and whether a
ledger says the same."""

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from simulated_world import Kind, Lake

from bluetick.detections.alerting import IncidentMatching
from bluetick.detections.ledger.alerts import Finding
from bluetick.detections.ledger.opening import Ledger
from bluetick.detections.ledger.times import length


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """An alert that must be there, and no other."""

    rule: str
    key: str
    first: int
    last: int
    content: str


class Versions:
    """The versions of a rule, each with the end of the first window that it is of."""

    def __init__(self, kind: Kind) -> None:
        self._begins = [kind.first]
        self._kinds = [kind]

    def add(self, begin: int, kind: Kind) -> None:
        """From this window on the rule is so."""
        if begin == self._begins[-1]:
            self._kinds[-1] = kind
        else:
            assert begin > self._begins[-1]
            self._begins.append(begin)
            self._kinds.append(kind)

    def of(self, hi: int) -> Kind:
        return self._kinds[bisect_right(self._begins, hi) - 1]


def alerts_in_order(
    rule: str, windows: Iterable[tuple[int, Sequence[Finding]]], gap: int, suppression: int
) -> list[Expected]:
    """The alerts of a rule's windows, which come in order, one after another."""
    alerts: dict[str, Expected] = {}
    found: list[Expected] = []
    raised: int | None = None
    for hi, findings in windows:
        if not findings or (suppression and raised is not None and hi < raised + suppression):
            continue
        raised = hi
        for finding in findings:
            known = alerts.get(finding.key)
            if known is not None and hi - known.last <= gap:
                alerts[finding.key] = Expected(rule, finding.key, known.first, hi, finding.content)
                continue
            if known is not None:
                found.append(known)
            alerts[finding.key] = Expected(rule, finding.key, hi, hi, finding.content)
    return sorted([*found, *alerts.values()])


def alerts_of(ledger: Ledger, rule: str) -> list[Expected]:
    """The alerts in a ledger that are not retracted."""
    rows = ledger.read("SELECT rule, key, first, last, content FROM alert WHERE rule = ? AND NOT is_retracted", (rule,))
    return sorted(Expected(*row) for row in rows)


def expected_incidents(alerts: Sequence[Expected], kind: Kind, match: Callable[[Expected], str]) -> list[list[str]]:
    """The alerts of each incident, as text: of those that match, in order, each takes those within the lookback of its
    first."""
    lookback = length(kind.incidents.grouping.lookback)
    found: list[list[Expected]] = []
    latest: dict[str, list[Expected]] = {}
    for alert in sorted(alerts, key=lambda one: (one.first, one.key)):
        what = match(alert)
        if what not in latest or alert.first - latest[what][0].first > lookback:
            latest[what] = []
            found.append(latest[what])
        latest[what].append(alert)
    return sorted([f"{alert.key} {alert.first}" for alert in incident] for incident in found)


def incidents_of(ledger: Ledger, rule: str) -> list[list[str]]:
    """The same of a ledger."""
    rows = ledger.read(
        "SELECT incident.id, alert.key, alert.first, is_void FROM incident LEFT JOIN incident_alert AS member"
        " ON member.incident = incident.id AND is_in LEFT JOIN alert ON alert.id = alert AND NOT is_retracted"
        " WHERE incident.rule = ? ORDER BY alert.first, alert.key",
        (rule,),
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        assert bool(row["is_void"]) == (row["key"] is None), "an incident is void without alerts, and only then"
        if row["key"] is not None:
            found[row["id"]].append(f"{row['key']} {row['first']}")
    return sorted(found.values())


def check(ledger: Ledger, lake: Lake, rules: Sequence[tuple[Kind, Versions]], until: int) -> None:
    """No window is absent or open, none is there twice or of a wrong version; and the alerts are those of an
    undisturbed service."""
    for kind, versions in rules:
        rows = ledger.read("SELECT hi, version, status, worker FROM window WHERE rule = ? ORDER BY hi", (kind.id,))
        ends = [row["hi"] for row in rows]
        assert ends == list(range(kind.first, ends[-1] + 1, kind.frequency)), f"windows of {kind.id} are absent"
        assert ends[-1] + kind.frequency + kind.delay > until
        assert {(row["status"], row["worker"]) for row in rows} == {("done", None)}
        assert [row["version"] for row in rows] == [str(versions.of(hi).version) for hi in ends], f"versions: {kind.id}"
        events = sorted(event for _, some in lake.commits[kind.table] for event in some or ())
        windows = [(hi, versions.of(hi).findings(events, hi)) for hi in ends]
        _check_findings(ledger, kind.id, windows)
        _check_versions(ledger, lake, kind, ends)
        alerts = alerts_in_order(kind.id, windows, max(kind.lookback, kind.frequency), kind.suppression)
        assert alerts_of(ledger, kind.id) == alerts, kind.id
        assert incidents_of(ledger, kind.id) == _incidents(kind, dict(windows), alerts), kind.id
    assert not ledger.read(
        "SELECT hi FROM window AS w WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.rule = w.rule AND run.hi = w.hi"
        " AND run.status = 'done' AND run.version = w.version AND run.versions = w.versions)"
    ), "a window is done without the run that did it"
    _check_messages(ledger)


def _check_findings(ledger: Ledger, rule: str, windows: Sequence[tuple[int, Sequence[Finding]]]) -> None:
    """Each window found what it must, also where windows beside it say the same."""
    rows = ledger.read("SELECT hi, key, content FROM finding WHERE rule = ? ORDER BY hi, key", (rule,))
    expected = sorted((hi, one.key, one.content) for hi, findings in windows for one in findings)
    assert [tuple(row) for row in rows] == expected, f"findings of {rule}"
    rows = ledger.read("SELECT hi, rows, triggered FROM window WHERE rule = ? ORDER BY hi", (rule,))
    assert [tuple(row) for row in rows] == [(hi, len(findings), bool(findings)) for hi, findings in windows], rule


def _check_versions(ledger: Ledger, lake: Lake, kind: Kind, ends: Sequence[int]) -> None:
    """Each window says that it has read the last commit that brought rows of its time."""
    numbers = enumerate(lake.commits[kind.table])
    commits = sorted((event.time, number) for number, (_, some) in numbers for event in some or ())
    rows = ledger.read("SELECT hi, json_extract(versions, ?) FROM window WHERE rule = ?", (f"$.{kind.table}", kind.id))
    read = {hi: -1 if version is None else version for hi, version in rows}
    for hi in ends:
        low, high = (bisect_left(commits, (time, -1)) for time in (hi - kind.lookback, hi))
        assert read[hi] >= max((number for _, number in commits[low:high]), default=-1), f"versions of {kind.id}"


def _incidents(kind: Kind, windows: Mapping[int, Sequence[Finding]], alerts: Sequence[Expected]) -> list[list[str]]:
    """By what the first window of an alert said, where the rule groups them by that; else each on its own."""
    grouping = kind.incidents.grouping

    def match(alert: Expected) -> str:
        if not grouping.enabled:
            return f"{alert.key} {alert.first}"
        if grouping.matching is IncidentMatching.ANY_ALERT:
            return "any"
        findings = {one.key: one for one in windows[alert.first]}
        size: str = json.loads(findings[alert.key].content)["custom_details"]["size"][0]
        return size

    return expected_incidents(alerts, kind, match)


def _check_messages(ledger: Ledger) -> None:
    """Each alert was told of once; a retraction and what takes it back alternate."""
    said: dict[str, list[str]] = defaultdict(list)
    for row in ledger.read("SELECT alert, kind FROM outbox WHERE alert IS NOT NULL ORDER BY id"):
        said[row["alert"]].append(row["kind"])
    for row in ledger.read("SELECT id, is_retracted FROM alert"):
        kinds = said.pop(row["id"])
        expected = ["raised", *(("retracted", "restored")[number % 2] for number in range(len(kinds) - 1))]
        assert kinds == expected
        assert (kinds[-1] == "retracted") == bool(row["is_retracted"])
    assert not said
    # A message is named by its alert and revision.
    assert not ledger.read(
        "SELECT alert, revision FROM outbox WHERE alert IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
    )
