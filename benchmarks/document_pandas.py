"""Both founding documents as an expert would write them for pandas: only the columns and row groups that are needed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
from document_columns import CONTACT, PROFILE, TALKER, TEXTS, events_order
from query_set import END

_HOUR = timedelta(hours=1)


def _rare_countries(folder: Path) -> pd.DataFrame:
    """The countries of the last hour that are not common come first: of the last week only theirs is read."""
    outbound = (ds.field("Direction") == "outbound") & (ds.field("RemoteCountry") != "")
    time = ds.field("TimeGenerated")

    def read(columns: list[str], wanted: ds.Expression) -> pd.DataFrame:
        return _read(folder / "VMConnection", columns, outbound & wanted)

    month = read(["RemoteCountry"], (time >= END - 720 * _HOUR) & (time < END - _HOUR))
    counts = month["RemoteCountry"].value_counts()
    common = counts.index[counts > 5]
    fresh = read([*CONTACT, "TimeGenerated", "BytesSent", "BytesReceived"], (time >= END - _HOUR) & (time < END))
    strange = fresh[~fresh["RemoteCountry"].isin(common)]
    countries = strange["RemoteCountry"].unique().tolist()
    week = read(TALKER, (time >= END - 168 * _HOUR) & (time < END - _HOUR) & ds.field("RemoteCountry").isin(countries))
    known = week.groupby(TALKER).size()
    known = known[known > 7].reset_index()[TALKER]
    talkers = strange.groupby(TALKER, as_index=False).size().rename(columns={"size": "minutes"})
    talkers = talkers.merge(known, on=TALKER, how="left", indicator=True)
    first = talkers[talkers["_merge"] == "left_only"].sort_values(["RemoteCountry", *TALKER])
    first = first.drop_duplicates("RemoteCountry")[[*TALKER, "minutes"]]
    contacts = strange.groupby(CONTACT, as_index=False).agg(
        first_seen=("TimeGenerated", "min"),
        last_seen=("TimeGenerated", "max"),
        sent=("BytesSent", "sum"),
        received=("BytesReceived", "sum"),
    )
    return first.merge(contacts.add_prefix("c_"), left_on="RemoteCountry", right_on="c_RemoteCountry")


def _long_running(folder: Path) -> pd.DataFrame:
    """Aggregates first, then the newest events of the few files that are left."""
    time, key = ds.field("Timestamp"), "InitiatingProcessSHA256"
    wanted = (time < END) & (time > END - 720 * _HOUR) & (ds.field(key) != "")
    wanted &= (ds.field("RemoteIPType") == "Public") & (ds.field("ActionType") == "ConnectionSuccess")
    columns = [key, "Timestamp", "InitiatingProcessCreationTime", "DeviceId", "DeviceName", "RemoteIP", "RemoteUrl"]
    talk = _long_lived(_read(folder / "DeviceNetworkEvents", columns, wanted))
    groups = talk.groupby(key)
    files = pd.DataFrame(
        {
            "newest": groups["Timestamp"].max(),
            "devices": groups["DeviceId"].nunique(),
            "addresses": groups["RemoteIP"].nunique(),
            "urls": talk[talk["RemoteUrl"] != ""].groupby(key)["RemoteUrl"].nunique(),
        }
    )
    files["urls"] = files["urls"].fillna(0).astype("int64")
    files = files[(files["devices"] <= 5) & (files["urls"] <= 2)]
    profiles = pd.read_parquet(folder / "profiles.parquet")
    rare = files.reset_index().merge(profiles[profiles["GlobalPrevalence"] <= 20], left_on=key, right_on="SHA256")
    rare[TEXTS] = rare[TEXTS].fillna("")
    few = talk[talk[key].isin(rare[key])].groupby(key)["DeviceName"]
    rare["names"] = rare[key].map(few.agg(lambda names: sorted(set(names))[:5]))
    at = wanted & ds.field(key).isin(rare[key].tolist()) & time.isin(rare["newest"].tolist())
    latest = _long_lived(_read(folder / "DeviceNetworkEvents", None, at))
    events = list(latest.columns)
    latest = latest.sort_values(events, na_position="first")
    found = latest.merge(rare, left_on=[key, "Timestamp"], right_on=[key, "newest"]).drop_duplicates(key)
    found["availability"] = "Available"
    found = found.sort_values(["GlobalPrevalence", "urls", "addresses"], ascending=[True, True, False])
    return found[[*events_order(events), *PROFILE, "availability"]]


def _read(folder: Path, columns: list[str] | None, wanted: ds.Expression) -> pd.DataFrame:
    frame: pd.DataFrame = ds.dataset(folder, format="parquet").to_table(columns=columns, filter=wanted).to_pandas()
    return frame


def _long_lived(events: pd.DataFrame) -> Any:
    """Arrow's filters know no sum of a time and a duration."""
    return events[events["InitiatingProcessCreationTime"] < events["Timestamp"] - 240 * _HOUR]


DOCUMENTS: dict[str, Callable[[Path], pd.DataFrame]] = {"document_1": _rare_countries, "document_2": _long_running}
