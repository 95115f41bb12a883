"""Text to SQL: parse, bind, rewrite, lower and render, warm, for the founding documents (else our own) and over folders
of published rules (`bench_compile.py FOLDER`); the same from the plan cache; and a cold `print 1`.
"""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from reporting import median_ms, report

from bluetick.binder.bind import bind
from bluetick.binder.schema import CatalogSchema
from bluetick.detections.documents import read_document
from bluetick.diagnostics.errors import BluetickError
from bluetick.execution.catalog import Catalog, Faces, packs_for
from bluetick.execution.plan_cache import Bound, PlanCache, PlanKey
from bluetick.execution.program import Program, ScalarStep, build_program, statements_of
from bluetick.lowering.flavour import DUCKDB
from bluetick.plan.relations import QueryPlan, TabularStatement
from bluetick.rewrite.computed import with_computed
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

    @property
    def key(self) -> PlanKey:
        return PlanKey(self.query, None, self.is_sentinel_rule, is_check=True)

    def catalog(self) -> Faces:
        packs = packs_for(None, self.query, is_sentinel=self.is_sentinel_rule, custom=None)
        return Faces(Catalog(), packs, is_check=True)

    def bound(self, catalog: CatalogSchema) -> Bound:
        tree, problems = parse(self.query)
        plan, more = bind(tree, catalog)
        is_wrong = any(problem.is_error for problem in (*problems, *more))
        return plan if is_wrong else with_computed(plan, None), (*problems, *more)


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


def published(folder: Path) -> list[Document]:
    """The first rule of each document in a folder that has one."""
    read = [(path.name, read_document(path)) for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [(name, result.detections[0]) for name, result in read if result.detections]
    return [Document(name, one.query, one.schemas == "sentinel") for name, one in found if one.query]


def program(statement: TabularStatement) -> Program:
    return build_program(statement, DUCKDB, has_upper_bound=True)


def lower(plan: QueryPlan) -> list[Program]:
    return [program(statement) for statement in plan.statements]


def render(programs: list[Program]) -> list[str]:
    steps = [step for program in programs for step in program.steps]
    values: dict[str, LiteralValue] = dict.fromkeys(("now", "scope_start", "scope_end"), NOW)
    values |= {step.parameter: None for step in steps if isinstance(step, ScalarStep)}
    statements = [statement for step in steps for statement in statements_of(step)]
    statements += [program.result.statement for program in programs]
    return [render_statement(statement, dialect.DUCKDB, values) for statement in statements]


def compiled(document: Document, catalog: Faces) -> list[Program]:
    return lower(document.bound(catalog)[0])


def from_cache(plans: PlanCache, document: Document, catalog: Faces) -> list[Program]:
    plan, _ = plans.bound(document.key, catalog, document.bound)
    variant = (False, True, frozenset[str]())
    return [plans.program(document.key, one, variant, partial(program, one)) for one in plan.statements]


def published_figures(rules: list[Document]) -> None:
    """Medians over rules: each is compiled once to warm up, then once to be measured; then asked of the cache."""
    cold, kept = [], []
    plans = PlanCache(len(rules))
    for rule in rules:
        catalog = rule.catalog()
        try:
            plan, problems = rule.bound(catalog)
            if any(problem.is_error for problem in problems):
                continue
            lower(plan)
        except BluetickError:
            continue
        cold.append(_milliseconds(partial(compiled, rule, catalog)))
        from_cache(plans, rule, catalog)
        kept.append(_milliseconds(partial(from_cache, plans, rule, catalog)))
    what = f"median of {len(cold)} published rules"
    report("parse + bind + rewrite + lower", statistics.median(cold), "ms", what)
    report("the same from the plan cache", statistics.median(kept), "ms", what)


def _milliseconds(work: Callable[[], object]) -> float:
    """Processor time of one run: other work on the machine does not count."""
    begun = time.process_time()
    work()
    return 1000 * (time.process_time() - begun)


def compile_figures(document: Document) -> None:
    """The split of one document; the total is measured by itself."""
    catalog = document.catalog()
    tree, problems = parse(document.query)
    plan, more = bind(tree, catalog)
    errors = [problem.message for problem in (*problems, *more) if problem.is_error]
    if errors:
        raise SystemExit(f"{document.name} does not bind: {errors[0]}")
    programs = lower(plan)
    plans = PlanCache()
    stages: list[tuple[str, Callable[[], object]]] = [
        ("parse", lambda: parse(document.query)),
        ("bind", lambda: bind(tree, catalog)),
        ("lower", lambda: lower(plan)),
        ("render", lambda: render(programs)),
        ("parse + bind + rewrite + lower", lambda: compiled(document, catalog)),
        ("the same from the plan cache", lambda: from_cache(plans, document, catalog)),
    ]
    for stage, work in stages:
        report(f"{document.name}: {stage}", median_ms(work), "ms", "warm median")


def cold_figures() -> None:
    """`bluetick query 'print 1'` as a shell runs it, and where the time goes."""
    command = str(Path(sys.executable).with_name("bluetick"))
    walls = []
    before = _processor_seconds()
    for _ in range(COLD_RUNS):
        begun = time.perf_counter()
        done = subprocess.run([command, "query", "print 1"], capture_output=True, text=True, check=False)
        walls.append(time.perf_counter() - begun)
        if done.returncode != 0:
            raise SystemExit(f"bluetick query 'print 1' failed: {done.stderr.strip() or done.stdout.strip()}")
    report("bluetick query 'print 1'", 1000 * statistics.median(walls), "ms", f"median of {COLD_RUNS} processes")
    processor = 1000 * (_processor_seconds() - before) / COLD_RUNS
    report("  processor time", processor, "ms", f"user and system, mean of {COLD_RUNS} processes")
    report("  of that, Python without bluetick", _bare_python_ms(), "ms", "python -c pass")
    for name, milliseconds in _import_split().items():
        report(f"  of that, importing {name}", milliseconds, "ms", "own modules, under -X importtime")


def _processor_seconds() -> float:
    """Of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
        compile_figures(document)
    for folder in sys.argv[1:]:
        published_figures(published(Path(folder)))
    cold_figures()


if __name__ == "__main__":
    main()
