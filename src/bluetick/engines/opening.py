"""Engines by the name that a user gives."""

from pathlib import Path

from bluetick.diagnostics.errors import EngineError
from bluetick.engines.protocol import Engine

ENGINES = "duckdb, local[N], spark://HOST:PORT or spark"


def is_engine(name: str) -> bool:
    """Whether a name has the form of an engine's. Settings for Spark may follow a question mark."""
    word = name.partition("?")[0]
    return word in ("duckdb", "spark", "local") or word.startswith(("local[", "spark://"))


def open_engine(
    name: str = "duckdb",
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    temp_directory: str | Path | None = None,
    temp_limit: str | None = None,
) -> Engine:
    """`duckdb`, `local[n]` (Spark in this machine), `spark://host:port` (a cluster), or `spark` (the session that is
    active, or the one that Spark's configuration describes). Drivers are loaded here, not on import."""
    if name == "duckdb":
        from bluetick.engines.duckdb import DuckDbEngine  # noqa: PLC0415

        return DuckDbEngine(
            memory_limit=memory_limit, threads=threads, temp_directory=temp_directory, temp_limit=temp_limit
        )
    if not is_engine(name):
        raise EngineError(f"there is no engine '{name}'; use {ENGINES}")
    try:
        from bluetick.engines.spark import SparkEngine  # noqa: PLC0415
    except ImportError as error:
        raise EngineError(
            f"the engine '{name}' needs pyspark, which is not installed here: pip install 'bluetick[spark]'"
        ) from error
    return SparkEngine(name)
