"""Files of threat indicators, CSV or STIX, to one table; what is not understood is counted and named."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from bluetick.diagnostics.errors import SourceError
from bluetick.enrichment.digests import file_digest
from bluetick.enrichment.geo import open_text
from bluetick.enrichment.indicator_csv import csv_indicators
from bluetick.enrichment.indicators import Account, Indicator, indicator_table
from bluetick.enrichment.stix import stix_indicators


@dataclass(frozen=True, slots=True)
class Feed:
    """The indicators of a file (a table of indicators.SCHEMA), and what of the file gave none."""

    name: str
    table: pa.Table
    digest: str
    account: Account

    @property
    def version(self) -> str:
        """The file's name and its content's digest."""
        return f"{self.name} sha256:{self.digest}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What was not taken, in words."""
        said = {"without an indicator": self.account.lost, "values left empty": self.account.left_empty}
        return tuple(f"{self.name}: {found.count:,} {what}: {found}" for what, found in said.items() if found.count)


def read_indicators(path: Path) -> Feed:
    """Read a CSV file of indicators or a STIX 2 bundle, gzipped or not. SourceError where the file is neither.

    A file of which nothing at all is understood is an error too: it would enrich nothing and say so nowhere.
    """
    account = Account()
    try:
        table = indicator_table(_indicators(path, account))
        digest = file_digest(path)
    except FileNotFoundError:
        raise SourceError(f"there is no file '{path}' of indicators", str(path)) from None
    except (OSError, EOFError, ValueError, RecursionError, csv.Error) as error:
        raise SourceError(f"'{path}' cannot be read as threat indicators: {error}", str(path)) from None
    if not len(table) and account.lost.count:
        raise SourceError(f"'{path}' holds no threat indicator that is understood: {account.lost}", str(path))
    return Feed(path.name, table, digest, account)


def _indicators(path: Path, account: Account) -> Iterator[Indicator]:
    with open_text(path) as stream:
        start = stream.read(4096).lstrip()
        stream.seek(0)
        if start[:1] in ("{", "["):
            yield from stix_indicators(json.load(stream), account)
        else:
            yield from csv_indicators(stream, path.name, account)
