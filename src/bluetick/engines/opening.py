"""Engines by the name that a user gives."""

from bluetick.diagnostics.errors import EngineError
from bluetick.engines.protocol import Engine


def open_engine(name: str = "duckdb", *, memory_limit: str | None = None, threads: int | None = None) -> Engine:
    """`duckdb`, `local[n]` (Spark in this machine) or `spark://host:port`. Drivers are loaded here, not on import."""
    if name == "duckdb":
        from bluetick.engines.duckdb import DuckDbEngine  # noqa: PLC0415

        return DuckDbEngine(memory_limit=memory_limit, threads=threads)
    if name.startswith(("local", "spark://")):
        from bluetick.engines.spark import SparkEngine  # noqa: PLC0415

        return SparkEngine(name)
    raise EngineError(f"there is no engine '{name}'; use duckdb, local[2] or spark://host:port")
