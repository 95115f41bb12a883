"""What a backtest makes of the windows: alerts, suppression, spread, entities, thresholds, labels, cold start."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.alerting import Alerting, EventGrouping, RuleKind, Suppression
from bluetick.detections.backtest.labels import Label, read_labels
from bluetick.detections.backtest.report import Backtest, BacktestOptions, Window, backtest
from bluetick.detections.model import Comparison, Detection, EntityMapping, QueryPlace, Threshold
from bluetick.diagnostics import Span
from bluetick.diagnostics.errors import SourceError
from bluetick.session import Session

START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUERY = "T | where TimeGenerated >= ago(1h) and Kind == 'bad' | summarize n = count() by Host"


def events() -> pa.Table:
    """Two days: each hour something good; at hours 5, 6, 7 and 30 something bad on h1, at 6 also on h2."""
    rows: list[dict[str, Any]] = []
    for hour in range(48):
        rows.append({"TimeGenerated": START + hour * HOUR, "Kind": "good", "Host": "h1"})
    for hour, host in ((5, "h1"), (6, "h1"), (6, "h2"), (7, "h1"), (30, "h1")):
        rows.append({"TimeGenerated": START + hour * HOUR + timedelta(minutes=10), "Kind": "bad", "Host": host})
    return pa.Table.from_pylist(rows)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with bluetick.connect(tables={"T": events()}) as opened:
        yield opened


def rule(**changes: Any) -> Detection:
    place = QueryPlace("q.kql", Span(0, len(QUERY)), 1, ())
    plain = Detection(
        id="1",
        id_derived=True,
        name="q",
        query=QUERY,
        place=place,
        frequency=HOUR,
        lookback=HOUR,
        entities=(EntityMapping("Host", (("HostName", "Host"),)),),
    )
    return replace(plain, **changes)


def outcome_of(session: Session, detection: Detection, labels: Sequence[Label] = ()) -> Backtest:
    options = BacktestOptions(first=START, last=START + 48 * HOUR, labels=tuple(labels))
    return backtest(session, detection, options)


def hour_of(window: Window) -> int:
    return int((window.now - START) / HOUR)


def alerting(found: Backtest) -> list[int]:
    """The hours of the runs that alerted."""
    return [hour_of(window) for window in found.windows if window.is_alerting]


def test_each_run_with_rows_is_an_alert_on_the_day_that_it_looks_at(session: Session) -> None:
    found = outcome_of(session, rule())
    assert alerting(found) == [6, 7, 8, 31]
    assert found.days() == {date(2026, 6, 1): 3, date(2026, 6, 2): 1}
    assert len(found.windows) == 48
    assert found.spread is not None
    assert (found.spread.least, found.spread.median, found.spread.p95, found.spread.most) == (0, 0, 1, 2)


def test_suppression_keeps_the_runs_after_an_alert_quiet(session: Session) -> None:
    found = outcome_of(session, rule(alerting=Alerting(suppression=Suppression(True, 2 * HOUR))))
    assert alerting(found) == [6, 8, 31]
    assert [int((w.now - START) / HOUR) for w in found.windows if w.is_suppressed] == [7]
    unused = outcome_of(session, rule(alerting=Alerting(suppression=Suppression(False, 2 * HOUR))))
    assert alerting(unused) == [6, 7, 8, 31]


def test_an_alert_for_each_thing_that_rows_are_of(session: Session) -> None:
    """h1 in the runs of 6, 7 and 8 o'clock is one alert, though its count differs; that of hour 31 is another."""
    found = outcome_of(session, rule(alerting=Alerting(event_grouping=EventGrouping.ALERT_PER_RESULT)))
    assert [(hour_of(window), window.alerts) for window in found.windows if window.is_alerting] == [
        (6, 1),
        (7, 1),
        (8, 0),
        (31, 1),
    ]
    assert found.alerts == 3


def test_windows_that_overlap_find_the_same_again(session: Session) -> None:
    wide = rule(query=QUERY.replace("ago(1h)", "ago(4h)"), lookback=4 * HOUR)
    found = outcome_of(session, replace(wide, alerting=Alerting(event_grouping=EventGrouping.ALERT_PER_RESULT)))
    assert alerting(found) == [6, 7, 8, 9, 10, 11, 31, 32, 33, 34]
    assert [(hour_of(window), window.alerts) for window in found.windows if window.alerts] == [(6, 1), (7, 1), (31, 1)]


