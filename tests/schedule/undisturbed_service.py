"""What a service that is never late and never ends says of simulated rules, computed from the data alone; and whether a
ledger says the same."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulated_world import Kind, Lake

from bluetick.detections.ledger.opening import Ledger


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


def expected_alerts(lake: Lake, of: Callable[[int], Kind], until: int) -> list[Expected]:
    """What a service that is on time, with all data there, says of a rule: windows in order, one after another."""
    kind = of(until)
    events = sorted(event for _, some in lake.commits[kind.table] for event in some or ())
    gap = max(kind.lookback, kind.frequency)
    alerts: dict[str, Expected] = {}
    found: list[Expected] = []
    raised: int | None = None
    for hi in range(kind.first, until + 1, kind.frequency):
        findings = of(hi).findings(events, hi)
        if not findings or (kind.suppression and raised is not None and hi < raised + kind.suppression):
            continue
        raised = hi
        for finding in findings:
            known = alerts.get(finding.key)
            if known is not None and hi - known.last <= gap:
                alerts[finding.key] = Expected(kind.id, finding.key, known.first, hi, finding.content)
                continue
            if known is not None:
                found.append(known)
            alerts[finding.key] = Expected(kind.id, finding.key, hi, hi, finding.content)
    return sorted([*found, *alerts.values()])


def alerts_of(ledger: Ledger, rule: str) -> list[Expected]:
    """The alerts in a ledger that are not retracted."""
    rows = ledger.read("SELECT rule, key, first, last, content FROM alert WHERE rule = ? AND NOT is_retracted", (rule,))
    return sorted(Expected(*row) for row in rows)


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
        assert alerts_of(ledger, kind.id) == expected_alerts(lake, versions.of, ends[-1]), kind.id
    assert not ledger.read(
        "SELECT hi FROM window AS w WHERE NOT EXISTS (SELECT 1 FROM run WHERE run.rule = w.rule AND run.hi = w.hi"
        " AND run.status = 'done' AND run.version = w.version AND run.versions = w.versions)"
    ), "a window is done without the run that did it"
    _check_messages(ledger)


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
    assert not ledger.read("SELECT alert, revision, kind FROM outbox GROUP BY 1, 2, 3 HAVING count(*) > 1")
