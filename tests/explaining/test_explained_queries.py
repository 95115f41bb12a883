"""What is said to be behind a row, for each operator, against what the operator means."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import bluetick
from bluetick.detections.documents import read_document
from bluetick.detections.explaining.explaining import Explainer
from bluetick.detections.explaining.model import RowExplanation
from bluetick.detections.model import Detection

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
# Number, host, user, kind, bytes, tags; each a minute after the one before.
EVENTS = (
    (1, "a", "ann", "in", 10, '["x","y"]'),
    (2, "a", "bob", "in", 20, '["y"]'),
    (3, "a", "ann", "out", 30, "[]"),
    (4, "b", "ann", "in", 40, '["x"]'),
    (5, "b", "bob", "out", 50, None),
    (6, "c", None, "in", 60, '["z"]'),
    (7, "c", None, "in", None, '["z"]'),
)
HOSTS = (("a", "office", 1), ("b", "lab", 2), ("b", "lab", 3), ("d", "attic", 4))


def session() -> bluetick.Session:
    number, host, user, kind, size, tags = zip(*EVENTS, strict=True)
    name, room, place = zip(*HOSTS, strict=True)
    events = pa.table(
        {
            "Timestamp": pa.array([NOON - timedelta(minutes=30 - n) for n in number], pa.timestamp("us", "UTC")),
            "No": pa.array(number, pa.int64()),
            "Host": pa.array(host, pa.string()),
            "User": pa.array(user, pa.string()),
            "Kind": pa.array(kind, pa.string()),
            "Bytes": pa.array(size, pa.int64()),
            "Tags": pa.array(tags, pa.string()),
        }
    )
    hosts = pa.table(
        {
            "Name": pa.array(name, pa.string()),
            "Room": pa.array(room, pa.string()),
            "Place": pa.array(place, pa.int64()),
        }
    )
    return bluetick.connect(tables={"Events": events, "Hosts": hosts}, threads=1)


def rule(folder: Path, query: str) -> Detection:
    path = folder / "rule.kql"
    path.write_text(f"// Name: one\n// QueryFrequency: 1h\n// QueryPeriod: 1h\n{query}\n", "utf-8")
    return read_document(path).detections[0]


def explained(folder: Path, query: str, **cells: Any) -> RowExplanation:
    """Why the one row with these cells is there."""
    with session() as open_session:
        explainer = Explainer(open_session, rule(folder, query), NOON)
        names = [name for name, _ in explainer.columns]
        rows = [dict(zip(names, row, strict=True)) for row in explainer.rows]
        (place,) = [i for i, row in enumerate(rows) if cells.items() <= row.items()]
        return explainer.explain(place)


def numbers(why: RowExplanation, table: str = "Events", column: str = "No") -> tuple[list[Any], bool]:
    (source,) = [one for one in why.sources if one.table == table]
    names = [name for name, _ in source.shown.columns]
    assert source.count == len(source.shown.rows)
    return sorted(row[names.index(column)] for row in source.shown.rows), source.is_exact


EXACT = [
    ("Events | where Kind == 'in'", {"No": 2}, [2]),
    ("Events | extend Twice = Bytes * 2 | project Twice, Host", {"Twice": 40}, [2]),
    # A null and an empty text are values that a row is found by.
    ("Events | project Host, User, Bytes", {"Host": "c", "Bytes": None}, [7]),
    ("Events | summarize count() by User", {"User": ""}, [6, 7]),
    ("Events | summarize sum(Bytes) by Bytes", {"Bytes": None}, [7]),
    ("Events | summarize N = count() by Host | where N > 2", {"Host": "a"}, [1, 2, 3]),
    ("Events | summarize count(), Total = sum(Bytes)", {"count_": 7}, [1, 2, 3, 4, 5, 6, 7]),
    ("Events | summarize arg_max(Timestamp, *) by Host", {"Host": "b"}, [4, 5]),
    ("Events | summarize count() by Upper = toupper(Host), bin(Timestamp, 1h)", {"Upper": "A"}, [1, 2, 3]),
    # The group is no column of the result: what was computed tells which one it was.
    ("Events | summarize N = count(), Least = min(No) by Host | project N, Least", {"N": 2, "Least": 4}, [4, 5]),
    ("Events | summarize N = count() by Host, Kind | summarize Kinds = count() by Host", {"Host": "b"}, [4, 5]),
    ("Events | distinct Kind", {"Kind": "out"}, [3, 5]),
    ("Events | top 1 by Bytes", {"No": 6}, [6]),
    ("Events | mv-expand Tag = todynamic(Tags) to typeof(string)", {"No": 1, "Tag": "y"}, [1]),
    ("Events | mv-expand Tag = todynamic(Tags) to typeof(string) | summarize count() by Tag", {"Tag": "x"}, [1, 4]),
    ("Events | mv-apply T = todynamic(Tags) on (summarize N = count()) | project No, N", {"No": 1}, [1]),
    ("Events | union (Events | where Kind == 'out') | summarize count() by Host", {"Host": "b"}, [4, 5]),
    ("Events | mv-apply T = todynamic(Tags) on (summarize N = count()) | project No, N", {"No": 6}, [6]),
    # Of the left no row met it.
    (
        "Events | where Kind == 'in' | join kind=fullouter (Events | where Kind == 'out') on Host, User",
        {"No1": 5},
        [5],
    ),
    # innerunique took the smallest of the rows of its key.
    (
        "Events | where Kind == 'in' | join kind=innerunique (Events | where Kind == 'out') on Host"
        " | project Host, No1",
        {"No1": 3},
        [1, 3],
    ),
    # What is asked of both sides together leaves out rows whose keys met.
    (
        "Events | where Kind == 'in' | join kind=inner (Events | where Kind == 'out') on Host | where No1 - No == 1"
        " | summarize count() by Host",
        {"Host": "a"},
        [2, 3],
    ),
    # Of this leg no row met another, though rows of its key are there.
    (
        "union (Events | join kind=inner (Events | where Kind == 'out') on Host | project Host),"
        " (Events | where No == 6 | project Host) | summarize count() by Host",
        {"Host": "c"},
        [6],
    ),
    ("Events | parse Kind with 'i' Rest | summarize count() by Rest", {"Rest": "n"}, [1, 2, 4, 6, 7]),
    ("let E = Events | where Kind == 'in'; E | join kind=inner (E) on Host", {"No": 1, "No1": 2}, [1, 2]),
    ("Events | join kind=leftanti (Events | where Kind == 'out') on Host", {"No": 6}, [6]),
    ("Events | join kind=leftsemi (Events | where Kind == 'out') on Host", {"No": 4}, [4, 5]),
    ("Events | where Host in ((Events | where Kind == 'out' | project Host))", {"No": 4}, [4, 5]),
    ("Events | where Host !in ((Events | where Kind == 'out' | project Host))", {"No": 6}, [6]),
    (
        "Events | where Kind == 'in' | join kind=leftouter (Events | where Kind == 'out') on Host, User",
        {"No": 2},
        [2],
    ),
    (
        "Events | where Kind == 'in' | join kind=inner (Events | where No in (3, 5)) on Host | summarize N = count()"
        " by Host",
        {"Host": "a"},
        [1, 2, 3],
    ),
    ("Events | where Kind == 'in' | join kind=innerunique (Events | where Kind == 'out') on Host", {"No1": 3}, [1, 3]),
    ("Events | where Kind == 'in' | join kind=rightouter (Events | where Kind == 'out') on User", {"No1": 5}, [2, 5]),
    ("Events | where Kind == 'out' | join kind=rightsemi (Events | where Kind == 'in') on Host", {"No": 4}, [4, 5]),
    ("Events | where Kind == 'out' | join kind=rightanti (Events) on Host", {"No": 7}, [7]),
]


@pytest.mark.parametrize(("query", "cells", "expected"), EXACT, ids=[query for query, _, _ in EXACT])
def test_rows_behind_a_row(tmp_path: Path, query: str, cells: dict[str, Any], expected: list[int]) -> None:
    assert numbers(explained(tmp_path, query, **cells)) == (expected, True)


AMONG = [
    # Which two of three were taken nobody can tell from the count.
    ("Events | where Host == 'a' | take 2 | summarize count()", {"count_": 2}, [1, 2, 3], "only some of them"),
    ("Events | sort by No asc | extend Last = prev(Bytes) | where Last == 30", {"No": 4}, [4], "prev() looked at"),
    (
        "Events | sort by No asc | serialize R = row_number() | summarize count() by R",
        {"R": 2},
        [1, 2, 3, 4, 5, 6, 7],
        "row_number() looked at",
    ),
    (
        "Events | sort by No asc | scan declare (S: long = 0) with (step s: true => S = s.S + Bytes;) | where S == 30",
        {"No": 2},
        [1, 2, 3, 4, 5, 6, 7],
        "scan looked at",
    ),
    (
        "Events | make-graph User --> Host | graph-match (u)-[e]->(h) where e.Kind == 'in' project e.No",
        {"e_No": 4},
        [1, 2, 3, 4, 5, 6, 7],
        "is not known",
    ),
]


@pytest.mark.parametrize(("query", "cells", "expected", "note"), AMONG, ids=[query for query, _, _, _ in AMONG])
def test_where_it_is_among_rows_it_says_why(
    tmp_path: Path, query: str, cells: dict[str, Any], expected: list[int], note: str
) -> None:
    why = explained(tmp_path, query, **cells)
    assert numbers(why) == (expected, False)
    (source,) = why.sources
    assert any(note in one for one in source.notes)


def test_a_graph_is_named_where_the_way_ends(tmp_path: Path) -> None:
    why = explained(tmp_path, "Events | make-graph User --> Host | graph-match (u)-[e]->(h) project e.No", e_No=4)
    assert why.unreached == ("graph-match",)


def test_each_table_has_its_own_rows(tmp_path: Path) -> None:
    why = explained(tmp_path, "Events | join kind=inner (Hosts) on $left.Host == $right.Name", No=5, Place=3)
    assert numbers(why) == ([5], True)
    assert numbers(why, "Hosts", "Place") == ([3], True)


def test_a_table_whose_side_did_not_meet_is_not_there(tmp_path: Path) -> None:
    why = explained(tmp_path, "Events | join kind=leftouter (Hosts) on $left.Host == $right.Name", No=6)
    assert numbers(why) == ([6], True)
    assert [source.table for source in why.sources] == ["Events"]


def test_the_group_that_was_too_small_is_shown_beside_the_condition(tmp_path: Path) -> None:
    query = (
        "let most = 2; let busy = Events | summarize N = count() by Host | where N > most;"
        " Events | join kind=leftanti (busy) on Host"
    )
    (baseline,) = explained(tmp_path, query, No=4).baselines
    assert (baseline.name, baseline.relation) == ("busy", "absent from")
    assert [(one.text, one.limit) for one in baseline.conditions] == [("N > most", 2)]
    assert baseline.keys.rows == (("b",),)
    assert (baseline.own.rows, baseline.own_passes) == ((("b", 2),), False)
    assert (baseline.groups, baseline.nearest.rows) == (1, (("a", 3),))


def test_a_side_of_single_rows_is_counted_by_its_keys(tmp_path: Path) -> None:
    query = "Events | where Host == 'c' | join kind=leftanti (Events | where Kind == 'out') on Host, User"
    (baseline,) = explained(tmp_path, query, No=6).baselines
    assert baseline.own.rows == ()
    assert baseline.groups == 2
    assert set(baseline.nearest.rows) == {("a", "ann", 1), ("b", "bob", 1)}


def test_groups_that_share_the_key_come_first(tmp_path: Path) -> None:
    query = (
        "let usual = Events | where Kind == 'in' | summarize N = count() by Host, User;"
        " Events | where Kind == 'out' | join kind=leftanti (usual) on Host, User"
    )
    (baseline,) = explained(tmp_path, query, No=5).baselines
    assert [row[:2] for row in baseline.nearest.rows[:2]] == [("a", "bob"), ("b", "ann")] or [
        row[:2] for row in baseline.nearest.rows[:2]
    ] == [("b", "ann"), ("a", "bob")]
    assert baseline.nearest.rows[2] == ("c", "", 2)


def test_what_a_row_was_joined_with_is_a_baseline_where_it_groups(tmp_path: Path) -> None:
    query = "let per = Events | summarize N = count() by Host; Events | lookup (per) on Host"
    (baseline,) = explained(tmp_path, query, No=4).baselines
    assert (baseline.relation, baseline.own.rows, baseline.own_passes) == ("joined with", (("b", 2),), True)
    assert explained(tmp_path, "Events | lookup (Hosts) on $left.Host == $right.Name", No=1).baselines == ()


def test_conditions_on_what_is_computed_come_with_their_values(tmp_path: Path) -> None:
    query = (
        "let least = 30; Events | where Bytes > 5 | summarize N = count(), S = sum(Bytes) by Host"
        " | where S >= least and N > 1 and S >= 2 * N and Host != 'z'"
    )
    why = explained(tmp_path, query, Host="a")
    assert [(one.condition.text, one.condition.limit, one.values.rows) for one in why.measured] == [
        ("S >= least", 30, ((60,),)),
        ("N > 1", 1, ((3,),)),
        ("S >= 2 * N", None, ((60, 3),)),
    ]


def test_more_intermediate_rows_than_can_be_told_apart_are_bounded(tmp_path: Path) -> None:
    """All that is known of them then is the key that they share."""
    count = 9_000
    when = pa.array([NOON - timedelta(minutes=5)] * count, pa.timestamp("us", "UTC"))
    many = pa.table(
        {"Timestamp": when, "No": range(count), "Mark": range(1, count + 1), "Key": ["k", "l", "m"] * (count // 3)}
    )
    query = (
        "let all = Many | extend Odd = No % 2; all | join kind=inner (all) on No, Odd"
        " | where Odd + Odd1 < 1 | summarize count() by Key"
    )
    with bluetick.connect(tables={"Many": many}, threads=1) as open_session:
        explainer = Explainer(open_session, rule(tmp_path, query), NOON)
        place = [row[0] for row in explainer.rows].index("l")
        (source,) = explainer.explain(place).sources
    assert not source.is_exact
    assert source.notes == ("they come from too many intermediate rows to tell them apart",)
    assert {dict(zip((n for n, _ in source.shown.columns), row, strict=True))["Key"] for row in source.shown.rows} >= {
        "l"
    }
    assert source.count >= explainer.rows[place][1]