def test_a_run_that_asks_for_nothing_alerts_without_rows(session: Session) -> None:
    absent = Threshold(Comparison.LESS, 1)
    per_row = Alerting(event_grouping=EventGrouping.ALERT_PER_RESULT)
    assert outcome_of(session, rule(threshold=absent, alerting=per_row)).alerts == 48 - 4


def test_entities_are_counted_by_run_and_row(session: Session) -> None:
    entities = outcome_of(session, rule()).entities
    assert [(e.kind, e.value, e.alerts, e.rows) for e in entities.counts] == [
        ("Host", "h1", 4, 4),
        ("Host", "h2", 1, 1),
    ]
    assert (entities.top_share, entities.is_guess) == (1.0, False)


def test_without_a_mapping_columns_are_taken_by_their_names(session: Session) -> None:
    query = QUERY.replace("by Host", "by Computer = Host")
    entities = outcome_of(session, rule(entities=(), query=query)).entities
    assert [(e.kind, e.value) for e in entities.counts] == [("Host", "h1"), ("Host", "h2")]
    assert entities.is_guess
    unknown = QUERY.replace("by Host", "by Thing = Host")
    assert outcome_of(session, rule(entities=(), query=unknown)).entities.counts == ()


def test_other_thresholds_tell_what_they_would_have_done(session: Session) -> None:
    found = outcome_of(session, rule(threshold=Threshold(value=4)))
    told = {effect.threshold.value: (effect.alerts, effect.runs) for effect in found.thresholds}
    assert told == {0: (4, 4), 1: (1, 1), 2: (0, 0), 4: (0, 0)}
    equal = outcome_of(session, rule(threshold=Threshold(Comparison.EQUAL, 2)))
    assert [(effect.threshold.value, effect.alerts) for effect in equal.thresholds] == [(2, 1)]


def test_windows_that_look_back_to_before_the_data_are_marked(session: Session) -> None:
    found = outcome_of(session, rule(query=QUERY.replace("ago(1h)", "ago(5h)"), lookback=5 * HOUR))
    assert [int((w.now - START) / HOUR) for w in found.windows if w.is_short] == [1, 2, 3, 4]
    query_alone = outcome_of(session, rule(query=QUERY.replace("ago(1h)", "ago(5h)"), lookback=None))
    assert [w.is_short for w in query_alone.windows] == [w.is_short for w in found.windows]
    without_end = outcome_of(session, rule(query="T | summarize count() by Host", lookback=None))
    assert not any(w.is_short for w in without_end.windows)


LABELS = (
    Label(name="first", first=START + 5 * HOUR, last=START + 6 * HOUR, columns=(("Host", "H1"),)),
    Label(name="second", first=START + 6 * HOUR, last=START + 7 * HOUR, values=frozenset({"h2"})),
    Label(name="never", first=START + 20 * HOUR, last=START + 21 * HOUR, columns=(("Host", "h1"),)),
    Label(name="fine", first=START + 30 * HOUR, last=START + 31 * HOUR, is_expected=False, predicate="n == 1"),
    Label(name="earlier", first=START - 9 * HOUR, last=START - 8 * HOUR, columns=(("Host", "h1"),)),
)


def test_labels_are_found_or_missed_and_alerts_right_or_wrong(session: Session) -> None:
    score = outcome_of(session, rule(), LABELS).score
    assert score is not None
    told = {o.label.name: (o.found, o.delay, o.alerts, o.in_time) for o in score.outcomes}
    assert told == {
        "first": (START + 6 * HOUR, HOUR, 2, True),
        "second": (START + 7 * HOUR, HOUR, 1, True),
        "never": (None, None, 0, True),
        "fine": (START + 31 * HOUR, HOUR, 1, True),
        "earlier": (None, None, 0, False),
    }
    assert score.recall == pytest.approx(2 / 3)
    assert score.precision == pytest.approx(2 / 3)  # the runs of hours 6 and 7 are right, that of 31 is not
    assert score.unlabelled == 1  # that of hour 8


