"""The same work as `bluetick ingest` by hand, in Polars: `python polars_ingest.py EXPORT COUNTRIES.csv FOLDER`.

NDJSON to the columns of DeviceNetworkEvents, times as times, the country of each public RemoteIP, and a Delta table
parted by day. It checks less: a line that is no JSON ends it, a value of another type is null, and nothing is told of
what was seen.
"""

import sys
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, BinaryIO

import polars as pl
from deltalake import write_deltalake

from bluetick.schema.packs import load_pack
from bluetick.types import Type

_KINDS = {Type.INT: pl.Int32, Type.LONG: pl.Int64, Type.BOOL: pl.Boolean, Type.REAL: pl.Float64}
SCHEMA = load_pack("defender")["DeviceNetworkEvents"]
TIMES = [name for name, type_ in SCHEMA.columns if type_ is Type.DATETIME]
LINES = 75_000  # at once: as much as an ingest holds


def main(export: str, countries: str, folder: str) -> None:
    ranges = pl.read_csv(countries, has_header=False, new_columns=["start", "end", "country"])
    ranges = ranges.with_columns(_number("start"), _number("end")).sort("start")
    fields = [pl.Field(name, _KINDS.get(type_, pl.String)) for name, type_ in SCHEMA.columns]
    form: dict[str, Any] = {"category": pl.String, "properties": pl.Struct(fields)}
    with open(export, "rb") as stream:
        while lines := list(_take(stream)):
            events = pl.read_ndjson(b"".join(lines), schema=form, batch_size=LINES)
            rows = events.filter(pl.col("category").str.ends_with("DeviceNetworkEvents")).unnest("properties")
            rows = rows.with_columns(pl.col(TIMES).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us"))
            rows = _with_country(rows, ranges).with_columns(LakeDay=pl.col("Timestamp").dt.date())
            rows = rows.sort("Timestamp").drop("category")
            write_deltalake(folder, rows, mode="append", partition_by=["LakeDay"])


def _take(stream: BinaryIO) -> Iterator[bytes]:
    for _ in range(LINES):
        line = stream.readline()
        if not line:
            return
        yield line


def _number(column: str) -> pl.Expr:
    return pl.col(column).map_elements(lambda text: int(ip_address(text)), return_dtype=pl.Int64)


def _with_country(rows: pl.DataFrame, ranges: pl.DataFrame) -> pl.DataFrame:
    """Each distinct address once, by the range that begins last before it."""
    known = rows.filter(pl.col("RemoteIPType") == "Public").select("RemoteIP").unique()
    known = known.filter(~pl.col("RemoteIP").str.contains(":", literal=True))
    known = known.with_columns(number=_number("RemoteIP")).sort("number")
    found = known.join_asof(ranges, left_on="number", right_on="start")
    found = found.filter(pl.col("number") <= pl.col("end")).select("RemoteIP", RemoteCountry="country")
    return rows.join(found, on="RemoteIP", how="left")


if __name__ == "__main__":
    main(*sys.argv[1:4])
