"""The queries that are measured: both founding documents, and those of the folder `queries`, each in KQL and in SQL.

The documents lie beside the repository, never in it; where they are not, the rest is measured.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ROOT.parent / "shared" / "seeds"
BY_HAND = ROOT / "tests" / "founding" / "by_hand"
QUERIES = Path(__file__).parent / "queries"
END = datetime(2026, 6, 18, 12, tzinfo=UTC)  # the instant of every query, and the end of the data
TABLES = ("DeviceNetworkEvents", "VMConnection", "DeviceEvents")


@dataclass(frozen=True, slots=True)
class Query:
    """One query: its KQL (of a document, the file that has it), and the SQL of an expert for DuckDB.

    `transcribed` is, where there is one, SQL that follows the KQL stage by stage instead.
    """

    name: str
    kql: str
    document: Path | None
    sql: str
    transcribed: str | None = None

    @property
    def is_document(self) -> bool:
        return self.document is not None


def all_queries() -> list[Query]:
    """The documents first, then the others by name."""
    others = [
        Query(path.stem, path.read_text("utf-8"), None, path.with_suffix(".sql").read_text("utf-8"))
        for path in sorted(QUERIES.glob("*.kql"))
    ]
    return [*_documents(), *others]


def _documents() -> list[Query]:
    found = []
    for number, name, by_hand in (("000", "document_1", "rare_countries"), ("004", "document_2", "long_running")):
        for path in SEEDS.glob(f"{number}_*.txt"):
            transcribed = (QUERIES / f"{name}_transcribed.sql").read_text("utf-8")
            found.append(Query(name, "", path, (BY_HAND / f"{by_hand}.sql").read_text("utf-8"), transcribed))
    return found


def query_named(name: str) -> Query:
    (found,) = [query for query in all_queries() if query.name == name]
    return found
