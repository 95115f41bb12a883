"""`bluetick doctor`: whether this installation can do its work."""

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from bluetick.cli.failures import FAILED, RAN
from bluetick.session import connect


@click.command()
@click.option("--lake", type=click.Path(path_type=Path), help="Open the tables of this lake too.")
def doctor(*, lake: Path | None) -> int:
    """Check this installation."""
    for line in _versions():
        click.echo(line)
    checks: list[tuple[str, Callable[[], str]]] = [("a query", _query), ("temporary folder", _temporary)]
    if lake is not None:
        checks.append((f"lake {lake}", lambda: _lake(lake)))
    results = [_attempt(name, check) for name, check in checks]
    return RAN if all(results) else FAILED


def _versions() -> list[str]:
    lines = [f"bluetick {version('bluetick')}, Python {platform.python_version()} on {platform.system()}"]
    lines += [f"  {package:<10}{_version(package)}" for package in ("duckdb", "pyarrow", "sqlglot", "pyspark")]
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


def _attempt(name: str, check: Callable[[], str]) -> bool:
    try:
        words, is_well = check(), True
    except Exception as error:  # a doctor reports what it meets
        words, is_well = str(error), False
    click.echo(f"{'ok  ' if is_well else 'BAD '}  {name}: {words}")
    return is_well


def _query() -> str:
    with connect() as session:
        rows = list(session.query("range x from 1 to 3 step 1 | summarize sum(x)").rows())
    if rows != [(6,)]:
        raise ValueError(f"1 + 2 + 3 gave {rows}")
    return "runs"


def _temporary() -> str:
    folder = Path(tempfile.gettempdir())
    with tempfile.NamedTemporaryFile(dir=folder):
        free = shutil.disk_usage(folder).free
    return f"{folder}, {free / 1e9:.1f} GB free, {os.cpu_count()} processors, 64 bits: {sys.maxsize > 2**32}"


def _lake(lake: Path) -> str:
    with connect(lake=lake) as session:
        names = session.catalog.names()
    return f"{len(names)} tables: {', '.join(names)}" if names else "no table"
