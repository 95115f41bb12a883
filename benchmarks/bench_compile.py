"""Text to SQL: parse, bind and lower, warm, for the founding documents (else our own); and a cold `print 1`."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reporting import median_ms, report

from bluetick.binder.bind import bind
from bluetick.binder.schema import CatalogSchema
from bluetick.detections.documents import read_document
from bluetick.execution.catalog import Catalog, Faces, packs_for
from bluetick.execution.program import Program, ScalarStep, build_program, statements_of
from bluetick.lowering.flavour import DUCKDB
from bluetick.plan.relations import QueryPlan
from bluetick.sql import dialect
from bluetick.sql.dialect import LiteralValue
from bluetick.sql.render import render_statement
from bluetick.syntax import parse

ROOT = Path(__file__).parents[1]
FOUNDING = ROOT.parent / "shared" / "seeds"
OWN = ROOT / "content"
COLD_RUNS = 10
NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)
IMPORTED = ("bluetick", "duckdb", "pyarrow", "numpy", "rich", "click")


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    query: str
    is_sentinel_rule: bool


def documents() -> list[Document]:
    """The founding documents where they stand beside the checkout, else those of this project."""
    found = sorted(FOUNDING.glob("*.txt"))
    if found:
        names = [f"founding document {number}" for number in range(1, len(found) + 1)]
    else:
        found = sorted(path for path in OWN.iterdir() if path.suffix in (".kql", ".md"))
        names = [path.name for path in found]
    read = [(name, read_document(path)) for name, path in zip(names, found, strict=True)]
    return [
        Document(name, detection.query, detection.schemas == "sentinel")
        for name, result in read
        for detection in result.detections[:1]
    ]


def lower(plan: QueryPlan) -> list[Program]:
    return [build_program(statement, DUCKDB, has_upper_bound=True) for statement in plan.statements]


def render(programs: list[Program]) -> list[str]:
    steps = [step for program in programs for step in program.steps]
    values: dict[str, LiteralValue] = dict.fromkeys(("now", "scope_start"), NOW)
    values |= {step.parameter: None for step in steps if isinstance(step, ScalarStep)}
    statements = [statement for step in steps for statement in statements_of(step)]
    statements += [program.result.statement for program in programs]
    return [render_statement(statement, dialect.DUCKDB, values) for statement in statements]


def compile_figures(document: Document, catalog: CatalogSchema) -> None:
    """The split of one document; the total is measured by itself."""
    tree, problems = parse(document.query)
    plan, more = bind(tree, catalog)
    errors = [problem.message for problem in (*problems, *more) if problem.is_error]
    if errors:
        raise SystemExit(f"{document.name} does not bind: {errors[0]}")
    programs = lower(plan)
    stages: list[tuple[str, Callable[[], object]]] = [
        ("parse", lambda: parse(document.query)),
        ("bind", lambda: bind(tree, catalog)),
        ("lower", lambda: lower(plan)),
        ("render", lambda: render(programs)),
        ("parse + bind + lower", lambda: lower(bind(parse(document.query)[0], catalog)[0])),
    ]
    for stage, work in stages:
        report(f"{document.name}: {stage}", median_ms(work), "ms", "warm median")


def cold_figures() -> None:
    """`bluetick query 'print 1'` as a shell runs it, and where the time goes."""
    program = str(Path(sys.executable).with_name("bluetick"))
    walls = []
    for _ in range(COLD_RUNS):
        begun = time.perf_counter()
        done = subprocess.run([program, "query", "print 1"], capture_output=True, text=True, check=False)
        walls.append(time.perf_counter() - begun)
        if done.returncode != 0:
            raise SystemExit(f"bluetick query 'print 1' failed: {done.stderr.strip() or done.stdout.strip()}")
    report("bluetick query 'print 1'", 1000 * statistics.median(walls), "ms", f"median of {COLD_RUNS} processes")
    report("  of that, Python without bluetick", _bare_python_ms(), "ms", "python -c pass")
    for name, milliseconds in _import_split().items():
        report(f"  of that, importing {name}", milliseconds, "ms", "own modules, under -X importtime")


def _bare_python_ms() -> float:
    return median_ms(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), repeat=COLD_RUNS, warm_up=1)


def _import_split() -> dict[str, float]:
    """Milliseconds of each package's own modules when `print 1` runs; what is not listed is Python's own library."""
    code = "import sys; from bluetick.cli.main import main; sys.argv = ['bluetick', 'query', 'print 1']; main()"
    command = [sys.executable, "-X", "importtime", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    split = dict.fromkeys((*IMPORTED, "the rest"), 0.0)
    for line in done.stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if not line.startswith("import time:") or not parts[0].strip().isdigit():
            continue
        package = parts[-1].strip().split(".")[0].removeprefix("_")
        split[package if package in split else "the rest"] += int(parts[0]) / 1000
    return split


def main() -> None:
    for document in documents():
        packs = packs_for(None, document.query, is_sentinel=document.is_sentinel_rule, custom=None)
        compile_figures(document, Faces(Catalog(), packs, is_check=True))
    cold_figures()


if __name__ == "__main__":
    main()
