"""Both founding documents as an expert would write them for Polars, streaming."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
from document_columns import CONTACT, PROFILE, TALKER, TEXTS, events_order
from query_set import END

_HOUR = timedelta(hours=1)


def _rare_countries(folder: Path) -> pl.DataFrame:
    """The countries of the last hour that are not common come first: of the last week only theirs is counted."""
    time = pl.col("TimeGenerated")
    flows = pl.scan_parquet(folder / "VMConnection" / "*.parquet").filter(
        pl.col("Direction") == "outbound", pl.col("RemoteCountry") != "", time < END
    )
    before = time < END - _HOUR
    common = flows.filter(before, time >= END - 720 * _HOUR).group_by("RemoteCountry").len().filter(pl.col("len") > 5)
    fresh = flows.filter(time >= END - _HOUR).select(*CONTACT, "TimeGenerated", "BytesSent", "BytesReceived")
    strange = fresh.join(common, on="RemoteCountry", how="anti").collect(engine="streaming")
    countries = strange["RemoteCountry"].unique()
    weekly = flows.filter(before, time >= END - 168 * _HOUR, pl.col("RemoteCountry").is_in(countries.implode()))
    regulars = weekly.group_by(TALKER).len().filter(pl.col("len") > 7).collect(engine="streaming")
    first = (
        strange.group_by(TALKER)
        .agg(minutes=pl.len())
        .join(regulars, on=TALKER, how="anti")
        .sort("RemoteCountry", *TALKER, "minutes")
        .unique("RemoteCountry", keep="first")
    )
    contacts = strange.group_by(CONTACT).agg(
        pl.min("TimeGenerated").alias("first_seen"),
        pl.max("TimeGenerated").alias("last_seen"),
        pl.sum("BytesSent"),
        pl.sum("BytesReceived"),
    )
    found = first.join(contacts.rename(lambda name: f"c_{name}"), left_on="RemoteCountry", right_on="c_RemoteCountry")
    found = found.with_columns(pl.col("RemoteCountry").alias("c_RemoteCountry"))
    return found.select(*TALKER, "minutes", *(f"c_{name}" for name in contacts.columns))


def _long_running(folder: Path) -> pl.DataFrame:
    """Aggregates first, then the newest events of the few files that are left."""
    time, key = pl.col("Timestamp"), "InitiatingProcessSHA256"
    talk = pl.scan_parquet(folder / "DeviceNetworkEvents" / "*.parquet").filter(
        time < END,
        time > END - 720 * _HOUR,
        pl.col(key) != "",
        pl.col("RemoteIPType") == "Public",
        pl.col("ActionType") == "ConnectionSuccess",
        pl.col("InitiatingProcessCreationTime") < time - 240 * _HOUR,
    )
    files = talk.group_by(key).agg(
        newest=time.max(),
        devices=pl.col("DeviceId").n_unique(),
        names=pl.col("DeviceName").unique().sort().head(5),
        addresses=pl.col("RemoteIP").n_unique(),
        urls=pl.col("RemoteUrl").filter(pl.col("RemoteUrl") != "").n_unique(),
    )
    profiles = pl.scan_parquet(folder / "profiles.parquet").filter(pl.col("GlobalPrevalence") <= 20)
    rare = (
        files.filter(pl.col("devices") <= 5, pl.col("urls") <= 2)
        .join(profiles, left_on=key, right_on="SHA256")
        .with_columns(pl.col(TEXTS).fill_null(""))
        .collect(engine="streaming")
    )
    latest = talk.filter(pl.col(key).is_in(rare[key].implode())).join(
        rare.lazy(), left_on=[key, "Timestamp"], right_on=[key, "newest"]
    )
    events = talk.collect_schema().names()
    one_each = latest.sort(events, nulls_last=False).unique(key, keep="first", maintain_order=True)
    ordered = one_each.sort("GlobalPrevalence", "urls", "addresses", descending=[False, False, True])
    columns = [pl.col(key).alias("SHA256") if name == "SHA256" else pl.col(name) for name in events_order(events)]
    return ordered.select(*columns, *PROFILE, pl.lit("Available").alias("availability")).collect(engine="streaming")


DOCUMENTS: dict[str, Callable[[Path], pl.DataFrame]] = {"document_1": _rare_countries, "document_2": _long_running}
