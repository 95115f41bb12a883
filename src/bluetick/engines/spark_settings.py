"""What a user's word for a Spark means, and the settings that Spark gets from us."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote

from bluetick.diagnostics.errors import EngineError

# Answers depend on these. They are set in the child session of each run, so that the user's own session, and what
# `spark-defaults.conf` says, may be anything.
REQUIRED: Final[Mapping[str, str]] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.binaryAsString": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    # A file that is damaged or gone is an error, never fewer rows.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
_STARTED: Final[Mapping[str, str]] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    # Each aggregate, sort and join of a task takes a page at once, however few its rows are, and a page is 64 MB in all
    # but the smallest heaps: twenty `summarize` in one stage then ask for more than 4 GB have. Measured over 5 M rows:
    # neither an aggregate nor a sort gets slower.
    "spark.buffer.pageSize": "4m",
    # The SQL parser's cache of states has no end by default: the statements of half our tests took 0.8 GB of the heap,
    # and what is left then looks like memory to the queries, which fail. 40,000 states are about 250 MB.
    "spark.sql.parser.manageParserCaches": "true",
    "spark.sql.parser.parserDfaCacheFlushThreshold": "40000",
}
_LOOPBACK: Final[Mapping[str, str]] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_LOCAL: Final[Mapping[str, str]] = {
    "spark.driver.memory": "4g",  # the default of 1 GB is too little for plans of many columns
    "spark.sql.shuffle.partitions": "4",
}
_CLUSTER: Final = "spark://"


@dataclass(frozen=True, slots=True)
class Address:
    """A Spark by its name: `local[n]`, `spark://host:port`, or `spark` (no master: the session that is active, or the
    one that Spark's own configuration describes). `given` are the settings that the user hands on."""

    name: str
    master: str | None
    given: Mapping[str, str]

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """Where the masters of a standalone cluster listen."""
        if self.master is None or not self.master.startswith(_CLUSTER):
            return ()
        pairs = (place.rpartition(":") for place in self.master.removeprefix(_CLUSTER).split(","))
        return tuple((host.strip("[]"), int(port)) for host, _, port in pairs)

    @property
    def start_settings(self) -> Mapping[str, str]:
        """What a session that we start is started with. What Spark's configuration describes is left alone."""
        if self.master is None:
            return {"spark.ui.showConsoleProgress": "false", **self.given}
        is_near = not self.hosts or all(_is_loopback(host) for host, _ in self.hosts)
        settings = {**_STARTED, **(_LOOPBACK if is_near else {}), **({} if self.hosts else _LOCAL)}
        return {**settings, **REQUIRED, **self.given}


def parse_address(name: str) -> Address:
    """`MASTER?spark.setting=value&...`; a percent sign begins an escape, as in any address."""
    master, _, query = name.partition("?")
    given: dict[str, str] = {}
    for part in query.split("&") if query else ():
        key, equals, value = (unquote(piece) for piece in part.partition("="))
        if not equals or not key.startswith("spark."):
            raise EngineError(f"'{part}' in '{name}' is no setting of Spark; write spark.name=value")
        if key in REQUIRED:
            raise EngineError(f"{key} cannot be given: answers depend on it, so bluetick sets it itself")
        given[key] = value
    address = Address(name, None if master == "spark" else master, given)
    if master.startswith(_CLUSTER):
        _check_hosts(address)
    return address


def _check_hosts(address: Address) -> None:
    try:
        is_whole = all(host for host, _ in address.hosts)
    except ValueError:
        is_whole = False
    if not is_whole:
        raise EngineError(f"'{address.name}' is no address of a Spark master; write spark://HOST:PORT")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