def test_rows_of_a_label_below_the_threshold_are_told(session: Session) -> None:
    found = outcome_of(session, rule(threshold=Threshold(value=1)), LABELS[:1])
    assert found.score is not None
    (outcome,) = found.score.outcomes
    assert (outcome.alerts, outcome.unheard) == (1, 1)
    recalls = {effect.threshold.value: effect.recall for effect in found.thresholds}
    assert recalls == {0: 1.0, 1: 1.0, 2: 0.0}


def test_a_label_of_events_takes_their_times(session: Session) -> None:
    label = Label(name="e", table="T", events="Host == 'h2' and Kind == 'bad'", values=frozenset({"h2"}))
    found = outcome_of(session, rule(), [label])
    assert found.score is not None
    (outcome,) = found.score.outcomes
    assert outcome.label.first == outcome.label.last == START + 6 * HOUR + timedelta(minutes=10)
    assert outcome.delay == timedelta(minutes=50)
    with pytest.raises(SourceError, match="nothing in 'T' matches it"):
        outcome_of(session, rule(), [replace(label, events="Host == 'h9'")])


def test_a_predicate_that_the_result_cannot_be_asked_is_refused(session: Session) -> None:
    with pytest.raises(SourceError, match="Nowhere"):
        outcome_of(session, rule(), [Label(name="x", predicate="Nowhere == 1")])


def test_labels_in_each_form_of_file(tmp_path: Path) -> None:
    lines = tmp_path / "l.ndjson"
    lines.write_text(
        '{"name": "a", "time": "2026-06-01T05:00:00Z", "match": "n > 1"}\n\n'
        '{"from": "2026-06-01", "to": "2026-06-02", "match": {"Host": "h1", "n": 2}, "expected": false}\n'
        '{"table": "T", "match": {"Host": "it\'s"}, "values": ["X"]}\n'
    )
    a, b, c = read_labels(lines)  # one without a name is called by its line
    assert (a.name, a.first, a.last, a.predicate) == ("a", START + 5 * HOUR, START + 5 * HOUR, "n > 1")
    assert (b.name, b.is_expected, b.columns) == ("label 3", False, (("Host", "h1"), ("n", "2")))
    assert (c.table, c.events, c.values) == ("T", "tostring(['Host']) == 'it\\'s'", frozenset({"x"}))
    rows = tmp_path / "l.csv"
    rows.write_text("name,from,to,expected,Host\nx,2026-06-01T05:00:00Z,2026-06-01T06:00:00Z,no,h2\n")
    (x,) = read_labels(rows)
    assert (x.first, x.last, x.is_expected, x.columns) == (START + 5 * HOUR, START + 6 * HOUR, False, (("Host", "h2"),))
    truth = tmp_path / "ground_truth.json"
    story = {"id": "s", "kind": "malicious", "first_seen": "2026-06-01T05:00:00+00:00", "ips": ["192.0.2.1"]}
    story |= {"last_seen": "2026-06-01T06:00:00+00:00", "urls": ["a.example"], "why": "since"}
    truth.write_text(json.dumps({"format": 1, "stories": [story]}))
    (s,) = read_labels(truth)
    assert (s.name, s.is_expected, s.values) == ("s", True, frozenset({"192.0.2.1", "a.example"}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"nmae": "a"}', "line 1: 'nmae' is no key"),
        ('{"name": "a"}', "needs a time, or what it matches"),
        ('{"time": "yesterday"}', "'yesterday' is no instant for 'time'"),
        ('{"time": "2026-06-01"}\n{', "line 2: no JSON object"),
        ("[1]", "a label is an object"),
        ('{"stories": [{"id": "x"}]}', "a story without"),
    ],
)
def test_bad_labels_are_refused_with_their_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "labels.ndjson"
    path.write_text(text)
    with pytest.raises(SourceError, match=words):
        read_labels(path)


def test_a_rule_of_near_real_time_looks_at_a_minute() -> None:
    minute = timedelta(minutes=1)
    near = rule(alerting=Alerting(RuleKind.NRT), lookback=None)
    assert near.reach == minute
    assert rule(lookback=None).reach is None
