"""Why the founding documents alert over the simulated month: the events are those of the planted stories."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import bluetick
from bluetick.cli.main import run_command
from bluetick.detections.documents import read_document
from bluetick.detections.explaining.explaining import Explainer, Shown
from bluetick.detections.explaining.model import RowExplanation
from bluetick.detections.model import Detection

SEEDS = Path("../shared/seeds")
NETWORK = SEEDS / "000_1c15dbe6188e687f.txt"
PROCESSES = SEEDS / "004_f2a0354f7c37c9a8.txt"
END = datetime(2026, 6, 20, tzinfo=UTC)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SEEDS.exists(), reason="reads the founding documents, which are not beside this checkout"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month") / "lake"
    assert run_command(["simulate", str(folder), "--days", "31", "--devices", "10", "--end", END.isoformat()]) == 0
    return folder


@cache
def detection(path: Path) -> Detection:
    return read_document(path).detections[0]


def rows_of(why: RowExplanation) -> list[dict[str, Any]]:
    (source,) = why.sources
    assert source.is_exact
    names = [name for name, _ in source.shown.columns]
    assert len(source.shown.rows) == source.count
    return [dict(zip(names, row, strict=True)) for row in source.shown.rows]


def test_an_unusual_country_with_the_countries_of_the_month(lake: Path) -> None:
    with bluetick.connect(lake=lake) as session:
        explainer = Explainer(session, detection(NETWORK), END)
        names = [name for name, _ in explainer.columns]
        row = dict(zip(names, explainer.rows[0], strict=True))
        why = explainer.explain(0, Shown(10_000, 100))
        hour = f"VMConnection | where RemoteCountry == '{row['RemoteCountry']}' and Direction == 'outbound'"
        text = f"{hour} and TimeGenerated >= ago(1h) and TimeGenerated < now()"
        of_today = f"{text} and ProcessName == '{row['ProcessName']}' and SourceIp == '{row['SourceIp']}'"
        of_today += f" and DestinationIp == '{row['DestinationIp']}' | count"
        month = "VMConnection | where TimeGenerated >= ago(30d) and TimeGenerated < ago(1h)"
        month += " and isnotempty(RemoteCountry) and Direction == 'outbound' | summarize N = count() by RemoteCountry"
        ((today,),) = session.query(of_today, now=END).rows()
        by_hand = dict(session.query(f"{month} | where N > 5", now=END).rows())
    found = rows_of(why)
    assert {one["RemoteCountry"] for one in found} == {row["RemoteCountry"]}
    same = [
        one
        for one in found
        if all(one[name] == row[name] for name in ("ProcessName", "SourceIp", "DestinationIp", "RemoteCountry"))
    ]
    assert len(same) == today == row["count_"]
    countries = next(one for one in why.baselines if one.name == "CountryCount")
    assert countries.relation == "absent from"
    assert not countries.own_passes
    assert dict(countries.nearest.rows) == by_hand
    assert row["RemoteCountry"] not in by_hand
    assert [(one.text, one.limit) for one in countries.conditions] == [("count_ > 5", 5)]


def test_a_rare_file_with_what_its_provider_says(lake: Path) -> None:
    truth = json.loads((lake / "ground_truth.json").read_text("utf-8"))
    with bluetick.connect(lake=lake, profiles=lake / "profiles.parquet") as session:
        explainer = Explainer(session, detection(PROCESSES), END)
        names = [name for name, _ in explainer.columns]
        file = explainer.rows[0][names.index("InitiatingProcessSHA256")]
        prevalence = explainer.rows[0][names.index("GlobalPrevalence")]
        why = explainer.explain(0, Shown(100_000, 5))
        text = (
            "DeviceNetworkEvents | where Timestamp > ago(30d) and RemoteIPType == 'Public' and ActionType =="
            f" 'ConnectionSuccess' and InitiatingProcessSHA256 == '{file}' and Timestamp < now()"
            " and InitiatingProcessCreationTime < Timestamp - 10d | summarize count(), dcount(DeviceId)"
        )
        ((count, devices),) = session.query(text, now=END).rows()
    assert file in json.dumps(truth)
    found = rows_of(why)
    assert len(found) == count
    assert {one["InitiatingProcessSHA256"] for one in found} == {file}
    measures = {one.condition.text: (one.values.rows, one.condition.limit) for one in why.measured}
    assert measures["DeviceCount <= LocalPrevalenceThreshold"] == (((devices,),), 5)
    assert measures["GlobalPrevalence <= GlobalPrevalenceThreshold"] == (((prevalence,),), 20)
    (looked,) = why.lookups
    (answer,) = looked.answers.to_json()
    assert (answer["InitiatingProcessSHA256"], answer["GlobalPrevalence"]) == (file, prevalence)
