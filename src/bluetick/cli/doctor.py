"""`bluetick doctor`: whether this installation can do its work."""

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from bluetick.cli.examination import examine
from bluetick.cli.failures import FAILED, RAN
from bluetick.cli.lake_examination import Remark, examine_lake
from bluetick.cli.options import DataOptions, data_options
from bluetick.diagnostics.errors import BluetickError
from bluetick.engines.protocol import Finding


@click.command()
@data_options
def doctor(*, data: DataOptions) -> int:
    """Check this installation, an engine, tables, and a lake.

    Of a lake: what an interrupted ingest left, small files, the quarantine, room, sources that fell silent and columns
    that went empty, each with what to do. Advice is no failure.

    \b
    bluetick doctor --engine spark://HOST:PORT --table DeviceNetworkEvents=lake/
    bluetick doctor --lake LAKE
    """
    for line in _versions():
        click.echo(line)
    results = [_told(Finding("temporary folder", True, _temporary()))]
    try:
        with data.open() as session:
            results += [_told(finding) for finding in examine(session)]
            if data.lake is not None:
                remarks = examine_lake(session, data.lake, datetime.now(UTC))
                results += [_remarked(remark) for remark in remarks]
    except BluetickError as error:
        results.append(_told(Finding(f"engine {data.engine}", False, str(error))))
    return RAN if all(results) else FAILED


def _versions() -> list[str]:
    lines = [f"bluetick {version('bluetick')}, Python {platform.python_version()} on {platform.system()}"]
    lines += [f"  {package:<10}{_version(package)}" for package in ("duckdb", "pyarrow", "pyspark")]
    java = shutil.which("java")
    lines.append(f"  {'java':<10}{java or 'not found (only Spark needs it)'}")
    return lines


def _version(package: str) -> str:
    if importlib.util.find_spec(package) is None:
        return "not installed" + (" (only Spark needs it)" if package == "pyspark" else "")
    try:
        return version(package)
    except PackageNotFoundError:
        return "installed"


def _told(finding: Finding) -> bool:
    click.echo(f"{'ok    ' if finding.is_well else 'failed'}  {finding.name}: {finding.words}")
    return finding.is_well


def _remarked(remark: Remark) -> bool:
    click.echo(f"{remark.state:<6}  lake, {remark.name}: {remark.words}")
    return remark.state != "failed"


def _temporary() -> str:
    folder = Path(tempfile.gettempdir())
    with tempfile.NamedTemporaryFile(dir=folder):
        free = shutil.disk_usage(folder).free
    return f"{folder}, {free / 1e9:.1f} GB free, {os.cpu_count()} processors, 64 bits: {sys.maxsize > 2**32}"
